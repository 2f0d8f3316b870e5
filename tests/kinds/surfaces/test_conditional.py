"""What models have of their own, given all else: against dense algebra, and within the density of joint laws."""

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from bayeslaw.kinds.base import log_density, prior_positions
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.scales import LogNormal
from bayeslaw.kinds.surfaces.conditional import given_rest
from bayeslaw.kinds.surfaces.density import OF_MODELS
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law

LAW = get_law("chinchilla")
SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)


@pytest.fixture
def model(surface):
    return build_model(surface({"x": (SIZES, TOKENS), "y": (SIZES[:2], TOKENS[:3])}), LAW)


@pytest.mark.parametrize("functions", [1, 2, 3])
def test_mean_covariance_and_volume_are_those_of_a_normal_regression(functions):
    rng = np.random.default_rng(functions)
    own_of = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2])  # of two models; the runs of a third have none
    basis, rest = rng.standard_normal((functions, 11)), rng.standard_normal(11)
    precision, sd = np.exp(rng.standard_normal(11)), np.exp(rng.standard_normal((functions, 2)))

    def found(z):
        return given_rest(basis, rest, precision, own_of, sd, z)

    with jax.enable_x64(True):
        zero = np.zeros((functions, 2))
        mean, volume = found(zero)
        root = np.asarray(jax.jacfwd(lambda z: found(z)[0])(zero))
    for m in range(2):
        here = own_of == m
        information = (basis[:, here] * precision[here]) @ basis[:, here].T + np.diag(1 / sd[:, m] ** 2)
        np.testing.assert_allclose(mean[:, m], np.linalg.solve(information, basis[:, here] @ (precision * rest)[here]))
        np.testing.assert_allclose(root[:, m, :, m] @ root[:, m, :, m].T, np.linalg.inv(information), atol=1e-12)
        np.testing.assert_array_equal(root[:, m, :, 1 - m], 0.0)
    whole = root.reshape(2 * functions, 2 * functions)
    assert float(volume) == pytest.approx(np.linalg.slogdet(whole)[1])


@pytest.mark.core
@pytest.mark.fits
def test_positions_move_in_what_models_have_alone_and_volumes_are_as_said(model):
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        flat, unravel = ravel_pytree({name: rng.standard_normal(shape) for name, shape in model.sizes().items()})
        whole = jax.jit(lambda x: ravel_pytree(model.density.condition(model.data, unravel(x))[0])[0])
        volumes, told = [], []
        for x in (flat, 0.5 * flat, -flat):
            position, volume = model.density.condition(model.data, unravel(x))
            for name in set(position) - set(OF_MODELS):
                np.testing.assert_array_equal(position[name], unravel(x)[name])
            volumes.append(np.linalg.slogdet(jax.jacfwd(whole)(x))[1])
            told.append(float(volume))
    np.testing.assert_allclose(np.diff(told), np.diff(volumes), rtol=1e-8)
    assert np.ptp(told) > 1


def test_where_noise_is_normal_it_is_standard_normal_whatever_all_else(surface):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES[:2], TOKENS[:3])})
    model = build_model(runs, LAW, scales=SurfacePriors(tail=LogNormal(1e9, 0.0)))
    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        for _ in range(3):
            rest = {name: rng.standard_normal(shape) for name, shape in model.sizes().items()}
            left = []
            for _ in range(3):
                z = {name: rng.standard_normal(model.sizes()[name]) for name in OF_MODELS}
                position, volume = model.density.condition(model.data, rest | z)
                density = float(log_density(model.density, model.data, position) + volume)
                left.append(density + 0.5 * sum(np.sum(values**2) for values in z.values()))
            assert np.ptp(left) < 1e-3


@pytest.mark.fits
def test_draws_from_the_prior_have_the_scales_drawn_with_them(model):
    drawn = prior_positions(model, 4000, np.random.default_rng(2))
    for name in OF_MODELS:
        scale = np.exp(getattr(model.density.scales, f"{name}_sd").sd * drawn[f"{name}_sd"])
        assert (drawn[name] / scale).std() == pytest.approx(1.0, abs=0.03)
