"""L(D) = E + B / (D_l + D^beta)."""

import jax
import numpy as np
import pytest

from bayeslaw.laws import get_law

LAW = get_law("rectified")
REFERENCE = {"data": 204_800.0}


def random_coordinates(count, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return {
        "log_beta": -1.5 + 0.6 * scale * rng.standard_normal(count),
        "floor": -1.5 + scale * rng.standard_normal(count),
        "phase": 1.5 * scale * rng.standard_normal(count),
    }


def shape(coordinates, data, reference=REFERENCE):
    with jax.enable_x64(True):
        return np.asarray(LAW.log_shape(coordinates, {"data": data}, reference))


def natural(coordinates, level, reference=REFERENCE):
    with jax.enable_x64(True):
        return {name: np.asarray(value) for name, value in LAW.natural(coordinates, level, reference).items()}


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_natural_parameters_give_back_the_curve(scale):
    coordinates = random_coordinates(400, scale=scale)
    rng = np.random.default_rng(1)
    level = rng.normal(1.0, 0.5, 400)
    data = 10 ** rng.uniform(0, 14, 400)
    p = natural(coordinates, level)
    power = data ** p["beta"]
    expected = p["E"] + p["B"] / (p["D_l"] + power)
    usable = np.isfinite(power) & np.isfinite(p["D_l"])
    assert usable.mean() > 0.9
    np.testing.assert_allclose(np.exp(level + shape(coordinates, data))[usable], expected[usable], rtol=1e-10)


def test_natural_parameters_are_what_the_coordinates_say():
    coordinates = random_coordinates(300, seed=2)
    level = np.random.default_rng(3).normal(1.0, 0.5, 300)
    p = natural(coordinates, level)
    np.testing.assert_allclose(np.log(p["beta"]), coordinates["log_beta"])
    share = p["E"] / np.exp(level)
    np.testing.assert_allclose(np.log(share / (1 - share)), coordinates["floor"], atol=1e-9)
    np.testing.assert_allclose(np.log(REFERENCE["data"] ** p["beta"] / p["D_l"]), coordinates["phase"], atol=1e-9)
    np.testing.assert_allclose(p["pre_learned_data"] ** p["beta"], p["D_l"], rtol=1e-9)
    at_reference = p["E"] + p["B"] / (p["D_l"] + REFERENCE["data"] ** p["beta"])
    np.testing.assert_allclose(at_reference, np.exp(level), rtol=1e-10)


def test_limits():
    coordinates = random_coordinates(300, seed=4)
    coordinates["log_beta"] = np.maximum(coordinates["log_beta"], -2.0)
    level = np.zeros(300)
    p = natural(coordinates, level)
    np.testing.assert_allclose(np.exp(shape(coordinates, 1e300)), p["E"], rtol=1e-10)
    np.testing.assert_allclose(np.exp(shape(coordinates, 1e-300)), p["E"] + p["B"] / p["D_l"], rtol=1e-10)


def test_falls_with_data_and_stays_between_its_limits():
    coordinates = {name: value[:, None] for name, value in random_coordinates(200, seed=5).items()}
    data = np.geomspace(1, 1e14, 60)
    loss = np.exp(shape(coordinates, data))
    assert (np.diff(loss, axis=1) < 0).all()
    p = natural(coordinates, 0.0)
    assert (loss > p["E"]).all()
    assert (loss < p["E"] + p["B"] / p["D_l"]).all()


def test_without_pre_learned_data_it_is_a_power_law():
    coordinates = {"log_beta": np.log(0.3), "floor": -1.0, "phase": 40.0}
    p = natural(coordinates, 1.0)
    data = np.geomspace(10, 1e6, 9)
    np.testing.assert_allclose(np.exp(1.0 + shape(coordinates, data)), p["E"] + p["B"] * data**-0.3, rtol=1e-9)


def test_counting_in_thousands_changes_neither_shape_nor_exponent():
    coordinates = random_coordinates(200, seed=6)
    data = 10 ** np.random.default_rng(7).uniform(1, 9, 200)
    thousands = {"data": REFERENCE["data"] / 1000}
    np.testing.assert_allclose(shape(coordinates, data / 1000, thousands), shape(coordinates, data), atol=1e-12)
    before, after = natural(coordinates, 1.0), natural(coordinates, 1.0, thousands)
    np.testing.assert_allclose(after["E"], before["E"])
    np.testing.assert_allclose(after["pre_learned_data"], before["pre_learned_data"] / 1000, rtol=1e-9)


@pytest.mark.fits
def test_gradients_are_finite_for_any_data_and_extreme_coordinates():
    data = np.geomspace(1, 1e14, 15)
    corners = np.array(np.meshgrid([-8.0, -1.5, 3.0], [-40.0, -1.5, 40.0], [-60.0, 0.0, 60.0])).reshape(3, -1, 1)
    coordinates = dict(zip(("log_beta", "floor", "phase"), corners, strict=True))
    with jax.enable_x64(True):
        gradient = jax.grad(lambda c: LAW.log_shape(c, {"data": data}, REFERENCE).sum())(coordinates)
    for values in gradient.values():
        assert np.isfinite(values).all()
    assert np.isfinite(shape(coordinates, data)).all()


def test_parameters_and_their_units():
    assert {p.name: p.unit for p in LAW.parameters} == {
        "E": "loss",
        "B": "loss * examples^beta",
        "beta": "1",
        "D_l": "examples^beta",
        "pre_learned_data": "examples",
    }
    assert [c.unit for c in LAW.covariates] == ["examples"]
    assert "2402.02314" in LAW.source
