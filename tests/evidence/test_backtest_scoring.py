"""Every kind of answer gets the scores it can have, and None for the others."""

import json

import numpy as np
import pytest

from bayeslaw.evidence import scores
from bayeslaw.evidence.backtest.result import Backtest, mean_scores, summarise, summarise_selection
from bayeslaw.evidence.backtest.scoring import (
    LEVELS,
    SCORES,
    SELECTION_SCORES,
    Answer,
    choice_scores,
    coverage_at_levels,
    distribution_scores,
    selection_scores,
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


def test_scores_of_selection_by_hand():
    """The second is chosen and the first is best; of three draws the second wins two."""
    draws = np.array([[2.0, 1.0, 4.0], [1.0, 2.0, 4.0], [5.0, 4.0, 4.5]])
    answer = Answer(np.array([2.5, 2.0, 3.0]), draws, odds=np.array([1 / 3, 2 / 3, 0]))
    found = selection_scores(answer, np.array([2.0, 2.5, 3.0]))
    assert list(found) == list(SELECTION_SCORES)
    assert found["regret"] == 0.5
    assert found["relative_regret"] == 0.25
    assert found["expected_regret"] == pytest.approx(1 / 3)
    assert found["brier_p_best"] == pytest.approx((2 / 3) ** 2 * 2)
    assert found["log_score_p_best"] == pytest.approx(np.log(1 / 3))
    assert found["crps"] == found["crps_log"]
    plain = choice_scores(answer, np.array([2.0, 2.5, 3.0]))
    assert {name: found[name] for name in SCORES} == plain


def test_a_winner_without_odds_counts_as_one_draw_more_would_tell():
    measured = np.array([2.0, 2.5, 1.0])
    answer = Answer(PREDICTED[:3], DRAWS[:9, :3], odds=np.array([0.5, 0.5, 0.0]))
    assert selection_scores(answer, measured)["log_score_p_best"] == pytest.approx(-np.log(10))
    without = selection_scores(Answer(odds=np.array([0.5, 0.5, 0.0])), measured)
    assert without["log_score_p_best"] == pytest.approx(np.log(np.finfo(float).tiny))
    assert without["relative_regret"] is without["expected_regret"] is without["crps"] is None


def test_candidates_that_tie_for_best_share_the_win():
    found = selection_scores(Answer(odds=np.array([0.2, 0.5, 0.3])), np.array([1.0, 1.0, 2.0]))
    assert found["log_score_p_best"] == pytest.approx(np.log(0.7))
    assert found["brier_p_best"] == pytest.approx(0.3**2 + 0 + 0.3**2)


def test_what_is_promised_is_of_the_preferred_not_of_the_lowest_prediction():
    draws = np.array([[1.0, 2.0], [1.0, 0.5]])
    answer = Answer(np.array([1.0, 1.2]), draws, preference=np.array([1.0, 0.0]))
    assert selection_scores(answer, MEASURED[:2])["expected_regret"] == 0.5
    assert selection_scores(Answer(np.array([1.0, 1.2]), draws), MEASURED[:2])["expected_regret"] == 0.25


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


def chosen(task, relative_regret, p_best=None, *, budget=8, method="a"):
    told = {"p_best": p_best, "measured": [1.0, 2.0]}
    found = {**dict.fromkeys(SELECTION_SCORES), "relative_regret": relative_regret}
    return {
        "method": method, "collection": "lcdb", "budget": budget, "task": task, "scores": found, "predictions": told,
    }  # fmt: skip


def test_selection_is_summarised_by_method_collection_and_factor():
    cells = [chosen("x", 0.1, [0.9, 0.1]), chosen("y", 0.3, [0.1, 0.9]), chosen("z", None), chosen("x", 0.7, budget=64)]
    first, second = summarise_selection(cells)
    assert (first["method"], first["collection"], first["budget"]) == ("a", "lcdb", 8)
    assert (first["tasks"], first["cells"], second["tasks"]) == (3, 2, 1)
    assert first["scores"]["relative_regret"] == pytest.approx(0.2)
    assert first["without_score"]["relative_regret"] == 1
    assert first["without_score"]["regret"] == 3
    # of two stated .9 one won, of two stated .1 one won
    assert first["calibration_p_best"] == pytest.approx(0.4)
    assert second["calibration_p_best"] is None
    assert "reliability" not in first["scores"]


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
