"""The law of active and total parameters: powers of both, and an interaction of their logarithms.

    L(N, M) = E + A (N / N_ref)^-alpha (M / M_ref)^-gamma exp(c log(N / N_ref) log(M / M_ref))

N is the number of all parameters and M of those that a token meets. The form is one of the candidates for tables of
sparse models in Li et al. 2026 (arXiv 2604.22753), taken about the middle of the table, (N_ref, M_ref), so that
exponents are slopes there. With c = 0 it is the multiplicative law. It is for one amount of data.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

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
)


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    alpha, gamma = exponential(coordinates, "log_alpha", "log_gamma")
    n, m = x["params"], x["active_params"]
    return -alpha * n - gamma * m + coordinates["interaction"] * n * m


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, alpha, gamma and c of the law; ``level`` is log L(N_ref, M_ref)."""
    alpha, gamma = exponential(coordinates, "log_alpha", "log_gamma")
    return {
        "E": irreducible(level, coordinates["floor"]),
        "A": jnp.exp(log_reducible(level, coordinates["floor"])),
        "alpha": alpha,
        "gamma": gamma,
        "c": jnp.asarray(coordinates["interaction"]),
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogN and -dlogL/dlogM at the reference point, less ``log_alpha`` and ``log_gamma``."""
    above = jax.nn.log_sigmoid(-coordinates["floor"])
    return {"log_alpha": above, "log_gamma": above}


LAW = Law(
    name="active_params",
    formula="L(N, M) = E + A (N / N_ref)^-alpha (M / M_ref)^-gamma exp(c log(N / N_ref) log(M / M_ref))",
    source="Li et al. 2026, arXiv 2604.22753, forms for sparse models",
    covariates=(Covariate("params", "parameters"), Covariate("active_params", "parameters")),
    axis="params",
    coordinates=(
        # Floors as in the Chinchilla law, wider. Both exponents share what N alone has there, .35, or, where the floor
        # is small, .1: 90% from .03 to .5 each. Interaction in its own unit, either sign.
        Coordinate("floor", "logit of E / L(N_ref, M_ref)", 0.0, 1.2, 0.2, "family"),
        Coordinate("log_alpha", "log alpha", -2.1, 0.8, 0.15, "family"),
        Coordinate("log_gamma", "log gamma", -2.1, 0.8, 0.15, "family"),
        Coordinate("interaction", "c", 0.0, 0.01, 0.003, "family"),
    ),
    parameters=(
        irreducible_with("parameters"),
        Parameter("A", "loss", "reducible loss at (N_ref, M_ref)"),
        Parameter("alpha", "1", "exponent of all parameters, at M_ref", coordinate="log_alpha"),
        Parameter("gamma", "1", "exponent of active parameters, at N_ref", coordinate="log_gamma"),
        Parameter("c", "1", "interaction: how much less one does with more of the other", coordinate="interaction"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
