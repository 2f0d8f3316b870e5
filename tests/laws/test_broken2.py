"""The broken law with two breaks."""

import numpy as np
import pytest
from scipy.special import logit

from bayeslaw.laws.broken import WIDTH

DATA = 204_800.0


@pytest.fixture(scope="module")
def broken2(trial):
    return trial("broken2", data=DATA)


def reducible_slope(law, coordinates, data):
    """Log-log slope of what is above the floor, by central differences."""
    share = 1 / (1 + np.exp(-coordinates["floor"]))
    low, high = (np.log(law.loss(coordinates, {"data": data * f}) - share) for f in (0.999, 1.001))
    return (high - low) / np.log(1.001 / 0.999)


def test_natural_parameters_give_back_the_curve(broken2):
    coordinates, points = broken2.coordinates(400), broken2.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p, D = broken2.natural(coordinates, level), points["data"]
    first = (1 + (D / p["D_first"]) ** (1 / WIDTH)) ** (-(p["c_middle"] - p["c_early"]) * WIDTH)
    second = (1 + (D / p["D_second"]) ** (1 / WIDTH)) ** (-(p["c"] - p["c_middle"]) * WIDTH)
    expected = p["E"] + p["B"] * D ** -p["c_early"] * first * second
    np.testing.assert_allclose(broken2.loss(coordinates, points, level), expected, rtol=1e-10)


def test_natural_parameters_are_what_the_coordinates_say(broken2):
    coordinates = broken2.coordinates(300, seed=2)
    level = np.random.default_rng(3).normal(1.0, 0.5, 300)
    p = broken2.natural(coordinates, level)
    np.testing.assert_allclose(logit(p["E"] / np.exp(level)), coordinates["floor"], atol=1e-9)
    np.testing.assert_allclose(np.log(p["c_middle"]), coordinates["log_c_middle"])
    np.testing.assert_allclose(logit(p["c"] / p["c_middle"]), coordinates["late"], atol=1e-9)
    np.testing.assert_allclose(logit(p["c_early"] / p["c_middle"]), coordinates["early"], atol=1e-9)
    np.testing.assert_allclose(np.log(DATA / p["D_first"]), coordinates["phase"], atol=1e-9)
    np.testing.assert_allclose(np.log(np.log(p["D_second"] / p["D_first"])), coordinates["log_gap"], atol=1e-9)


@pytest.mark.parametrize("measured_ranges", ["c_early", "c_middle", "c"])
def test_each_stretch_has_its_exponent(broken2, measured_ranges):
    coordinates = broken2.coordinates(200, seed=4, floor=-3.0, log_gap=np.log(24 * WIDTH), log_c_middle=-1.0)
    p = broken2.natural(coordinates)
    at = {
        "c_early": p["D_first"] * np.exp(-12 * WIDTH),
        "c_middle": np.sqrt(p["D_first"] * p["D_second"]),
        "c": p["D_second"] * np.exp(12 * WIDTH),
    }
    np.testing.assert_allclose(
        reducible_slope(broken2, coordinates, at[measured_ranges]), -p[measured_ranges], rtol=1e-3
    )


def test_the_first_break_steepens_and_the_second_slackens(broken2):
    p = broken2.natural(broken2.coordinates(200, seed=5))
    assert (p["c_early"] < p["c_middle"]).all()
    assert (p["c"] < p["c_middle"]).all()
    assert (p["D_first"] < p["D_second"]).all()


def test_without_one_break_it_is_the_broken_law(broken2, trial):
    broken, points = trial("broken", data=DATA), broken2.points(200)

    def same(two, one):
        np.testing.assert_allclose(broken2.loss(two, points), broken.loss(one | {"floor": two["floor"]}, points))

    # the second changes nothing
    two = broken2.coordinates(200, seed=6, late=60.0)
    same(two, {"log_c": two["log_c_middle"], "phase": two["phase"], "early": two["early"]})
    # the second is far off: the middle measured_ranges is the end
    two = broken2.coordinates(200, seed=7, log_gap=np.log(60.0))
    same(two, {"log_c": two["log_c_middle"], "phase": two["phase"], "early": two["early"]})


def test_without_a_slow_start_the_second_break_slackens(broken2):
    two = broken2.coordinates(200, seed=9, early=60.0)
    points, p = broken2.points(200), broken2.natural(two)
    D, (c_middle, c) = points["data"], (p["c_middle"], p["c"])
    expected = p["E"] + p["B"] * D**-c_middle * (1 + (D / p["D_second"]) ** (1 / WIDTH)) ** ((c_middle - c) * WIDTH)
    np.testing.assert_allclose(broken2.loss(two, points), expected)


def test_loss_falls_to_the_floor(broken2):
    coordinates = broken2.coordinates(200, seed=7)
    data = DATA * np.exp(np.linspace(-12, 40, 200))[:, None]
    assert (np.diff(np.log(broken2.loss(coordinates, {"data": data})), axis=0) <= 1e-12).all()
    coordinates = broken2.coordinates(200, seed=8, log_c_middle=1.0, late=2.0)
    late = broken2.loss(coordinates, {"data": DATA * np.exp(60.0)})
    np.testing.assert_allclose(late, broken2.natural(coordinates)["E"], rtol=1e-9)
