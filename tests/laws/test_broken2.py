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
    np.testing.assert_allclose(np.log(p["c"]), coordinates["log_c"])
    np.testing.assert_allclose(np.log(p["c_middle"] / p["c"]), coordinates["middle"], atol=1e-9)
    np.testing.assert_allclose(logit(p["c_early"] / p["c_middle"]), coordinates["early"], atol=1e-9)
    np.testing.assert_allclose(np.log(DATA / p["D_second"]), coordinates["phase"], atol=1e-9)
    np.testing.assert_allclose(np.log(np.log(p["D_second"] / p["D_first"])), coordinates["log_gap"], atol=1e-9)


@pytest.mark.parametrize("stretch", ["c_early", "c_middle", "c"])
def test_each_stretch_has_its_exponent(broken2, stretch):
    coordinates = broken2.coordinates(200, seed=4, floor=-3.0, log_gap=np.log(24 * WIDTH), log_c=-1.0)
    p = broken2.natural(coordinates)
    at = {
        "c_early": p["D_first"] * np.exp(-12 * WIDTH),
        "c_middle": np.sqrt(p["D_first"] * p["D_second"]),
        "c": p["D_second"] * np.exp(12 * WIDTH),
    }
    np.testing.assert_allclose(reducible_slope(broken2, coordinates, at[stretch]), -p[stretch], rtol=1e-3)


def test_the_second_break_may_slacken(broken2):
    coordinates = broken2.coordinates(200, seed=5)
    p = broken2.natural(coordinates)
    assert 0.2 < (p["c_middle"] > p["c"]).mean() < 0.8
    assert (p["c_early"] < p["c_middle"]).all()


def test_without_one_break_it_is_the_broken_law(broken2, trial):
    broken, points = trial("broken", data=DATA), broken2.points(200)

    def same(two, **one):
        one = {name: two[name] for name in ("floor", "log_c", "early")} | one
        np.testing.assert_allclose(broken2.loss(two, points), broken.loss(one, points), rtol=1e-10)

    # the second changes nothing
    two = broken2.coordinates(200, seed=6, middle=0.0)
    same(two, phase=two["phase"] + np.exp(two["log_gap"]))
    # the second is far off: what would be the middle stretch is the end
    two = broken2.coordinates(200, seed=7, phase=-60.0)
    first = np.random.default_rng(8).normal(4, 1, 200)
    same(two | {"log_gap": np.log(60 + first)}, phase=first, log_c=two["log_c"] + two["middle"])
    # the first is long past: what would be the middle stretch is the start
    two = broken2.coordinates(200, seed=9, log_gap=5.0)
    two["middle"] = -np.abs(two["middle"]) - 0.1
    same(two, phase=two["phase"], early=logit(np.exp(two["middle"])))


def test_loss_falls_to_the_floor(broken2):
    coordinates = broken2.coordinates(200, seed=7)
    data = DATA * np.exp(np.linspace(-12, 40, 200))[:, None]
    assert (np.diff(np.log(broken2.loss(coordinates, {"data": data})), axis=0) <= 1e-12).all()
    coordinates = broken2.coordinates(200, seed=8, log_c=0.0)
    late = broken2.loss(coordinates, {"data": DATA * np.exp(60.0)})
    np.testing.assert_allclose(late, broken2.natural(coordinates)["E"], rtol=1e-9)
