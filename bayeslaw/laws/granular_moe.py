"""The law of fine-grained experts: the term in model size has a part that smaller and more experts take away.

    L(N, D, G) = E + (g / G^gamma + A) / N^alpha + B / D^beta

Krajewski et al. 2024, "Scaling Laws for Fine-Grained Mixture of Experts" (arXiv 2402.07871), equation 6. G is the
granularity: by how much experts are smaller than the feed-forward layer that they take the place of; N the total
number of parameters, for one ratio of all to active ones.

Coordinates are taken at a reference point (N_ref, D_ref, G_ref) in the middle of the table, as in the Chinchilla law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import (
    Array,
    Coordinate,
    Covariate,
    Law,
    Parameter,
    exponential,
    floored,
    irreducible,
    irreducible_with,
    log_reducible,
    log_sum,
    shares,
)


def reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array], modifier: Array) -> Array:
    """Log of (g exp(-gamma m) + A) / N^alpha + B / D^beta, relative to that at the reference point.

    Parameters
    ----------
    coordinates : mapping
        ``split``, ``log_alpha`` and ``log_beta`` as in the Chinchilla law; ``part``: logit of the share of g in the
        term in N at the reference point; ``log_gamma``.
    x : mapping
        Logs of covariates over the reference; ``params`` and ``data``.
    modifier : array
        m, what the part g falls with.
    """
    alpha, beta, gamma = exponential(coordinates, "log_alpha", "log_beta", "log_gamma")
    of_n, of_d = shares(coordinates["split"])
    part, rest = shares(coordinates["part"])
    of_n = of_n + log_sum(part - gamma * modifier, rest)
    return log_sum(of_n - alpha * x["params"], of_d - beta * x["data"])


def two_terms(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A (with all that modifies it), B, and exponents; ``level`` is the log loss at the reference point."""
    floor, log_terms = coordinates["floor"], log_reducible(level, coordinates["floor"])
    A, B, alpha, beta = chinchilla.scales(coordinates, log_terms, reference["params"], reference["data"])
    (gamma,) = exponential(coordinates, "log_gamma")
    return {"E": irreducible(level, floor), "A": A, "B": B, "alpha": alpha, "beta": beta, "gamma": gamma}


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    return reducible(coordinates, x, x["granularity"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, g, B and exponents of the law; ``level`` is log L(N_ref, D_ref, G_ref)."""
    found = two_terms(coordinates, level, reference)
    part, rest = shares(coordinates["part"])
    g = found["A"] * jnp.exp(part + found["gamma"] * jnp.log(reference["granularity"]))
    return {**found, "A": found["A"] * jnp.exp(rest), "g": g}


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogN, -dlogL/dlogD and -dlogL/dlogG at the reference point, less the logs of their exponents."""
    found = chinchilla.slopes(dict(coordinates))
    return {**found, "log_gamma": found["log_alpha"] + jax.nn.log_sigmoid(coordinates["part"])}


LAW = Law(
    name="granular_moe",
    formula="L(N, D, G) = E + (g / G^gamma + A) / N^alpha + B / D^beta",
    source="Krajewski et al. 2024, arXiv 2402.07871, equation 6",
    covariates=(
        Covariate("params", "parameters"),
        Covariate("data", "tokens or examples"),
        Covariate("granularity", "times smaller experts"),
    ),
    axis="data",
    coordinates=(
        # Published once: E = .47 of a loss of 3 or so, a floor of .16, alpha .115 and beta .147; other fits of such
        # models have the larger floors and exponents of the Chinchilla law. 90% from .05 to .85, and from .08 to .45.
        Coordinate("floor", "logit of E / L(N_ref, D_ref, G_ref)", -0.6, 1.2, 0.2, "family"),
        Coordinate("split", "logit of the share of the term in N at the reference", 0.0, 1.0, 0.3, "family"),
        Coordinate("log_alpha", "log alpha", -1.7, 0.5, 0.15, "family"),
        Coordinate("log_beta", "log beta", -1.7, 0.5, 0.15, "family"),
        # Published: g = 2.1 beside A = 18.1, so .05 at G = 4, and gamma = .58.
        Coordinate("part", "logit of the share of g / G^gamma in the term in N", -2.5, 1.0, 0.3, "family"),
        Coordinate("log_gamma", "log gamma", -0.5, 0.5, 0.15, "family"),
    ),
    parameters=(
        irreducible_with("parameters and data"),
        Parameter("A", "loss * params^alpha", "scale of the loss that more parameters remove, granularity aside"),
        Parameter(
            "g", "loss * params^alpha * granularity^gamma", "scale of what granularity removes", coordinate="part"
        ),
        Parameter("B", "loss * data^beta", "scale of the loss that more data removes"),
        Parameter("alpha", "1", "exponent of parameters", coordinate="log_alpha"),
        Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
        Parameter("gamma", "1", "exponent of granularity", coordinate="log_gamma"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
