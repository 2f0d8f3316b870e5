"""Simulation-based calibration of the laws of `law_calibration`, on small tables that are fitted together.

``python tests/statistical/law_calibration.py FOLDER`` does the same and goes on where it was stopped.
"""

import numpy as np
import pandas as pd
import pytest
from calibration import FALSE_ALARM, few_p_values, placed, read
from joint_tables import SMALL, across, draws_of, simulate
from law_calibration import NEW, batch_of_ranks, only_ranks, ranks_of, row, with_other_prior
from scipy import stats

from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.laws import get_law

TABLES = 50


def fractions(mean, spread, count=25):
    """Ranks of truths that lie at the quantiles of a normal distribution, as fractions, by standard normal draws."""
    return pd.DataFrame({"x": stats.norm.cdf(mean + spread * stats.norm.ppf((np.arange(count) + 0.5) / count))})


def test_few_tables_show_a_bias_and_intervals_of_the_wrong_width():
    assert few_p_values(fractions(0.0, 1.0))["x"] > 0.5
    assert few_p_values(fractions(1.0, 1.0))["x"] < FALSE_ALARM
    assert few_p_values(fractions(0.0, 1.8))["x"] < FALSE_ALARM
    assert few_p_values(fractions(0.0, 0.3))["x"] < FALSE_ALARM


def test_p_values_of_few_tables_are_uniform():
    rng = np.random.default_rng(0)
    found = few_p_values(pd.DataFrame(rng.uniform(size=(25, 20_000))))
    expected = 20_000 * 0.05
    assert np.sum(found < 0.05) < expected + 4 * np.sqrt(expected)
    assert np.sum(found < 0.05) > 0.8 * expected - 4 * np.sqrt(expected)  # doubling is a little careful


def test_a_truth_among_its_draws_has_its_rank():
    found = placed({"x": np.arange(9.0)}, {"x": 4.5}, np.random.default_rng(0))
    assert 0.5 < found["x"] < 0.6


@pytest.mark.parametrize(
    ("name", "model"),
    [("chinchilla", "x-8e+08"), ("vocabulary", "x-8e+08"), ("moe", NEW_MODEL), ("mixture", NEW_MODEL)],
)
def test_what_is_known_of_a_joint_table_is_foretold_by_its_fit(name, model, forge_at_random):
    law = get_law(name)
    frame, truth = simulate(SMALL, law, np.random.default_rng(0))
    fit = Fit(forge_at_random(read(frame), law=name))
    found = draws_of(SMALL, fit)
    assert set(found) == set(truth)
    grid = SMALL.grid(law)[[c.name for c in law.covariates]].iloc[SMALL.runs :].to_dict("records")
    points = [grid[0], grid[2]]  # of the last model of the first family, later and in between
    if model != NEW_MODEL:
        points = [{name: value for name, value in point.items() if name != across(law)} for point in points]
    told = fit.predictions(points, kind="curve", seed=1)
    here = [label[:2] for label in told.labels].index((model, "x"))
    np.testing.assert_array_equal(found["a model later"], told.linked[:, here, 0])
    np.testing.assert_array_equal(found["a model in between"], told.linked[:, here, 1])


@pytest.mark.slow
@pytest.mark.parametrize("name", NEW)
def test_ranks_are_uniform(name, tmp_path):
    found = ranks_of(name, TABLES, tmp_path)
    print(row(name, found))
    values = few_p_values(only_ranks(found))
    assert values.min() > FALSE_ALARM / len(values), f"{values.idxmin()} is off"


@pytest.mark.slow
def test_a_wrong_prior_is_seen():
    """Tables are of a law whose first exponent lies where the prior of the one that is fitted hardly looks."""
    law = get_law("kaplan")
    values = few_p_values(only_ranks(batch_of_ranks(law, 0, 25, drawn_from=with_other_prior(law))))
    assert values.min() < FALSE_ALARM / len(values)
