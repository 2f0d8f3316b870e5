"""Predictions before any data: the prior alone."""

import numpy as np
import pytest

import bayeslaw as bl


def test_curves_pass_through_their_largest_run_and_spread_beyond(three_models):
    at = [{"data": 3200.0}, {"data": 12_800.0}, {"data": 204_800.0}]
    found = bl.prior_predictive(three_models, at=at)
    table = three_models.table
    last = [float(table.loc[(table["model"] == m) & (table["data"] == 3200), "loss"].iloc[0]) for m in "abc"]
    np.testing.assert_allclose(found.values[:, :, 0], np.tile(last, (len(found.values), 1)), rtol=1e-6)
    spread = np.log(found.values).std(axis=0)
    assert (spread[:, 2] > spread[:, 1]).all()
    assert (spread[:, 1] > 0.05).all()


def test_what_is_stated_narrows_them(three_models):
    at = [{"data": 204_800.0}]
    wide = bl.prior_predictive(three_models, at=at)
    stated = {"beta": bl.LogNormal(0.2, 0.02), "phase": bl.Normal(3, 0.1), "floor": bl.Normal(-1, 0.3)}
    narrow = bl.prior_predictive(three_models, at=at, priors=stated)
    assert (np.log(narrow.values).std(axis=0) < 0.7 * np.log(wide.values).std(axis=0)).all()


def test_the_loss_itself_has_no_part_in_it(three_models):
    """Doubled losses double the anchored predictions and change nothing else."""
    doubled = three_models.table.assign(loss=2 * three_models.table["loss"])
    one, other = (bl.prior_predictive(runs, at=[{"data": 51_200.0}]) for runs in (three_models, doubled))
    np.testing.assert_allclose(other.values, 2 * one.values, rtol=1e-8)


@pytest.mark.fits
def test_a_new_model_of_a_joint_law_is_drawn_as_it_is(surface):
    runs = surface({"x": ((1e8, 4e8), (2e9, 8e9, 2e10))})
    found = bl.prior_predictive(runs, law="chinchilla", at=[{"params": 1e9, "data": 2e10}])
    assert found.labels == (("<new model>", "x", "t"),)
    assert np.log(found.values).std() > 0.5  # the level of a surface has a prior, as wide as an e-fold
