"""What a fit lends, against draws that are known and the model written a second time from its documentation."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayeslaw.errors import PriorError
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.borrowed import PATH, Entry
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.lending.lend import _split, as_prior
from bayeslaw.runs import read_runs
from bayeslaw.verdicts import Check
from tests.conftest import SIZES
from tests.dense import log_rectified, walk_kernel

LAW = get_law("rectified")
STATED = ScalePriors()


def positions_of(runs, draws=200, seed=8):
    """Positions of a table with other centres, scales and correlations for every number."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(draws)
    return {
        name: rng.normal(0, 0.3, shape)
        + 0.4 * rng.standard_normal((draws, *shape))
        + 0.2 * common.reshape(-1, *[1] * len(shape))
        for name, shape in build_model(runs, LAW).sizes().items()
    }


def moments(prior, entries):
    """Mean and covariance that a prior has for some entries."""
    places = [prior.borrowed.entries.index(entry) for entry in entries]
    return prior.borrowed.mean[places], prior.borrowed.covariance[np.ix_(places, places)]


def found(prior, draws):
    """Check that the moments of the vector are those of draws by entry."""
    mean, covariance = moments(prior, draws)
    columns = np.column_stack(list(draws.values()))
    np.testing.assert_allclose(mean, columns.mean(axis=0), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(covariance, np.cov(columns.T), rtol=1e-6, atol=1e-9)


def test_the_vector_has_mean_and_covariance_of_the_draws(forge, two_tasks):
    positions = positions_of(two_tasks)
    prior = as_prior(forge(two_tasks, positions), "p")
    draws = {Entry("location", index=k): positions["location"][:, k] for k in range(3)}
    for c in LAW.coordinates:
        draws[Entry(f"spread.{c.name}.task")] = positions[f"spread.{c.name}.task"]
        for k, task in enumerate(("flan", "gigaword")):
            draws[Entry(f"{c.name}.task", task)] = positions[f"{c.name}.task"][:, k]
    for k, task in enumerate(("flan", "gigaword")):
        for name in ("noise", "own_drift", "shared_drift"):
            before, after = getattr(STATED, name), getattr(prior.borrowed.scales, name)
            log = np.log(before.median) + before.sd * positions[name][:, k]
            draws[Entry(name, task)] = (log - np.log(after.median)) / after.sd
        pull = STATED.pull.mean + STATED.pull.sd * positions["pull"][:, k]
        draws[Entry("pull", task)] = (pull - prior.borrowed.scales.pull.mean) / prior.borrowed.scales.pull.sd
    found(prior, draws)
    paths = {Entry(PATH, task, q) for task in ("flan", "gigaword") for q in range(4)}
    assert set(prior.borrowed.entries) == set(draws) | paths


def path_draws(posterior, task, curve):
    """Law and shared walk of a task at its sizes, from its smallest on: shape (S, 4)."""
    t = np.log(np.array(SIZES))
    values = {c.name: posterior.flat(c.name)[:, curve, None] for c in LAW.coordinates}
    law = log_rectified(values, np.array(SIZES)[None], SIZES[-1])
    root = np.linalg.cholesky(walk_kernel(t[1:] - t[0], t[1:] - t[0]))
    return law[:, 1:] - law[:, :1] + posterior.flat("shared_walk")[:, task, :4] @ root.T


def test_a_path_is_the_law_and_the_shared_walk_together(forge_at_random, two_tasks):
    posterior = forge_at_random(two_tasks)
    prior = as_prior(posterior, "p")
    for k, task in enumerate(("flan", "gigaword")):
        draws = path_draws(posterior, k, 3 * k)
        found(prior, {Entry(PATH, task, q): draws[:, q] for q in range(4)})
        path = prior.borrowed.paths[task]
        np.testing.assert_allclose(path.anchor, np.log(SIZES[0] / SIZES[-1]), rtol=1e-8)
        np.testing.assert_allclose(path.knots, np.log(np.array(SIZES[1:]) / SIZES[-1]), rtol=1e-8, atol=1e-9)
        # curves were all run at the same sizes, so that the first three of a typical one are the mean of theirs
        table = two_tasks.for_task(task).table
        first = np.log(table.loc[table["data"] <= SIZES[2], "loss"]).mean()
        along = np.concatenate([[0.0], draws.mean(axis=0)])
        np.testing.assert_allclose(path.typical, first + along - along[:3].mean(), rtol=1e-7)


def test_path_and_coordinates_go_together(forge_at_random, two_tasks):
    posterior = forge_at_random(two_tasks)
    draws = {Entry(PATH, "flan", q): path_draws(posterior, 0, 0)[:, q] for q in range(4)}
    c = LAW.coordinates[0]
    draws[Entry("location", index=0)] = (posterior.flat(f"location_{c.name}") - c.mean) / c.sd / np.sqrt(0.1)
    found(as_prior(posterior, "p"), draws)


def test_a_single_task_is_split_into_population_and_task():
    total = np.random.default_rng(0).normal(0.7, 0.5, 500)
    location, spread, effect = _split(total[:, None], np.random.default_rng(1))
    np.testing.assert_allclose(location + spread * effect[:, 0], total, rtol=1e-12)


@pytest.mark.parametrize("tasks", [1, 6])
def test_the_split_draws_what_the_model_believes_of_tasks(tasks):
    rng = np.random.default_rng(2)
    draws = 20_000
    location = np.sqrt(0.1) * rng.standard_normal(draws)
    spread = np.sqrt(0.9) * np.exp(0.3 * rng.standard_normal(draws))
    effect = rng.standard_normal((draws, tasks))
    total = location[:, None] + spread[:, None] * effect
    split = _split(total, np.random.default_rng(3))
    np.testing.assert_allclose(split[0][:, None] + split[1][:, None] * split[2], total, atol=1e-12)
    pairs = {
        "location": (location, split[0]),
        "log spread": (np.log(spread), np.log(split[1])),
        "effect": (effect[:, 0], split[2][:, 0]),
    }
    for name, (before, after) in pairs.items():
        np.testing.assert_allclose(after.mean(), before.mean(), atol=4 * before.std() / draws**0.5, err_msg=name)
        np.testing.assert_allclose(after.std(), before.std(), rtol=0.03, err_msg=name)
        assert stats.ks_2samp(before, after).statistic < 0.04, name  # spreads are drawn from a grid
    for third in np.array_split(np.argsort(split[1]), 3):  # however far tasks differ, they have as much in common
        assert np.mean(split[0][third] * total[third].mean(axis=1)) == pytest.approx(0.1, abs=0.02)


def test_a_single_task_lends_a_population(forge, three_models):
    positions = positions_of(three_models)
    positions["location"] += 1.5
    posterior = forge(three_models, positions)
    prior = as_prior(posterior, "p")
    for k, c in enumerate(LAW.coordinates):
        total = (posterior.flat(f"location_{c.name}") - c.mean) / c.sd
        spread = Entry(f"spread.{c.name}.task")
        mean, covariance = moments(prior, [Entry("location", index=k), spread, Entry(f"{c.name}.task", "task")])
        # the location takes a tenth of the total, and tells little of it: its own spread stays
        np.testing.assert_allclose(np.sqrt(0.1) * mean[0], 0.1 * total.mean(), atol=0.08)
        assert 0.5 < covariance[0, 0] < 1.5
        assert mean[1] > 0  # a task far from what is usual tells that tasks differ more
        assert 0.7 * total.mean() < mean[2] < 0.95 * total.mean()


@pytest.mark.parametrize("tasks", [1, 2])
def test_scales_of_unknown_tasks_are_drawn_towards_those_found(forge, simulate, tasks):
    names = ("flan", "gigaword")[:tasks]
    runs = simulate({(task, name): SIZES for task in names for name in "abc"}, seed=4)
    positions = positions_of(runs)
    rng = np.random.default_rng(5)
    known = np.array([1.5, 0.5])[:tasks]
    for name in ("noise", "pull", "own_drift", "shared_drift"):
        positions[name] = known + 1e-4 * rng.standard_normal((200, tasks))
    scales = as_prior(forge(runs, positions), "p").borrowed.scales
    # tasks are a tenth alike: of variance 1, covariance .1, and so is a new one with them
    between = np.full(tasks, 0.1)
    alike = np.full((tasks, tasks), 0.1) + 0.9 * np.eye(tasks)
    centre = between @ np.linalg.solve(alike, known)
    sd = np.sqrt(1 - between @ np.linalg.solve(alike, between))
    for name in ("noise", "own_drift", "shared_drift"):
        before, after = getattr(STATED, name), getattr(scales, name)
        assert after.median == pytest.approx(before.median * np.exp(before.sd * centre), rel=1e-3)
        assert after.sd == pytest.approx(before.sd * sd, rel=1e-3)
    assert scales.pull.mean == pytest.approx(STATED.pull.mean + STATED.pull.sd * centre, rel=1e-3)
    assert scales.pull.sd == pytest.approx(STATED.pull.sd * sd, rel=1e-3)
    assert scales.roughness == STATED.roughness


def test_tasks_whose_models_have_no_offsets_tell_nothing_of_offsets(forge, surface):
    sizes = (1e8, 2e8, 4e8, 8e8)
    columns = ["task", "family", "model", "params", "data", "loss"]
    few = surface({"x": (sizes, (1e9, 1e10))}).table.assign(task="few")
    many = surface({"y": (sizes, (1e9, 2e9, 4e9, 8e9))}).table.assign(task="many")
    runs, law = read_runs(pd.concat([few, many])[columns]), get_law("chinchilla")
    model, rng = build_model(runs, law), np.random.default_rng(5)
    positions = {name: 0.3 * rng.standard_normal((200, *shape)) for name, shape in model.sizes().items()}
    positions["offset_sd"] = 1.5 + 1e-4 * rng.standard_normal((200, 2))
    borrowed = as_prior(forge(runs, positions, law="chinchilla"), "p").borrowed
    stated = SurfacePriors().offset_sd
    # of one task, of which a tenth is common
    assert borrowed.scales.offset_sd.median == pytest.approx(stated.median * np.exp(stated.sd * 0.15), rel=1e-3)
    assert {e.task for e in borrowed.entries if e.name in ("offset_sd", "tilt_sd", "curvature_sd")} == {"many"}
    assert {e.task for e in borrowed.entries if e.name == "noise"} == {"few", "many"}


def test_scales_that_no_data_told_of_stay_as_stated(forge, two_tasks):
    rng = np.random.default_rng(5)
    positions = positions_of(two_tasks, 4000)
    positions["noise"] = rng.standard_normal((4000, 2))  # draws of the prior itself
    noise = as_prior(forge(two_tasks, positions), "p").borrowed.scales.noise
    assert noise.median == pytest.approx(STATED.noise.median, rel=0.05)
    assert noise.sd == pytest.approx(STATED.noise.sd, rel=0.05)


def test_a_fit_that_failed_lends_nothing(forge_at_random, two_tasks):
    posterior = forge_at_random(two_tasks)
    failed = Check("rhat", "FAIL", 1.5, 1.01, "Chains disagree.", "Draw more.")
    with pytest.raises(PriorError, match=r"failed its checks \(rhat\)"):
        as_prior(dataclasses.replace(posterior, checks=(*posterior.checks, failed)), "p")


def test_a_fit_with_another_pooling_lends_nothing(forge_at_random, two_tasks):
    with pytest.raises(PriorError, match=r"pools 'phase' by model, and the rectified law by task"):
        as_prior(forge_at_random(two_tasks, pooling={"phase": "model"}), "p")


@pytest.mark.fits
def test_draws_must_outnumber_what_is_lent(forge_at_random, two_tasks):
    with pytest.raises(PriorError, match=r"has 28 draws, which do not tell how the 28 numbers .* more draws"):
        as_prior(forge_at_random(two_tasks, draws=28), "p")
    as_prior(forge_at_random(two_tasks, draws=32), "p")


@pytest.mark.fits
def test_a_task_of_a_single_size_lends_no_path(forge_at_random, simulate):
    sizes = {"long": SIZES, "short": SIZES[-1:]}
    runs = simulate({(task, name): sizes[task] for task in sizes for name in "ab"})
    prior = as_prior(forge_at_random(runs), "p")
    assert set(prior.borrowed.paths) == {"long"}
    assert prior.tasks == ("long", "short")
    later = simulate({("short", "x"): SIZES, ("short", "y"): SIZES}, seed=7)
    build_model(later, LAW, borrowed=prior.borrowed)


@pytest.mark.core
@pytest.mark.fits
def test_what_it_was_made_from_adds_up_along_a_chain_of_priors(forge_at_random, simulate, prior):
    runs = simulate({("flan", "x"): (50.0, 400.0, 1600.0), ("flan", "y"): (50.0, 400.0, 1600.0)}, seed=7)
    chained = as_prior(forge_at_random(runs, prior=prior), "later")
    assert chained.ranges == {"data": (50.0, 3200.0)}
    assert set(chained.models) == set(prior.models) | {("flan", "x"), ("flan", "y")}
    assert chained.families[: len(prior.families)] == prior.families
    assert chained.origin["before"] == {"name": prior.name, "sha256": prior.sha256}


def test_units_of_data_are_kept(forge_at_random, two_tasks, surface):
    assert as_prior(forge_at_random(two_tasks), "p").units == {"data": "examples"}
    runs = surface({"x": ((1e8, 3e8, 9e8), (2e9, 6e9, 18e9))})
    made = as_prior(forge_at_random(runs, law="chinchilla"), "p")
    assert made.units["data"] == "tokens"
