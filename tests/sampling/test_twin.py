"""The NumPyro twin has the posterior of the density that is sampled.

For curves the density integrates levels and walks out. Given all else, the twin's log joint density is quadratic in
them, so that it is integrated here in closed form; joint laws integrate nothing out. Either way the two densities, in
the same coordinates, may differ by a constant alone, which is checked at random positions.
"""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pandas as pd
import pytest
from jax.flatten_util import ravel_pytree
from numpyro.handlers import reparam, seed, substitute, trace, uncondition
from numpyro.infer import MCMC, NUTS, Predictive
from numpyro.infer.reparam import LocScaleReparam
from numpyro.infer.util import log_density as numpyro_log_density

import bayeslaw as bl
from bayeslaw.errors import LawError
from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.generative import HalfNormal, Normal, fixed_value
from bayeslaw.kinds.surfaces.density import scale_names
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.twin import NumpyroSites, numpyro_model

GAUSSIAN = ("level", "own_walk", "shared_walk")
"""What the density of curves integrates out."""

POSITIONS = 4


def population_sites(model, position):
    """Sites of the population at a position of the density, by name."""
    sites = {}
    for k, p in enumerate(model.density.pooled):
        c = p.coordinate
        sites[f"location_{c.name}"] = c.mean + p.location_sd * position["location"][k]
        for level in p.levels:
            spread = p.spread_scale(level) * jnp.exp(position[f"spread.{p.effect(level)}"])
            sites[f"spread_{c.name}_{level}"] = spread
            effect = spread * position[p.effect(level)]
            for task, mean, sd in p.of_tasks if level == "task" else ():
                own = mean + sd * position[p.effect(level)][task] - sites[f"location_{c.name}"]
                effect = effect.at[task].set(own)
            sites[f"effect_{c.name}_{level}"] = effect
    return sites


def scale_of(prior, standardised):
    return prior.median * jnp.exp(prior.sd * standardised)


def curve_sites(model, position):
    scales, task_of = model.density.scales, model.layout.task_of
    typical = scale_of(scales.noise, position["noise"])
    return population_sites(model, position) | {
        "typical_noise": typical,
        "noise": typical[task_of] * jnp.exp(scales.roughness * position["roughness"]),
        "pull": scales.pull.mean + scales.pull.sd * position["pull"],
        "own_drift": scale_of(scales.own_drift, position["own_drift"]),
        "shared_drift": scale_of(scales.shared_drift, position["shared_drift"]),
    }


def surface_sites(model, position):
    scales, data = model.density.scales, model.data
    sites = population_sites(model, position)
    names = scale_names(model.law)
    sites |= {name: scale_of(getattr(scales, name), position[name]) for name in names}
    centre = np.array([model.centre[model.layout.family_of == g][0] for g in range(len(position["level"]))])
    sites["surface_level"] = centre + position["level"]
    for name in ("offset", "tilt", "curvature"):
        sites[name] = getattr(scales, f"{name}_sd").median * position[name]
    sites["field"] = sites["field_sd"][data.task_of_coefficient] * position["field"]
    return sites


def sampled(model):
    """Latent sites of a NumPyro model that are sampled."""
    found = trace(seed(model, 0)).get_trace()
    return {name for name, site in found.items() if site["type"] == "sample" and not site["is_observed"]}


def twin_log_density(model, twin, of_position):
    """The twin's log density as a function of a position of the density, what is Gaussian integrated out."""
    names = sampled(twin) - set(GAUSSIAN if of_position is curve_sites else ())
    free, unravel = ravel_pytree({n: jnp.zeros(s) for n, s in model.sizes().items() if n not in model.fixed()})
    gaussian, unravel_gaussian = ravel_pytree(
        {name: jnp.zeros_like(site["value"]) for name, site in trace(seed(twin, 0)).get_trace().items()
         if name in GAUSSIAN and site["type"] == "sample"} if of_position is curve_sites else {}
    )  # fmt: skip

    def sites(z):
        fixed = {name: jnp.zeros(model.sizes()[name]) for name in model.fixed()}
        return {name: value for name, value in of_position(model, unravel(z) | fixed).items() if name in names}

    def joint(z, g):
        return numpyro_log_density(twin, (), {}, sites(z) | unravel_gaussian(g))[0]

    def one(position):
        z = ravel_pytree({name: position[name] for name in position if name not in model.fixed()})[0]
        assert set(sites(z)) == names
        jacobian = jax.jacfwd(lambda z: ravel_pytree(sites(z))[0])(z)
        assert jacobian.shape == (len(free), len(free))
        total = joint(z, gaussian) + jnp.linalg.slogdet(jacobian)[1]
        if len(gaussian):
            slopes = jax.vmap(jax.grad(joint, 1), (None, 0))(z, jnp.eye(len(gaussian) + 1, len(gaussian), -1))
            slope, precision = slopes[0], slopes[0] - slopes[1:]  # of a quadratic
            total += slope @ jnp.linalg.solve(precision, slope) / 2 - jnp.linalg.slogdet(precision)[1] / 2
        return total

    return one


def differences(model, twin, of_position, rng):
    """Twin less density at random positions, less its mean."""
    positions = [
        {n: 0.0 * np.zeros(s) if n in model.fixed() else 0.8 * rng.standard_normal(s) for n, s in model.sizes().items()}
        for _ in range(POSITIONS)
    ]
    with jax.enable_x64(True):
        of_twin = jax.jit(twin_log_density(model, twin, of_position))
        found = np.array([float(of_twin(p)) - float(log_density(model.density, model.data, p)) for p in positions])
    assert np.isfinite(found).all()
    return found - found.mean()


def curve_tables(simulate):
    sizes = (200.0, 400.0, 800.0, 1600.0)
    tasks = {(task, name): sizes[: 4 - i] for task in ("flan", "giga") for i, name in enumerate("abc")}
    return {
        "one task": simulate({("t", "a"): sizes, ("t", "b"): sizes}, seed=1),
        "two tasks": simulate(tasks, seed=2, repeats=2, loss_se=0.01, families={"a": "x", "b": "x", "c": "y"}),
        "one size": simulate({("t", name): (400.0,) for name in "abc"}, seed=3, repeats=3),
    }


@pytest.mark.fits
@pytest.mark.parametrize(
    ("table", "law", "pooling"),
    [
        ("one task", "rectified", {"phase": "model"}),
        ("two tasks", "rectified", {"phase": "model", "floor": "family"}),
        ("two tasks", "vanilla", None),
        ("two tasks", "broken", None),
        ("one size", "vanilla", None),
    ],
)
def test_the_twin_of_curves_has_the_density_integrated_out(table, law, pooling, simulate):
    runs = curve_tables(simulate)[table]
    model = build_model(runs, get_law(law), pooling=pooling)
    twin = numpyro_model(runs, law, pooling=pooling)
    np.testing.assert_allclose(differences(model, twin, curve_sites, np.random.default_rng(0)), 0.0, atol=1e-6)


def few_and_many(surface):
    """Two tasks: of one, models have two runs each; of the other, more."""
    few = surface({"x": ((1e8, 2e8, 4e8, 8e8), (1e9, 1e10))}).table.assign(task="few")
    many = surface({"x": ((1e8, 4e8), (2e9, 8e9, 2e10)), "y": ((1e8,), (2e9, 8e9, 5e10))}).table.assign(task="many")
    return read_runs(pd.concat([few, many])[["task", "family", "model", "params", "data", "loss"]])


@pytest.mark.fits
@pytest.mark.parametrize("law", ["chinchilla", "rectified_joint", "few and many", "chinchilla(noise=above)"])
def test_the_twin_of_surfaces_has_the_density(law, surface):
    if law == "few and many":
        runs, law = few_and_many(surface), "chinchilla"
    else:
        runs = surface({"x": ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)), "y": ((1e8, 4e8), (2e9, 8e9, 2e10))})
    model, twin = build_model(runs, get_law(law)), numpyro_model(runs, law)
    np.testing.assert_allclose(differences(model, twin, surface_sites, np.random.default_rng(0)), 0.0, atol=1e-6)


@pytest.mark.fits
def test_beliefs_stated_of_one_task_are_those_of_a_fit(surface):
    runs, priors = few_and_many(surface), {"E@many": bl.Normal(1.8, 0.05), "alpha@few": bl.LogNormal(0.3, 0.1)}
    model, twin = (
        build_model(runs, get_law("chinchilla"), priors=priors),
        numpyro_model(runs, "chinchilla", priors=priors),
    )
    assert {p.coordinate.name for p in model.density.pooled if p.of_tasks} == {"floor", "log_alpha"}
    np.testing.assert_allclose(differences(model, twin, surface_sites, np.random.default_rng(2)), 0.0, atol=1e-6)


@pytest.mark.fits
def test_scales_and_stated_beliefs_are_those_of_a_fit(two_models, scales):
    priors = {"phase": bl.Normal(0.5, 0.7), "pull": bl.Normal(0.3, 0.1)}
    model = build_model(two_models, get_law("rectified"), scales=scales, priors=priors)
    twin = numpyro_model(two_models, scales=scales, priors=priors)
    np.testing.assert_allclose(differences(model, twin, curve_sites, np.random.default_rng(1)), 0.0, atol=1e-6)


class Wrong(NumpyroSites):
    """As the twin, but for the noise of the runs, which is so many times as large."""

    factor = 1.3

    def observe(self, name, belief, value):
        numpyro.sample(name, numpyro.distributions.Normal(belief.mean, self.factor * belief.sd).to_event(1), obs=value)


@pytest.mark.core
@pytest.mark.fits
def test_a_wrong_twin_is_seen(two_models):
    model = build_model(two_models, get_law("rectified"))

    def wrong():
        kind_of(model.law).generate(model, Wrong())

    found = differences(model, wrong, curve_sites, np.random.default_rng(0))
    assert np.abs(found).max() > 0.1
    Wrong.factor = 1.0
    right = differences(model, wrong, curve_sites, np.random.default_rng(0))
    Wrong.factor = 1.3
    np.testing.assert_allclose(right, 0.0, atol=1e-6)


@pytest.fixture(scope="module")
def forged(two_models, pooling, forge_at_random):
    """Two models with a posterior that cost no sampling."""
    return forge_at_random(two_models, draws=40, pooling=pooling)


@pytest.mark.core
@pytest.mark.fits
def test_draws_of_a_fit_are_values_of_its_sites(forged, two_models, pooling):
    """Deterministic sites follow from those sampled as the posterior says, so that a fit's draws can be fed back."""
    twin = numpyro_model(two_models, pooling=pooling)
    draws = forged.draws.isel(chain=0, draw=3)
    names = sampled(twin)
    assert names <= set(draws.data_vars)
    with jax.enable_x64(True):
        found = trace(substitute(twin, {name: draws[name].values for name in names})).get_trace()
    unseen = {"own_change", "shared_change"}  # rates of what happens beyond the runs
    assert set(draws.data_vars) - unseen == set(found) - {"log_loss"}
    for name in set(draws.data_vars) - unseen:
        np.testing.assert_allclose(found[name]["value"], draws[name].values, rtol=1e-9, err_msg=str(name))


def test_what_runs_were_expected_to_be_is_what_the_posterior_replicates(forged, two_models, pooling):
    """Mean and spread of the twin's runs at a draw are those of a fit's; same order of runs as in a data tree."""
    twin, draws = numpyro_model(two_models, pooling=pooling), forged.draws.isel(chain=1, draw=5)
    with jax.enable_x64(True):
        site = trace(substitute(twin, {n: draws[n].values for n in sampled(twin)})).get_trace()["log_loss"]
        found = np.asarray(site["fn"].base_dist.log_prob(site["value"]))
    index = 1 * forged.draws.sizes["draw"] + 5
    seen = forged.layout.weight > 0
    np.testing.assert_allclose(found, forged.predictor.log_likelihood()[index][seen], rtol=1e-7)
    np.testing.assert_allclose(site["value"], forged.layout.y[seen], atol=1e-9)


@pytest.mark.fits
def test_predictive_draws_runs_anew(forged, two_models, pooling):
    twin = numpyro_model(two_models, pooling=pooling)
    drawn = forged.draws.stack(sample=("chain", "draw")).transpose("sample", ...)
    drawn = {name: drawn[name].values for name in sampled(twin)}
    found = Predictive(uncondition(twin), drawn)(jax.random.PRNGKey(0))
    assert found["log_loss"].shape == (40, 6)
    assert np.ptp(found["log_loss"], axis=0).min() > 0
    prior = Predictive(uncondition(twin), num_samples=30)(jax.random.PRNGKey(1))
    assert np.isfinite(prior["log_loss"]).all()
    assert prior["level"].std(axis=0).max() == pytest.approx(0.0, abs=1e-6)


def test_what_has_no_spread_is_held():
    assert fixed_value(Normal(2.0, 0.0)) == 2.0
    assert fixed_value(HalfNormal(0.0)) == 0.0
    assert fixed_value(bl.LogNormal(0.3, 0)) == 0.3
    assert fixed_value(Normal(0.0, np.zeros(3))) == 0.0
    assert fixed_value(Normal(0.0, jnp.zeros(3))) is None
    assert fixed_value(Normal(0.0, 1.0)) is None


def test_a_model_with_a_prior_is_not_written_out(two_tasks, prior):
    model = build_model(two_tasks, get_law("rectified"), borrowed=prior.borrowed)
    with pytest.raises(LawError, match="with a prior"):
        kind_of(model.law).generate(model, NumpyroSites())


@pytest.mark.parametrize(
    ("argument", "expected"),
    [({"law": "gravity"}, "gravity"), ({"pooling": {"nu": "task"}}, "'nu'"), ({"early_tokens": -1.0}, None)],
)
def test_bad_arguments_are_those_of_a_fit(argument, expected, two_models):
    if expected is None:
        argument |= {"law": "chinchilla"}
    with pytest.raises(bl.BayeslawError, match=expected or "early_tokens"):
        numpyro_model(two_models, **argument)


@pytest.mark.slow
def test_sampled_it_gives_the_posterior_of_a_fit(two_models, scales, pooling, fitted):
    """Means of all that both know, in units of their joint Monte Carlo error.

    Some 30 correlated comparisons: beyond 4.5 in any, by chance alone, less than once in 3000 seeds.
    """
    twin = numpyro_model(two_models, scales=scales, pooling=pooling)
    config = dict.fromkeys(["effect_phase_model", "own_walk", "shared_walk"], LocScaleReparam(0.0))
    with jax.enable_x64(True):
        kernel = NUTS(reparam(twin, config=config), target_accept_prob=0.95)
        chains = MCMC(kernel, num_warmup=400, num_samples=600, num_chains=4, chain_method="vectorized",
                      progress_bar=False)  # fmt: skip
        chains.run(jax.random.PRNGKey(3))
    found, reference = chains.get_samples(group_by_chain=True), fitted.posterior.draws
    compared = 0
    for name in set(reference.data_vars) & set(found):
        for i in np.ndindex(reference[name].shape[2:]):
            a, b = (np.asarray(x)[(..., *i)] for x in (found[name], reference[name].values))
            if np.ptp(b) > 0 and name not in ("B", "D_l", "pre_learned_data"):  # whose tails are too long for means
                assert abs(a.mean() - b.mean()) < 4.5 * np.hypot(error_of_mean(a), error_of_mean(b)), (name, i)
                compared += 1
    assert compared > 25


def error_of_mean(draws):
    import arviz as az

    return float(az.mcse(draws, method="mean"))
