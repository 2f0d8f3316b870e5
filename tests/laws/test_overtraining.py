"""L(C, M) = E + (a M^eta + b M^-eta) C^-eta, C = 6 N D, M = D / N."""

import numpy as np
import pytest
from scipy.special import logit

REFERENCE = {"params": 4e8, "data": 2e10}


@pytest.fixture(scope="module")
def overtraining(trial):
    return trial("overtraining", **REFERENCE)


def textbook(p, N, D):
    C, M = 6 * N * D, D / N
    return p["E"] + (p["a"] * M ** p["eta"] + p["b"] * M ** -p["eta"]) * C ** -p["eta"]


def test_natural_parameters_give_back_the_surface(overtraining):
    coordinates, points = overtraining.coordinates(400), overtraining.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p = overtraining.natural(coordinates, level)
    expected = textbook(p, points["params"], points["data"])
    np.testing.assert_allclose(overtraining.loss(coordinates, points, level), expected, rtol=1e-10)


def test_natural_parameters_are_what_the_coordinates_say(overtraining):
    coordinates = overtraining.coordinates(300, seed=3)
    p, (N, D) = overtraining.natural(coordinates, 0.7), REFERENCE.values()
    np.testing.assert_allclose(textbook(p, N, D), np.exp(0.7), rtol=1e-10)
    np.testing.assert_allclose(logit(p["E"] / np.exp(0.7)), coordinates["floor"], atol=1e-9)
    of_n, of_d = p["a"] * (D / N) ** p["eta"], p["b"] * (D / N) ** -p["eta"]
    np.testing.assert_allclose(logit(of_n / (of_n + of_d)), coordinates["split"], atol=1e-9)
    np.testing.assert_allclose(np.log(p["eta"]), coordinates["log_eta"])


def test_it_is_the_form_of_the_published_code(overtraining):
    coordinates, points = overtraining.coordinates(200, seed=4), overtraining.points(200)
    p, N, M = overtraining.natural(coordinates), points["params"], points["data"] / points["params"]
    power = -2 * p["eta"]
    first, second = p["a"] * 6 ** -p["eta"], p["b"]
    expected = first * N**power + second * 6 ** (power / 2) * (M * N) ** power + p["E"]
    np.testing.assert_allclose(overtraining.loss(coordinates, points), expected, rtol=1e-10)


def test_it_is_the_chinchilla_law_with_one_exponent(overtraining, trial):
    chinchilla = trial("chinchilla", **REFERENCE)
    coordinates, points = overtraining.coordinates(200, seed=5), overtraining.points(200)
    both = coordinates["log_eta"] + np.log(2)
    same = {"floor": coordinates["floor"], "split": coordinates["split"], "log_alpha": both, "log_beta": both}
    np.testing.assert_allclose(overtraining.loss(coordinates, points), chinchilla.loss(same, points), rtol=1e-12)


def test_equally_over_trained_models_are_parallel_in_compute(overtraining):
    coordinates = overtraining.coordinates(1, seed=6)
    p = overtraining.natural(coordinates)
    N = np.geomspace(1e7, 1e11, 5)
    for ratio in (20, 640):
        reducible = overtraining.loss(coordinates, {"params": N, "data": ratio * N}) - p["E"]
        slope = np.diff(np.log(reducible)) / np.diff(np.log(6 * ratio * N**2))
        np.testing.assert_allclose(slope, np.repeat(-p["eta"], 4), rtol=1e-8)
    unlimited = overtraining.loss(coordinates | {"log_eta": np.zeros(1)}, {"params": 1e200, "data": 1e200})
    np.testing.assert_allclose(unlimited, p["E"], rtol=1e-10)
