"""Leave-one-out against closed forms, and the likelihood of runs against the density that is sampled."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy import stats

from bayeslaw._arviz import leave_one_out_weights
from bayeslaw.answers.prediction import predict
from bayeslaw.evidence.comparison.leave_one_out import leave_one_out
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.layout import TYPICAL_NOISE
from bayeslaw.laws import get_law

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)


def log_likelihood_of_runs(posterior):
    """Log density of each run given everything else, draw by draw: shape (S, runs), curve by curve."""
    return posterior.predictor.log_likelihood()[:, posterior.layout.weight > 0]


def test_it_is_the_exact_one_for_a_mean_of_known_noise():
    """Flat prior, unit noise: run j given the others is normal about their mean with variance 1 + 1/(n - 1)."""
    rng, n, draws = np.random.default_rng(0), 12, 20_000
    y = rng.standard_normal(n)
    mean = y.mean() + rng.standard_normal(draws) / np.sqrt(n)
    log_likelihood = stats.norm.logpdf(y[:, None], mean)
    log_weights, k = leave_one_out_weights(log_likelihood)
    found = np.log(np.exp(log_weights + log_likelihood).sum(axis=1))
    exact = stats.norm.logpdf(y, (y.sum() - y) / (n - 1), np.sqrt(1 + 1 / (n - 1)))
    np.testing.assert_allclose(np.exp(log_weights).sum(axis=1), 1.0)
    np.testing.assert_allclose(found, exact, atol=0.02)
    assert k.max() < 0.7


def test_an_outlier_is_not_to_be_relied_on():
    rng = np.random.default_rng(1)
    y = np.array([0.0, 0.1, 12.0])
    _, k = leave_one_out_weights(stats.norm.logpdf(y[:, None], 4.0 + rng.standard_normal(2000)))
    assert k[2] > 0.7


@pytest.mark.fits
def test_the_likelihood_of_a_joint_law_is_that_which_is_sampled(surface, forge, random_position):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES[:2], TOKENS)})
    runs = replace(runs, table=runs.table.assign(loss_se=0.002 * (1 + np.arange(len(runs.table)))))
    model = build_model(runs, get_law("chinchilla"))
    position = random_position(model, np.random.default_rng(0))
    posterior = forge(runs, {n: np.repeat(v[None], 8, axis=0) for n, v in position.items()}, law="chinchilla")
    log_likelihood = log_likelihood_of_runs(posterior)
    assert log_likelihood.shape == (8, len(runs.table))
    with jax.enable_x64(True):
        sampled = float(model.density.log_likelihood(model.data, position))
    of_models = 0.0
    for name in ("offset", "tilt", "curvature"):
        prior = getattr(model.density.scales, f"{name}_sd")
        spread = posterior.flat(f"{name}_sd")[0, 0] / prior.median
        of_models += np.sum(-0.5 * (position[name] / spread) ** 2 - np.log(spread))
    constant = -0.5 * np.log(np.pi) * len(runs.table)  # of the Student-t, which the sampler leaves out
    assert log_likelihood[0].sum() == pytest.approx(sampled - of_models + constant, rel=1e-8)


def test_the_likelihood_of_curves_is_about_what_they_predict_there(simulate, forge):
    runs = simulate({("t", "a"): (200.0, 800.0, 3200.0), ("t", "b"): (200.0, 400.0, 3200.0)}, seed=4, loss_se=0.02)
    model = build_model(runs, get_law("rectified"))
    posterior = forge(runs, {n: np.zeros((50, *s)) for n, s in model.sizes().items()})
    found = log_likelihood_of_runs(posterior)
    names = [c.model for c in posterior.layout.curves]
    j = 0
    for name in names:
        for _, row in runs.table[runs.table["model"] == name].sort_values("data").iterrows():
            i = names.index(name)
            expected = predict(posterior, [{"data": row["data"]}], kind="curve").linked[:, i, 0]
            error = row["loss_se"] / row["loss"] / TYPICAL_NOISE
            noise = posterior.flat("noise")[:, i] * np.sqrt(1 + error**2)
            exact = stats.norm.logpdf(np.log(row["loss"]), expected, noise)
            np.testing.assert_allclose(found[:, j], exact, atol=1e-6)
            j += 1
    result = leave_one_out(posterior)
    log_weights, k = leave_one_out_weights(found.T)
    each = np.log(np.exp(log_weights + found.T).sum(axis=1))
    assert (result.runs, result.unreliable) == (6, np.sum(k > 0.7))
    assert result.elpd == pytest.approx(each.sum())
    assert result.se == pytest.approx(np.sqrt(6) * each.std(ddof=1))


def test_averaged_curves_have_no_runs_to_leave_out(simulate, forge):
    sizes = tuple(np.geomspace(100, 1e4, 60))
    runs = simulate({("t", "a"): sizes, ("t", "b"): sizes}, seed=5)
    model = build_model(runs, get_law("broken"))
    assert leave_one_out(forge(runs, {n: np.zeros((8, *s)) for n, s in model.sizes().items()}, law="broken")) is None
