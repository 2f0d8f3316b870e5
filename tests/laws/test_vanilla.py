"""L(D) = E + A / D^beta."""

import numpy as np
import pytest
from scipy.special import logit


@pytest.fixture(scope="module")
def vanilla(trial):
    return trial("vanilla", data=204_800.0)


def test_natural_parameters_give_back_the_curve(vanilla):
    coordinates, points = vanilla.coordinates(400), vanilla.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p = vanilla.natural(coordinates, level)
    expected = p["E"] + p["A"] / points["data"] ** p["beta"]
    np.testing.assert_allclose(vanilla.loss(coordinates, points, level), expected, rtol=1e-10)
    np.testing.assert_allclose(np.log(p["beta"]), coordinates["log_beta"])
    np.testing.assert_allclose(logit(p["E"] / np.exp(level)), coordinates["floor"], atol=1e-9)


def test_unlimited_data_leaves_the_floor(vanilla):
    coordinates = vanilla.coordinates(200, log_beta=-1.0)
    np.testing.assert_allclose(
        vanilla.loss(coordinates, {"data": 1e300}), vanilla.natural(coordinates)["E"], rtol=1e-10
    )


def test_it_is_the_rectified_law_without_pre_learned_data(vanilla, trial):
    coordinates, points = vanilla.coordinates(200), vanilla.points(200)
    rectified = trial("rectified", data=204_800.0)
    np.testing.assert_allclose(
        vanilla.loss(coordinates, points),
        rectified.loss(coordinates | {"phase": np.full(200, 80.0)}, points),
        rtol=1e-10,
    )
