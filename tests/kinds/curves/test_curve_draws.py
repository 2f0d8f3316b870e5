"""Draws of levels and walks given everything else, against dense Gaussian conditioning.

False alarms: every statistical check here is a chi-square held to a p-value of 1e-6, with a fixed seed.
"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy import stats

from bayeslaw.kinds.curves.density import log_likelihood
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.population import coordinates
from bayeslaw.kinds.shared.scales import Foretold
from bayeslaw.laws import get_law

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0)
FALSE_ALARM = 1e-6


def balanced(simulate):
    return simulate({("t", name): SIZES for name in "ab"}, seed=1)


def ragged(simulate):
    table = {("t", "a"): SIZES, ("t", "b"): (300.0, 900.0), ("u", "a"): (250.0, 5000.0, 9000.0), ("u", "b"): (5000.0,)}
    return simulate(table, seed=2)


def weighted_seeds(simulate):
    table = {("t", "a"): SIZES[1:], ("t", "b"): (200.0, 1600.0), ("t", "c"): (800.0,)}
    return simulate(table, seed=3, repeats=2, loss_se=0.03)


def replicate(position, draws):
    return {name: np.repeat(np.asarray(value)[None], draws, axis=0) for name, value in position.items()}


def assert_standard_normal(x):
    """Draws (S, d) are independent standard normals: mean and covariance, each as a chi-square."""
    draws, d = x.shape
    mean = draws * np.sum(x.mean(axis=0) ** 2)
    assert stats.chi2.sf(mean, d) > FALSE_ALARM
    excess = np.sqrt(draws) * (x.T @ x / draws - np.eye(d))
    covariance = np.sum(np.triu(excess, 1) ** 2) + np.sum(np.diag(excess) ** 2) / 2
    assert stats.chi2.sf(covariance, d * (d + 1) // 2) > FALSE_ALARM


@pytest.mark.parametrize("case", [balanced, ragged, weighted_seeds], ids=lambda f: f.__name__)
def test_completions_are_the_conditional_gaussian(case, simulate, dense, random_position):
    runs = case(simulate)
    model = build_model(runs, get_law("rectified"))
    rng = np.random.default_rng(9)
    position = random_position(model, rng)
    position["own_drift"] += 1.5  # walks that matter
    draws = 6000
    done = model.complete(replicate(position, draws), np.random.default_rng(0))
    d = dense(runs.table)
    for k, task in enumerate(d.tasks):
        anchor, knots = d.knots(task)
        origin = np.log(d.reference)  # the package counts sizes from the reference
        assert model.layout.walks[k].own.anchor == pytest.approx(anchor - origin)
        mean, covariance = d.conditional(task, position, at=knots, predicted=False)
        members = d.gaussian(task, position).members
        p = len(knots)
        own = done.own_walk[:, members, :p] @ model.layout.walks[k].own.functions(knots - origin).T
        shared = done.shared_walk[:, k, :p] @ model.layout.walks[k].shared.functions(knots - origin).T
        found = np.concatenate([done.level[:, members], own.reshape(draws, -1), shared], axis=1)
        root = np.linalg.cholesky(covariance)
        assert_standard_normal(np.linalg.solve(root, (found - mean).T).T)


@pytest.mark.core
@pytest.mark.fits
def test_ratio_of_likelihoods_is_the_mean_ratio_of_joint_densities(simulate, dense, random_position):
    # p(y | B) / p(y | A) is the mean of p(y, z | B) / p(y, z | A) over completions z of A
    runs = weighted_seeds(simulate)
    model = build_model(runs, get_law("rectified"))
    rng = np.random.default_rng(5)
    a = random_position(model, rng, scale=0.5)
    b = {name: value + 0.02 * rng.standard_normal(value.shape) for name, value in a.items()}
    draws = 30_000
    done = model.complete(replicate(a, draws), np.random.default_rng(6))

    d = dense(runs.table)

    def log_joint(position):
        scales = d.scales(position)
        noise, own, shared = d.gaussian("t", position).noise[:, None], scales["own_drift"], scales["shared_drift"]
        with jax.enable_x64(True):
            values = coordinates(model.density.pooled, model.data.groups, position)
            by_curve = {name: np.asarray(v)[:, None] for name, v in values.items()}
            reference = {"data": model.layout.reference["data"][:, None]}
            shape = model.law.log_shape(by_curve, model.layout.covariates, reference)
        p = len(d.knots("t")[1])
        walk = np.einsum("cmp,scp->scm", model.layout.walks[0].own.functions(model.layout.axis), done.own_walk[..., :p])
        walk += np.einsum(
            "cmp,sp->scm", model.layout.walks[0].shared.functions(model.layout.axis), done.shared_walk[:, 0, :p]
        )
        curve = np.arange(len(d.curves))[:, None]
        walk += d.pulled("t", position, curve, np.exp(model.layout.axis) * d.reference)
        sd = noise / np.sqrt(np.where(model.layout.weight > 0, model.layout.weight, np.nan))
        log_runs = stats.norm.logpdf(model.layout.y, done.level[..., None] + np.asarray(shape) + walk, sd)
        return (
            np.nansum(log_runs, axis=(1, 2))
            + stats.norm.logpdf(done.own_walk, 0, own).sum(axis=(1, 2))
            + stats.norm.logpdf(done.shared_walk, 0, shared).sum(axis=(1, 2))
        )

    ratio = np.exp(log_joint(b) - log_joint(a))
    with jax.enable_x64(True):
        expected = np.exp(log_likelihood(model.density, model.data, b) - log_likelihood(model.density, model.data, a))
    error = ratio.std() / np.sqrt(draws)
    assert error < 0.02 * expected  # the identity is tested to within two percent
    assert abs(ratio.mean() - expected) < 5 * error


def test_scales_coordinates_and_population_are_those_of_the_position(simulate, dense, random_position):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES, ("u", "a"): SIZES}, seed=4)
    model = build_model(runs, get_law("rectified"), pooling={"phase": "model"})
    position = random_position(model, np.random.default_rng(7))
    done = model.complete(replicate(position, 3), np.random.default_rng(8))
    d = dense(runs.table)
    scales = d.scales(position)
    np.testing.assert_allclose(done.typical_noise, np.repeat(scales["noise"][None], 3, 0))
    noise = np.concatenate([d.gaussian(task, position).noise for task in d.tasks])
    np.testing.assert_allclose(done.noise, np.repeat(noise[None], 3, 0))
    np.testing.assert_allclose(done.pull, np.repeat(1.0 + 0.4 * position["pull"][None], 3, 0))
    np.testing.assert_allclose(done.own_drift, np.repeat(scales["own_drift"][None], 3, 0))
    np.testing.assert_allclose(done.shared_drift, np.repeat(scales["shared_drift"][None], 3, 0))
    for name, values in d.coordinates(position).items():
        np.testing.assert_allclose(done.coordinates[name], np.repeat(values[None], 3, 0))
    floor = get_law("rectified").coordinates[1]
    # a tenth of the variance is common to the tasks, the rest tells them apart
    common = floor.mean + np.sqrt(0.1) * floor.sd * position["location"][1]
    np.testing.assert_allclose(done.population.location["floor"], common)
    between = np.sqrt(0.9) * floor.sd * np.exp(position["spread.floor.task"])
    np.testing.assert_allclose(done.population.spread["floor.task"], between)
    np.testing.assert_allclose(done.population.spread["phase.model"], np.exp(position["spread.phase.model"]))
    np.testing.assert_allclose(
        done.population.effect["phase.model"][0], done.population.spread["phase.model"][0] * position["phase.model"]
    )


def test_equal_seeds_give_equal_completions(three_models, random_position):
    model = build_model(three_models, get_law("rectified"))
    position = replicate(random_position(model, np.random.default_rng(1)), 4)
    one, two, other = (model.complete(position, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.level, two.level)
    np.testing.assert_array_equal(one.own_walk, two.own_walk)
    assert (one.level != other.level).all()


def test_rates_of_changes_are_those_that_the_table_foretells(simulate):
    """Two tasks with errors of slopes, and one of too few sizes, whose rate is that of a table of its sort."""
    sizes = tuple(100.0 * 2.0**i for i in range(7))
    table = {("t", m): sizes for m in "abc"} | {("u", m): sizes[1:] for m in "ab"} | {("v", m): sizes[:3] for m in "ab"}
    own = Foretold(median=0.02, exponent=0.6, sd=0.3, typical=0.05, spread=0.8)
    shared = Foretold(median=0.005, exponent=-0.2, sd=0.4, typical=0.02, spread=0.5)
    scales = replace(ScalePriors(), own_change=own, shared_change=shared)
    model = build_model(simulate(table, seed=2), get_law("rectified"), scales=scales)
    draws = 4000
    done = model.complete(
        replicate({n: np.zeros(s) for n, s in model.sizes().items()}, draws), np.random.default_rng(3)
    )
    error = model.layout.slope_error
    assert list(np.isfinite(error)) == [True, True, False]
    white = []
    for prior, found in ((own, done.own_change), (shared, done.shared_change)):
        assert found.shape == (draws, 3)
        middle = np.log(prior.median) + prior.exponent * np.log(
            np.where(np.isfinite(error), error / prior.typical, 1.0)
        )
        sd = [prior.sd, prior.sd, np.hypot(prior.sd, prior.exponent * prior.spread)]
        white.append((np.log(found) - middle) / sd)
    assert_standard_normal(np.concatenate(white, axis=1))
    assert len(np.unique(done.own_change)) == 3 * draws
    assert {"own_change", "shared_change"} <= set(done.watched())
    for name in ("own_change", "shared_change"):
        assert done.variables()[name][1] == ("task",)


def test_rates_of_changes_disturb_no_other_draw(three_models, random_position):
    position = replicate(random_position(build_model(three_models, get_law("rectified")), np.random.default_rng(1)), 4)
    wide = Foretold(median=0.3, exponent=0.0, sd=1.0, typical=0.03, spread=1.0)
    one, two = (
        build_model(three_models, get_law("rectified"), scales=scales).complete(position, np.random.default_rng(3))
        for scales in (ScalePriors(), replace(ScalePriors(), own_change=wide, shared_change=wide))
    )
    for name in ("level", "own_walk", "shared_walk", "noise"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert (one.own_change != two.own_change).all()
