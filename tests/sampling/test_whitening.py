"""The frame of a posterior, and what is sampled in it: a fit of learning curves from table to answers."""

import jax
import numpy as np
import pandas as pd
import pytest
from jax.flatten_util import ravel_pytree

import bayeslaw
from bayeslaw.answers.parameters import parameter_records
from bayeslaw.errors import SamplingError
from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling import whitening
from bayeslaw.sampling.nuts import SamplerSettings, start_chains
from bayeslaw.sampling.starts import starting_points
from bayeslaw.sampling.whitening import mode_of, place, potential, to_position, whiten

pytestmark = pytest.mark.fits

T = np.arange(-4.0, 0.001, 0.05)


def curve(end, floor, exponent):
    """Loss of a curve that starts slowly, at sizes up to ``end`` and twice as far."""
    size = end * np.exp(T)
    of = lambda x: np.exp(floor) + (1 + x / (0.05 * end)) ** -exponent  # noqa: E731
    return size, of(size), of(2 * end)


CURVES = {name: curve(10.0**k, -0.5 - 0.2 * k, 0.4 + 0.03 * k) for k, name in enumerate("abcd", start=5)}


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(1)
    rows = []
    for name, (size, loss, _) in CURVES.items():
        noisy = loss * np.exp(0.004 * rng.standard_normal(len(loss)))
        rows += [{"model": name, "data": x, "loss": y} for x, y in zip(size, noisy, strict=True)]
    return read_runs(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def model(runs):
    return build_model(runs, get_law("broken"))


@pytest.fixture(scope="module")
def fitted(runs):
    sampler = SamplerSettings(chains=4, warmup=300, draws=100, target_accept=0.95)
    return bayeslaw.fit(runs, law="broken", sampler=sampler, seed=1)


def test_chains_walk_the_density_with_the_volume_of_the_whole_map(surface):
    """By differences between chains: constants of the map do not matter."""
    model = build_model(surface({"x": ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10))}), get_law("chinchilla"))
    frame = whiten(model)
    starts = starting_points(frame, 4, seed=1)
    chains = start_chains(model.density, model.data, starts, SamplerSettings(), seed=1, frame=frame)
    with jax.enable_x64(True):

        def position(z):
            return to_position(model.density, model.data, frame, z)[0]

        def free(z):
            return ravel_pytree({n: v for n, v in position(z).items() if n not in model.fixed()})[0]

        density = [float(log_density(model.density, model.data, position(z))) for z in starts]
        slope = jax.jit(jax.jacfwd(free))
        volume = [np.linalg.slogdet(slope(z))[1] for z in starts]
    expected = -(np.array(density) + volume)
    np.testing.assert_allclose(np.diff(chains.states.potential_energy), np.diff(expected), rtol=1e-6)


def test_frame_is_centred_at_the_mode_with_unit_curvature(model):
    frame = whiten(model)
    directions = frame.root.shape[1]
    assert directions == sum(int(np.prod(s)) for n, s in model.sizes().items() if n not in model.fixed())
    position = place(frame, np.random.default_rng(5).standard_normal(directions))
    for name, value in position.items():
        assert np.shape(value) == model.sizes()[name]
        assert np.all(np.asarray(value) == 0) == (name in model.fixed())

    with jax.enable_x64(True):

        def density(z):
            return log_density(model.density, model.data, place(frame, z))

        gradient = np.asarray(jax.jit(jax.grad(density))(np.zeros(directions)))
        curvature = -np.asarray(jax.jit(jax.hessian(density))(np.zeros(directions)))
    assert np.abs(gradient).max() < 0.01
    np.testing.assert_allclose(curvature, np.eye(directions), atol=1e-4)


def test_the_frame_of_a_joint_law_has_unit_curvature_however_precise_the_runs(surface):
    runs = surface({"x": ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)), "y": ((1e8, 4e8), (2e9, 8e9))}, noise=1e-5)
    model = build_model(runs, get_law("chinchilla"))
    frame = whiten(model)
    with jax.enable_x64(True):
        density = jax.jit(jax.hessian(lambda z: potential(model.density, model.data, frame, 1.0, z)))
        curvature = np.asarray(density(np.zeros(frame.root.shape[1])))
    np.testing.assert_allclose(curvature, np.eye(len(curvature)), atol=1e-6)


def test_a_density_without_slopes_about_its_mode_is_said(model, monkeypatch):
    monkeypatch.setattr(whitening, "value_and_slope", lambda density, data, frame, power, z: (0.0, np.nan * z))
    with pytest.raises(SamplingError, match="not finite about its mode"):
        whiten(model)


def test_a_search_that_steps_to_where_there_is_no_number_turns_back():
    """Its first step is about 1 long, to beyond where there are numbers."""

    def bowl(z):
        if np.linalg.norm(z) > 0.7:
            return np.nan, np.nan * z
        away = np.array([3.0, 30.0, 300.0]) * (z - 0.2)
        return 0.5 * np.sum(away**2), np.array([3.0, 30.0, 300.0]) * away

    np.testing.assert_allclose(mode_of(bowl, np.zeros(3)), 0.2, atol=1e-4)


def test_without_a_frame_points_are_positions():
    position = {"noise": np.ones(2)}
    assert place(None, position) is position


def test_chains_agree(fitted):
    value = {check.name: check.value for check in fitted.posterior.checks}
    assert value["r_hat"] < 1.05
    assert value["divergences"] <= 4
    assert fitted.posterior.stats["n_steps"].mean() < 100  # without a frame they run into the largest tree


def test_what_is_held_stays_and_is_not_reported(fitted):
    draws = fitted.posterior.draws
    for name, value in {"pull": 0.0, "shared_drift": 0.0, "spread_phase_model": 1.0, "spread_log_c_model": 0.2}.items():
        np.testing.assert_array_equal(draws[name], value)
    names = {record["name"] for record in parameter_records(fitted.posterior)}
    assert not names & {"pull", "shared_drift", "spread_phase_model"}
    assert names >= {"noise", "own_drift", "location_phase", "c", "E"}


def test_outcomes_are_within_reach(fitted):
    for name, (size, _, outcome) in CURVES.items():
        found = fitted.predict(data=2 * size[-1]).set_index("model").loc[name]
        assert abs(np.log(found["median"] / outcome)) < 0.05
        assert 0.01 < np.log(found["p95"] / found["p05"]) < 0.15
        assert found["extrapolation"] == pytest.approx(2.0)


def test_curves_of_other_lengths_are_one_family_in_their_own_sizes(fitted):
    new = fitted.predict(data=2e8, kind="new-family")
    assert len(new) == 1
    assert new["extrapolation"].iloc[0] == pytest.approx(2.0)
    assert 0.05 < new["median"].iloc[0] < 1.5


def test_a_saved_fit_answers_alike(fitted, tmp_path):
    fitted.save(tmp_path / "fit.nc")
    again = bayeslaw.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(again.predict(data=3e7), fitted.predict(data=3e7))
