"""Errors of joint laws from rolling origins: none where the law holds, and of the size of what it misses."""

import jax
import numpy as np
import pytest

from bayeslaw.kinds.surfaces import origins
from bayeslaw.kinds.surfaces.origins import LEAST_RUNS, _fitter, _origins, misfit_error
from bayeslaw.laws import get_law

LAW = get_law("chinchilla")
TRUE = {"floor": 0.7, "split": 0.2, "log_alpha": -1.0, "log_beta": -1.2}
BUDGETS = 1.3 * np.arange(6)
POINTS = np.array([[(c + r) / 2, (c - r) / 2] for c in BUDGETS for r in np.linspace(-2, 2, 9)])
POINTS -= POINTS.mean(axis=0)


def table(noise=0.0, miss=lambda product: 0.0 * product, seed=0):
    covariates = {"params": np.exp(POINTS[:, 0]), "data": np.exp(POINTS[:, 1])}
    shape = np.asarray(LAW.log_shape(TRUE, covariates, {"params": 1.0, "data": 1.0}))
    product = POINTS.sum(axis=1)
    return POINTS, shape + miss(product) + noise * np.random.default_rng(seed).normal(size=len(shape))


def test_a_table_of_the_law_itself_has_next_to_none():
    assert misfit_error(LAW, [table()]) < 1e-3


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
        found = _fitter(LAW, 13)(whole, np.where(used, 0.7, 5.0), used)
    np.testing.assert_allclose(found - found[0], shape - shape[0], atol=1e-4)
    np.testing.assert_allclose(found[used], 0.7, atol=1e-6)


def test_run_to_run_noise_is_taken_off():
    assert misfit_error(LAW, [table(noise=0.004)]) < 0.004


def test_what_the_largest_runs_miss_by_is_found():
    last = POINTS.sum(axis=1).max()
    found = misfit_error(LAW, [table(miss=lambda product: np.where(product > last - 0.1, 0.03, 0.0))])
    assert found == pytest.approx(0.03, rel=0.1)


def test_surfaces_are_pooled_and_levels_do_not_matter():
    points, log_loss = table(noise=0.01)
    assert misfit_error(LAW, [(points, log_loss)] * 2) == pytest.approx(misfit_error(LAW, [(points, log_loss)]))
    assert misfit_error(LAW, [(points, log_loss + 3.0)]) == pytest.approx(
        misfit_error(LAW, [(points, log_loss)]), rel=1e-3
    )


def test_one_outlier_says_little():
    points, log_loss = table(noise=0.004)
    spoiled = log_loss.copy()
    spoiled[-3] += 0.5
    assert misfit_error(LAW, [(points, spoiled)]) < 3 * 0.004


def test_an_outlier_counts_as_three_times_the_typical_error(monkeypatch):
    points, log_loss = table()
    errors = 0.01 * np.where(np.arange(len(log_loss)) % 2, 1.0, -1.0)
    errors[-1] = 5.0
    measured = np.zeros(len(log_loss)) + errors
    monkeypatch.setattr(
        origins, "_fitter", lambda law, rows: lambda points, log_loss, used: np.where(used.all(), log_loss, 0.0)
    )
    typical, ahead = 1.4826 * 0.01, [after for _, after in _origins(points.sum(axis=1), LEAST_RUNS)]
    square = np.mean(np.concatenate([np.clip(measured[after], -3 * typical, 3 * typical) for after in ahead]) ** 2)
    assert misfit_error(LAW, [(points, measured)]) == pytest.approx(np.sqrt(square))


@pytest.mark.parametrize("runs", [0, 8, 11])
def test_few_runs_tell_nothing(runs):
    points, log_loss = table(noise=0.01)
    assert np.isnan(misfit_error(LAW, [(points[:runs], log_loss[:runs])] if runs else []))
