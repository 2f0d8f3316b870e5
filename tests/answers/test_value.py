"""The value of measurements: against closed forms of normal models, elsewhere against nested simulation."""

import numpy as np
import pytest
from scipy import signal, stats

from bayeslaw.answers.value import (
    ChoiceBelief,
    ForecastBelief,
    Gains,
    beyond,
    normal_scores,
    winsorised,
)
from bayeslaw.kinds.shared.walks import changing_slope, covariance_root


def exact_gain(means, slopes):
    """min of means less the expected least of ``means + slopes z``, z standard normal (Frazier et al., algorithm 1)."""
    order = np.lexsort((means, -slopes))
    kept, breaks = [], []
    for j in order:
        if kept and slopes[j] == slopes[kept[-1]]:
            continue
        while kept:
            cross = (means[j] - means[kept[-1]]) / (slopes[kept[-1]] - slopes[j])
            if not breaks or cross > breaks[-1]:
                breaks.append(cross)
                break
            kept.pop()
            breaks.pop()
        kept.append(j)
    c = -np.abs(np.array(breaks))
    return float(np.abs(np.diff(slopes[kept])) @ (stats.norm.pdf(c) + c * stats.norm.cdf(c)))


@pytest.fixture(scope="module")
def normal():
    """Five options and three measurements of some of them with noise, jointly normal; means, covariance, draws."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(5, 5)) * 0.2
    covariance = root @ root.T
    means = np.array([2.0, 2.1, 2.05, 2.3, 1.95])
    see = np.zeros((3, 5))
    see[[0, 1, 2], [0, 2, 4]] = 1.0
    noise = np.array([0.05, 0.2, 0.1])
    draws = rng.multivariate_normal(means, covariance, size=40_000)
    measured = draws @ see.T + noise * rng.standard_normal((len(draws), 3))
    with_measured = covariance @ see.T
    of_measured = see @ covariance @ see.T + np.diag(noise**2)
    return means, with_measured, of_measured, draws, measured


def test_exact_algorithm_agrees_with_quadrature():
    rng = np.random.default_rng(1)
    z = np.linspace(-9, 9, 20_001)
    w = stats.norm.pdf(z)
    for _ in range(20):
        means, slopes = rng.normal(size=6), rng.normal(size=6)
        by_sum = means.min() - w @ (means + slopes * z[:, None]).min(axis=1) / w.sum()
        assert exact_gain(means, slopes) == pytest.approx(by_sum, abs=1e-5)


def test_gains_of_a_normal_model_are_exact(normal):
    means, with_measured, of_measured, draws, measured = normal
    belief = ChoiceBelief.from_draws(draws[:, None], normal_scores(measured.T))
    for r, gain in enumerate(belief.gains().mean):
        exact = exact_gain(means, with_measured[:, r] / np.sqrt(of_measured[r, r]))
        assert gain == pytest.approx(exact, rel=0.05)


def test_odds_of_what_is_chosen_afterwards(normal):
    means, with_measured, of_measured, draws, measured = normal
    _, chosen = ChoiceBelief.from_draws(draws[:, None], normal_scores(measured.T)).gains_and_choices()
    z = np.random.default_rng(2).standard_normal((100_000, 1))
    after = means + z * with_measured[:, 0] / np.sqrt(of_measured[0, 0])
    np.testing.assert_allclose(chosen[0, 0], np.bincount(after.argmin(axis=1), minlength=5) / len(z), atol=0.02)


def test_measurements_made_at_once_account_for_each_other(normal):
    means, with_measured, of_measured, draws, measured = normal
    belief = ChoiceBelief.from_draws(draws[:, None], normal_scores(measured.T))
    first = belief.gains().mean[0]
    then = belief.after(0)
    # both together, exactly: the mean given both measurements
    gain_of_both = np.linalg.solve(of_measured[:2, :2], with_measured[:, :2].T).T
    found = np.random.default_rng(3).multivariate_normal(np.zeros(2), of_measured[:2, :2], size=200_000)
    both = means.min() - (means + found @ gain_of_both.T).min(axis=1).mean()
    assert first + then.gains().mean[1] == pytest.approx(both, rel=0.06)
    assert then.gains().mean[0] == pytest.approx(0.0, abs=1e-9)  # what is known is worth nothing again
    assert then.gains().mean[1] < belief.gains().mean[1]


def test_what_tells_nothing_is_worth_next_to_nothing(normal):
    *_, draws, _ = normal
    noise = np.random.default_rng(4).standard_normal((1, len(draws)))
    gain = ChoiceBelief.from_draws(draws[:, None], normal_scores(noise)).gains().mean[0]
    assert abs(gain) < 0.02 * (draws.mean(axis=0).min() - draws.min(axis=1).mean())


def test_three_measurements_made_at_once_account_for_each_other(normal):
    """Findings of earlier ones are combined, each of one with each of another."""
    means, with_measured, of_measured, draws, measured = normal
    belief = ChoiceBelief.from_draws(draws[:, None], normal_scores(measured.T))
    one, two = belief.after(0), belief.after(0).after(1)
    gain_of_all = np.linalg.solve(of_measured, with_measured.T).T
    found = np.random.default_rng(3).multivariate_normal(np.zeros(3), of_measured, size=200_000)
    exact = means.min() - (means + found @ gain_of_all.T).min(axis=1).mean()
    assert belief.gains().mean[0] + one.gains().mean[1] + two.gains().mean[2] == pytest.approx(exact, rel=0.06)
    np.testing.assert_allclose(np.cov(two.means[:, 0].T), gain_of_both(normal), atol=0.012)


def gain_of_both(normal):
    """Covariance of the means given the first two measurements, exactly."""
    _, with_measured, of_measured, *_ = normal
    return with_measured[:, :2] @ np.linalg.solve(of_measured[:2, :2], with_measured[:, :2].T)


def test_losses_are_cut_off_at_both_ends():
    draws = np.linspace(0.0, 1.0, 10_001)[:, None]
    cut = winsorised(draws)
    assert (cut.min(), cut.max()) == (pytest.approx(0.05), pytest.approx(0.95))
    np.testing.assert_array_equal(cut[500:-500], draws[500:-500])


def test_choices_are_averaged(normal):
    *_, draws, measured = normal
    scores = normal_scores(measured.T)
    apart = [ChoiceBelief.from_draws(losses[:, None], scores).gains().mean for losses in (draws[:, :3], draws[:, 2:])]
    together = ChoiceBelief.from_draws(np.stack([draws[:, :3], draws[:, 2:]], axis=1), scores).gains().mean
    np.testing.assert_allclose(together, np.mean(apart, axis=0), rtol=0.003)  # what is worth nothing alone may cost


def heavy_tailed(draws, rng):
    """Eight extrapolated losses, their slopes with Student-t changes beyond the data, and a run part of the way."""
    spread = np.array([0.012, 0.02, 0.004, 0.012, 0.02, 0.004, 0.012, 0.02])
    level = 0.01 * rng.standard_normal((draws, 8)) + np.array([0.0, 0.05, 0.01, 0.03, 0.1, 0.12, 0.2, 0.3])
    change = spread * rng.standard_t(4, (draws, 8))
    near, far = np.exp(level + 2 * change), np.exp(level + 6 * change)
    return level + 2 * change, near, far


@pytest.fixture(scope="module")
def nested():
    """Gains by nested simulation: what is measured, draws weighted by its likelihood, and the choice made anew."""
    rng = np.random.default_rng(5)
    expected, _, far = heavy_tailed(20_600, rng)
    losses, noise, outer = winsorised(far), 0.006, 600
    gains = []
    for k in range(8):
        measured = expected[:outer, k] + noise * rng.standard_normal(outer)
        weights = np.exp(-0.5 * ((measured[:, None] - expected[None, outer:, k]) / noise) ** 2)
        means = weights @ losses[outer:] / weights.sum(axis=1, keepdims=True)
        gains.append(np.mean(means[:, losses.mean(axis=0).argmin()] - means.min(axis=1)))
    return np.array(gains)


def test_gains_with_heavy_tails_are_those_of_nested_simulation(nested):
    rng = np.random.default_rng(6)
    expected, _, far = heavy_tailed(8000, rng)
    measured = expected + 0.006 * rng.standard_normal(expected.shape)
    gains = ChoiceBelief.from_draws(winsorised(far)[:, None], normal_scores(measured.T)).gains().mean
    assert stats.spearmanr(gains, nested).statistic >= 0.9
    assert 0.8 <= (gains @ nested) / (gains @ gains) <= 1.2


def test_a_cubic_below_all_that_there_is_promises_nothing():
    """Of a loss whose tail makes its mean, low findings tell only that it is about as low as the other."""
    rng = np.random.default_rng(14)
    for _ in range(20):
        far = 0.04 * np.exp(2 * rng.standard_normal(2400))
        losses = winsorised(np.stack([0.045 + 0.002 * rng.standard_normal(2400), far + 0.03], axis=1))
        gain = ChoiceBelief.from_draws(losses[:, None], normal_scores(far[None])).gains().mean[0]
        assert gain <= losses.mean(axis=0).min() - losses.min(axis=1).mean()


def test_forecasts_narrow_by_what_a_measurement_explains():
    rng = np.random.default_rng(7)
    target = rng.standard_normal(50_000)
    near = 0.8 * target + 0.6 * rng.standard_normal(50_000)
    again = 0.8 * target + 0.6 * rng.standard_normal(50_000)
    belief = ForecastBelief.from_draws(3.0 + target[:, None], normal_scores(np.stack([near, again])))
    width = 2 * stats.norm.ppf(0.95)
    assert belief.width[0] == pytest.approx(width, rel=0.02)
    np.testing.assert_allclose(belief.gains().mean, width * (1 - 0.6), rtol=0.03)
    left = 1 / (1 + 2 * 0.8**2 / 0.6**2)  # of two measurements, precisions add
    assert belief.gains().mean[0] + belief.after(0).gains().mean[1] == pytest.approx(
        width * (1 - np.sqrt(left)), rel=0.03
    )


def test_what_is_beyond_a_score_is_independent_of_it():
    scores = normal_scores(np.random.default_rng(8).multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 5000).T)
    left = beyond(scores, 0)
    assert left[1] @ scores[0] / 5000 == pytest.approx(0.0, abs=1e-3)
    assert left[1].var() == pytest.approx(1.0)
    assert not left[0].any()


def test_scores_keep_ranks_and_are_standard():
    draws = np.random.default_rng(9).standard_exponential((2, 999))
    scores = normal_scores(draws)
    np.testing.assert_array_equal(scores.argsort(axis=1), draws.argsort(axis=1))
    np.testing.assert_allclose([scores.mean(), scores.std()], [0, 1], atol=1e-12)
    assert not normal_scores(np.ones((1, 9))).any()


def test_what_is_left_of_heavy_tails_promises_no_more_than_there_is():
    """Sets of runs of thirty models, whose departures have scales that no run tells, gain at most all."""
    rng, distance = np.random.default_rng(10), np.array([0.7, 1.4, 2.1, 6.2])
    root = covariance_root(changing_slope(distance[:, None], distance[None]))
    scale = 0.01 * np.exp(rng.standard_normal((2400, 1))) / np.sqrt(rng.chisquare(4, (2400, 30)) / 4)
    departure = scale[..., None] * (rng.standard_normal((2400, 30, 4)) @ root.T)
    losses = winsorised(np.exp(0.6 + 0.01 * np.arange(30) + departure[..., -1]))
    runs = (departure[..., :-1] + 0.006 * rng.standard_normal((2400, 30, 3))).reshape(2400, -1)
    belief = ChoiceBelief.from_draws(losses[:, None], normal_scores(runs.T))
    most = losses.mean(axis=0).min() - losses.min(axis=1).mean()
    gained = []
    for _ in range(4):
        gains = belief.gains().mean
        gained.append(gains.max() / most)
        belief = belief.after(int(gains.argmax()))
    assert 0 < sum(gained) <= 1
    assert gained == sorted(gained, reverse=True)  # not more and more


def test_means_of_few_draws_do_not_promise_gains():
    """Forty options that differ in nothing, and runs that tell nothing: the least of noisy means is no gain."""
    rng = np.random.default_rng(11)
    losses, runs = rng.standard_normal((1200, 40)), rng.standard_normal((60, 1200))
    gains = ChoiceBelief.from_draws(losses[:, None], normal_scores(runs)).gains().mean
    assert gains.mean() < 0.02


def chained(rng, draws=1500, lag=0.8):
    """Draws of a chain with memory: losses, two that are close and one that is not; and two runs, one of noise."""
    steps = rng.standard_normal((draws, 4)) * np.sqrt(1 - lag**2)
    walk = signal.lfilter([1.0], [1.0, -lag], steps, axis=0)
    losses = np.array([0.0, 0.1, 5.0]) + 0.3 * walk[:, :3]
    return losses, np.stack([losses[:, 0] + 0.1 * rng.standard_normal(draws), walk[:, 3]])


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("goal", ["choose", "foretell"])
def test_standard_errors_are_how_much_gains_scatter(goal, repeats):
    """Over independent chains; draws that are correlated, or come again, are worth fewer."""
    rng, found = np.random.default_rng(12), []
    for _ in range(60):
        losses, runs = (np.repeat(x, repeats, axis=-axis) for x, axis in zip(chained(rng), (2, 1), strict=True))
        scores = normal_scores(runs)
        belief = ChoiceBelief.from_draws(losses[:, None], scores) if goal == "choose" else ForecastBelief.from_draws(
            losses[:, :1], scores)  # fmt: skip
        found.append(belief.gains())
    spread, said = np.std([g.mean for g in found], axis=0), np.mean([g.se for g in found], axis=0)
    assert 0.65 < said[0] / spread[0] < 1.5
    assert spread[1] < 0.05 * np.mean([g.mean[0] for g in found])  # of noise
    told = np.mean([g.told for g in found], axis=0)
    assert told[0] > 0.9
    assert told[1] == 0
    assert all(g.counted.tolist() == [g.mean[0] * g.told[0], 0.0] for g in found)
    assert np.mean([g.share for g in found], axis=0)[1] < 0.01 < np.mean([g.share for g in found], axis=0)[0]


def test_what_cannot_change_a_choice_gains_exactly_nothing():
    losses, _ = chained(np.random.default_rng(13))
    gains = ChoiceBelief.from_draws(losses[:, None, 1:], normal_scores(losses[:, :2].T)).gains()
    assert (gains.mean.tolist(), gains.se.tolist(), gains.told.tolist()) == ([0.0] * 2, [0.0] * 2, [False] * 2)
    assert Gains(np.array([0.4, 0.2]), np.array([0.1, 0.1]), np.zeros(2)).told.tolist() == [True, False]
