"""(L - E) / (L_0 - L)^a = B D^-c."""

import jax
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_expit, logit

from bayeslaw.laws.m4 import left_side, logit_left

DATA = 204_800.0


@pytest.fixture(scope="module")
def m4(trial):
    return trial("m4", data=DATA)


def solved(log_a, s):
    with jax.enable_x64(True):
        return np.asarray(logit_left(log_a, s))


def test_the_curve_satisfies_the_law(m4):
    # a point is where L keeps digits of both L - E and L_0 - L
    coordinates, points = m4.coordinates(500), m4.points(500, decades=1.5)
    level = np.random.default_rng(2).normal(1.0, 0.5, 500)
    p, loss = m4.natural(coordinates, level), m4.loss(coordinates, points, level)
    told = (loss - p["E"] > 1e-3 * loss) & (p["L_0"] - loss > 1e-3 * loss)
    assert told.mean() > 0.7
    left, right = (loss - p["E"]) / (p["L_0"] - loss) ** p["a"], p["B"] * points["data"] ** -p["c"]
    np.testing.assert_allclose(left[told], right[told], rtol=1e-9)


def test_the_curve_is_the_root_of_the_textbook_form(m4):
    coordinates, points = m4.coordinates(60, seed=3), m4.points(60, decades=2)
    p, loss = m4.natural(coordinates), m4.loss(coordinates, points)
    for i in range(60):
        E, ceiling, B, c, a = (p[name][i] for name in ("E", "L_0", "B", "c", "a"))
        log_right = np.log(B) - c * np.log(points["data"][i])

        def excess(x, E=E, ceiling=ceiling, a=a, log_right=log_right):
            return np.log(x - E) - a * np.log(ceiling - x) - log_right

        low, high = E + 1e-13 * (ceiling - E), ceiling - 1e-13 * (ceiling - E)
        if excess(low) < 0 < excess(high):
            assert loss[i] == pytest.approx(brentq(excess, low, high, xtol=1e-15, rtol=1e-15), rel=1e-10)


def test_natural_parameters_are_what_the_coordinates_say(m4):
    coordinates = m4.coordinates(300, seed=4)
    level = np.random.default_rng(5).normal(1.0, 0.5, 300)
    p, at_reference = m4.natural(coordinates, level), np.exp(level)
    np.testing.assert_allclose(logit(p["E"] / at_reference), coordinates["floor"], atol=1e-9)
    covered = (p["L_0"] - at_reference) / (p["L_0"] - p["E"])
    np.testing.assert_allclose(logit(covered), coordinates["phase"], atol=1e-9)
    np.testing.assert_allclose(np.log(p["c"]), coordinates["log_c"])
    np.testing.assert_allclose(np.log(p["a"]), coordinates["log_a"])


def test_no_data_and_unlimited_data_are_its_limits(m4):
    coordinates = m4.coordinates(300, seed=6, log_c=-0.3)
    p = m4.natural(coordinates)
    np.testing.assert_allclose(m4.loss(coordinates, {"data": 1e-300}), p["L_0"], rtol=1e-10)
    np.testing.assert_allclose(m4.loss(coordinates, {"data": 1e300}), p["E"], rtol=1e-10)
    sizes = np.geomspace(1e-6, 1e16, 200)[:, None]
    loss = m4.loss(coordinates, {"data": sizes})
    assert (np.diff(loss, axis=0) < 1e-13).all()
    assert (loss <= p["L_0"] * (1 + 1e-12)).all()
    assert (loss >= p["E"] * (1 - 1e-12)).all()


def test_without_a_ceiling_it_is_the_vanilla_law(m4, trial):
    vanilla = trial("vanilla", data=DATA)
    coordinates = m4.coordinates(200, seed=7, log_a=-60.0)
    sizes = {"data": DATA * 10 ** np.random.default_rng(8).uniform(0, 3, 200)}  # before, the vanilla law exceeds L_0
    same = {"log_beta": coordinates["log_c"], "floor": coordinates["floor"]}
    np.testing.assert_allclose(m4.loss(coordinates, sizes), vanilla.loss(same, sizes), rtol=1e-12)


def test_with_a_symmetric_shoulder_it_is_the_rectified_law(m4, trial):
    rectified = trial("rectified", data=DATA)
    coordinates, points = m4.coordinates(400, seed=9, log_a=0.0), m4.points(400, decades=8)
    same = {"log_beta": coordinates["log_c"], "floor": coordinates["floor"], "phase": coordinates["phase"]}
    np.testing.assert_allclose(m4.loss(coordinates, points), rectified.loss(same, points), rtol=1e-12)


@pytest.mark.fits
def test_the_equation_is_solved_to_the_last_digits_anywhere():
    log_a = np.linspace(-25, 25, 101)
    s = np.concatenate([-np.geomspace(1e-12, 1e4, 120), [0.0], np.geomspace(1e-12, 1e4, 120)])[:, None]
    v = solved(log_a, s)
    assert np.isfinite(v).all()
    log_u, log_rest = log_expit(v), log_expit(-v)
    # of both sides divided by the larger slope
    scale = np.maximum(1, np.exp(log_a))
    np.testing.assert_allclose((log_u - np.exp(log_a) * log_rest) / scale, s / scale, rtol=1e-12, atol=1e-12)
    # from the other direction: where v is known
    v = np.broadcast_to(np.linspace(-30, 30, 61)[:, None], (61, 101))
    with jax.enable_x64(True):
        s = np.asarray(left_side(log_a, v))
    np.testing.assert_allclose(log_expit(solved(log_a, s)), log_expit(v), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(log_expit(-solved(log_a, s)), log_expit(-v), rtol=1e-10, atol=1e-12)


@pytest.mark.fits
@pytest.mark.parametrize("place", [0, 1])
def test_derivatives_of_the_solution_are_those_of_finite_differences(place):
    rng = np.random.default_rng(10)
    at, step = [rng.normal(0, 1.5, 100), rng.normal(0, 4, 100)], 1e-5
    low, high = ([x + d if i == place else x for i, x in enumerate(at)] for d in (-step, step))
    first = jax.grad(logit_left, argnums=place)
    with jax.enable_x64(True):
        for function, derivative in ((logit_left, first), (first, jax.grad(first, argnums=place))):
            slope = (np.asarray(jax.vmap(function)(*high)) - np.asarray(jax.vmap(function)(*low))) / (2 * step)
            np.testing.assert_allclose(jax.vmap(derivative)(*at), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.fits
def test_derivatives_are_finite_at_extremes():
    corners = np.array(np.meshgrid([-30.0, -3, 0, 3, 30], [-1e3, -1.0, -1e-9, 0.0, 1e-9, 1.0, 1e3])).reshape(2, -1)
    with jax.enable_x64(True):
        for order in (logit_left, jax.grad(logit_left), jax.grad(logit_left, argnums=1)):
            assert np.isfinite(np.asarray(jax.vmap(order)(*corners))).all()
        by_forward = jax.vmap(jax.jacfwd(logit_left))(*corners)
        np.testing.assert_allclose(by_forward, jax.vmap(jax.grad(logit_left))(*corners), rtol=1e-12)
