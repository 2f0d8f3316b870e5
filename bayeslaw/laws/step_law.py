"""The step law: loss is a bowl in learning rate and batch size, about an optimum that moves with model size and data.

    L(N, D, l, b) = E + (A / N^alpha + B / D^beta) exp(k_l log(l / l*)^2 / 2 + k_b log(b / b*)^2 / 2)
    l* = c_l N^-m D^n,  b* = c_b D^p

Li et al. 2025, "Predictable Scale: Part I, Step Law" (arXiv 2503.04715), has the optimum, l* = 1.79 N^-.713 D^.307 and
b* = .58 D^.571 tokens, and a loss that is convex in the two logarithms about it; that what is lost there is a factor
of the reducible part, with the Chinchilla law at the optimum, is a choice made here.

Coordinates are taken at a reference point in the middle of the table.
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, exponential, floored


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    n, t = x["params"], x["data"]
    of_rate, of_batch = exponential(coordinates, "log_k_l", "log_k_b")
    rate = coordinates["rate"] - coordinates["rate_params"] * n + coordinates["rate_data"] * t
    batch = coordinates["batch"] + coordinates["batch_data"] * t
    bowl = of_rate * (x["learning_rate"] - rate) ** 2 + of_batch * (x["batch_size"] - batch) ** 2
    return chinchilla.reducible(coordinates, n, t) + 0.5 * bowl


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """The Chinchilla law at the optimum, and the optimum; ``level`` is the log loss at the reference point."""
    logs = {name: jnp.log(value) for name, value in reference.items()}
    at_reference = _reducible(coordinates, dict.fromkeys(logs, 0.0))
    best = level + above_floor(coordinates["floor"], -at_reference)
    terms = chinchilla.natural({**coordinates, "floor": coordinates["floor"] + at_reference}, best, reference)
    m, n, p = coordinates["rate_params"], coordinates["rate_data"], coordinates["batch_data"]
    rate, batch = logs["learning_rate"] + coordinates["rate"], logs["batch_size"] + coordinates["batch"]
    of_rate, of_batch = exponential(coordinates, "log_k_l", "log_k_b")
    return {
        **{name: terms[name] for name in ("E", "A", "B", "alpha", "beta")},
        "best_learning_rate": jnp.exp(rate),
        "best_batch_size": jnp.exp(batch),
        "c_l": jnp.exp(rate + m * logs["params"] - n * logs["data"]),
        "m": jnp.asarray(m),
        "n": jnp.asarray(n),
        "c_b": jnp.exp(batch - p * logs["data"]),
        "p": jnp.asarray(p),
        "k_l": of_rate,
        "k_b": of_batch,
    }


LAW = Law(
    name="step_law",
    formula="L(N, D, l, b) = E + (A / N^alpha + B / D^beta) exp(k_l log(l / l*)^2 / 2 + k_b log(b / b*)^2 / 2), "
    "l* = c_l N^-m D^n, b* = c_b D^p",
    source="Li et al. 2025, arXiv 2503.04715, equation 1 for l* and b*",
    covariates=(
        Covariate("params", "parameters"),
        Covariate("data", "tokens"),
        Covariate("learning_rate", "rate"),
        Covariate("batch_size", "tokens a batch"),
    ),
    axis="data",
    coordinates=(
        *chinchilla.LAW.coordinates,
        # Sweeps are made about a guess at the optimum: within a factor of five either way.
        Coordinate("rate", "log of l* / l_ref at (N_ref, D_ref)", 0.0, 1.0, 0.2, "family"),
        Coordinate("batch", "log of b* / b_ref at D_ref", 0.0, 1.0, 0.2, "family"),
        # Published: .713, .307 and .571; other studies have m of .2 to .7, n from -.3 to .3, and p of .3 to .6.
        Coordinate("rate_params", "m", 0.5, 0.25, 0.05, "family"),
        Coordinate("rate_data", "n", 0.1, 0.25, 0.05, "family"),
        Coordinate("batch_data", "p", 0.5, 0.2, 0.05, "family"),
        # A factor of four off costs a few percent of the reducible part, or less: k of .03, 90% from .005 to .15.
        Coordinate("log_k_l", "log k_l", -3.5, 1.0, 0.3, "family"),
        Coordinate("log_k_b", "log k_b", -3.5, 1.0, 0.3, "family"),
    ),
    parameters=(
        *(p for p in chinchilla.LAW.parameters if p.name != "a"),
        Parameter("best_learning_rate", "rate", "l* at the reference point", coordinate="rate"),
        Parameter("best_batch_size", "tokens a batch", "b* at the reference point", coordinate="batch"),
        Parameter("c_l", "rate * params^m / tokens^n", "scale of the best learning rate"),
        Parameter("m", "1", "exponent of parameters in it, downwards", coordinate="rate_params"),
        Parameter("n", "1", "exponent of data in it", coordinate="rate_data"),
        Parameter("c_b", "tokens a batch / tokens^p", "scale of the best batch size"),
        Parameter("p", "1", "exponent of data in it", coordinate="batch_data"),
        Parameter("k_l", "1", "curvature of the bowl in the log of the learning rate", coordinate="log_k_l"),
        Parameter("k_b", "1", "curvature of the bowl in the log of the batch size", coordinate="log_k_b"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
)
