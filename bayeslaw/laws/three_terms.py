"""The three-term law: size, steps and batch each leave a loss of their own.

    L(N, T, b) = E + A / N^alpha + B / T^beta + C / b^gamma

Schaipp 2026 (arXiv 2607.01487). T is the number of steps and b the batch size, so that data are T b. Where a batch is
as large as is of use, more steps are all that data buy.

Coordinates are taken at a reference point in the middle of the table, as in the Chinchilla law.
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
    log_sum,
    shares,
)

TERMS = ("params", "steps", "batch_size")
EXPONENTS = ("log_alpha", "log_beta", "log_gamma")


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    parts, exponents = shares(coordinates["split"], coordinates["split_steps"]), exponential(coordinates, *EXPONENTS)
    return log_sum(*(s - p * x[name] for s, p, name in zip(parts, exponents, TERMS, strict=True)))


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, B, C and exponents of the law; ``level`` is the log loss at the reference point."""
    parts, exponents = shares(coordinates["split"], coordinates["split_steps"]), exponential(coordinates, *EXPONENTS)
    terms = log_reducible(level, coordinates["floor"])
    scales = [terms + s + p * jnp.log(reference[name]) for s, p, name in zip(parts, exponents, TERMS, strict=True)]
    return {
        "E": irreducible(level, coordinates["floor"]),
        **dict(zip(("A", "B", "C"), map(jnp.exp, scales), strict=True)),
        **dict(zip(("alpha", "beta", "gamma"), exponents, strict=True)),
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of log-log slopes at the reference point, less the logs of their exponents."""
    above, parts = jax.nn.log_sigmoid(-coordinates["floor"]), shares(coordinates["split"], coordinates["split_steps"])
    return {name: above + part for name, part in zip(EXPONENTS, parts, strict=True)}


LAW = Law(
    name="three_terms",
    formula="L(N, T, b) = E + A / N^alpha + B / T^beta + C / b^gamma",
    source="Schaipp 2026, arXiv 2607.01487",
    covariates=(
        Covariate("params", "parameters"),
        Covariate("steps", "steps"),
        Covariate("batch_size", "tokens a batch"),
    ),
    axis="steps",
    coordinates=(
        # Floor, and share and exponent of parameters, as in the Chinchilla law. Steps and batch share what data have
        # there; which of them lacks more differs with the batch size: 90% from .08 to .92. Their exponents are less
        # known.
        Coordinate("floor", "logit of E / L at the reference", 0.6, 0.8, 0.2, "family"),
        Coordinate("split", "logit of the share of A / N^alpha in the reducible part", -0.3, 1.0, 0.3, "family"),
        Coordinate("split_steps", "logit of the share of B / T^beta in the rest", 0.0, 1.5, 0.3, "family"),
        Coordinate("log_alpha", "log alpha", -1.1, 0.4, 0.15, "family"),
        Coordinate("log_beta", "log beta", -1.0, 0.5, 0.15, "family"),
        Coordinate("log_gamma", "log gamma", -1.0, 0.6, 0.15, "family"),
    ),
    parameters=(
        irreducible_with("parameters, steps and batch"),
        Parameter("A", "loss * params^alpha", "scale of the loss that more parameters remove"),
        Parameter("B", "loss * steps^beta", "scale of the loss that more steps remove"),
        Parameter("C", "loss * batch_size^gamma", "scale of the loss that larger batches remove"),
        Parameter("alpha", "1", "exponent of parameters", coordinate="log_alpha"),
        Parameter("beta", "1", "exponent of steps", coordinate="log_beta"),
        Parameter("gamma", "1", "exponent of the batch size", coordinate="log_gamma"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
