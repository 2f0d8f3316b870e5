"""Rules of a few lines against curves whose course is known."""

import numpy as np
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.evidence.baselines.rules import (
    DEFAULT_TEMPERATURE,
    best_temperature,
    rolling_origins,
    softmax_odds,
)
from bayeslaw.evidence.odds import log_score_best, p_best

SIZES = 16.0 * 2 ** np.arange(8)
TARGET = SIZES[-1] * 8


def roll(losses, sizes=None, draws=2000, seed=0):
    sizes = [SIZES] * len(losses) if sizes is None else sizes
    return rolling_origins(sizes, losses, target=TARGET, draws=draws, rng=np.random.default_rng(seed))


# ------------------------------------------------------------------------------------------------------ rolling origins


def test_power_laws_of_one_exponent_are_recovered_without_error():
    predicted, draws = roll([a * SIZES**-0.3 for a in (1.0, 1.3, 2.0)])
    truth = np.array([1.0, 1.3, 2.0]) * TARGET**-0.3
    np.testing.assert_allclose(predicted, truth)
    np.testing.assert_allclose(draws, np.tile(truth, (2000, 1)))  # it made no error before
    np.testing.assert_allclose(p_best(draws), [1, 0, 0])


def test_each_slope_keeps_a_fifth_of_its_distance_from_the_mean():
    exponents = np.array([0.1, 0.2, 0.6])
    predicted, _ = roll([SIZES**-b for b in exponents])
    np.testing.assert_allclose(predicted, SIZES[-1] ** -exponents * 8 ** -(0.3 + 0.2 * (exponents - 0.3)))


def test_only_the_last_five_sizes_count():
    losses = [SIZES**-0.3, 2 * SIZES**-0.3]
    altered = [np.concatenate([np.full(3, 5.0), loss[3:]]) for loss in losses]
    np.testing.assert_allclose(roll(altered)[0], roll(losses)[0])
    altered = [np.concatenate([np.full(4, 5.0), loss[4:]]) for loss in losses]
    assert np.abs(roll(altered)[0] / roll(losses)[0] - 1).min() > 0.1


def test_draws_are_as_wide_as_the_errors_that_the_rule_made_before():
    """Two power laws: from an origin over d e-folds the rule is off by 0.8 d (own slope - mean), either way."""
    exponents = np.array([0.2, 0.4])
    predicted, draws = roll([SIZES**-b for b in exponents], draws=40_000)
    pairs = [(j - i) * np.log(2) for i in range(4, 8) for j in range(i + 1, 8)]
    near = [d for d in pairs if d <= np.log(8) * (1 + 1e-9)]
    assert len(near) == len(pairs) == 6
    earlier = np.sqrt(np.mean([(0.8 * 0.1 * d / d**0.7) ** 2 for d in near]))
    scale = 0.8 * earlier * np.log(8) ** 0.7
    quartiles = np.quantile(np.log(draws / predicted), [0.25, 0.5, 0.75], axis=0)
    np.testing.assert_allclose(quartiles.T, scale * np.array([[-0.7267, 0, 0.7267]] * 2), atol=0.03 * scale)
    assert np.quantile(np.log(draws / predicted), 0.95) == pytest.approx(2.015 * scale, rel=0.05)  # Student's t(5)
    assert abs(np.corrcoef(np.log(draws).T)[0, 1]) < 0.03


def test_what_moves_all_candidates_alike_makes_no_error():
    bend = np.exp(0.1 * np.sin(SIZES))
    scattered = [a * SIZES**-0.3 * bend for a in (1.0, 2.0)]
    predicted, draws = roll(scattered)
    np.testing.assert_allclose(draws, np.tile(predicted, (2000, 1)))


def test_errors_are_taken_over_distances_up_to_the_needed_one_where_there_are_any():
    """The errors of these curves do not grow with distance as the rule expects, so that it matters which count."""
    wiggle = 0.01 * np.cos(np.arange(8))
    losses = [SIZES**-0.2 * np.exp(wiggle), SIZES**-0.2 * np.exp(-wiggle)]

    def width(target):
        predicted, draws = rolling_origins([SIZES] * 2, losses, target=target, draws=4000, rng=np.random.default_rng(0))
        return np.log(draws / predicted).std() / np.log(target / SIZES[-1]) ** 0.7

    assert width(SIZES[-1] * 2) != pytest.approx(width(SIZES[-1] * 8), rel=0.01)
    assert width(SIZES[-1] * 1.1) == pytest.approx(width(SIZES[-1] * 16))  # no pair is so near, so all count


def test_without_earlier_origins_there_are_predictions_and_no_odds():
    five = SIZES[-5:]
    predicted, draws = roll([a * five**-0.3 for a in (1.0, 1.3)], [five] * 2)
    np.testing.assert_allclose(predicted, np.array([1.0, 1.3]) * TARGET**-0.3)
    assert draws is None
    assert roll([SIZES**-0.3])[1] is None  # one candidate: nothing to compare with
    assert roll([a * SIZES[-6:] ** -0.3 for a in (1.0, 1.3)], [SIZES[-6:]] * 2)[1] is not None


def test_candidates_may_have_sizes_of_their_own():
    sizes = [SIZES, SIZES[2:], SIZES[:-1], SIZES[-1:]]
    predicted, draws = roll([a * x**-0.3 for a, x in zip((1.0, 1.3, 2.0, 3.0), sizes, strict=True)], sizes)
    np.testing.assert_allclose(predicted, np.array([1.0, 1.3, 2.0, 3.0]) * TARGET**-0.3)
    assert draws.shape == (2000, 4)
    with pytest.raises(RunsError, match="two sizes"):
        roll([np.array([1.0]), np.array([2.0])], [SIZES[-1:]] * 2)


# ------------------------------------------------------------------------------------------------------------- softmax


def test_softmax_odds_are_powers_of_the_losses():
    losses = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(softmax_odds(losses, 1.0), np.array([4, 2, 1]) / 7)
    np.testing.assert_allclose(softmax_odds(losses, 0.5), np.array([16, 4, 1]) / 21)
    np.testing.assert_allclose(softmax_odds(7 * losses, 0.5), softmax_odds(losses, 0.5))


def test_the_best_temperature_is_that_of_the_highest_log_score():
    """With two candidates at losses 1 and 2, the leader winning a share p is best told at log 2 / logit p."""
    now = np.array([1.0, 2.0])
    known = [(now, np.array([1.0, 2.0]))] * 3 + [(now, np.array([2.0, 1.0]))]
    assert best_temperature(known) == pytest.approx(np.log(2) / np.log(3), rel=0.06)
    best = best_temperature(known)
    for other in (best / 1.2, best * 1.2):
        assert sum(log_score_best(softmax_odds(n, other), m) for n, m in known) < sum(
            log_score_best(softmax_odds(n, best), m) for n, m in known
        )


def test_without_choices_to_learn_from_the_temperature_is_the_default():
    assert best_temperature([]) == DEFAULT_TEMPERATURE
    assert best_temperature([(np.array([1.0]), np.array([2.0]))]) == DEFAULT_TEMPERATURE
