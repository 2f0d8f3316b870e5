"""L(N, D) = E + A / N^alpha + B / D^beta."""

import numpy as np
import pytest
from scipy.special import logit

REFERENCE = {"params": 8.7e8, "data": 1.6e10}
REFIT = {"A": 482.01, "B": 2085.43, "E": 1.8172, "alpha": 0.3478, "beta": 0.3658}
"""Besiroglu et al. 2024, abstract."""


@pytest.fixture(scope="module")
def chinchilla(trial):
    return trial("chinchilla", **REFERENCE)


def coordinates_of(p, params, data):
    """Coordinates and level that the natural parameters have at a reference point."""
    of_n, of_d = p["A"] / params ** p["alpha"], p["B"] / data ** p["beta"]
    total = p["E"] + of_n + of_d
    values = {
        "floor": logit(p["E"] / total),
        "split": logit(of_n / (of_n + of_d)),
        "log_alpha": np.log(p["alpha"]),
        "log_beta": np.log(p["beta"]),
    }
    return values, np.log(total)


def test_natural_parameters_give_back_the_surface(chinchilla):
    coordinates, points = chinchilla.coordinates(400), chinchilla.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p, N, D = chinchilla.natural(coordinates, level), points["params"], points["data"]
    expected = p["E"] + p["A"] / N ** p["alpha"] + p["B"] / D ** p["beta"]
    np.testing.assert_allclose(chinchilla.loss(coordinates, points, level), expected, rtol=1e-10)
    back, level_back = coordinates_of(p, **REFERENCE)
    np.testing.assert_allclose(level_back, level, atol=1e-10)
    for name, values in coordinates.items():
        np.testing.assert_allclose(back[name], values, atol=1e-8)


def test_a_published_fit_is_the_surface_it_says(chinchilla):
    coordinates, level = coordinates_of(REFIT, **REFERENCE)
    N, D = 7e10, 1.4e12
    expected = 1.8172 + 482.01 / N**0.3478 + 2085.43 / D**0.3658
    assert chinchilla.loss(coordinates, {"params": N, "data": D}, level) == pytest.approx(expected, rel=1e-12)
    p = chinchilla.natural(coordinates, level)
    for name, value in REFIT.items():
        assert p[name] == pytest.approx(value, rel=1e-12)
    assert p["a"] == pytest.approx(0.3658 / (0.3478 + 0.3658))
    # which lies well inside what is believed beforehand
    for c in chinchilla.law.coordinates:
        assert abs(coordinates[c.name] - c.mean) < c.sd


def test_a_is_the_exponent_of_compute_in_the_optimal_size(chinchilla):
    coordinates, _ = coordinates_of(REFIT, **REFERENCE)
    best = []
    for compute in (1e20, 1e22):
        sizes = np.geomspace(1e7, 1e13, 60_001)
        best.append(sizes[chinchilla.loss(coordinates, {"params": sizes, "data": compute / 6 / sizes}).argmin()])
    a = chinchilla.natural(coordinates)["a"]
    assert np.log(best[1] / best[0]) / np.log(100) == pytest.approx(a, abs=1e-3)


def test_the_reference_point_is_a_matter_of_taste(chinchilla, trial):
    elsewhere = trial("chinchilla", params=1.1e8, data=3e12)
    here, level_here = coordinates_of(REFIT, **REFERENCE)
    there, level_there = coordinates_of(REFIT, **elsewhere.reference)
    points = chinchilla.points(100)
    np.testing.assert_allclose(
        chinchilla.loss(here, points, level_here), elsewhere.loss(there, points, level_there), rtol=1e-12
    )


def test_limits(chinchilla):
    coordinates = chinchilla.coordinates(200, seed=3, log_alpha=-0.5, log_beta=-0.5)
    p = chinchilla.natural(coordinates)
    N, D = REFERENCE["params"], REFERENCE["data"]
    no_limit = chinchilla.loss(coordinates, {"params": 1e200, "data": 1e200})
    np.testing.assert_allclose(no_limit, p["E"], rtol=1e-10)
    data_alone = chinchilla.loss(coordinates, {"params": 1e200, "data": D})
    np.testing.assert_allclose(data_alone, p["E"] + p["B"] / D ** p["beta"], rtol=1e-10)
    size_alone = chinchilla.loss(coordinates, {"params": N, "data": 1e200})
    np.testing.assert_allclose(size_alone, p["E"] + p["A"] / N ** p["alpha"], rtol=1e-10)
