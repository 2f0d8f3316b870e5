"""NUTS against a posterior known otherwise, and what is done when it struggles."""

from dataclasses import replace

import arviz as az
import jax
import numpy as np
import pytest
import xarray as xr

from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.curves.density import log_likelihood
from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.sampling.nuts import BLOCK, SamplerSettings, advance, start_chains
from bayeslaw.sampling.sample import _careful, sample
from bayeslaw.sampling.starts import starting_positions

pytestmark = pytest.mark.fits


@pytest.fixture(scope="module")
def model(two_models, scales, pooling):
    return build_model(two_models, get_law("rectified"), scales=scales, pooling=pooling)


@pytest.fixture(scope="module")
def raw(model, settings):
    """A long run of the sampler that all tests share: 4 chains of 2000 draws."""
    return draw(model, settings, seed=5, blocks=40)


def draw(model, settings, seed, blocks, tick=None):
    starts = starting_positions(model, settings.chains, seed)
    chains = start_chains(model.density, model.data, starts, settings, seed=seed)
    chains, _ = advance(chains, settings.warmup // BLOCK)
    return advance(chains, blocks, tick)[1]


def importance_sample(model, draws):
    """Weighted draws of the posterior: everything drawn from the prior, weighted by the likelihood."""
    rng = np.random.default_rng(17)
    positions = {}
    for name, shape in model.sizes().items():
        normal = rng.standard_normal((draws, *shape))
        positions[name] = np.log(np.abs(normal)) if name.startswith("spread.") else normal
    with jax.enable_x64(True):
        likelihood = jax.jit(jax.vmap(lambda p: log_likelihood(model.density, model.data, p)))
        log_weight = np.asarray(likelihood(positions))
    weight = np.exp(log_weight - log_weight.max())
    return positions, weight / weight.sum()


@pytest.fixture(scope="module")
def reference(model):
    return importance_sample(model, 200_000)


def effective(values):
    """Effective number of draws of a mean, from values (chain, draw)."""
    return float(az.ess(xr.Dataset({"x": (("chain", "draw"), values)}), method="mean")["x"])


def statistics(positions, lead):
    """Functions whose expectations are compared, by name; ``lead`` is the number of leading axes that are draws."""
    for name in sorted(positions):
        flat = positions[name].reshape(*positions[name].shape[:lead], -1)
        for i in range(flat.shape[-1]):
            x = flat[..., i]
            yield f"{name}[{i}] mean", x
            yield f"{name}[{i}] square", x**2
            for cut in (-1.0, 0.0, 1.0):
                yield f"{name}[{i}] < {cut}", (x < cut).astype(float)


def assert_same_expectations(found, reference):
    """Means, second moments and three probabilities of every dimension.

    45 correlated comparisons for nine dimensions, each in units of the joint standard error of both sides: beyond 4.5
    in any, by chance alone, less than once in 3000 seeds.
    """
    positions, weight = reference
    errors = {}
    for (name, x), (same, known) in zip(statistics(found, 2), statistics(positions, 1), strict=True):
        assert name == same
        expected = np.sum(weight * known)
        known_error = np.sqrt(np.sum(weight**2 * (known - expected) ** 2))
        if x.std() > 0:
            errors[name] = (x.mean() - expected) / np.hypot(x.std() / np.sqrt(effective(x)), known_error)
    assert len(errors) >= 40
    assert max(map(abs, errors.values())) < 4.5, errors


@pytest.mark.core
def test_marginals_are_those_of_importance_sampling(raw, reference):
    _, weight = reference
    assert 1 / np.sum(weight**2) > 2000  # the reference itself is good
    assert raw.steps.shape == (4, 2000)
    assert_same_expectations(raw.positions, reference)


def test_the_posterior_is_not_the_prior(reference):
    """The comparison above would be idle if the data said nothing."""
    positions, weight = reference
    moved = [abs(np.sum(weight * x) - x.mean()) for name, x in statistics(positions, 1) if name.endswith("mean")]
    assert max(moved) > 0.3


@pytest.mark.slow
def test_marginals_are_those_of_importance_sampling_more_closely(model, settings):
    assert_same_expectations(draw(model, settings, 8, 400).positions, importance_sample(model, 4_000_000))


def test_energy_is_minus_log_density_plus_kinetic(model, raw):
    flat = {name: values[:, :50].reshape(-1, *values.shape[2:]) for name, values in raw.positions.items()}
    with jax.enable_x64(True):
        density = jax.jit(jax.vmap(lambda p: log_density(model.density, model.data, p)))
        kinetic = raw.energy[:, :50].ravel() + np.asarray(density(flat))
    assert (kinetic > 0).all()
    # on average half a unit a dimension: 12 dimensions, 200 draws, standard error .17
    assert kinetic.mean() == pytest.approx(6.0, abs=0.8)


@pytest.mark.core
def test_equal_seeds_give_equal_draws(model, settings):
    one, two, other = (draw(model, settings, seed, 1) for seed in (3, 3, 4))
    for name, values in one.positions.items():
        np.testing.assert_array_equal(values, two.positions[name])
        assert (values[:, -1] != other.positions[name][:, -1]).any()
    np.testing.assert_array_equal(one.energy, two.energy)
    assert one.steps.shape == (4, 50)
    assert len(np.unique(one.positions["own_drift"][:, -1])) == 4  # chains differ from each other


def test_other_seeds_agree_within_their_errors(model, raw, settings):
    other = draw(model, settings, 6, 40)
    for (name, a), (_, b) in zip(statistics(raw.positions, 2), statistics(other.positions, 2), strict=True):
        if name.endswith("mean"):
            # nine dimensions at 4.5 standard errors: less than once in 10000 pairs of seeds
            error = np.hypot(a.std() / np.sqrt(effective(a)), b.std() / np.sqrt(effective(b)))
            assert abs(a.mean() - b.mean()) < 4.5 * error, name


def test_advancing_in_parts_is_advancing_at_once(model, settings):
    starts = starting_positions(model, settings.chains, 3)
    chains = start_chains(model.density, model.data, starts, settings, seed=3)
    whole, ticks = advance(chains, 3)[1], []
    chains, first = advance(chains, 1, lambda: ticks.append(1))
    _, second = advance(chains, 2, lambda: ticks.append(1))
    np.testing.assert_array_equal(first.join(second).positions["noise"], whole.positions["noise"])
    assert len(ticks) == 3


def test_what_sampling_did_beyond_its_plan_is_done_and_said(model, settings):
    """400 draws in all never hold 400 effective ones of everything, so chains run on, unless trajectories diverged."""
    reports = []
    sampled = sample(model, settings, seed=5, progress=lambda *report: reports.append(report))
    kept = sampled.raw.steps.shape[1]
    if sampled.settings == settings:
        assert not sampled.raw.diverging.any()
        assert 100 < kept <= 400
        assert [said for said in sampled.repairs if f"ran on to {kept}" in said]
    else:  # other versions of jax, other draws
        assert sampled.settings == replace(settings, target_accept=0.98, warmup=600, max_depth=10)
        assert [said for said in sampled.repairs if "sampled afresh with target acceptance 0.98" in said]
    mixed = all(check.status == "PASS" for check in sampled.checks[:3])
    assert mixed or kept == 400 or sampled.raw.diverging.any()
    assert reports[0] == ("warming up", 50, 400)
    assert reports[6] == ("sampling", 350, 400)
    assert reports[-1] == ("sampling", sampled.settings.warmup + kept, sampled.settings.warmup + kept)
    names = [check.name for check in sampled.checks]
    assert names == ["r_hat", "ess_bulk", "ess_tail", "divergences", "e_bfmi", "tree_depth"]
    assert sampled.draws.level.shape == (4 * kept, 2)
    assert sampled.seconds > 0


def test_a_quick_look_ends_once_nothing_fails_and_asks_for_a_second_one(model, settings):
    sampled = sample(model, replace(settings, enough="REVIEW"), seed=5)
    found = {check.name: check for check in sampled.checks}
    kept = sampled.raw.steps.shape[1]
    assert kept == settings.draws or "FAIL" in {found[name].status for name in ("r_hat", "ess_bulk", "ess_tail")}
    assert sampled.settings == replace(settings, enough="REVIEW") or sampled.raw.diverging.sum() > 2
    assert (found["quick"].status, found["quick"].value, found["quick"].threshold) == ("REVIEW", 4 * kept, 2000)
    assert "--quick" in found["quick"].remedy


def test_starts_are_spread_about_the_centre_of_the_prior(model):
    starts = starting_positions(model, 500, seed=1)
    assert {name: values.shape[1:] for name, values in starts.items()} == model.sizes()
    assert starts["own_drift"].std() == pytest.approx(0.2, rel=0.2)
    with jax.enable_x64(True):
        density = jax.jit(jax.vmap(lambda p: log_density(model.density, model.data, p)))
        assert np.isfinite(density(starts)).all()


@pytest.mark.slow  # two more samplers to compile
def test_a_tree_too_shallow_is_repaired_and_said(model):
    # trees of depth 1 are all cut off: the second attempt has a larger depth and twice the warm-up
    shallow = SamplerSettings(chains=2, warmup=50, draws=50, max_depth=1)
    repaired = sample(model, shallow, seed=1)
    assert repaired.settings == replace(shallow, warmup=100, max_depth=3)
    assert any("afresh with target acceptance 0.9, trees of depth 3 and 100 warm-up" in r for r in repaired.repairs)
    assert {check.name: check.status for check in repaired.checks}["tree_depth"] == "FAIL"


def test_what_diverges_takes_finer_steps_and_what_is_cut_off_longer_trees():
    plain = SamplerSettings()
    assert _careful(plain, diverged=True) == replace(plain, target_accept=0.98, warmup=800, max_depth=10)
    assert _careful(plain, diverged=False) == replace(plain, warmup=800, max_depth=11)
    finest = SamplerSettings(target_accept=0.99)
    assert _careful(finest, diverged=True).target_accept == 0.99
