"""The overfitting law: Chinchilla without repeats, and larger models do worse with many."""

import numpy as np
import pytest


@pytest.fixture
def law(trial):
    return trial("overfitting", params=1e8, data=1e10, unique_data=1e10)


def test_without_repeats_it_is_the_chinchilla_law(law, trial):
    plain = trial("chinchilla", params=1e8, data=1e10)
    coordinates, points = law.coordinates(50), plain.points(50)
    at = {**points, "unique_data": points["data"] * np.linspace(1.0, 30.0, 50)}
    np.testing.assert_allclose(law.loss(coordinates, at), plain.loss(coordinates, points), rtol=1e-6)


def test_repeats_are_worth_something_to_small_models_and_hurt_large_ones(law):
    coordinates = law.coordinates(1, log_overfit=-2.0, log_kappa=0.0, log_R_o=4.0, floor=0.5, split=0.0)

    def loss(params, passes):
        return law.loss(coordinates, {"params": params, "data": 1e10 * passes, "unique_data": 1e10})[0]

    assert loss(1e7, 10.0) < loss(1e7, 1.0)
    assert loss(3e9, 1000.0) > loss(3e9, 10.0)
    assert loss(3e9, 1000.0) > loss(1e9, 1000.0)
    assert np.isfinite(loss(1e12, 1e30))


def test_what_is_lost_is_bounded_and_reached_after_r_o_repeats(law):
    coordinates = law.coordinates(1, log_R_o=np.log(20.0), log_overfit=-1.0)
    p = {name: float(value[0]) for name, value in law.natural(coordinates).items()}

    def lost(repeats):
        at = {"params": 1e8, "data": 1e10 * (1 + repeats), "unique_data": 1e10}
        return law.loss(coordinates, at)[0] - p["E"] - p["A"] / 1e8 ** p["alpha"] - p["B"] / at["data"] ** p["beta"]

    most = p["P"] * (1e8 / 1e10) ** p["kappa"]
    assert lost(20.0) == pytest.approx(most * (1 - np.exp(-1.0)), rel=1e-6)
    assert lost(1e4) == pytest.approx(most, rel=1e-6)
