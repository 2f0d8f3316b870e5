"""Every kind of answer gets the scores it can have, and None for the others."""

import json

import numpy as np
import pytest

from bayeslaw.evidence import scores
from bayeslaw.evidence.backtest.result import Backtest, mean_scores, summarise
from bayeslaw.evidence.backtest.scoring import (
    LEVELS,
    SCORES,
    Answer,
    choice_scores,
    coverage_at_levels,
    distribution_scores,
)

MEASURED = np.array([2.0, 2.5, 3.0, 2.2])
PREDICTED = np.array([2.1, 2.4, 3.1, 2.05])
DRAWS = np.exp(np.log(PREDICTED) + 0.05 * np.random.default_rng(0).standard_normal((500, 4)))
CHOICE = {"rel_acc", "pear_corr", "kendall_tau", "regret"}
POINT = {"rmsle", "are_median", "crps_log"}
INTERVALS = {"log_score", "coverage_50", "coverage_80", "coverage_90", "coverage_95", "width_90"}


def has(found):
    assert list(found) == list(SCORES)
    assert all(value is None or np.isfinite(value) for value in found.values())
    return {name for name, value in found.items() if value is not None}


def test_point_predictions():
    found = choice_scores(Answer(PREDICTED), MEASURED)
    assert has(found) == CHOICE | POINT
    assert found["crps_log"] == pytest.approx(np.mean(np.abs(np.log(PREDICTED / MEASURED))))
    assert found["regret"] == pytest.approx(0.2)
    assert found["rmsle"] == scores.rmsle(PREDICTED, MEASURED)


def test_features_only_rank():
    found = choice_scores(Answer(feature=-MEASURED), MEASURED)
    assert has(found) == CHOICE
    assert found["pear_corr"] == pytest.approx(-1)
    assert found["rel_acc"] == 0
    preferred = choice_scores(Answer(feature=-MEASURED, preference=MEASURED), MEASURED)
    assert (preferred["rel_acc"], preferred["pear_corr"]) == (1, pytest.approx(-1))


def test_the_choice_is_by_preference_and_the_correlation_by_prediction():
    answer = Answer(PREDICTED, DRAWS, preference=np.array([0.0, 1, 1, 1]), odds=np.array([0.7, 0.1, 0.1, 0.1]))
    found = choice_scores(answer, MEASURED)
    assert has(found) == CHOICE | POINT | INTERVALS | {"brier_p_best"}
    assert found["regret"] == 0
    assert found["pear_corr"] == scores.pear_corr(PREDICTED, MEASURED)
    assert found["brier_p_best"] == pytest.approx(0.09 + 0.03)
    assert found["crps_log"] == pytest.approx(np.mean(scores.crps(DRAWS, MEASURED)))
    covered = scores.intervals(DRAWS, MEASURED, levels=(0.5, 0.8, 0.9, 0.95))
    assert [found[f"coverage_{k}"] for k in (50, 80, 90, 95)] == list(covered.coverage)
    assert found["width_90"] == pytest.approx(covered.width[2])


def test_odds_alone():
    assert has(choice_scores(Answer(odds=np.full(4, 0.25)), MEASURED)) == {"brier_p_best"}


def test_points_of_a_curve_are_no_candidates():
    assert has(distribution_scores(Answer(PREDICTED, DRAWS), MEASURED)) == POINT | INTERVALS
    assert has(distribution_scores(Answer(PREDICTED), MEASURED)) == POINT


@pytest.mark.parametrize(
    ("answer", "measured", "missing"),
    [
        (Answer(PREDICTED[:1]), MEASURED[:1], {"rel_acc", "pear_corr", "kendall_tau"}),
        (Answer(np.full(4, 2.0)), MEASURED, {"pear_corr", "kendall_tau"}),
        (Answer(PREDICTED), np.full(4, 2.0), {"rel_acc", "pear_corr", "kendall_tau"}),
        (Answer(np.array([2.0, -1, 3, 2])), MEASURED, POINT - {"are_median"}),
        (Answer(np.array([2.0, np.nan, 3, 2])), MEASURED, CHOICE | POINT),
        (Answer(PREDICTED, np.tile(PREDICTED, (9, 1))), MEASURED, {"log_score"}),
    ],
)
def test_what_is_not_defined_is_none(answer, measured, missing):
    everything = CHOICE | POINT | (INTERVALS if answer.draws is not None else set())
    assert has(choice_scores(answer, measured)) == everything - missing


def test_coverage_at_levels_agrees_with_the_scores():
    found = coverage_at_levels(Answer(PREDICTED, DRAWS), MEASURED)
    assert len(found) == len(LEVELS) == 19
    assert found[LEVELS.index(0.9)] == choice_scores(Answer(PREDICTED, DRAWS), MEASURED)["coverage_90"]
    assert found == sorted(found)
    assert coverage_at_levels(Answer(PREDICTED), MEASURED) is None


def cell(method, value, *, domain="d", **more):
    return {
        "method": method,
        "domain": domain,
        "status": None,
        "scores": {**dict.fromkeys(SCORES), "rmsle": value},
        **more,
    }


def test_means_are_over_the_cells_that_have_a_score():
    cells = [cell("a", 1.0), cell("b", 2.0), cell("a", None), cell("a", 2.0), cell("a", 5.0, domain="e")]
    rows = {(row["method"], row["domain"]): row for row in summarise(cells)}
    assert list(rows) == [("a", "d"), ("b", "d"), ("a", "e")]
    assert rows["a", "d"]["cells"] == 2
    assert rows["a", "d"]["scores"]["rmsle"] == 1.5
    assert rows["a", "d"]["scores"]["regret"] is None
    assert "reliability" not in rows["a", "d"]["scores"]
    assert mean_scores([])["rmsle"] is None


def test_odds_of_bayeslaw_are_pooled_into_a_reliability_table():
    told = {"p_best": [0.7, 0.1, 0.1, 0.1], "measured": MEASURED.tolist()}
    cells = [cell("bayeslaw", 1.0, predictions=told), cell("bayeslaw", 1.0, predictions=told)]
    cells.append(cell("other", 1.0, predictions=told))
    ours, other = summarise(cells)
    table = ours["scores"]["reliability"]
    assert "reliability" not in other["scores"]
    assert table["count"] == [0, 0, 6, 0, 0, 2, 0]
    assert table["observed"] == [None, None, 0.0, None, None, 1.0, None]
    assert table["stated"][5] == pytest.approx(0.7)
    json.dumps(table, allow_nan=False)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [([None, None], "PASS"), (["PASS", "REVIEW"], "REVIEW"), (["REVIEW", "FAIL", None], "FAIL")],
)
def test_the_worst_status_counts(statuses, expected):
    cells = tuple({**cell("a", 1.0), "status": status, "predictions": {}} for status in statuses)
    found = Backtest("finetune", cells, (), {}, 1.0, 0, ())
    assert found.status == found.record()["status"] == expected
    assert "predictions" in found.record()["cells"][0]
    assert "predictions" not in found.record(whole=False)["cells"][0]
