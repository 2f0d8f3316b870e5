"""Runs that lie above the best loss that can be reached: density, scores, predictions, and the truth found again."""

import jax
import numpy as np
import pytest
from scipy import integrate, stats

import bayeslaw as bl
from bayeslaw.errors import LawError, PriorError
from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.above import log_density_above, scores_above
from bayeslaw.kinds.shared.generative import Above
from bayeslaw.kinds.surfaces.density import expected
from bayeslaw.kinds.surfaces.noise import AboveOnly, EitherSide
from bayeslaw.kinds.surfaces.priors import AbovePriors, SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.twin import distribution

ABOVE = "chinchilla(noise=above)"
SIZES, TOKENS = np.geomspace(5e7, 5e9, 6), np.geomspace(1e9, 1e11, 8)
EXCESS, SCATTER = 0.03, 0.003


def undertuned(surface, seed=5):
    """Models of a run each, above a Chinchilla law by exponential amounts of mean `EXCESS`."""
    amounts = np.random.default_rng(seed).exponential(EXCESS, len(SIZES) * len(TOKENS))
    runs = surface({"x": (SIZES, TOKENS)}, noise=SCATTER, seed=seed, bad=list(enumerate(np.exp(amounts))))
    return read_runs(runs.table[["task", "params", "tokens", "loss"]])


@pytest.mark.parametrize(("sd", "mean"), [(0.01, 0.02), (0.02, 0.001), (0.002, 0.05)])
@pytest.mark.parametrize("residual", [-0.02, 0.0, 0.004, 0.1])
def test_the_density_is_that_of_the_sum(sd, mean, residual):
    def both(amount):
        return stats.norm.pdf(residual - amount, 0.0, sd) * stats.expon.pdf(amount, scale=mean)

    ends = np.unique(np.clip([0.0, residual - 8 * sd, residual + 8 * sd, mean], 0.0, None))
    parts = [integrate.quad(both, *pair, epsabs=0)[0] for pair in zip(ends, [*ends[1:], 40 * mean + 1], strict=True)]
    with jax.enable_x64(True):
        assert float(log_density_above(residual, sd, mean)) == pytest.approx(np.log(sum(parts)), abs=1e-6)
    assert AboveOnly().logpdf(residual, sd, mean) == pytest.approx(np.log(sum(parts)), abs=1e-6)


@pytest.mark.parametrize(("form", "second"), [(AboveOnly(), EXCESS), (EitherSide(), 4.0)], ids=["above", "either"])
def test_draws_and_scores_are_those_of_the_density(form, second):
    rng, scale = np.random.default_rng(0), np.full(4000, SCATTER)
    drawn = form.draw(scale, np.full(4000, second), rng)
    assert stats.kstest(form.scores(drawn, scale, second), "norm").pvalue > 1e-3
    with jax.enable_x64(True):
        found = np.asarray(form.log_density(drawn, scale**2, second))
    apart = found - form.logpdf(drawn, scale, second)  # by a constant
    np.testing.assert_allclose(apart, apart[0], atol=1e-8)


def test_scores_are_finite_and_rise_wherever_a_run_lies():
    found = scores_above(np.array([-1.0, -0.02, 0.0, 0.05, 2.0]), SCATTER, EXCESS)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()


def test_the_distribution_of_the_twin_draws_what_it_says():
    one = distribution(Above(np.full(20_000, 1.0), SCATTER, EXCESS))
    drawn = np.asarray(one.sample(jax.random.PRNGKey(0)))
    assert stats.kstest(drawn - 1.0, stats.exponnorm(EXCESS / SCATTER, scale=SCATTER).cdf).pvalue > 1e-3


@pytest.mark.core
@pytest.mark.fits
def test_runs_of_the_model_have_the_density_of_the_sum(surface, random_position):
    """Moving the level moves all runs alike: so does the density, by the closed form of scipy."""
    model = build_model(undertuned(surface), get_law(ABOVE))
    position = random_position(model, np.random.default_rng(1), 0.3)
    with jax.enable_x64(True):
        done = model.complete({n: np.asarray(v)[None] for n, v in position.items()}, np.random.default_rng(0))
        higher = position | {"level": position["level"] + 0.01}
        change = float(
            log_density(model.density, model.data, higher) - log_density(model.density, model.data, position)
        )
        residual = np.asarray(model.data.log_loss - expected(model.density, model.data, position))
    sd = np.sqrt(done.scales["noise"][0, 0] ** 2 + done.scales["field_sd"][0, 0] ** 2 * model.data.unexplained)
    low, high = (
        stats.exponnorm.logpdf(r, done.scales["excess"][0, 0] / sd, 0, sd) for r in (residual, residual - 0.01)
    )
    prior = -0.5 * float(higher["level"][0] ** 2 - position["level"][0] ** 2)
    assert change == pytest.approx(prior + np.sum(high - low), rel=1e-6)


def test_it_is_a_choice_of_joint_laws_that_a_fit_knows_by_name():
    law = get_law("chinchilla( alpha = beta , noise = above )")
    assert (law.name, law.noise) == ("chinchilla(alpha=beta, noise=above)", "above")
    assert law_fingerprint(get_law(ABOVE)) != law_fingerprint(get_law("chinchilla"))
    assert isinstance(kind_of(law).scale_priors(law), AbovePriors)
    for name, message in (("vanilla(noise=above)", "joint laws"), ("chinchilla(noise=below)", "noise=above")):
        with pytest.raises(LawError, match=message):
            get_law(name)


def test_priors_of_either_noise_are_stated_by_name(surface):
    runs = undertuned(surface)
    stated = build_model(runs, get_law(ABOVE), priors={"excess": bl.LogNormal(0.02, 0.3)}).density.scales
    assert stated == AbovePriors(excess=bl.LogNormal(0.02, 0.3))
    for law, name in ((ABOVE, "tail"), ("chinchilla", "excess")):
        with pytest.raises(PriorError, match=f"{name}: not of the"):
            build_model(runs, get_law(law), priors={name: bl.LogNormal(4.0, 0.3)})
    with pytest.raises(LawError, match="takes scales of the type AbovePriors, not SurfacePriors"):
        build_model(runs, get_law(ABOVE), scales=SurfacePriors())


@pytest.mark.fits
def test_runs_are_predicted_above_what_is_expected_and_a_saved_fit_answers_alike(surface, forge, tmp_path):
    runs = undertuned(surface)
    model, rng = build_model(runs, get_law(ABOVE)), np.random.default_rng(2)
    positions = {name: 0.05 * rng.standard_normal((400, *shape)) for name, shape in model.sizes().items()}
    fit = bl.Fit(forge(runs, positions, law=ABOVE))
    at = {"params": 1e9, "data": 2e10}
    run, best = (fit.predict(at=at, kind=kind, seed=1).iloc[0] for kind in ("run", "curve"))
    assert np.log(run["mean"] / best["mean"]) == pytest.approx(AbovePriors().excess.median, rel=0.15)
    assert run["p05"] > best["p05"] - 0.02
    assert run["p95"] - best["p95"] > 3 * (best["p05"] - run["p05"])
    fit.save(tmp_path / "fit.nc")
    again = bl.load(tmp_path / "fit.nc")
    assert again.posterior.law.noise == "above"
    assert again.predict(at=at, seed=1).equals(fit.predict(at=at, seed=1))


@pytest.mark.slow
def test_the_best_loss_is_found_below_runs_that_were_not_tuned(surface, chinchilla):
    """A law with noise to either side goes through the middle of the runs, and the best loss lies below it."""
    runs, settings = undertuned(surface), SamplerSettings(warmup=400, draws=400)
    above, either = (bl.fit(runs, law=law, sampler=settings, seed=0) for law in (ABOVE, "chinchilla"))
    at = {"params": 1e9, "data": 2e10}
    truth = float(chinchilla(at["params"], at["data"]))
    best, middle = (fit.predict(at=at, kind="curve").iloc[0] for fit in (above, either))
    assert best["p05"] < truth < best["p95"]
    assert middle["p05"] > truth
    excess = np.quantile(above.posterior.flat("excess"), [0.01, 0.99])
    assert excess[0] < EXCESS < excess[1]
    assert above.status != "FAIL"
