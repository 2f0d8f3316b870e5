"""What the functions of a law must keep to, tried at random places: each trial is a verdict, and none of them samples.

Shapes: S curves' worth of coordinates, K curves, A points on each.
"""

import re
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws.base import Law
from bayeslaw.verdicts import Check, at_most

Values = Mapping[str, Any]

LARGEST = 15
"""Decimal exponent of the largest covariate that is tried; the smallest is 1."""

_FAR = (1e6, 1e12, 1e24, 1e48)
_LOSS_FACTOR = 3.7
_PLACES = 2000


def reference_of(law: Law) -> dict[str, float]:
    """A point in the middle: covariates that count the same thing are equal there."""
    counted = {c.name: c.like or c.name for c in law.covariates}
    return {name: 10.0 ** (5 + 2 * list(counted).index(like)) for name, like in counted.items()}


def drawn(law: Law, rng: np.random.Generator, shape: tuple[int, ...], sds: float) -> dict[str, np.ndarray]:
    """Coordinates within so many standard deviations of their means, a third of them at the ends."""
    unit = {c.name: np.clip(rng.uniform(-1.5, 1.5, shape), -1.0, 1.0) for c in law.coordinates}
    return {c.name: c.mean + sds * c.sd * unit[c.name] for c in law.coordinates}


def near(law: Law, rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Points within three decades of the reference."""
    return {name: value * 10 ** rng.uniform(-3, 3, count) for name, value in reference_of(law).items()}


def extreme(law: Law, rng: np.random.Generator, count: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Points and references anywhere from 1 to the largest, a third of the points at the ends."""
    points = {c.name: 10 ** (LARGEST * np.clip(rng.uniform(-0.25, 1.25, count), 0, 1)) for c in law.covariates}
    return points, {c.name: 10 ** rng.uniform(1, LARGEST - 1, count) for c in law.covariates}


def shape_at(law: Law, coordinates: Values, points: Values, reference: Values) -> np.ndarray:
    """``log_shape`` in double precision."""
    with jax.enable_x64(True):
        return np.asarray(law.log_shape(coordinates, points, reference))


def natural_at(law: Law, coordinates: Values, level: Any, reference: Values) -> dict[str, np.ndarray]:
    """``natural`` in double precision, traced first, as it is compiled where it is used."""
    with jax.enable_x64(True):
        jax.eval_shape(law.natural, coordinates, level, reference)
        return {name: np.asarray(v) for name, v in law.natural(coordinates, level, reference).items()}


def reference_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether the log loss relative to that at the reference is 0 there."""
    reference = {name: np.full(200, value) for name, value in reference_of(law).items()}
    worst = float(np.max(np.abs(shape_at(law, drawn(law, rng, (200,), 3.0), reference, reference))))
    return at_most(
        "reference", worst, 1e-9, 1e-9,
        f"At the reference point log_shape is at most {worst:.2g} from 0.",
        "log_shape is the log of L(x) / L(reference): subtract what the law says at the reference.",
    )  # fmt: skip


def finite_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether values are finite at extreme but possible places."""
    coordinates, (points, reference) = drawn(law, rng, (_PLACES,), 3.0), extreme(law, rng, _PLACES)
    return _count_of_bad(
        "finite", "values of log_shape", shape_at(law, coordinates, points, reference),
        "Work with logarithms throughout: jnp.logaddexp and jax.nn.log_sigmoid in place of sums and of log(1 + x).",
    )  # fmt: skip


def gradient_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether derivatives that the sampler needs are finite there, under jit."""
    coordinates, (points, reference) = drawn(law, rng, (_PLACES,), 3.0), extreme(law, rng, _PLACES)
    with jax.enable_x64(True):
        total = jax.jit(jax.grad(lambda x: law.log_shape(x, points, reference).sum()))
        found = total({name: np.asarray(value) for name, value in coordinates.items()})
    return _count_of_bad(
        "gradients", "derivatives by coordinates", np.stack([np.asarray(found[c.name]) for c in law.coordinates]),
        "A jnp.where, an abs or a root at 0 gives derivatives that are no numbers even where values are fine: keep the "
        "argument away from there, or use a smooth form.",
    )  # fmt: skip


def derivative_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether derivatives are those of the values."""
    coordinates, points, reference = drawn(law, rng, (100,), 1.5), near(law, rng, 100), reference_of(law)
    with jax.enable_x64(True):
        exact = jax.grad(lambda x: law.log_shape(x, points, reference).sum())(coordinates)
    step, errors = 1e-5, {}
    for name, values in coordinates.items():
        low, high = (shape_at(law, {**coordinates, name: values + s}, points, reference) for s in (-step, step))
        slope = (high - low) / (2 * step)
        errors[name] = float(np.max(np.abs(np.asarray(exact[name]) - slope) / (1e-3 + np.abs(slope))))
    worst = max(errors, key=lambda name: errors[name])
    return at_most(
        "derivatives", errors[worst], 1e-3, 0.1,
        f"Derivatives differ from finite differences by at most {errors[worst]:.2g} of their size (most: {worst}).",
        "The sampler follows derivatives: leave out jax.lax.stop_gradient, rounding and casts to float32.",
    )  # fmt: skip


def fall_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether the outcome gets better with more of the axis; a law may say otherwise."""
    coordinates, points, reference = drawn(law, rng, (_PLACES,), 2.0), near(law, rng, _PLACES), reference_of(law)
    falls = any(c.falls for c in law.covariates if c.name == law.axis)
    more = {**points, law.axis: points[law.axis] * (0.1 if falls else 10.0)}
    change = shape_at(law, coordinates, more, reference) - shape_at(law, coordinates, points, reference)
    outcome = kind_of(law).outcome
    share = float(np.mean((-change if outcome.higher_is_better else change) > 1e-9))
    return at_most(
        "more_is_better", share, 0.0, 1.0,
        f"With {'a tenth of' if falls else 'ten times'} the {law.axis}, {outcome.name} gets worse at {share:.1%} of "
        "places within two prior standard deviations.",
        "See that the law means that; if not, look for a sign, or state exponents as the log of a positive number.",
    )  # fmt: skip


def limit_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether values are finite for a very large axis."""
    coordinates, reference = drawn(law, rng, (200, 1), 2.0), reference_of(law)
    points = {**reference, law.axis: reference[law.axis] * np.array(_FAR)}
    return _count_of_bad(
        "limits", f"values of log_shape at up to {_FAR[-1]:g} times the reference {law.axis}",
        shape_at(law, coordinates, points, reference),
        "Take powers in logarithms, beta * log(x / x_ref), so that none overflows.",
    )  # fmt: skip


def unit_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether counting in thousands leaves the law as it is."""
    coordinates, points, reference = drawn(law, rng, (200,), 2.0), near(law, rng, 200), reference_of(law)
    before, moved = shape_at(law, coordinates, points, reference), {}
    for group in dict.fromkeys(c.like or c.name for c in law.covariates):
        of_group = {c.name: 1000.0 if (c.like or c.name) == group else 1.0 for c in law.covariates}
        scaled = ({name: value * of_group[name] for name, value in x.items()} for x in (points, reference))
        moved[group] = float(np.max(np.abs(shape_at(law, coordinates, *scaled) - before)))
    worst = max(moved, key=lambda name: moved[name])
    return at_most(
        "units", moved[worst], 1e-8, 1e-8,
        f"Counting {worst} in thousands, at the reference too, moves log_shape by {moved[worst]:.2g}.",
        "Let covariates enter relative to the reference only, so that priors mean the same in every table; what counts "
        "the same thing as another covariate says so: Covariate(name, unit, like=other).",
    )  # fmt: skip


def natural_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether natural parameters are those declared, finite, and positive where they are losses or sizes."""
    coordinates, level = drawn(law, rng, (_PLACES,), 3.0), rng.uniform(-2.0, 3.0, _PLACES)
    found, declared = natural_at(law, coordinates, level, reference_of(law)), [p.name for p in law.parameters]
    wrong = [f"{name} is declared and missing" for name in declared if name not in found]
    wrong += [f"{name} is not declared" for name in found if name not in declared]
    wrong += [f"{name} is not finite" for name, values in found.items() if not np.isfinite(values).all()]
    positive = {*(("loss",) if not law.link else ()), *(c.unit for c in law.covariates)}
    wrong += [
        f"{p.name} is not positive"
        for p in law.parameters
        if p.unit in positive and p.name in found and not (found[p.name] > 0).all()
    ]
    return problems(
        "natural", wrong, f"natural gives the {len(declared)} parameters declared, finite within three prior standard "
        "deviations.",
        "natural returns a mapping of the names in parameters and no others; compute in logarithms and take exp last.",
    )  # fmt: skip


def loss_unit_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether parameters follow the unit of the loss as their own units say."""
    coordinates, reference = drawn(law, rng, (50,), 1.5), reference_of(law)
    low, high = (natural_at(law, coordinates, np.full(50, np.log(f)), reference) for f in (1.0, _LOSS_FACTOR))
    wrong = []
    for p in law.parameters:
        power = re.match(r"loss\^\(1 ([-/]) (\w+)\)", p.unit)
        if p.name not in low or ("loss" in p.unit and not p.unit.startswith("loss")) or (power and power[2] not in low):
            continue  # spelled in a way that is not read here
        exponent: Any = float(p.unit.startswith("loss"))
        if power:
            exponent = 1 - low[power[2]] if power[1] == "-" else 1 / low[power[2]]
        if not np.allclose(high[p.name], _LOSS_FACTOR**exponent * low[p.name], rtol=1e-6):
            wrong.append(f"{p.name} ({p.unit})")
    return problems(
        "loss_units", wrong, "With losses in another unit, parameters change as their units say.",
        "What multiplies the loss has a unit that starts with 'loss', and is proportional to exp(level); all else does "
        "not depend on level.", review=True,
    )  # fmt: skip


def shape_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether arrays broadcast, element by element, in double precision."""
    coordinates = drawn(law, rng, (3, 4), 1.5)
    points = {name: values.reshape(4, 5) for name, values in near(law, rng, 20).items()}
    reference = {name: value * 10 ** rng.uniform(-1, 1, 4) for name, value in reference_of(law).items()}
    whole = shape_at(law, {n: v[..., None] for n, v in coordinates.items()}, points, _column(reference))
    wrong = []
    if whole.shape != (3, 4, 5):
        wrong.append(f"log_shape of coordinates (3, 4, 1) and covariates (4, 5) has shape {whole.shape}, not (3, 4, 5)")
    else:
        at = {n: v[2, 1] for n, v in coordinates.items()}, {n: v[1, 3] for n, v in points.items()}
        single = shape_at(law, *at, {n: v[1] for n, v in reference.items()})
        if not np.allclose(whole[2, 1, 3], single, rtol=1e-9, atol=1e-12):
            wrong.append("log_shape of one place differs from that place among others")
    if whole.dtype != np.float64:
        wrong.append(f"log_shape is {whole.dtype}, not float64")
    for name, values in natural_at(law, coordinates, np.ones((3, 4)), reference).items():
        if values.shape != (3, 4) or values.dtype != np.float64:
            wrong.append(f"{name} of natural is {values.dtype} of shape {values.shape}, not float64 of (3, 4)")
    return problems(
        "shapes", wrong, "Arrays broadcast, and every place is computed by itself in double precision.",
        "Use operations of jax.numpy that work element by element: no sums over axes, reshapes or casts.",
    )  # fmt: skip


def slope_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether ``slopes`` leaves exponents out of account, without which draws would be of another posterior."""
    assert law.slopes is not None
    coordinates = drawn(law, rng, (50,), 2.0)
    names = [c.name for c in law.coordinates]
    with jax.enable_x64(True):
        found = law.slopes(coordinates)
        own = [name for name in found if name in names]
        wrong = [f"{name} is no coordinate" for name in found if name not in names]
        wrong += [
            f"{name} is not finite" for name, values in found.items() if not np.isfinite(np.asarray(values)).all()
        ]
        slopes = law.slopes
        for name in own:
            by = jax.grad(lambda x, name=name: slopes(x)[name].sum())(coordinates)
            wrong += [f"{name} depends on {other}" for other in own if np.asarray(by[other]).any()]
    return problems(
        "slopes", wrong, "Logs of slopes leave the exponents that they are of out of account.",
        "Return, by the name of an exponent's coordinate, the log of the log-log slope at the reference less that "
        "coordinate, as a function of other coordinates only; or leave slopes out.",
    )  # fmt: skip


def problems(name: str, found: list[str], fine: str, remedy: str, *, review: bool = False) -> Check:
    """A verdict on how many things are wrong."""
    sentence = fine if not found else f"{'; '.join(found[:4])}{f' and {len(found) - 4} more' * (len(found) > 4)}."
    return at_most(name, len(found), 0, np.inf if review else 0, sentence, remedy)


def _column(values: Values) -> dict[str, Any]:
    return {name: value[:, None] for name, value in values.items()}


def _count_of_bad(name: str, what: str, values: np.ndarray, remedy: str) -> Check:
    bad = int(np.sum(~np.isfinite(values)))
    return at_most(name, bad, 0, 0, f"{bad} of {values.size} {what} are not finite.", remedy)
