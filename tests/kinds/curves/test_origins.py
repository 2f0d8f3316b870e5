"""Errors of slopes from rolling origins: against cases worked out by hand, and what must not change them."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from bayeslaw.kinds.curves.origins import PERSISTENCE_WEIGHT, persistence, slope_error
from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

T = np.log(2.0) * np.arange(8)
EXACT = 1e-10
"""Logs of sizes are rounded to ten digits."""


def noisy(curves=4, seed=0, t=T, sd=0.01):
    """Curves about straight lines that are each their own."""
    rng = np.random.default_rng(seed)
    return [(t, rng.normal() - rng.uniform(0.05, 0.2) * t + sd * rng.standard_normal(len(t))) for _ in range(curves)]


def written_again(curves, last, by_origin=True):
    """Each extrapolation by itself, with lines fitted by numpy; sizes are on a grid of .1, so no two are confused."""
    errors = defaultdict(list)
    for t, y in curves:
        for n in range(last, len(t)):
            slope, constant = np.polyfit(t[n - last : n], y[n - last : n], 1)
            for m in range(n, len(t)):
                distance = t[m] - t[n - 1]
                if distance > 0.6:
                    error = (y[m] - (constant + slope * t[m])) / distance
                    errors[(round(10 * t[n - 1]) if by_origin else 0, round(10 * distance))].append(error)
    groups = [np.array(group) for group in errors.values() if len(group) > 1]
    total = sum(len(group) * np.var(group, ddof=1) for group in groups)
    return np.sqrt(total / sum(len(group) for group in groups))


# --------------------------------------------------------------------------------------------------------------- values


def test_exact_power_laws_have_no_error():
    curves = [(T + 0.3 * i, 2.0 + i - 0.1 * (i + 1) * (T + 0.3 * i)) for i in range(4)]
    assert slope_error(curves) < EXACT
    assert slope_error(curves[:1]) < EXACT


def test_a_bend_that_all_curves_share_is_no_error_of_their_own():
    bend = 0.2 * np.sin(T) + 0.03 * T**2
    shared = [(T, i + (0.1 * i - 0.3) * T + bend) for i in range(4)]
    assert slope_error(shared) < EXACT
    own = [(T, y + 0.01 * i * T**2) for i, (_, y) in enumerate(shared)]
    assert slope_error(own) > 0.01


def test_lines_are_fitted_to_the_last_four_sizes():
    """Ten curves, each of which leaves 0 at its fourth size and is back at the fifth, two e-folds on."""
    rise = np.linspace(-0.1, 0.3, 10) ** 2
    curves = [(np.array([0.0, 1.0, 2.0, 3.0, 5.0]), np.array([0.0, 0.0, 0.0, e, 0.0])) for e in rise]
    # by least squares the slope is .3 e and the line stands at .7 e at the origin: -(.7 e + .6 e) / 2 too high
    assert slope_error(curves) == pytest.approx(0.65 * np.std(rise, ddof=1))


def test_with_too_few_sizes_lines_are_fitted_to_the_last_three():
    """Five curves of five sizes give 5 errors from four sizes, too few, and 15 from three."""
    jump = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    curves = [(np.arange(5.0), np.array([0.0, 0.0, 0.0, 0.0, j])) for j in jump]
    # from t = 2: 0 at t = 3, j / 2 at t = 4; from t = 3: j at t = 4
    variance = np.var(jump, ddof=1) * np.array([0.0, 0.25, 1.0])
    assert slope_error(curves) == pytest.approx(np.sqrt(variance.mean()))


def test_of_a_single_curve_errors_are_taken_less_their_mean_over_origins():
    t = np.arange(9.0)
    assert slope_error([(t, 0.02 * t**2)]) < EXACT  # the same at every origin, and foretold by none
    cubic = [(t, 0.002 * t**3)]
    assert slope_error(cubic) == pytest.approx(written_again(cubic, 4, by_origin=False))
    assert slope_error(cubic) > 0.005
    # of two such curves, what they share is left out
    assert slope_error(cubic * 2) < EXACT


@pytest.mark.parametrize("seed", range(3))
def test_errors_are_those_of_extrapolations_one_by_one(seed):
    rng = np.random.default_rng(seed)
    curves = []
    for i in range(5):
        t = np.round(0.1 * np.sort(rng.choice(60, size=6 + i, replace=False)), 10)
        curves.append((t, rng.normal() - 0.1 * t + 0.02 * rng.standard_normal(len(t))))
    same = [(curves[-1][0], rng.standard_normal(10)) for _ in range(3)]
    for case in (same, [*same, *curves]):
        assert slope_error(case) == pytest.approx(written_again(case, 4))


def test_sizes_that_hardly_differ_are_compared():
    """Of six curves, each at sizes of its own, a bend that they share is left out as if all sizes were equal."""
    near, apart = ([(T + gap * i, 0.05 * (T + gap * i) ** 3) for i in range(6)] for gap in (0.0001, 0.2))
    assert slope_error(near) < 1e-3
    assert slope_error(apart) > 0.1


# -------------------------------------------------------------------------------------------- what tables cannot tell


@pytest.mark.parametrize(
    ("curves", "sizes", "told"),
    [
        (1, 3, False), (50, 3, False),  # no size is left beyond three
        (3, 5, False), (4, 5, True),  # 9 errors, and 12
        (1, 8, True), (1, 6, False),
        (9, 4, False), (10, 4, True),
    ],
)  # fmt: skip
def test_too_few_sizes_tell_nothing(curves, sizes, told):
    assert np.isfinite(slope_error(noisy(curves, t=np.arange(float(sizes))))) == told


def test_sizes_next_to_each_other_tell_nothing():
    """Nearer to an origin than .6 e-folds, errors are of noise."""
    assert np.isnan(slope_error(noisy(30, t=0.19 * np.arange(6))))  # .57 from the third size to the last
    assert np.isfinite(slope_error(noisy(30, t=0.21 * np.arange(6))))


# ---------------------------------------------------------------------------------------------- what must not change it


def test_neither_order_nor_height_matters():
    rng = np.random.default_rng(1)
    curves = noisy()
    expected = slope_error(curves)
    mixed = []
    for i in rng.permutation(len(curves)):
        t, y = curves[i]
        order = rng.permutation(len(t))
        mixed.append((t[order], y[order] + rng.normal()))
    assert slope_error(mixed) == pytest.approx(expected, rel=1e-9)
    assert slope_error([(t, 3 * y) for t, y in curves]) == pytest.approx(3 * expected)


def test_repeats_are_averaged():
    rng = np.random.default_rng(2)
    curves, repeated = noisy(), []
    for t, y in curves:
        times = rng.integers(1, 4, len(t))
        off = [rng.standard_normal(k) for k in times]
        parts = [y[i] + off[i] - off[i].mean() for i in range(len(t))]
        order = rng.permutation(times.sum())
        repeated.append((np.repeat(t, times)[order], np.concatenate(parts)[order]))
    assert slope_error(repeated) == pytest.approx(slope_error(curves))


# --------------------------------------------------------------------------------------------------------------- tables


def table(seed=0):
    """Two tasks of noisy curves that end at different sizes, one of too few sizes, and one of sizes that differ."""
    rows, rng = [], np.random.default_rng(seed)
    near = [(t + rng.uniform(-0.1, 0.1, len(t)), y) for t, y in noisy(4, seed)]
    for task, curves in (
        ("t", noisy(5, seed)),
        ("u", noisy(3, seed + 1, sd=0.05)),
        ("few", noisy(2, seed, t=T[:3])),
        ("near", near),
    ):
        for i, (t, y) in enumerate(curves):
            kept = slice(None) if i < 2 else slice(0, -1)
            for size, loss in zip(500 * np.exp(t[kept]), np.exp(y[kept]), strict=True):
                rows.append({"task": task, "model": f"m{i}", "data": size, "loss": loss})
    return pd.DataFrame(rows)


def layout_of(frame, law="rectified"):
    return kind_of(get_law(law)).layout(read_runs(frame), get_law(law))


def test_a_layout_has_the_error_of_each_task():
    frame = table()
    layout = layout_of(frame)
    assert layout.tasks == ("t", "u", "few", "near")
    for k, task in ((0, "t"), (1, "u"), (3, "near")):
        own = frame[frame["task"] == task]
        curves = [
            (np.log(g["data"].to_numpy() / own["data"].max()), np.log(g["loss"].to_numpy()))
            for _, g in own.groupby("model")
        ]
        assert layout.slope_error[k] == pytest.approx(slope_error(curves), abs=1e-9)
    assert layout.slope_error[1] > 2 * layout.slope_error[0] > 0
    assert np.isnan(layout.slope_error[2])


def test_a_layout_has_the_last_size_of_each_curve():
    frame = table()
    layout = layout_of(frame[frame["task"] != "near"])
    ends = np.exp(layout.last) * layout.reference["data"]
    np.testing.assert_allclose(ends, layout.largest, rtol=1e-8)
    assert set(np.round(ends)) == {500.0 * 2**7, 500.0 * 2**6, 500.0 * 2**2}


@pytest.mark.parametrize("law", ["rectified", "broken"])
def test_neither_units_nor_the_scale_of_losses_nor_order_matter(law):
    frame = table()
    expected = layout_of(frame, law).slope_error
    for factor in (1.03, 1.37, 1000.0):
        np.testing.assert_array_equal(layout_of(frame.assign(data=factor * frame["data"]), law).slope_error, expected)
    np.testing.assert_array_equal(layout_of(frame.assign(loss=7.0 * frame["loss"]), law).slope_error, expected)
    # a task that stands alone, or beside one with larger sizes, says the same
    np.testing.assert_array_equal(layout_of(frame[frame["task"] == "u"], law).slope_error, expected[1:2])
    mixed = layout_of(frame.sample(frac=1, random_state=1), law)
    of_task = dict(zip(mixed.tasks, mixed.slope_error, strict=True))
    np.testing.assert_allclose([of_task[task] for task in ("t", "u", "few", "near")], expected, atol=2e-10)


def bundle(later, count=6, noise=0.0, seed=3):
    """Curves whose slopes differ, and after the fourth size of ten by ``later`` times as much."""
    rng = np.random.default_rng(seed)
    t = np.arange(10.0)
    first = np.minimum(t, 3.0)
    slopes = -0.3 + 0.1 * rng.standard_normal(count)
    own = slopes - slopes.mean()
    return [(t, -0.3 * t + d * first + later * d * (t - first) + noise * rng.standard_normal(len(t))) for d in own]


def test_straight_curves_persist_in_full():
    assert persistence(bundle(1.0)) == pytest.approx(1.0)


def test_slopes_that_become_alike_do_not():
    """The first origin, at the fourth size, sees differences of which none is left; later ones see ever fewer."""
    t = np.arange(6.0)
    kinked = [(t, -0.3 * t + d * np.minimum(t, 3.0)) for d in (-0.1, -0.02, 0.05, 0.07)]
    four = persistence([(t[:5], y[:5]) for t, y in kinked for _ in range(3)])
    assert four == pytest.approx(1 - PERSISTENCE_WEIGHT)
    assert 1 - PERSISTENCE_WEIGHT <= persistence(kinked) < 0.6


def test_differences_are_not_taken_to_grow_nor_to_turn():
    assert persistence(bundle(1.8)) == 1.0
    assert persistence(bundle(-0.9)) >= 1 - PERSISTENCE_WEIGHT - 1e-12


def test_the_share_is_the_coefficient_of_the_regression():
    curves = bundle(0.5, noise=0.02)
    t = np.arange(10.0)
    pairs = []
    for origin in range(3, 9):
        for to in range(origin + 1, 10):
            seen = [
                np.polyfit(t[origin - 3 : origin + 1] - t[origin], y[origin - 3 : origin + 1], 1) for _, y in curves
            ]
            before = np.array([slope for slope, _ in seen])
            after = np.array([(y[to] - end) / (to - origin) for (_, y), (_, end) in zip(curves, seen, strict=True)])
            pairs += list(zip(before - before.mean(), after - after.mean(), strict=True))
    before, after = np.array(pairs).T
    found = np.clip(before @ after / (before @ before), 0, 1)
    assert 0 < found < 1
    assert persistence(curves) == pytest.approx(1 - PERSISTENCE_WEIGHT * (1 - found))


@pytest.mark.parametrize("curves", [bundle(0.2)[:1], [(t[:4], y[:4]) for t, y in bundle(0.2)][:2]])
def test_one_curve_or_few_sizes_say_nothing(curves):
    assert persistence(curves) == 1.0
