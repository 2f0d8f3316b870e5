"""Where one choice overtakes another, with everything held at known curves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.crossing import crossing
from bayeslaw.errors import TargetError
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.scales import Foretold
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)
DRAWS = 400
STEADY = SurfacePriors(misfit=Foretold(0.0, exponent=0.0, sd=0.0, typical=1.0, spread=0.0))
"""Scales under which laws hold beyond the data."""


def posterior_of(surface, forge, differ, law="multiplicative"):
    """Two families: y has the level and the exponent of x, but for what ``differ(rng)`` adds to level and log beta."""
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    model, rng = build_model(runs, get_law(law)), np.random.default_rng(2)
    positions = {name: np.zeros((DRAWS, *shape)) for name, shape in model.sizes().items()}
    for name in ("field_sd", "curvature_sd"):
        positions[name][:] = -60.0  # as good as none, so that nothing departs beyond the data
    level, log_beta = differ(rng)
    own = next(c for c in get_law(law).coordinates if c.name == "log_beta").spread
    positions["level"][:, 1] = level + positions["level"][:, 0]
    positions["spread.log_beta.family"][:] = 0.0
    positions["log_beta.family"][:, 1] = log_beta / own
    return forge(runs, positions, law=law, scales=STEADY)


def true_size(posterior, draw, params):
    """By brute force, on a fine grid."""
    grid = np.geomspace(1e6, 1e14, 40_001)  # steps of 5e-4
    i, j = 0, len(SIZES)
    loss = []
    for c in (i, j):
        A, alpha, beta, E = (posterior.flat(name)[draw, c] for name in ("A", "alpha", "beta", "E"))
        loss.append(A / params**alpha / grid**beta + E)
    change = np.flatnonzero(np.diff(np.sign(loss[0] - loss[1])))
    return grid[change]


@pytest.mark.fits
def test_sizes_are_those_of_the_curves(surface, forge):
    posterior = posterior_of(surface, forge, lambda rng: (0.02 + 0.002 * rng.standard_normal(DRAWS), 0.3))
    found = crossing(posterior, "x", "y", at={"params": 4e8}, low=1e8, high=1e14)
    sizes = [true_size(posterior, draw, 4e8) for draw in range(DRAWS)]
    assert all(len(size) == 1 for size in sizes)
    assert found.p_b_overtakes == 1.0
    assert found.p_never == found.p_returns == 0.0
    for name, q in (("p05", 0.05), ("median", 0.5), ("p95", 0.95)):
        assert found.size[name] == pytest.approx(np.exp(np.quantile(np.log(np.concatenate(sizes)), q)), rel=1e-3)


def test_naming_them_the_other_way_round_swaps_the_odds(surface, forge):
    posterior = posterior_of(surface, forge, lambda rng: (0.03 * rng.standard_normal(DRAWS), 0.2))
    one = crossing(posterior, "x", "y", at={"params": 4e8}, low=1e9, high=1e12)
    other = crossing(posterior, "y", "x", at={"params": 4e8}, low=1e9, high=1e12)
    assert (one.p_a_always, one.p_b_always) == (other.p_b_always, other.p_a_always)
    assert (one.p_a_overtakes, one.p_b_overtakes) == (other.p_b_overtakes, other.p_a_overtakes)
    assert one.size == pytest.approx(other.size, rel=1e-4)
    assert 0.05 < one.p_never < 0.95
    total = one.p_a_always + one.p_b_always + one.p_a_overtakes + one.p_b_overtakes + one.p_returns
    assert total == pytest.approx(1.0)


def test_never_is_an_answer(surface, forge):
    posterior = posterior_of(surface, forge, lambda rng: (0.05, 0.0))
    found = crossing(posterior, "x", "y", at={"params": 4e8})
    assert found.p_a_always == found.p_never == 1.0
    assert [c.value for c in found.checks if c.name == "extrapolation"] == [4e8 / 1.6e9]
    by_model = crossing(posterior, "x-4e+08", "y-4e+08")
    assert by_model.p_never == 1.0
    assert "extrapolation" not in {c.name for c in by_model.checks}  # nothing is far where nothing is
    assert found.size == {}
    assert (found.low, found.high) == (2e9, 100 * 5e10)


def test_models_are_compared_at_their_own_size(surface, forge):
    posterior = posterior_of(surface, forge, lambda rng: (0.02, 0.3))
    by_family = crossing(posterior, "x", "y", at={"params": 4e8}, low=1e8, high=1e14)
    by_model = crossing(posterior, "x-4e+08", "y-4e+08", low=1e8, high=1e14)
    assert by_model.size == pytest.approx(by_family.size, rel=1e-4)


def test_curves_of_one_covariate_cross_too(simulate, forge):
    runs = simulate({("t", "a"): (200.0, 800.0, 3200.0), ("t", "b"): (200.0, 800.0, 3200.0)}, seed=12)
    model = build_model(runs, get_law("rectified"))
    posterior = forge(runs, {n: np.zeros((DRAWS, *s)) for n, s in model.sizes().items()})
    found = crossing(posterior, "a", "b")
    assert 0.0 <= found.p_never <= 1.0
    assert (found.low, found.high) == (200.0, 320_000.0)
    assert found.record()["p_never"] == found.p_never


def test_curves_of_one_task_of_several_cross(simulate, forge_at_random):
    sizes = (200.0, 800.0, 3200.0)
    posterior = forge_at_random(simulate({("t", "a"): sizes, ("t", "b"): sizes, ("u", "a"): sizes}, seed=12))
    found = crossing(posterior, "b", "a", task="t")
    odds = [found.p_a_always, found.p_b_always, found.p_a_overtakes, found.p_b_overtakes, found.p_returns]
    assert sum(odds) == pytest.approx(1.0)


def test_what_two_curves_share_beyond_the_data_cancels(simulate, forge, known_changes):
    """With hardly a walk or change of their own, curves that start apart stay apart, wherever those shared go."""
    runs = simulate({("t", "a"): (200.0, 800.0, 3200.0), ("t", "b"): (200.0, 800.0, 3200.0)}, seed=12)
    model = build_model(runs, get_law("rectified"))
    positions = {name: np.zeros((DRAWS, *shape)) for name, shape in model.sizes().items()}
    positions["own_drift"][:] = positions["noise"][:] = -20.0
    positions["shared_drift"][:] = 6.0
    found = crossing(forge(runs, positions, scales=known_changes(0.0, 0.5)), "a", "b", low=3200.0)
    assert max(found.p_a_always, found.p_b_always) == 1.0
    apart = crossing(forge(runs, positions, scales=known_changes(0.05, 0.5)), "a", "b", low=3200.0)
    assert max(apart.p_a_always, apart.p_b_always) < 0.9


def test_models_cross_where_their_own_curves_do(surface, forge):
    """Within the data, offsets, tilts and curvatures included; beyond, slopes wander by what curvatures would do."""
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    model = build_model(runs, get_law("multiplicative"))
    positions = {name: np.zeros((DRAWS, *shape)) for name, shape in model.sizes().items()}
    positions["field_sd"][:] = -60.0
    positions["tilt"][:, 1], positions["curvature"][:, 1] = 4.0, 7.0
    grid = np.linspace(np.log(TOKENS[0]), np.log(TOKENS[-1]), 100_001)
    middle = np.mean(np.log(TOKENS))
    spread = np.mean((np.log(TOKENS) - middle) ** 2)
    found = {}
    for size in (-60.0, 5.0):
        positions["curvature_sd"][:] = size
        posterior = forge(runs, positions, law="multiplicative", scales=STEADY)
        A, alpha, beta, E = (posterior.flat(name)[0, 0] for name in ("A", "alpha", "beta", "E"))
        small, large = (np.log(A / n**alpha / np.exp(grid) ** beta + E) for n in SIZES[:2])
        own = posterior.flat("tilt")[0, 1] * (grid - middle)
        own += posterior.flat("curvature")[0, 1] * ((grid - middle) ** 2 - spread) / 2
        offset = (small - large - own)[60_000]  # the curves meet there
        positions["offset"][:, 1] = offset / model.density.scales.offset_sd.median
        posterior = forge(runs, positions, law="multiplicative", scales=STEADY)
        found[size] = crossing(posterior, "x-1e+08", "x-4e+08", low=TOKENS[0], high=100 * TOKENS[-1], seed=1)
    size = np.exp(grid[60_000])
    assert found[-60.0].size["p05"] == pytest.approx(size, rel=1e-3)
    assert found[-60.0].size["p95"] == pytest.approx(size, rel=1e-3)
    assert found[-60.0].p_a_overtakes == 1.0
    assert found[5.0].p_returns + found[5.0].p_b_overtakes > 0.1


def test_laws_cross_where_their_parameters_say_whatever_models_do(surface, forge):
    """Departures beyond the data, offsets and tilts are of curves only."""
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    model, rng = build_model(runs, get_law("multiplicative")), np.random.default_rng(2)
    positions = {name: np.zeros((DRAWS, *shape)) for name, shape in model.sizes().items()}
    own = next(c for c in get_law("multiplicative").coordinates if c.name == "log_beta").spread
    positions["level"][:, 1] = 0.02
    positions["spread.log_beta.family"][:] = 0.0
    positions["log_beta.family"][:, 1] = 0.3 / own
    positions["field_sd"][:] = 10.0
    positions["offset"] += rng.standard_normal(positions["offset"].shape)
    posterior = forge(runs, positions, law="multiplicative")
    (true,) = true_size(posterior, 0, 4e8)
    for names, at in ((("x", "y"), {"params": 4e8}), (("x-4e+08", "y-4e+08"), {})):
        law, curve = (crossing(posterior, *names, at=at, low=1e8, high=1e14, kind=kind) for kind in ("law", "curve"))
        assert (law.kind, curve.kind) == ("law", "curve")
        assert law.p_b_overtakes == 1.0
        assert [law.size[q] for q in ("p05", "p95")] == pytest.approx([true, true], rel=1e-3)
        assert curve.p_b_overtakes < 0.9


def test_laws_of_one_covariate_cross_where_their_parameters_say(simulate, forge_at_random):
    sizes = (200.0, 800.0, 3200.0)
    runs = simulate({("t", "a"): sizes, ("t", "b"): (*sizes, 12800.0)}, seed=12)  # references differ
    posterior = forge_at_random(runs, law="broken")
    found = crossing(posterior, "a", "b", low=10.0, high=1e9, kind="law")
    grid = np.geomspace(10.0, 1e9, 257)
    loss = []
    for curve in (0, 1):
        p = {q.name: posterior.flat(q.name)[:, [curve]] for q in get_law("broken").parameters}
        late = (1 + (grid / p["D_break"]) ** 2) ** (-(p["c"] - p["c_early"]) / 2)
        loss.append(p["E"] + p["B"] * grid ** -p["c_early"] * late)
    better = loss[0] < loss[1]
    ends = better[:, 0], better[:, -1]
    never = np.all(better == better[:, :1], axis=1)
    expected = {
        "p_a_always": ends[0] & never,
        "p_b_always": ~ends[0] & never,
        "p_b_overtakes": ends[0] & ~ends[1],
        "p_a_overtakes": ~ends[0] & ends[1],
        "p_returns": (ends[0] == ends[1]) & ~never,
    }
    for name, draws in expected.items():
        assert getattr(found, name) == pytest.approx(draws.mean(), abs=0.006), name
    other = crossing(posterior, "b", "a", low=10.0, high=1e9, kind="law")
    assert (other.p_a_always, other.p_b_always) == (found.p_b_always, found.p_a_always)
    assert 0.2 < found.p_returns < 0.8


def test_laws_that_differ_in_level_alone_are_not_said_never_to_cross(simulate, forge_at_random):
    sizes = (200.0, 800.0, 3200.0)
    posterior = forge_at_random(simulate({("t", "a"): sizes, ("t", "b"): sizes}, seed=12))
    with pytest.raises(TargetError, match="differ in level alone"):
        crossing(posterior, "a", "b", kind="law")


def test_errors_teach(surface, forge):
    posterior = posterior_of(surface, forge, lambda rng: (0.0, 0.1))
    with pytest.raises(TargetError, match="say at what params"):
        crossing(posterior, "x", "y")
    with pytest.raises(TargetError, match="no model or family 'q'"):
        crossing(posterior, "x", "q", at={"params": 1e9})
    with pytest.raises(TargetError, match="give 0 < low < high"):
        crossing(posterior, "x", "y", at={"params": 1e9}, low=1e9, high=1e8)
    with pytest.raises(TargetError, match="low='1M' to high"):
        crossing(posterior, "x", "y", at={"params": 1e9}, low="1M")
    with pytest.raises(TargetError, match="size that is looked for"):
        crossing(posterior, "x", "y", at={"params": 1e9, "data": 1e9})
    with pytest.raises(TargetError, match="has no covariate 'depth'"):
        crossing(posterior, "x", "y", at={"params": 1e9, "depth": 3})
    with pytest.raises(TargetError, match="must be a positive number"):
        crossing(posterior, "x", "y", at={"params": -1e9})
    with pytest.raises(TargetError, match="Both choices are 'x'"):
        crossing(posterior, "x", "x", at={"params": 1e9})
    with pytest.raises(TargetError, match="no task 'u'"):
        crossing(posterior, "x", "y", at={"params": 1e9}, task="u")
    with pytest.raises(TargetError, match="kind='run' is none of what can cross: curve, law"):
        crossing(posterior, "x", "y", at={"params": 1e9}, kind="run")


def test_families_of_one_model_each_are_not_compared_as_families(surface, forge, known_misfit):
    runs = surface({"x": (SIZES[:1], TOKENS), "y": (SIZES[1:2], TOKENS)})
    law, scales = "multiplicative", known_misfit(1e-4)
    sizes = build_model(runs, get_law(law), scales=scales).sizes()
    posterior = forge(runs, {n: np.zeros((8, *s)) for n, s in sizes.items()}, law=law, scales=scales)
    with pytest.raises(TargetError, match="'x' has no law of its own"):
        crossing(posterior, "x", "y", at={"params": 1e9})
    assert crossing(posterior, "x-1e+08", "y-4e+08").p_b_always == 1.0


def test_only_tasks_with_families_have_families_that_cross(surface, forge_at_random):
    named = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)}).table
    nameless = named.assign(task="u", model=named["model"] + " u", family=named["model"] + " u")
    both = read_runs(pd.concat([named, nameless])[["task", "family", "model", "params", "tokens", "loss"]])
    posterior = forge_at_random(both, law="multiplicative")
    assert crossing(posterior, "x", "y", at={"params": 4e8}, task="t").a == "x"
    assert crossing(posterior, "x-4e+08 u", "y-4e+08 u", task="u").at == {}
    with pytest.raises(TargetError, match="no model or family 'x'"):
        crossing(posterior, "x", "y", at={"params": 4e8}, task="u")


def test_a_name_that_two_models_have_is_refused(surface, forge):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    table = runs.table.copy()
    table["model"] = table["model"].str[2:]
    runs = replace(runs, table=table)
    model = build_model(runs, get_law("multiplicative"))
    posterior = forge(runs, {n: np.zeros((8, *s)) for n, s in model.sizes().items()}, law="multiplicative")
    with pytest.raises(TargetError, match="Several families have a model '1e\\+08': x, y"):
        crossing(posterior, "1e+08", "4e+08")


def renamed(runs, names, **columns):
    """The runs with some models renamed, and with other columns."""
    return replace(runs, table=runs.table.replace({"model": names}).assign(**columns))


def at_centre(runs, forge, law="multiplicative"):
    model = build_model(runs, get_law(law))
    scales = STEADY if get_law(law).kind == "surfaces" else None
    return forge(runs, {n: np.zeros((8, *s)) for n, s in model.sizes().items()}, law=law, scales=scales)


def test_how_far_beyond_the_data_it_is_said(surface, forge):
    posterior = posterior_of(surface, forge, lambda rng: (0.02, 0.3))
    near = crossing(posterior, "x", "y", at={"params": 4e8}, low=1e8, high=1e14)
    far = crossing(posterior, "x", "y", at={"params": 2e12}, low=1e8, high=1e14)
    (check,) = (c for c in near.checks if c.name == "extrapolation")
    assert check.status == "PASS"
    assert check.value == pytest.approx(near.size["median"] / 5e10)
    (check,) = (c for c in far.checks if c.name == "extrapolation")
    assert check.status == "FAIL"
    assert "1,250 times the largest params" in check.sentence


def test_sizes_are_looked_at_on_the_task_asked_for(surface, forge):
    small = surface({"x": (SIZES, TOKENS)}).table
    large = surface({"y": (SIZES, [1e4 * d for d in TOKENS])}).table.assign(task="u")
    runs = read_runs(pd.concat([small, large]).drop(columns=["row", "tokens"], errors="ignore"))
    model = build_model(runs, get_law("multiplicative"))
    posterior = forge(runs, {n: np.zeros((DRAWS, *s)) for n, s in model.sizes().items()}, law="multiplicative")
    found = crossing(posterior, "x-1e+08", "x-4e+08", task="t")
    assert (found.low, found.high) == (TOKENS[0], 100 * TOKENS[-1])
    found = crossing(posterior, "y-1e+08", "y-4e+08", task="u")
    assert (found.low, found.high) == pytest.approx((1e4 * TOKENS[0], 1e6 * TOKENS[-1]))


def test_a_name_is_looked_for_on_the_task_asked_for(surface, forge):
    """On task u there is a model called as family x of task t."""
    one = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)}).table
    two = surface({"v": (SIZES, TOKENS), "w": (SIZES, TOKENS)}).table.replace({"model": {"v-1e+08": "x"}})
    both = pd.concat([one, two.assign(task="u", row=two["row"] + len(one))], ignore_index=True)
    posterior = at_centre(replace(surface({"x": (SIZES, TOKENS)}), table=both), forge)
    by_family = crossing(posterior, "x", "y", at={"params": 4e8}, task="t")
    assert by_family.p_never + by_family.p_a_overtakes + by_family.p_b_overtakes == pytest.approx(1.0)
    with pytest.raises(TargetError, match="say at what params"):
        crossing(posterior, "x", "y", task="t")
    assert crossing(posterior, "x", "w-1e+08", task="u").low == 2e9
    with pytest.raises(TargetError, match=r"no model or family 'y' on the task\. There are: (?!.*\by\b)"):
        crossing(posterior, "v", "y", at={"params": 4e8}, task="u")


def test_a_name_of_a_model_and_of_a_family_of_others_is_refused(surface, forge):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    posterior = at_centre(renamed(runs, {"x-1e+08": "x"}), forge)
    with pytest.raises(TargetError, match="'x' is both a model and a family of others"):
        crossing(posterior, "x", "y", at={"params": 4e8})
    alone = surface({"x": (SIZES[:1], TOKENS), "y": (SIZES, TOKENS)})
    posterior = at_centre(renamed(alone, {"x-1e+08": "x"}), forge)
    assert crossing(posterior, "x", "y-4e+08").low == 2e9  # the only model of its family
    single = surface({"x": (SIZES[:1], TOKENS), "y": (SIZES[1:2], TOKENS)})
    posterior = at_centre(renamed(single, {"x-1e+08": "y"}), forge)
    assert crossing(posterior, "y", "y-4e+08").p_b_always == 1.0  # a family that has no law of its own


def test_only_what_may_be_chosen_is_named(surface, forge):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    with pytest.raises(TargetError, match="no model 'x' on the task") as said:
        crossing(at_centre(runs, forge, law="vanilla"), "x", "y")
    assert str(said.value).count("x-") == 3
    assert "x," not in str(said.value)
