"""Odds of being best against closed forms."""

import numpy as np
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.evidence import odds


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_p_best_counts_draws_and_shares_ties():
    np.testing.assert_allclose(odds.p_best([[1, 2, 3], [3, 2, 1], [1, 1, 2], [5, 4, 4]]), [0.375, 0.25, 0.375])


def test_brier_of_uniform_perfect_and_surely_wrong_odds():
    true = [3.0, 1.0, 2.0, 5.0]
    assert odds.brier_best(np.full(4, 0.25), true) == pytest.approx(1 - 1 / 4)
    assert odds.brier_best([0, 1, 0, 0], true) == 0.0
    assert odds.brier_best([1, 0, 0, 0], true) == 2.0


def test_brier_is_proper(rng):
    honest = np.array([0.5, 0.3, 0.2])
    winners = rng.choice(3, size=4000, p=honest)
    outcomes = [np.where(np.arange(3) == w, 1.0, 2.0) for w in winners]

    def mean(stated):
        return np.mean([odds.brier_best(stated, true) for true in outcomes])

    assert mean(honest) < mean([0.8, 0.1, 0.1])
    assert mean(honest) < mean(np.full(3, 1 / 3))


def test_reliability_counts_every_candidate_once():
    table = odds.reliability([[0.9, 0.1], [0.0, 1.0], [0.5, 0.5]], [[1, 2], [2, 1], [2, 1]], edges=(0, 0.5, 1))
    np.testing.assert_array_equal(table.count, [2, 4])
    np.testing.assert_allclose(table.stated, [0.05, (0.9 + 1.0 + 0.5 + 0.5) / 4])
    np.testing.assert_allclose(table.observed, [0.0, 0.75])


def test_reliability_of_an_empty_bin_is_nan():
    table = odds.reliability([[1.0, 0.0]], [[1, 2]], edges=(0, 0.3, 0.6, 1))
    assert table.count[1] == 0
    assert np.isnan(table.stated[1])
    assert np.isnan(table.observed[1])


def test_expected_regret_is_the_mean_distance_from_the_best_of_each_draw():
    np.testing.assert_allclose(odds.expected_regret([[1.0, 2.0], [3.0, 2.0], [1.0, 1.5]]), [1 / 3, 1.5 / 3])


def test_log_score_is_that_of_the_winner():
    assert odds.log_score_best([0.2, 0.5, 0.3], [3.0, 1.0, 2.0]) == pytest.approx(np.log(0.5))
    assert odds.log_score_best([0.2, 0.5, 0.3], [1.0, 1.0, 2.0]) == pytest.approx(np.log(0.7))  # a tie adds up
    assert odds.log_score_best([0, 1], [1.0, 2.0]) == -np.inf
    assert odds.log_score_best([0, 1], [1.0, 2.0], least=1 / 401) == pytest.approx(-np.log(401))
    assert odds.log_score_best([0.2, 0.8], [1.0, 2.0], least=1 / 401) == pytest.approx(np.log(0.2))


def test_calibration_error_weighs_bins_by_their_candidates():
    tenths = [k / 10 for k in range(11)]
    stated = [[0.95, 0.05], [0.05, 0.95], [0.5, 0.5], [0.5, 0.5]]
    table = odds.reliability(stated, [[1, 2]] * 4, edges=tenths)
    # one of two won at .05, one of two at .95, two of four at .5
    assert odds.calibration_error(table) == pytest.approx((2 * 0.45 + 2 * 0.45 + 4 * 0) / 8)
    assert odds.calibration_error(odds.reliability([[1.0, 0.0]], [[1, 2]], edges=tenths)) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: odds.p_best([1.0, 2.0]), "shape"),
        (lambda: odds.brier_best([0.5, 0.2], [1, 2]), "sum to 1"),
        (lambda: odds.reliability([], []), "same choices"),
        (lambda: odds.reliability([[0.5, 0.5]], [[1, 2]], edges=(0, 0.5)), "edges"),
        (lambda: odds.log_score_best([0.5, 0.2], [1, 2]), "sum to 1"),
    ],
)
def test_errors_say_what_is_wrong(call, words):
    with pytest.raises(RunsError, match=words):
        call()
