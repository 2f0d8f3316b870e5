"""Kinds of tables on which reality departs from the law, or does not: pure functions of a seed.

Each table has eight models of four families at seven sizes, and the truth at 8, 16 and 64 times the largest: what one
run more would measure there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

SIZES = 200.0 * 2.0 ** np.arange(7)
BEYOND = (8, 16, 64)
MODELS = tuple(f"{family}-{i}" for family in ("ant", "bat", "cat", "dog") for i in (1, 2))
NOISE = 0.01

Expected = Callable[[int, np.ndarray], np.ndarray]
"""From the number of a model and sizes to its losses without noise."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the zoo.

    Attributes
    ----------
    runs : DataFrame
        model, family, data, loss.
    truth : DataFrame
        model, beyond, loss.
    behind : bool
        Whether it departs from the law strictly behind the data, which nothing seen announces.
    healthy : bool
        Whether a good answer with PASS is due.
    odd : tuple of str
        Models that are not what they seem; to choose them with confidence is the worst of errors.
    """

    runs: pd.DataFrame
    truth: pd.DataFrame
    behind: bool = False
    healthy: bool = False
    odd: tuple[str, ...] = ()


def law(rng: np.random.Generator, floor: float = 0.3, spread: float = 0.08) -> Expected:
    """Curves of the law: L = level (E + 1 / (D_l + D^beta)), E the given share of the loss at 16 times the data."""
    level, beta = np.exp(0.7 + spread * rng.standard_normal(len(MODELS))), np.exp(rng.normal(np.log(0.35), 0.15))
    before = np.exp(rng.normal(1.2, 0.5))
    there = 1 / (before + (16 * SIZES[-1]) ** beta)
    least = floor / (1 - floor) * there
    scale = 1 / (least + there)
    return lambda i, d: level[i] * scale * (least + 1 / (before + d**beta))


def table(
    rng: np.random.Generator,
    expected: Expected,
    *,
    noise: Callable[[int, np.ndarray], np.ndarray] | None = None,
    seen: Expected | None = None,
    families: tuple[str, ...] | None = None,
    **about: object,
) -> Table:
    """Measure curves: ``noise`` gives log errors of a model at sizes, ``seen`` what is expected at the sizes seen."""
    noise = noise or (lambda i, d: NOISE * rng.standard_normal(len(d)))
    families = families or tuple(name.partition("-")[0] for name in MODELS)
    far = SIZES[-1] * np.array(BEYOND)
    seen = seen or expected
    runs, truth = [], []
    for i, (model, family) in enumerate(zip(MODELS, families, strict=True)):
        losses = seen(i, SIZES) * np.exp(noise(i, SIZES))
        runs += [{"model": model, "family": family, "data": d, "loss": y} for d, y in zip(SIZES, losses, strict=True)]
        losses = expected(i, far) * np.exp(NOISE * rng.standard_normal(len(far)))
        truth += [{"model": model, "beyond": b, "loss": y} for b, y in zip(BEYOND, losses, strict=True)]
    return Table(pd.DataFrame(runs), pd.DataFrame(truth), **about)  # type: ignore[arg-type]


def control_floor_0(rng):
    return table(rng, law(rng, 0.001), healthy=True)


def control_floor_30(rng):
    return table(rng, law(rng, 0.3), healthy=True)


def control_floor_72(rng):
    return table(rng, law(rng, 0.72), healthy=True)


def control_floor_90(rng):
    return table(rng, law(rng, 0.9), healthy=True)


QUARTERS = 4


def control_any_floor(rng, number):
    """Floor uniform from 0 to 90% of the loss at 16 times the data, quarter by quarter; the rest from the priors."""
    floor = 0.9 * (number % QUARTERS + rng.random()) / QUARTERS
    beta, phase = np.exp(-1.3 + 0.6 * rng.standard_normal()), 1.5 * rng.standard_normal()
    level, before = np.exp(0.7 + 0.08 * rng.standard_normal(len(MODELS))), SIZES[-1] ** beta * np.exp(-phase)
    there = 1 / (before + (16 * SIZES[-1]) ** beta)
    least = floor / (1 - floor) * there
    return table(rng, lambda i, d: level[i] * (least + 1 / (before + d**beta)) / (least + there), healthy=True)


def plateau_behind_all(rng):
    curve = law(rng)
    return table(rng, lambda i, d: curve(i, np.minimum(d, 2 * SIZES[-1])), behind=True)


def plateau_behind_some(rng):
    curve, flat = law(rng), rng.permutation(8) < 3
    return table(rng, lambda i, d: curve(i, np.minimum(d, 2 * SIZES[-1]) if flat[i] else d), behind=True)


def rising(rng):
    """From the middle of the data on, three models get worse."""
    curve, up = law(rng), rng.permutation(8) < 3
    rise = 0.08 * rng.uniform(0.7, 1.3, 8) * up
    return table(rng, lambda i, d: curve(i, d) * np.exp(rise[i] * np.maximum(np.log(d / SIZES[3]), 0)))


def bump_inside(rng):
    """Double descent: losses of all models are higher about one size."""
    curve, height = law(rng), rng.uniform(0.08, 0.15)
    return table(rng, lambda i, d: curve(i, d) * np.exp(height * np.exp(-2 * np.log(d / SIZES[3]) ** 2)))


def hidden_groups(rng):
    """Two sorts of models, which no column tells, with different exponents."""
    one, other, sort = law(rng, 0.1), law(rng, 0.6), rng.permutation(8) < 4
    return table(rng, lambda i, d: one(i, d) if sort[i] else other(i, d))


def one_diverges(rng):
    curve, bad = law(rng), int(rng.integers(8))
    return table(
        rng,
        lambda i, d: curve(i, d) * np.where((i == bad) & (d >= SIZES[5]), 1.6, 1.0),
        odd=(MODELS[bad],),
    )


def noisy_family(rng):
    bad = rng.integers(4)
    return table(rng, law(rng), noise=lambda i, d: (10 if i // 2 == bad else 1) * NOISE * rng.standard_normal(len(d)))


def outliers(rng):
    """One run in ten is far too high."""

    def noise(i, d):
        return NOISE * rng.standard_normal(len(d)) + np.where(
            rng.random(len(d)) < 0.1, rng.uniform(0.1, 0.4, len(d)), 0
        )

    return table(rng, law(rng), noise=noise)


def _wrong_units(rng, by):
    """The sizes of one model were counted in another unit."""
    curve, bad = law(rng), int(rng.integers(8))
    return table(rng, curve, seen=lambda i, d: curve(i, d * by if i == bad else d), odd=(MODELS[bad],))


def units_10(rng):
    return _wrong_units(rng, 10)


def units_1000(rng):
    return _wrong_units(rng, 1000)


def mislabelled(rng):
    """Families have exponents of their own, and the labels of half of the models are exchanged."""
    curves = [law(rng, 0.1 + 0.2 * k) for k in range(4)]
    names = [name.partition("-")[0] for name in MODELS]
    wrong = tuple(names[(i + 2) % 8] if i % 2 else names[i] for i in range(8))
    return table(rng, lambda i, d: curves[i // 2](i, d), families=wrong)


def decayed_last(rng):
    """The learning rate was decayed at the last size only."""
    curve, gain = law(rng), rng.uniform(0.04, 0.08)
    return table(rng, curve, seen=lambda i, d: curve(i, d) * np.exp(np.where(d < SIZES[-1], gain, 0.0)))


def correlated(rng):
    """Errors along a run go together, as of checkpoints of one training."""

    def noise(i, d):
        errors = [2 * NOISE * rng.standard_normal()]
        for _ in d[1:]:
            errors.append(0.9 * errors[-1] + 2 * NOISE * np.sqrt(1 - 0.9**2) * rng.standard_normal())
        return np.array(errors)

    return table(rng, law(rng), noise=noise)


def shrinking_exponents(rng):
    """The log-log slope falls with size, all the way."""
    level, slope, bend = np.exp(0.7 + 0.08 * rng.standard_normal(8)), rng.uniform(0.25, 0.35), rng.uniform(0.012, 0.02)

    def curve(i, d):
        t = np.log(d / SIZES[0])
        return 2 * level[i] * np.exp(-slope * t + bend * np.minimum(t, slope / bend / 2) ** 2)

    return table(rng, curve)


def broken_behind(rng):
    """A second, steeper law sets in behind the data."""
    curve = law(rng)
    return table(rng, lambda i, d: curve(i, d) * np.maximum(d / (2 * SIZES[-1]), 1.0) ** -0.25, behind=True)


def near_zero(rng):
    curve = law(rng, 0.001)
    return table(rng, lambda i, d: 1e-4 * curve(i, d) ** 3)


def ties(rng):
    return table(rng, law(rng, spread=0.002), healthy=True)


def crossing(rng):
    """What is best at small sizes is worst at large ones."""
    curve, order = law(rng), np.linspace(-1, 1, 8)
    return table(rng, lambda i, d: curve(i, d) * np.exp(0.04 * order[i] * np.log(d / SIZES[-2])))


def exponential(rng):
    """Losses approach their floor exponentially in the logarithm of size."""
    level, rate = np.exp(0.7 + 0.08 * rng.standard_normal(8)), rng.uniform(0.5, 0.8)
    return table(rng, lambda i, d: level[i] * (1 + 1.5 * np.exp(-rate * np.log(d / SIZES[0]))))


def rounded(rng):
    made = table(rng, law(rng))
    return Table(made.runs.assign(loss=made.runs["loss"].round(1)), made.truth)


def best_of_five(rng):
    """The best of five seeds is reported, with 3% between seeds; one run more is an average one."""
    return table(rng, law(rng), noise=lambda i, d: (3 * NOISE * rng.standard_normal((5, len(d)))).min(axis=0))


def staircase(rng):
    curve, step = law(rng), np.log(4)
    return table(rng, lambda i, d: curve(i, SIZES[0] * np.exp(step * np.floor(np.log(d / SIZES[0]) / step + 1e-9))))


def sigmoid(rng):
    """Slow, then fast, then slow: an error rate that falls from one level to another, its middle near the last size."""
    level, middle = np.exp(0.7 + 0.08 * rng.standard_normal(8)), np.log(SIZES[-1]) + rng.uniform(-0.5, 1.0, 8)
    return table(rng, lambda i, d: level[i] * (0.4 + 0.6 / (1 + np.exp(1.2 * (np.log(d) - middle[i])))))


KINDS: dict[str, Callable[[np.random.Generator], Table]] = {
    make.__name__: make
    for make in (
        control_floor_0, control_floor_30, control_floor_72, control_floor_90, plateau_behind_all, plateau_behind_some,
        rising, bump_inside, hidden_groups, one_diverges, noisy_family, outliers, units_10, units_1000, mislabelled,
        decayed_last, correlated, shrinking_exponents, broken_behind, near_zero, ties, crossing, exponential, rounded,
        best_of_five, staircase, sigmoid,
    )
}  # fmt: skip

CONTROL = control_any_floor.__name__
"""Tables of the law with any floor, which are not among the kinds of the zoo; their numbers tell the quarter."""


def made(kind: str, number: int) -> Table:
    """A table of a kind, or a control: equal numbers give equal tables."""
    make = partial(control_any_floor, number=number) if kind == CONTROL else KINDS[kind]
    return make(np.random.default_rng([number, [*KINDS, CONTROL].index(kind)]))
