"""A model built and not sampled: its density under the tools of others, and fits of positions that others drew."""

import functools
import json
import subprocess
import sys

import arviz as az
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from jax.flatten_util import ravel_pytree

import bayeslaw as bl
from bayeslaw.errors import BayeslawError, SamplingError
from bayeslaw.fitting.positions import read_positions
from bayeslaw.kinds.base import log_density

BIG = ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10))
CASES = ("rectified", "broken", "chinchilla")


@pytest.fixture(scope="module", params=CASES)
def built(request, three_models, surface):
    if request.param == "chinchilla":
        return bl.build(surface({"x": BIG, "y": (BIG[0][:2], BIG[1][:3])}), "chinchilla")
    return bl.build(three_models, request.param)


def positions_of(built, chains=2, draws=20, seed=0):
    rng = np.random.default_rng(seed)
    return {name: 0.3 * rng.standard_normal((chains, draws, *size)) for name, size in built.sizes.items()}


def in_double(built, position):
    """Value and slope of the density of the model."""
    whole = {n: jnp.asarray(position.get(n, np.zeros(s))) for n, s in built.model.sizes().items()}
    value, slope = value_and_slope(built.model.density, built.model.data, whole)
    return float(value), {name: np.asarray(slope[name]) for name in position}


value_and_slope = functools.partial(jax.jit, static_argnums=0)(jax.value_and_grad(log_density, argnums=2))


@pytest.mark.fits
def test_the_density_is_that_of_the_model_in_double_precision_for_everybody(built):
    """Where double precision is off, jax hands positions on in single precision: the last line rounds them likewise."""
    assert not jax.config.jax_enable_x64
    position = built.initial_position(seed=3)
    assert {name: values.shape for name, values in position.items()} == built.sizes
    with jax.enable_x64(True):
        value, slope = in_double(built, position)
        rounded = {name: np.float64(np.float32(values)) for name, values in position.items()}
        of_rounded, slope_of_rounded = in_double(built, rounded)
    plain = built.log_density(position)
    assert plain.dtype == np.float64
    assert float(plain) == pytest.approx(value, rel=1e-13)
    found, gradient = jax.jit(jax.value_and_grad(built.log_density))(position)
    assert found.dtype == np.float64
    assert float(found) == pytest.approx(of_rounded, rel=1e-11)
    for name, values in slope_of_rounded.items():
        assert np.isfinite(gradient[name]).all()
        np.testing.assert_allclose(gradient[name], values, rtol=1e-5, atol=1e-5 * np.abs(values).max(initial=1e-6))
    with jax.enable_x64(True):
        found, gradient = jax.jit(jax.value_and_grad(built.log_density))(position)
        assert float(found) == pytest.approx(value, rel=1e-13)
        for name, values in slope.items():
            np.testing.assert_allclose(gradient[name], values, rtol=1e-8, atol=1e-8)


@pytest.mark.fits
def test_it_is_mapped_and_differentiated_twice(three_models):
    built = bl.build(three_models, "vanilla")
    many = {name: np.stack([value, 2.0 * value]) for name, value in built.initial_position().items()}
    each = [float(built.log_density({name: value[i] for name, value in many.items()})) for i in range(2)]
    np.testing.assert_allclose(jax.jit(jax.vmap(built.log_density))(many), each, rtol=1e-6)
    with jax.enable_x64(True):
        flat, unravel = ravel_pytree(built.initial_position())
        hessian = jax.jit(jax.hessian(lambda x: built.log_density(unravel(x))))(flat)
        step = 1e-5 * np.eye(len(flat))[0]
        slope = jax.jit(jax.grad(lambda x: built.log_density(unravel(x))))
        np.testing.assert_allclose(hessian[0], (slope(flat + step) - slope(flat - step)) / 2e-5, rtol=1e-4, atol=1e-4)
    _, change = jax.jvp(lambda x: built.log_density(unravel(x)), (jnp.float32(flat),), (jnp.ones(len(flat)),))
    assert np.isfinite(change)


@pytest.mark.fits
def test_nothing_of_jax_is_switched():
    script = (
        "import jax, numpy as np; before = dict(jax.config.values); import bayeslaw as bl, pandas as pd\n"
        "runs = pd.DataFrame({'model': ['a'] * 3, 'data': [1, 2, 4], 'loss': [3.0, 2.5, 2.2]})\n"
        "built = bl.build(runs, 'vanilla'); p = built.initial_position()\n"
        "jax.grad(built.log_density)(p); bl.numpyro_model(runs, 'vanilla')\n"
        "print(dict(jax.config.values) == before, np.asarray(jax.numpy.ones(1) / 3).dtype)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["True", "float32"]


def test_chains_set_out_apart_and_where_the_density_is_finite(built):
    starts = [built.initial_position(seed) for seed in range(5)]
    assert np.isfinite([float(built.log_density(start)) for start in starts]).all()
    assert np.std([np.concatenate([v.ravel() for v in start.values()]) for start in starts], axis=0).min() > 0
    again = built.initial_position(2)
    assert all(np.array_equal(again[name], starts[2][name]) for name in again)


def test_what_is_held_is_no_part_of_a_position(three_models):
    built = bl.build(three_models, "broken")
    held = built.model.fixed()
    assert {"pull", "roughness", "spread.phase.model"} <= held
    assert not held & set(built.sizes)
    positions = positions_of(built)
    at_zero = positions | {"pull": np.zeros((2, 20, 1))}
    xr.testing.assert_identical(
        bl.Fit.from_positions(built, at_zero).posterior.draws, bl.Fit.from_positions(built, positions).posterior.draws
    )
    with pytest.raises(SamplingError, match=r"positions\['pull'\]: held at 0 .* Leave it out"):
        bl.Fit.from_positions(built, positions | {"pull": np.ones((2, 20, 1))})


@pytest.mark.fits
@pytest.mark.parametrize("law", ["rectified", "rectified with a prior", "broken"])
def test_positions_become_the_fit_that_they_would_be_of_ours(law, two_tasks, prior, forge, simulate):
    """Up to what is told of the sampler."""
    runs, law, lender = two_tasks, law.split(" ")[0], prior if "prior" in law else None
    if lender is not None:
        runs = simulate({("flan", "x"): (200.0, 400.0, 800.0), ("new", "y"): (200.0, 800.0)}, seed=5)
    built = bl.build(runs, law, prior=lender)
    positions = positions_of(built, chains=4)
    flat = {
        name: values.reshape(-1, *values.shape[2:]) for name, values in read_positions(built.model, positions).items()
    }
    ours = forge(runs, flat, seed=7, law=law, prior=lender)
    theirs = bl.Fit.from_positions(built, positions, seed=7).posterior
    xr.testing.assert_identical(theirs.draws, ours.draws)
    of_sampler = {"warmup", "target_accept", "max_depth", "repairs", "sampling_seconds", "sampler", "quick"}
    assert {k: v for k, v in theirs.settings.items() if k not in of_sampler} == {
        k: v for k, v in ours.settings.items() if k not in of_sampler
    }
    assert [check.name for check in theirs.checks[:3]] == ["r_hat", "ess_bulk", "ess_tail"]
    assert theirs.checks[3:] == ours.checks
    assert theirs.prior is lender
    assert not theirs.stats


def test_a_fit_of_given_positions_is_asked_saved_and_loaded(three_models, tmp_path):
    built = bl.build(three_models, priors={"phase": bl.Normal(0.5, 0.7)})
    fit = bl.Fit.from_positions(built, positions_of(built), stats={"diverging": np.zeros((2, 20), bool)})
    own = {c.name: {"mean": c.mean, "sd": c.sd, "spread": c.spread} for c in fit.posterior.law.coordinates}
    stated = own["phase"] | {"mean": 0.5, "sd": 0.7}
    assert fit.posterior.settings["coordinate_priors"] == own | {"phase": stated} != own
    fit.save(tmp_path / "fit.nc")
    again = bl.load(tmp_path / "fit.nc")
    xr.testing.assert_identical(again.posterior.draws, fit.posterior.draws)
    told = fit.select(data=6400)
    assert again.select(data=6400).sentence == told.sentence
    assert json.loads(json.dumps(told.to_dict()))["seconds"] == {"sampling": None}
    assert "positions were given" in again.posterior.settings["sampler"]


def test_what_is_told_of_the_sampler_is_checked_and_no_more(three_models):
    built = bl.build(three_models)
    positions, shape = positions_of(built), (2, 20)
    rng = np.random.default_rng(0)

    def named(stats):
        fit = bl.Fit.from_positions(built, positions, stats=stats)
        assert set(fit.posterior.stats) == set(stats or {})
        return {check.name: check.status for check in fit.posterior.checks}

    none = named(None)
    assert not {"divergences", "e_bfmi", "tree_depth"} & set(none)
    diverging = rng.random(shape) < 0.5
    assert named({"diverging": diverging})["divergences"] == "FAIL"
    stats = {"energy": rng.standard_normal(shape), "reached_max_treedepth": np.zeros(shape, bool), "lp": np.ones(shape)}
    found = named(xr.Dataset({name: (("chain", "draw"), values) for name, values in stats.items()}))
    assert {name: found[name] for name in set(found) - set(none)} == {"e_bfmi": "PASS", "tree_depth": "PASS"}
    with pytest.raises(SamplingError, match=r"stats\['energy'\]: .*\(2, 20\) .*found float64 of the shape \(20, 2\)"):
        bl.Fit.from_positions(built, positions, stats={"energy": np.ones((20, 2))})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p.pop("noise"), "position without noise; expected the entries location, "),
        (lambda p: p.update(nose=p.pop("noise")), "without noise and with 'nose', which it has not"),
        (
            lambda p: p.update(noise=p["noise"][..., 0]),
            r"'noise' .*expected the shape \(chain 2, draw 20, 1\), found \(2",
        ),
        (lambda p: p.update(noise=p["noise"][:, :7]), r"'noise' .*\(chain 2, draw 20, 1\), found \(2, 7, 1\)"),
        (
            lambda p: p["noise"].__setitem__((1, 4), np.nan),
            r"'noise'\]: 1 of 40 values are not finite.* chain 1, draw 4",
        ),
        (lambda p: p.update(noise=[["much"]]), r"positions\['noise'\]: expected an array of numbers"),
        (lambda p: p.update({n: v[:, :3] for n, v in p.items()}), "2 chains of 3 draws, expected one or more chains"),
        (lambda p: p.update({n: v[0] for n, v in p.items()}), "expected the shape"),
    ],
)
def test_positions_that_cannot_be_are_refused(change, expected, three_models):
    built = bl.build(three_models)
    positions = positions_of(built)
    change(positions)
    with pytest.raises(SamplingError, match=expected):
        bl.Fit.from_positions(built, positions)


def test_a_position_of_another_model_has_no_density(three_models):
    built = bl.build(three_models)
    start = built.initial_position()
    with pytest.raises(SamplingError, match=r"'roughness' of a position: expected the shape \(3\), found \(2,\)"):
        jax.jit(built.log_density)(start | {"roughness": np.zeros(2)})
    with pytest.raises(SamplingError, match="with 'path'"):
        built.log_density(start | {"path": np.zeros(2)})


@pytest.mark.parametrize("argument", [{"law": "gravity"}, {"pooling": {"nu": "task"}}, {"prior": "no-such-prior"}])
def test_bad_arguments_are_those_of_a_fit(argument, three_models):
    with pytest.raises(BayeslawError) as ours:
        bl.fit(three_models, **argument)
    with pytest.raises(type(ours.value)) as theirs:
        bl.build(three_models, **argument)
    assert str(theirs.value) == str(ours.value)


def random_walk(built, rounds=(2000, 8000, 60_000), chains=4, thin=30):
    """Random-walk Metropolis; its steps have the covariance of the round before."""
    _, unravel = ravel_pytree(built.initial_position())
    x = np.stack([ravel_pytree(built.initial_position(seed))[0] for seed in range(chains)])

    def step(root, state, key):
        (here, density), (jump, toss) = state, jax.random.split(key)
        there = here + root @ jax.random.normal(jump, here.shape)
        new = built.log_density(unravel(there))
        taken = jnp.log(jax.random.uniform(toss)) < new - density
        here = jnp.where(taken, there, here)
        return (here, jnp.where(taken, new, density)), here

    def walk(root, x, keys):
        return jax.lax.scan(functools.partial(step, root), (x, built.log_density(unravel(x))), keys)[1]

    run, root = jax.jit(jax.vmap(walk, (None, 0, 0))), 0.1 * np.eye(x.shape[1])
    for n, steps in enumerate(rounds):
        path = np.asarray(run(root, x, jax.random.split(jax.random.PRNGKey(n), (chains, steps))))
        x, seen = path[:, -1], path[:, steps // 2 :].reshape(-1, x.shape[1])
        root = 2.38 / np.sqrt(x.shape[1]) * np.linalg.cholesky(np.cov(seen.T) + 1e-6 * np.eye(x.shape[1]))
    return jax.tree.map(np.asarray, jax.vmap(jax.vmap(unravel))(path[:, ::thin]))


@pytest.mark.fits
def test_another_sampler_finds_the_posterior_of_a_fit(two_models, scales, pooling, fitted):
    """Means of all that a fit knows, in units of the joint Monte Carlo error of both samplers.

    Some 45 correlated comparisons: beyond 4.5 in any, by chance alone, less than once in 3000 seeds.
    """
    built = bl.build(two_models, scales=scales, pooling=pooling)
    with jax.enable_x64(True):
        positions = random_walk(built)
    found = bl.Fit.from_positions(built, positions)
    checks = {check.name: check for check in found.posterior.checks}
    assert checks["r_hat"].value < 1.05
    assert checks["ess_bulk"].value > 200
    compared = 0
    for name, reference in fitted.posterior.draws.data_vars.items():
        for i in np.ndindex(reference.shape[2:]):
            a, b = (np.asarray(x.values)[(..., *i)] for x in (found.posterior.draws[name], reference))
            if np.ptp(b) > 0 and name not in ("B", "D_l", "pre_learned_data"):  # whose tails are too long for means
                error = np.hypot(*(float(az.mcse(draws, method="mean")) for draws in (a, b)))
                assert abs(a.mean() - b.mean()) < 4.5 * error, (name, i)
                compared += 1
    assert compared > 30
