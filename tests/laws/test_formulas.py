"""Laws written a second time, as their papers have them: in natural parameters and plain numpy.

Each formula takes natural parameters p, covariates x and the reference point r. A law has to agree with it wherever its
coordinates are, so that neither its shape nor its natural parameters can be of another law.
"""

import numpy as np
import pytest

from bayeslaw.laws import get_law

LEVEL = 0.9
BITS = ("weight", "activation", "kv")


def chinchilla(p, params, data):
    return p["E"] + p["A"] / params ** p["alpha"] + p["B"] / data ** p["beta"]


def active_params(p, x, r):
    n, m = np.log(x["params"] / r["params"]), np.log(x["active_params"] / r["active_params"])
    return p["E"] + p["A"] * np.exp(-p["alpha"] * n - p["gamma"] * m + p["c"] * n * m)


def annealing(p, x, r):
    return p["L_0"] + p["A"] * x["rate_sum"] ** -p["alpha"] - p["C"] * (x["annealed_sum"] - x["rate_sum"])


def bounded_power(p, x, r):
    return p["E"] + p["C"] * (1 + x["demonstrations"] / p["n_c"]) ** -p["alpha"]


def error_landscape(p, x, r):
    e = chinchilla(p, x["params"], x["data"])
    return p["L_0"] * e / np.sqrt(e**2 + p["L_0"] ** 2)


def farseer(p, x, r):
    n, d = x["params"], x["data"] / r["data"]
    exponent = np.exp(p["A"] * n ** p["a"] + p["F"])
    return np.exp(p["s"] * n ** p["q"] + p["S"]) + np.exp(p["B"] * n ** -p["b"] + p["Q"]) * d**-exponent


def granular_moe(p, x, r):
    of_n = (p["g"] / x["granularity"] ** p["gamma"] + p["A"]) / x["params"] ** p["alpha"]
    return p["E"] + of_n + p["B"] / x["data"] ** p["beta"]


def in_context(p, x, r):
    odds = p["rho"] / (1 - p["rho"]) * np.exp(p["Delta"] * p["K"] * x["demonstrations"])
    w = odds / (1 + odds)
    return p["E"] - p["u"] * np.log(w + (1 - w) * np.exp(-p["Delta"]))


def kaplan(p, x, r):
    return ((p["N_c"] / x["params"]) ** (p["alpha"] / p["beta"]) + p["D_c"] / x["data"]) ** p["beta"]


def loss_to_loss(p, x, r):
    return p["E_1"] + p["K"] * (1 / x["loss_inverse"] - p["E_0"]) ** p["kappa"]


def moe(p, x, r):
    inverse = 1 / (x["experts"] - 1 + 1 / (1 / p["E_start"] - 1 / p["E_max"])) + 1 / p["E_max"]
    n, e = np.log(x["params"]), -np.log(inverse)
    return p["scale"] * np.exp(p["a"] * n + p["b"] * e + p["c"] * n * e)


def mup(p, x, r):
    return p["E"] + p["A"] / x["compute"] ** p["beta"]


def overfitting(p, x, r):
    n, d, u = (x[name] for name in ("params", "data", "unique_data"))
    repeats = np.maximum(d / u - 1, 0)
    lost = p["P"] * (n / u) ** p["kappa"] * (1 - np.exp(-repeats / p["R_o"]))
    return chinchilla(p, n, d) + lost


def parallel(p, x, r):
    return p["E"] + (p["A"] / (x["params"] * (p["k"] * np.log(x["parallel_size"]) + 1))) ** p["alpha"]


def precision(p, x, r):
    worth = np.prod([1 - np.exp(-x[f"{of}_bits"] / p[f"gamma_{of}"]) for of in BITS], axis=0)
    return chinchilla(p, x["params"] * worth, x["data"])


def sparsity(p, x, r):
    of_n = (p["a"] * x["density"] ** p["gamma"] + p["c"]) / x["params"] ** p["alpha"]
    return p["E"] + of_n + p["B"] / x["data"] ** p["beta"]


def step_law(p, x, r):
    rate = p["c_l"] * x["params"] ** -p["m"] * x["data"] ** p["n"]
    batch = p["c_b"] * x["data"] ** p["p"]
    off = p["k_l"] * np.log(x["learning_rate"] / rate) ** 2 + p["k_b"] * np.log(x["batch_size"] / batch) ** 2
    return p["E"] + (chinchilla(p, x["params"], x["data"]) - p["E"]) * np.exp(off / 2)


def temporal(p, x, r):
    return p["a_0"] / (1 + p["a_1"] * x["position"]) + p["a_2"]


def temporal_drift(p, x, r):
    near = p["A"] * x["data"] ** -p["p"] / (1 + p["a_1"] * x["position"])
    return near + p["B"] * x["data"] ** -p["q"]


def three_terms(p, x, r):
    steps, batch = p["B"] / x["steps"] ** p["beta"], p["C"] / x["batch_size"] ** p["gamma"]
    return p["E"] + p["A"] / x["params"] ** p["alpha"] + steps + batch


def transfer(p, x, r):
    worth = p["k"] * x["data"] ** p["theta"] * x["params"] ** p["phi"]
    return chinchilla(p, x["params"], x["data"] + worth)


def vocabulary(p, x, r):
    v = x["vocab_size"]
    return chinchilla(p, x["params"] * v ** p["k"], x["data"] * v ** p["m"])


FORMULAS = (
    active_params, annealing, bounded_power, error_landscape, farseer, granular_moe, in_context, kaplan, loss_to_loss,
    moe, mup, overfitting, parallel, precision, sparsity, step_law, temporal, temporal_drift, three_terms, transfer,
    vocabulary,
)  # fmt: skip
POINTS = {"parallel_size": 4.0, "granularity": 4.0, "experts": 16.0, "density": 0.5, "loss_inverse": 0.4,
          "demonstrations": 64.0, "position": 300.0, "learning_rate": 1e-3}  # fmt: skip
"""Reference points of covariates that are no millions; bits are 6, others 1e6."""


def drawn(law, seed):
    """Coordinates about their prior means, a reference point, and covariates within a factor of two of it."""
    rng = np.random.default_rng(seed)
    coordinates = {c.name: c.mean + 0.5 * c.sd * rng.standard_normal() for c in law.coordinates}
    names = [c.name for c in law.covariates]
    reference = {name: POINTS.get(name, 6.0 if name.endswith("_bits") else 1e6) for name in names}
    x = {
        name: value * 2.0 ** rng.uniform(-1, 0 if law.kind == "curves" else 1, 40) for name, value in reference.items()
    }
    if law.name == "annealing":
        x["annealed_sum"] = x["rate_sum"] * rng.uniform(1.0, 1.1, 40)
    return coordinates, reference, x


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)
def test_a_law_is_the_formula_of_its_paper(formula, seed):
    law = get_law(formula.__name__)
    coordinates, reference, x = drawn(law, seed)
    unit = 0.7
    whole = {**reference, "loss": unit} if law.link else reference
    natural = {name: float(value) for name, value in law.natural(coordinates, LEVEL, whole).items()}
    linked = LEVEL + np.asarray(law.log_shape(coordinates, x, reference))
    found = unit * linked if law.link else np.exp(linked)
    np.testing.assert_allclose(found, formula(natural, x, reference), rtol=2e-4)
    assert np.ptp(found) > 1e-3
