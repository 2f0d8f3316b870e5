"""L(D) = E + B D^-c_early (1 + (D / D_break)^(1/w))^(-(c - c_early) w)."""

import jax
import numpy as np
import pytest

from bayeslaw.laws import get_law
from bayeslaw.laws.broken import WIDTH

LAW = get_law("broken")
REFERENCE = {"data": 204_800.0}


def random_coordinates(count, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    drawn = {c.name: c.mean + c.sd * rng.standard_normal(count) for c in LAW.coordinates}
    return drawn | {name: np.full(count, value) for name, value in fixed.items()}


def shape(coordinates, data, reference=REFERENCE):
    with jax.enable_x64(True):
        return np.asarray(LAW.log_shape(coordinates, {"data": data}, reference))


def natural(coordinates, level, reference=REFERENCE):
    with jax.enable_x64(True):
        return {name: np.asarray(value) for name, value in LAW.natural(coordinates, level, reference).items()}


def reducible_slope(coordinates, data):
    """Log-log slope of what is above the floor, by central differences."""
    share = 1 / (1 + np.exp(-coordinates["floor"]))
    low, high = (np.log(np.exp(shape(coordinates, data * f)) - share) for f in (0.999, 1.001))
    return (high - low) / np.log(1.001 / 0.999)


def test_natural_parameters_give_back_the_curve():
    coordinates = random_coordinates(400)
    rng = np.random.default_rng(1)
    level = rng.normal(1.0, 0.5, 400)
    data = REFERENCE["data"] * 10 ** rng.uniform(-4, 3, 400)
    p = natural(coordinates, level)
    broken = (1 + (data / p["D_break"]) ** (1 / WIDTH)) ** (-(p["c"] - p["c_early"]) * WIDTH)
    expected = p["E"] + p["B"] * data ** -p["c_early"] * broken
    np.testing.assert_allclose(np.exp(level + shape(coordinates, data)), expected, rtol=1e-9)


def test_natural_parameters_are_what_the_coordinates_say():
    coordinates = random_coordinates(300, seed=2)
    level = np.random.default_rng(3).normal(1.0, 0.5, 300)
    p = natural(coordinates, level)
    share = p["E"] / np.exp(level)
    np.testing.assert_allclose(np.log(p["c"]), coordinates["log_c"])
    np.testing.assert_allclose(np.log(share / (1 - share)), coordinates["floor"], atol=1e-9)
    np.testing.assert_allclose(np.log(REFERENCE["data"] / p["D_break"]), coordinates["phase"], atol=1e-9)
    part = p["c_early"] / p["c"]
    np.testing.assert_allclose(np.log(part / (1 - part)), coordinates["early"], atol=1e-9)


@pytest.mark.parametrize("side", [-1, 1])
def test_exponents_hold_on_either_side_of_the_break(side):
    coordinates = random_coordinates(200, seed=4, floor=-3.0)
    p = natural(coordinates, np.zeros(200))
    far = p["D_break"] * np.exp(side * 12 * WIDTH)
    np.testing.assert_allclose(reducible_slope(coordinates, far), -(p["c"] if side > 0 else p["c_early"]), rtol=1e-3)
    # half way at the break itself
    middle = -(p["c"] + p["c_early"]) / 2
    np.testing.assert_allclose(reducible_slope(coordinates, p["D_break"]), middle, rtol=1e-3)


def test_a_break_long_past_leaves_a_power_law_with_a_floor():
    coordinates = random_coordinates(200, seed=5, phase=60.0)
    data = REFERENCE["data"] * 10 ** np.random.default_rng(6).uniform(-4, 3, 200)
    share = 1 / (1 + np.exp(-coordinates["floor"]))
    power = (data / REFERENCE["data"]) ** -np.exp(coordinates["log_c"])
    np.testing.assert_allclose(np.exp(shape(coordinates, data)), share + (1 - share) * power, rtol=1e-9)


def test_loss_falls_to_the_floor():
    coordinates = random_coordinates(200, seed=7)
    data = REFERENCE["data"] * np.exp(np.linspace(-12, 40, 200))[:, None]
    loss = shape(coordinates, data)
    assert (np.diff(loss, axis=0) <= 1e-12).all()
    late = shape(coordinates | {"log_c": np.zeros(200)}, REFERENCE["data"] * np.exp(60.0))
    np.testing.assert_allclose(late, -np.log1p(np.exp(-coordinates["floor"])), atol=1e-9)
