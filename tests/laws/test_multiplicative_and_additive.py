"""A / (X^alpha D^beta) + E, and its rival A / X^alpha + B / D^beta + E."""

import numpy as np
import pytest
from scipy.special import logit

COLUMNS = ("params", "pretraining_tokens", "LoRA rank")
PUBLISHED = {  # Zhang et al. 2024, table 4: A_m, alpha_m, E and beta; and the middle of the data sizes of each
    "En-De, full": (1.2e5, 0.52, 0.75, 0.15, 1e6),
    "En-De, prompt": (3.9e3, 0.40, 0.62, 0.051, 4e4),
    "En-De, LoRA": (2.1e3, 0.36, 0.62, 0.081, 4e4),
    "En-Zh, full": (3.3e3, 0.34, 1.00, 0.14, 5e6),
    "En-Zh, prompt": (8.5e2, 0.33, 0.77, 0.015, 4e4),
    "En-Zh, LoRA": (6.6e2, 0.31, 0.73, 0.025, 4e4),
    "MLSum, full": (3.3e2, 0.24, 0.98, 0.087, 4e5),
    "MLSum, LoRA": (26, 0.11, 0.20, 0.030, 4e4),
}


def at(trial, law, column):
    name = law if column == "params" else f"{law}({column})"
    return trial(name, **{column: 4e9, "data": 1e6})


@pytest.mark.parametrize("column", COLUMNS)
def test_natural_parameters_give_back_the_multiplicative_surface(trial, column):
    law = at(trial, "multiplicative", column)
    coordinates, points = law.coordinates(400), law.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p = law.natural(coordinates, level)
    expected = p["A"] / (points[column] ** p["alpha"] * points["data"] ** p["beta"]) + p["E"]
    np.testing.assert_allclose(law.loss(coordinates, points, level), expected, rtol=1e-10)
    np.testing.assert_allclose(logit(p["E"] / np.exp(level)), coordinates["floor"], atol=1e-9)


@pytest.mark.parametrize("column", COLUMNS)
def test_natural_parameters_give_back_the_additive_surface(trial, column):
    law = at(trial, "additive", column)
    coordinates, points = law.coordinates(400), law.points(400)
    level = np.random.default_rng(2).normal(1.0, 0.5, 400)
    p = law.natural(coordinates, level)
    of_x = p["A"] / points[column] ** p["alpha"]
    expected = of_x + p["B"] / points["data"] ** p["beta"] + p["E"]
    np.testing.assert_allclose(law.loss(coordinates, points, level), expected, rtol=1e-10)
    np.testing.assert_allclose(logit(p["E"] / np.exp(level)), coordinates["floor"], atol=1e-9)
    of_x, of_d = p["A"] / 4e9 ** p["alpha"], p["B"] / 1e6 ** p["beta"]
    np.testing.assert_allclose(logit(of_x / (of_x + of_d)), coordinates["split"], atol=1e-8)


def test_at_one_x_both_are_power_laws_in_the_data(trial):
    for name in ("multiplicative", "additive"):
        law = at(trial, name, "params")
        coordinates = law.coordinates(200, seed=3)
        p, sizes = law.natural(coordinates), np.geomspace(1e3, 1e9, 7)[:, None]
        rest = p["A"] / 1e9 ** p["alpha"] if name == "additive" else 0.0
        scale = p["B"] if name == "additive" else p["A"] / 1e9 ** p["alpha"]
        above = law.loss(coordinates, {"params": 1e9, "data": sizes}) - p["E"] - rest
        np.testing.assert_allclose(above, scale / sizes ** p["beta"], rtol=1e-8)


def test_limits(trial):
    product, total = (at(trial, name, "params") for name in ("multiplicative", "additive"))
    held = {"log_alpha": -0.5, "log_beta": -0.5}
    coordinates = total.coordinates(200, seed=4, **held)
    p, q = total.natural(coordinates), product.natural(coordinates)
    # more data alone removes all of a product, but one term of a sum
    late = {"params": 4e9, "data": 1e300}
    np.testing.assert_allclose(product.loss(coordinates, late), q["E"], rtol=1e-10)
    np.testing.assert_allclose(total.loss(coordinates, late), p["E"] + p["A"] / 4e9 ** p["alpha"], rtol=1e-10)
    np.testing.assert_allclose(total.loss(coordinates, {"params": 1e300, "data": 1e300}), p["E"], rtol=1e-10)


@pytest.mark.parametrize("cell", PUBLISHED)
def test_published_fits_lie_within_what_is_believed(trial, cell):
    A, alpha, E, beta, data = PUBLISHED[cell]
    reducible = A / (4e9**alpha * data**beta)
    law = trial("multiplicative", params=4e9, data=data)
    value = {"floor": logit(E / (E + reducible)), "log_alpha": np.log(alpha), "log_beta": np.log(beta)}
    for c in law.law.coordinates:
        assert abs(value[c.name] - c.mean) < 2 * c.sd
    expected = A / (1.6e10**alpha * 1e5**beta) + E
    found = law.loss(value, {"params": 1.6e10, "data": 1e5}, np.log(E + reducible))
    assert found == pytest.approx(expected, rel=1e-12)


def test_what_is_believed_of_an_exponent_depends_on_what_it_is_of(trial):
    priors = [{c.name: (c.mean, c.sd) for c in at(trial, "additive", column).law.coordinates} for column in COLUMNS]
    of_x = [prior.pop("log_alpha") for prior in priors]
    assert len(set(of_x)) == 3
    assert priors[0] == priors[1] == priors[2]
    assert [at(trial, "additive", column).law.covariates[0].unit for column in COLUMNS] == [
        "parameters", "tokens", "LoRA rank",
    ]  # fmt: skip
