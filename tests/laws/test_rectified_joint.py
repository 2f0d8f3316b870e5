"""L(N, D) = E + A N^-alpha / (D_l(N) + D^beta), D_l(N) = D_l (N / N_ref)^gamma."""

import numpy as np
import pytest
from scipy.special import logit

REFERENCE = {"params": 3e8, "data": 12_800.0}


@pytest.fixture(scope="module")
def joint(trial):
    return trial("rectified_joint", **REFERENCE)


def textbook(p, N, D):
    pre_learned = p["D_l"] * (N / REFERENCE["params"]) ** p["gamma"]
    return p["E"] + p["A"] * N ** -p["alpha"] / (pre_learned + D ** p["beta"])


def test_natural_parameters_give_back_the_surface(joint):
    coordinates, points = joint.coordinates(400), joint.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p = joint.natural(coordinates, level)
    expected = textbook(p, points["params"], points["data"])
    np.testing.assert_allclose(joint.loss(coordinates, points, level), expected, rtol=1e-10)


def test_natural_parameters_are_what_the_coordinates_say(joint):
    coordinates = joint.coordinates(300, seed=3)
    p = joint.natural(coordinates, 0.7)
    np.testing.assert_allclose(textbook(p, **dict(zip("ND", REFERENCE.values(), strict=True))), np.exp(0.7), rtol=1e-10)
    np.testing.assert_allclose(logit(p["E"] / np.exp(0.7)), coordinates["floor"], atol=1e-8)
    np.testing.assert_allclose(np.log(p["beta"]), coordinates["log_beta"])
    np.testing.assert_allclose(np.log(REFERENCE["data"] ** p["beta"] / p["D_l"]), coordinates["phase"], atol=1e-9)
    np.testing.assert_allclose(p["pre_learned_data"] ** p["beta"], p["D_l"], rtol=1e-9)
    np.testing.assert_array_equal(p["alpha"], coordinates["gain"])
    np.testing.assert_array_equal(p["gamma"], coordinates["lead"])


def test_for_models_of_one_size_it_is_the_rectified_law(joint, trial):
    rectified = trial("rectified", data=REFERENCE["data"])
    coordinates = joint.coordinates(200, seed=4)
    data = joint.points(200, seed=5, decades=5)["data"]
    same = {name: coordinates[name] for name in ("log_beta", "floor", "phase")}
    at_reference = joint.loss(coordinates, {"params": REFERENCE["params"], "data": data})
    np.testing.assert_allclose(at_reference, rectified.loss(same, {"data": data}), rtol=1e-12)
    # of any size, if neither scale nor pre-learned size depends on it
    flat = coordinates | {"gain": np.zeros(200), "lead": np.zeros(200)}
    anywhere = joint.loss(flat, {"params": 7e10, "data": data})
    np.testing.assert_allclose(anywhere, rectified.loss(same, {"data": data}), rtol=1e-12)


def test_the_curve_of_another_size_is_a_rectified_one(joint):
    coordinates = joint.coordinates(200, seed=6)
    N = REFERENCE["params"] * 50
    p, sizes = joint.natural(coordinates), np.geomspace(10, 1e8, 8)[:, None]
    pre_learned = p["D_l"] * 50 ** p["gamma"]
    expected = p["E"] + p["A"] * N ** -p["alpha"] / (pre_learned + sizes ** p["beta"])
    np.testing.assert_allclose(joint.loss(coordinates, {"params": N, "data": sizes}), expected, rtol=1e-10)


def test_far_past_the_pre_learned_size_it_is_multiplicative(joint, trial):
    product = trial("multiplicative", **REFERENCE)
    coordinates, points = joint.coordinates(200, seed=7, phase=60.0, gain=0.3), joint.points(200)
    same = {
        "log_alpha": np.log(coordinates["gain"]),
        "log_beta": coordinates["log_beta"],
        "floor": coordinates["floor"],
    }
    np.testing.assert_allclose(joint.loss(coordinates, points), product.loss(same, points), rtol=1e-10)


def test_limits_in_data(joint):
    coordinates = joint.coordinates(200, seed=8, log_beta=-1.0)
    p, sizes = joint.natural(coordinates), REFERENCE["params"] * np.geomspace(0.01, 100, 5)[:, None]
    late = joint.loss(coordinates, {"params": sizes, "data": 1e300})
    np.testing.assert_allclose(late, np.broadcast_to(p["E"], late.shape), rtol=1e-10)
    untuned = joint.loss(coordinates, {"params": sizes, "data": 1e-300}) - p["E"]
    slope = np.diff(np.log(untuned), axis=0) / np.diff(np.log(sizes), axis=0)
    np.testing.assert_allclose(slope, np.broadcast_to(-(p["alpha"] + p["gamma"]), slope.shape), atol=1e-6)
