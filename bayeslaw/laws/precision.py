"""The precision law: parameters that are trained in few bits count as fewer parameters.

    L(N, D, P) = E + A / N'^alpha + B / D^beta,  N' = N prod_i (1 - exp(-P_i / gamma_i))

Kumar et al. 2024, "Scaling Laws for Precision" (arXiv 2411.04330), equation 3, without the loss of quantising after
training. P_i are the bits of weights, activations and the key-value cache, each from a column of its own; a table in
which one alone varies is fitted by naming it, ``precision(weight_bits)``.

Coordinates are taken at a reference point in the middle of the table, as in the Chinchilla law.
"""

import functools
from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, floored, log_reducible

BITS = {"weight": "weight_bits", "activation": "activation_bits", "kv": "kv_bits"}
"""Columns, by what they are the bits of."""

PUBLISHED = {"weight": -0.8, "activation": -1.0, "kv": -1.8}
"""Log of gamma / P_ref: gammas are 2.67, 2.21 and .96, at P_ref = 6 bits."""


def _log_worth(coordinates: Mapping[str, Array], of: str, bits: Array) -> Array:
    """Log of 1 - exp(-P / gamma) at log P / P_ref."""
    return jnp.log(-jnp.expm1(-jnp.exp(bits - coordinates[f"log_gamma_{of}"])))


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array], columns: Mapping[str, str]) -> Array:
    worth = sum(_log_worth(coordinates, of, x[name]) - _log_worth(coordinates, of, 0.0) for of, name in columns.items())
    return chinchilla.reducible(coordinates, x["params"] + worth, x["data"])


def natural(
    coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array], columns: Mapping[str, str]
) -> dict[str, Array]:
    """E, A, B, alpha, beta and the gammas of the law; ``level`` is the log loss at the reference point."""
    worth = sum(_log_worth(coordinates, of, 0.0) for of in columns)
    params = reference["params"] * jnp.exp(worth)
    log_terms = log_reducible(level, coordinates["floor"])
    A, B, _, _ = chinchilla.scales(coordinates, log_terms, params, reference["data"])
    gammas = {f"gamma_{of}": reference[name] * jnp.exp(coordinates[f"log_gamma_{of}"]) for of, name in columns.items()}
    return {**chinchilla.natural(coordinates, level, reference), "A": A, "B": B, **gammas}


@functools.cache
def over(column: str) -> Law:
    """Return the law with the bits of one column."""
    return _law(f"precision({column})", {"bits": column})


def _law(name: str, columns: Mapping[str, str]) -> Law:
    """The law with the bits of some columns."""
    gammas = {of: f"log_gamma_{of}" for of in columns}
    return Law(
        name=name,
        formula="L(N, D, P) = E + A / N'^alpha + B / D^beta, N' = N prod_i (1 - exp(-P_i / gamma_i))",
        source="Kumar et al. 2024, arXiv 2411.04330, equation 3",
        covariates=(*chinchilla.LAW.covariates, *(Covariate(column, "bits") for column in columns.values())),
        axis="data",
        coordinates=(
            *chinchilla.LAW.coordinates,
            # Published once; with other hardware and formats within a factor of three either way.
            *(
                Coordinate(name, f"log of gamma of {columns[of]} / P_ref", PUBLISHED.get(of, -1.0), 0.7, 0.15, "family")
                for of, name in gammas.items()
            ),
        ),
        parameters=(
            *chinchilla.LAW.parameters,
            *(
                Parameter(f"gamma_{of}", "bits", f"{columns[of]} with which a parameter is worth .63", coordinate=name)
                for of, name in gammas.items()
            ),
        ),
        log_shape=floored(functools.partial(_reducible, columns=columns)),
        natural=functools.partial(natural, columns=columns),
        kind="surfaces",
        discrepancy="field",
        slopes=chinchilla.slopes,
    )


LAW = _law("precision", BITS)
