import numpy as np
import pytest
from scipy import integrate, stats

from bayeslaw.errors import RunsError
from bayeslaw.evidence import scores


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_rel_acc_is_one_for_the_best_choice_and_zero_for_the_worst():
    true = [2.0, 1.0, 4.0]
    assert scores.rel_acc([5.0, 1.0, 9.0], true) == 1.0
    assert scores.rel_acc([5.0, 9.0, 1.0], true) == 0.0
    assert scores.rel_acc([1.0, 2.0, 3.0], true) == pytest.approx(2 / 3)
    assert scores.regret([1.0, 2.0, 3.0], true) == 1.0
    assert scores.relative_regret([1.0, 2.0, 3.0], true) == 1.0
    assert scores.relative_regret([9.0, 2.0, 1.0], [4.0, 3.0, 5.0]) == pytest.approx(2 / 3)


def test_correlations_agree_with_scipy(rng):
    p, t = rng.uniform(1, 2, 12), rng.uniform(1, 2, 12)
    assert scores.pear_corr(p, t) == pytest.approx(np.corrcoef(p, t)[0, 1])
    assert scores.kendall_tau(p, t) == pytest.approx(stats.kendalltau(p, t)[0])
    assert scores.kendall_tau(t**2, t) == pytest.approx(1.0)


def test_relative_errors_of_a_prediction_ten_percent_high():
    true = np.array([0.5, 2.0, 7.0])
    assert scores.rmsle(1.1 * true, true) == pytest.approx(np.log(1.1))
    assert scores.are_median(1.1 * true, true) == pytest.approx(0.1)


def test_crps_equals_the_double_sum_and_does_not_change_with_units(rng):
    draws, true = rng.lognormal(size=(37, 4)), rng.lognormal(size=4)
    x, y = np.log(draws), np.log(true)
    naive = np.abs(x - y).mean(0) - 0.5 * np.abs(x[:, None] - x[None]).mean((0, 1))
    np.testing.assert_allclose(scores.crps(draws, true), naive, rtol=1e-12)
    np.testing.assert_allclose(scores.crps(1e6 * draws, 1e6 * true), naive, rtol=1e-9)


def test_crps_of_normal_log_loss_matches_the_closed_form():
    mean, sd, n = 0.7, 0.3, 20_000
    quantiles = stats.norm.ppf((np.arange(n) + 0.5) / n, mean, sd)
    for y in (0.2, 0.7, 1.9):
        z = (y - mean) / sd
        closed = sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
        assert scores.crps(np.exp(quantiles)[:, None], [np.exp(y)])[0] == pytest.approx(closed, abs=2e-5)


def test_crps_of_a_point_is_the_absolute_error():
    assert scores.crps(np.full((5, 1), 2.0), [3.0])[0] == pytest.approx(np.log(1.5))


def test_mixture_log_score_of_one_component_is_the_normal_density():
    found = scores.log_score_mixture([[0.1, 0.2]], [[0.3, 0.4]], [1.5, 0.9])
    np.testing.assert_allclose(found, stats.norm.logpdf(np.log([1.5, 0.9]), [0.1, 0.2], [0.3, 0.4]))


def test_mixture_log_score_averages_densities_and_survives_far_tails(rng):
    means, true = rng.normal(size=(9, 3)), np.array([0.5, 1.0, 2.0])
    expected = np.log(stats.norm.pdf(np.log(true), means, 0.2).mean(0))
    np.testing.assert_allclose(scores.log_score_mixture(means, 0.2, true), expected)
    assert np.isfinite(scores.log_score_mixture(means, 0.001, [1e9, 1e9, 1e9])).all()


def test_density_of_loss_integrates_to_one():
    def density(u):
        score = scores.log_score_mixture([[0.1], [0.6]], [[0.2], [0.1]], [3.0 * u])
        return float(np.exp(scores.log_score_of_loss(score, [3.0 * u], unit=3.0))[0])

    assert integrate.quad(density, 1e-3, 5, limit=200)[0] == pytest.approx(1.0, abs=1e-6)


def test_kernel_log_score_nears_the_density_the_draws_come_from(rng):
    draws = np.exp(rng.normal(0.3, 0.1, size=(20_000, 1)))
    for y in (0.15, 0.3, 0.4):
        assert scores.log_score_draws(draws, [np.exp(y)])[0] == pytest.approx(stats.norm.logpdf(y, 0.3, 0.1), abs=0.06)


def test_kernel_log_score_is_not_smeared_by_a_few_wild_draws(rng):
    draws = np.exp(rng.normal(0.3, 0.1, size=(2000, 1)))
    clean = scores.log_score_draws(draws, [1.35])[0]
    draws[:10] *= 1e6
    assert scores.log_score_draws(draws, [1.35])[0] == pytest.approx(clean, abs=0.03)


def test_calibrated_draws_cover_as_often_as_they_say_and_have_uniform_pit(rng):
    centre = rng.normal(size=3000)
    draws, true = np.exp(centre + rng.normal(size=(400, 3000))), np.exp(centre + rng.normal(size=3000))
    found = scores.intervals(draws, true)
    np.testing.assert_allclose(found.coverage, [0.5, 0.8, 0.9, 0.95], atol=0.03)
    np.testing.assert_allclose(found.width, 2 * stats.norm.ppf([0.75, 0.9, 0.95, 0.975]), rtol=0.03)
    assert stats.kstest(scores.pit(draws, true), "uniform").pvalue > 1e-3
    assert scores.miscalibration(draws, true) < 1e-3


def test_overconfident_draws_are_seen_by_coverage_pit_and_miscalibration(rng):
    draws, true = np.exp(0.2 * rng.normal(size=(400, 2000))), np.exp(rng.normal(size=2000))
    assert scores.intervals(draws, true, levels=(0.9,)).coverage[0] < 0.4
    assert stats.kstest(scores.pit(draws, true), "uniform").pvalue < 1e-6
    assert scores.miscalibration(draws, true) > 0.1


def test_pit_stays_inside_zero_and_one_and_is_a_half_in_the_middle():
    draws = np.array([[1.0], [2.0], [3.0]])
    assert scores.pit(draws, [2.0])[0] == 0.5
    assert 0 < scores.pit(draws, [0.1])[0] < scores.pit(draws, [9.0])[0] < 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scores.rel_acc([1, 2], [1, 2, 3]), "one prediction per true loss"),
        (lambda: scores.rel_acc([1, np.nan], [1, 2]), "prediction 1 is nan"),
        (lambda: scores.rel_acc([1, 2], [3, 3]), "undefined"),
        (lambda: scores.rel_acc([1], [3]), "at least 2"),
        (lambda: scores.pear_corr([2, 2], [1, 3]), "spread"),
        (lambda: scores.kendall_tau([2, 2], [1, 3]), "spread"),
        (lambda: scores.rmsle([0, 2], [1, 3]), "above zero"),
        (lambda: scores.relative_regret([1, 2], [0, 3]), "above zero"),
        (lambda: scores.crps(np.ones((3, 2)), [1.0]), "draws come first"),
        (lambda: scores.crps(np.full((3, 1), np.nan), [1.0]), "finite"),
        (lambda: scores.crps(np.zeros((3, 1)), [1.0]), "above zero"),
        (lambda: scores.log_score_mixture(np.zeros((2, 1)), 0.0, [1.0]), "standard deviations"),
        (lambda: scores.log_score_mixture(np.zeros(2), 1.0, [1.0]), "means"),
        (lambda: scores.log_score_draws(np.ones((3, 1)), [1.0]), "all equal"),
        (lambda: scores.intervals(np.ones((3, 1)), [1.0], levels=(90,)), "0.9 for 90"),
    ],
)
def test_errors_say_what_is_wrong(call, words):
    with pytest.raises(RunsError, match=words):
        call()
