"""Errors of joint laws from rolling origins: none where the law holds, and of the size of what it misses."""

import numpy as np
import pytest

from bayeslaw.kinds.surfaces.origins import misfit_error
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


@pytest.mark.parametrize("runs", [0, 8, 11])
def test_few_runs_tell_nothing(runs):
    points, log_loss = table(noise=0.01)
    assert np.isnan(misfit_error(LAW, [(points[:runs], log_loss[:runs])] if runs else []))
