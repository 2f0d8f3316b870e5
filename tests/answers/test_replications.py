"""Runs beside what a fit says that they would measure again."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.replications import replications
from tests.views import by_hand


@pytest.fixture(scope="module")
def again():
    return by_hand.replications()


def test_intervals_hold_nine_tenths_and_half_of_the_replications(again):
    row = again.to_frame().iloc[0]
    quantiles = np.quantile(np.exp(again.linked[:, 0]), [0.05, 0.25, 0.5, 0.75, 0.95])
    np.testing.assert_allclose(row[["p05", "p25", "p50", "p75", "p95"]].astype(float), quantiles)


def test_a_run_is_inside_where_its_interval_holds_it(again):
    frame = again.to_frame()
    assert list(frame["inside"]) == [True, False, False, True]
    assert list(frame["rank"]) == [pytest.approx(50 / 101), 1.0, 0.0, 0.0]
    assert again.sentence.startswith("2 of 4 measured runs lie inside")
    assert again.sentence.endswith("(50%).")


def test_residuals_are_in_standard_deviations_of_one_run_and_none_where_there_is_no_spread(again):
    frame = again.to_frame()
    linked = again.linked[:, 1]
    apart = np.log(frame["measured"][1]) - linked.mean()
    assert frame["residual"][1] == pytest.approx(apart)
    assert frame["standardized"][1] == pytest.approx(apart / linked.std(ddof=1))
    assert frame["standardized"][3] == 0


def test_curves_of_other_lengths_have_their_own_runs_alone(simulate, forge_at_random):
    runs = simulate({("t", "a"): (200.0, 400.0, 800.0), ("t", "b"): (200.0, 800.0)}, seed=1)
    found = replications(forge_at_random(runs, draws=8))
    pd.testing.assert_frame_equal(
        found.runs[["model", "data", "measured"]],
        runs.table[["model", "data", "loss"]].rename(columns={"loss": "measured"}),
        check_dtype=False,
    )
    assert found.linked.shape == (8, 5)
