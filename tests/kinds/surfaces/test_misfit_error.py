"""Errors of joint laws from rolling origins: none where the law holds, and of the size of what it misses."""

import jax
import numpy as np
import pytest

from bayeslaw.kinds.surfaces import origins
from bayeslaw.kinds.surfaces.frontier import directions, excess, growth
from bayeslaw.kinds.surfaces.origins import LEAST_RUNS, _fitter, _origins, misfit_errors
from bayeslaw.laws import get_law

LAW = get_law("chinchilla")
TRUE = {"floor": 0.7, "split": 0.2, "log_alpha": -1.0, "log_beta": -1.2}
BUDGETS = 1.3 * np.arange(6)
POINTS = np.array([[(c + r) / 2, (c - r) / 2] for c in BUDGETS for r in np.linspace(-2, 2, 9)])
POINTS -= POINTS.mean(axis=0)


def table(noise=0.0, miss=lambda product: 0.0 * product, seed=0, points=POINTS):
    covariates = {"params": np.exp(points[:, 0]), "data": np.exp(points[:, 1])}
    shape = np.asarray(LAW.log_shape(TRUE, covariates, {"params": 1.0, "data": 1.0}))
    product = points.sum(axis=1)
    return points, shape + miss(product) + noise * np.random.default_rng(seed).normal(size=len(shape))


WAYS = [tuple(way) for way in directions(2)]


def along(way, surfaces):
    """The error in one direction."""
    return misfit_errors(LAW, surfaces).size[WAYS.index(way)]


def test_a_table_of_the_law_itself_has_next_to_none():
    assert misfit_errors(LAW, [table()]).size.max() < 1e-3


def test_origins_lie_among_the_larger_runs_and_look_a_little_ahead():
    product = np.linspace(0.0, 10.0, 101)
    found = list(_origins(product, LEAST_RUNS))
    assert [before.sum() for before, _ in found] == [71, 86]  # seven tenths, and 85 of 100, of the runs
    for before, after in found:
        assert not (before & after).any()
        assert product[after].min() > product[before].max()
        assert product[after].max() <= product[before].max() + 2.05 + 1e-9
    assert next(iter(_origins(product, 72)))[0].sum() == 86  # too few before the first
    assert not list(_origins(product, 87))


def test_the_law_is_held_by_its_priors_where_runs_say_nothing():
    """Of runs at one point, coordinates are the centres of their priors, and the level is theirs."""
    points = np.zeros((12, 2))
    ahead = np.array([[1.0, 1.0]])
    whole, used = np.concatenate([points, ahead]), np.arange(13) < 12
    centre = {c.name: c.mean for c in LAW.coordinates}
    covariates = {"params": np.exp(whole[:, 0]), "data": np.exp(whole[:, 1])}
    shape = np.asarray(LAW.log_shape(centre, covariates, {"params": 1.0, "data": 1.0}))
    with jax.enable_x64(True):
        found = _fitter(LAW, 13)(whole, np.where(used, 0.7, 5.0), used, 0.005)
    np.testing.assert_allclose(found - found[0], shape - shape[0], atol=1e-4)
    np.testing.assert_allclose(found[used], 0.7, atol=1e-6)


def test_noise_counts_as_error_but_not_as_one_beyond_noise():
    noisy = misfit_errors(LAW, [table(noise=0.004)])
    assert noisy.size.max() < 1.5 * 0.004
    assert np.median(noisy.beyond_noise) < 0.8 * np.median(noisy.size)


def test_what_the_largest_runs_miss_by_is_found_in_their_direction():
    last = POINTS.sum(axis=1).max()
    missed = [table(noise=0.001, miss=lambda product: np.where(product > last - 0.1, 0.03, 0.0))]
    step = growth(np.array(1.3))  # the last budget lies this far beyond the one before
    assert 0.5 * 0.03 / step < along((1.0, 1.0), missed) < 1.5 * 0.03 / step
    assert along((1.0, 1.0), missed) > 2 * along((-1.0, -1.0), missed)


def test_errors_of_one_covariate_are_found_in_its_direction():
    """On a grid, losses bend up where the second covariate is largest."""
    points = np.array([[n, d] for n in np.linspace(-2, 2, 6) for d in np.linspace(-3, 3, 8)])
    log_loss = table(noise=0.001, points=points)[1] + 0.05 * np.maximum(points[:, 1] - 1.0, 0.0)
    errors = misfit_errors(LAW, [(points, log_loss)]).size
    assert errors[WAYS.index((0.0, 1.0))] > 2 * errors[WAYS.index((1.0, 0.0))]


def test_offsets_of_models_are_no_errors_of_the_law_where_they_have_some():
    points, log_loss = table(noise=0.001)
    model = np.searchsorted(np.unique(np.round(points[:, 0], 6)), np.round(points[:, 0], 6)) // 4
    moved = log_loss + 0.03 * np.random.default_rng(1).normal(size=model.max() + 1)[model]
    own, none = (misfit_errors(LAW, [(points, moved)], models).size for models in ([model], None))
    assert (own < 0.5 * none).all()


def test_surfaces_are_pooled_and_levels_do_not_matter():
    points, log_loss = table(noise=0.01)
    once = misfit_errors(LAW, [(points, log_loss)]).size
    np.testing.assert_allclose(misfit_errors(LAW, [(points, log_loss)] * 2).size, once, rtol=1e-3)
    np.testing.assert_allclose(misfit_errors(LAW, [(points, log_loss + 3.0)]).size, once, rtol=1e-3)


def test_one_outlier_says_little():
    points, log_loss = table(noise=0.004)
    spoiled = log_loss.copy()
    spoiled[-3] += 0.5
    assert along((1.0, 1.0), [(points, spoiled)]) < 3 * 0.004


def test_an_outlier_counts_as_three_times_the_typical_error(monkeypatch):
    points, log_loss = table()
    found = list(_origins(points.sum(axis=1), LEAST_RUNS))
    before, after = only = found[-1]
    measured = np.zeros(len(log_loss))
    size = growth(excess(points[after], points[before]).max(axis=1))
    measured[after] = 0.01 * size * np.where(np.arange(after.sum()) % 2, 1.0, -1.0)
    monkeypatch.setattr(origins, "_origins", lambda place, enough: [only])
    last = np.flatnonzero(after)[-1]
    measured[last] = 5.0
    monkeypatch.setattr(
        origins, "_fitter", lambda law, rows: lambda points, log_loss, used, noise: np.zeros(len(log_loss))
    )
    typical, count = 1.4826 * 0.01, after.sum()
    square = ((count - 1) * 0.01**2 + (3 * typical) ** 2) / count
    assert along((1.0, 1.0), [(points, measured)]) == pytest.approx(np.sqrt(square))


@pytest.mark.parametrize("runs", [0, 8, 11])
def test_few_runs_tell_nothing(runs):
    points, log_loss = table(noise=0.01)
    assert np.isnan(misfit_errors(LAW, [(points[:runs], log_loss[:runs])] if runs else [])).all()
