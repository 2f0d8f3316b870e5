"""Repeated data and surplus parameters, discounted."""

import numpy as np
import pytest
from scipy.special import logit

REFERENCE = {"params": 1e9, "data": 2e10, "unique_data": 5e9}
C4 = {  # the fit of Muennighoff et al. 2023: logs of A, B and E, and one exponent
    "A": np.exp(6.255414), "B": np.exp(7.3049974), "E": np.exp(0.6254804), "alpha": 0.3526596, "beta": 0.3526596,
    "R_D_star": 15.39, "R_N_star": 5.31,
}  # fmt: skip


@pytest.fixture(scope="module")
def constrained(trial):
    return trial("data_constrained", **REFERENCE)


def textbook(p, N, D, U):
    unique = np.minimum(D, U)
    G = (p["alpha"] * p["A"] / (p["beta"] * p["B"])) ** (1 / (p["alpha"] + p["beta"]))
    # N_opt = G (C/6)^a and D_opt = (C/6)^b / G, of which the second is the unique data
    b = p["alpha"] / (p["alpha"] + p["beta"])
    compute = (unique * G) ** (1 / b)
    full = np.minimum(N, G * compute ** (1 - b))
    repeated, surplus = D / unique - 1, N / full - 1
    worth_d = unique + unique * p["R_D_star"] * (1 - np.exp(-repeated / p["R_D_star"]))
    worth_n = full + full * p["R_N_star"] * (1 - np.exp(-surplus / p["R_N_star"]))
    return p["E"] + p["A"] / worth_n ** p["alpha"] + p["B"] / worth_d ** p["beta"]


def textbook_at(p, points):
    return textbook(p, points["params"], points["data"], points["unique_data"])


def test_natural_parameters_give_back_the_surface(constrained):
    coordinates, points = constrained.coordinates(1000), constrained.points(1000, decades=2)
    level = np.random.default_rng(2).normal(1.0, 0.5, 1000)
    p = constrained.natural(coordinates, level)
    found = constrained.loss(coordinates, points, level)
    np.testing.assert_allclose(found, textbook_at(p, points), rtol=1e-10)
    # with and without repeats, with and without surplus
    repeated = points["unique_data"] < points["data"]
    plain = p["E"] + p["A"] / points["params"] ** p["alpha"] + p["B"] / points["data"] ** p["beta"]
    assert 0.2 < repeated.mean() < 0.8
    assert 0.05 < (found < plain * (1 + 1e-12)).mean() < 0.8
    assert (found > plain * (1 - 1e-12)).all()


@pytest.mark.parametrize("unique", [5e9, 2e10, 1e12])
def test_natural_parameters_are_what_the_coordinates_say(trial, unique):
    constrained = trial("data_constrained", **REFERENCE | {"unique_data": unique})
    coordinates = constrained.coordinates(300, seed=3)
    p = constrained.natural(coordinates, 0.7)
    np.testing.assert_allclose(textbook(p, 1e9, 2e10, unique), np.exp(0.7), rtol=1e-10)
    np.testing.assert_allclose(logit(p["E"] / np.exp(0.7)), coordinates["floor"], atol=1e-9)
    of_n, of_d = p["A"] / 1e9 ** p["alpha"], p["B"] / 2e10 ** p["beta"]
    np.testing.assert_allclose(logit(of_n / (of_n + of_d)), coordinates["split"], atol=1e-8)
    np.testing.assert_allclose(np.log(p["R_D_star"]), coordinates["log_R_D"])
    np.testing.assert_allclose(np.log(p["R_N_star"]), coordinates["log_R_N"])


def test_the_published_fit_is_the_surface_it_says(constrained):
    of_n, of_d = C4["A"] / 1e9 ** C4["alpha"], C4["B"] / 2e10 ** C4["beta"]
    level = np.log(textbook(C4, **dict(zip("NDU", REFERENCE.values(), strict=True))))
    coordinates = {
        "floor": logit(C4["E"] / np.exp(level)),
        "split": logit(of_n / (of_n + of_d)),
        "log_alpha": np.log(C4["alpha"]),
        "log_beta": np.log(C4["beta"]),
        "log_R_D": np.log(15.39),
        "log_R_N": np.log(5.31),
    }
    points = constrained.points(200, decades=3)
    np.testing.assert_allclose(constrained.loss(coordinates, points, level), textbook_at(C4, points), rtol=1e-10)
    for c in constrained.law.coordinates:
        assert abs(coordinates[c.name] - c.mean) < c.sd


def test_with_fresh_data_and_nothing_discounted_it_is_the_chinchilla_law(trial):
    constrained = trial("data_constrained", params=1e9, data=2e10, unique_data=2e10)
    chinchilla = trial("chinchilla", params=1e9, data=2e10)
    coordinates = constrained.coordinates(300, seed=4, log_R_D=60.0, log_R_N=60.0)
    points = constrained.points(300, decades=2)
    fresh = points | {"unique_data": points["data"]}
    np.testing.assert_allclose(constrained.loss(coordinates, fresh), chinchilla.loss(coordinates, points), rtol=1e-10)
    # repeats as good as new data are new data
    np.testing.assert_allclose(constrained.loss(coordinates, points), chinchilla.loss(coordinates, points), rtol=1e-10)


def test_repeating_without_end_is_worth_so_many_passes(constrained):
    coordinates = constrained.coordinates(200, seed=5)
    p, N, U = constrained.natural(coordinates), 1e6, 1e12
    of_n = p["A"] / N ** p["alpha"]
    feeds_more = p["beta"] * p["B"] / U ** p["beta"] < p["alpha"] * of_n  # so that no parameter is one too many
    assert feeds_more.mean() > 0.5
    endless = constrained.loss(coordinates, {"params": N, "data": 1e300, "unique_data": U})
    expected = p["E"] + of_n + p["B"] / (U * (1 + p["R_D_star"])) ** p["beta"]
    np.testing.assert_allclose(endless[feeds_more], expected[feeds_more], rtol=1e-10)
    # and parameters without end as much as so many of the models that the data feed
    endless = constrained.loss(coordinates, {"params": 1e300, "data": 1e9, "unique_data": 1e9})
    of_d = p["B"] / 1e9 ** p["beta"]
    expected = p["E"] + of_d + of_d * p["beta"] / p["alpha"] * (1 + p["R_N_star"]) ** -p["alpha"]
    np.testing.assert_allclose(endless, expected, rtol=1e-10)


def test_a_pass_more_is_worth_less_and_less_but_never_hurts(constrained):
    coordinates = constrained.coordinates(200, seed=6)
    passes = np.arange(1, 40)[:, None]
    loss = constrained.loss(coordinates, {"params": 1e9, "data": 5e9 * passes, "unique_data": 5e9})
    assert (np.diff(loss, axis=0) <= 1e-12).all()
    assert (np.diff(loss, n=2, axis=0) >= -1e-12).all()
    fresh = constrained.loss(coordinates, {"params": 1e9, "data": 5e9 * passes, "unique_data": 5e9 * passes})
    assert (fresh <= loss + 1e-12).all()


def test_only_the_ratio_of_unique_to_all_data_counts(constrained, trial):
    """A table is seen with references divided out; what is counted like another must be divided by the same."""
    assert {c.name: c.like for c in constrained.law.covariates} == {"params": "", "data": "", "unique_data": "data"}
    alike = trial("data_constrained", **REFERENCE | {"unique_data": REFERENCE["data"]})
    one = trial("data_constrained", params=1.0, data=1.0, unique_data=1.0)
    coordinates, points = alike.coordinates(100, seed=7), alike.points(100)
    divided = {name: values / alike.reference[name] for name, values in points.items()}
    np.testing.assert_allclose(one.loss(coordinates, divided), alike.loss(coordinates, points), rtol=1e-12)
