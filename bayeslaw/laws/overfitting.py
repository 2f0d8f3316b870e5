"""The overfitting law: tokens seen again are as good as fresh ones, but a model that knows them by heart loses.

    L(N, D, U) = E + A / N^alpha + B / D^beta + P (N / U)^kappa (1 - exp(-R / R_o)),  R = max(D / U - 1, 0)

A law of this project. U is the number of unique tokens and D of those seen, repeats counted. In the data-constrained
law of Muennighoff et al. 2023 (arXiv 2305.16264) repeats are worth less and less, so that losses never rise; in the
public runs of that paper they do, by up to a half, for large models on few tokens. Here repeats keep their worth, and
what a model loses grows with the number of repeats until it is all that the model can learn by heart, which is the more
the more parameters it has for a token. Fitted by least squares to four fifths of those runs it misses the largest by
two fifths less than the data-constrained law, and has one number more. Without repeats it is the Chinchilla law.

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table, without repeats. U and D count the
same thing, and U is measured by D_ref.
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, floored, log_reducible

NOTHING = -1e4
"""Logarithm of what is lost without repeats; one of minus infinity has no gradient."""

MOST = 50.0
"""Log of the most passes through the data that are told apart, so that none overflow."""


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    kappa, scale = exponential(coordinates, "log_kappa", "log_R_o")
    repeats = jnp.expm1(jnp.minimum(x["data"] - x["unique_data"], MOST))
    repeated = repeats > 0
    by_heart = jnp.where(repeated, jnp.log(-jnp.expm1(-jnp.where(repeated, repeats, 1.0) / scale)), NOTHING)
    overfit = coordinates["log_overfit"] + kappa * (x["params"] - x["unique_data"]) + by_heart
    return jnp.logaddexp(chinchilla.reducible(coordinates, x["params"], x["data"]), overfit)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, B, exponents, P and R_o of the law; ``level`` is log L(N_ref, D_ref) without repeats."""
    kappa, scale = exponential(coordinates, "log_kappa", "log_R_o")
    found = chinchilla.natural(coordinates, level, reference)
    log_terms = log_reducible(level, coordinates["floor"])
    per_token = jnp.log(reference["params"] / reference["data"])
    log_p = log_terms + coordinates["log_overfit"] - kappa * per_token
    return {
        **{name: value for name, value in found.items() if name != "a"},
        "P": jnp.exp(log_p),
        "kappa": kappa,
        "R_o": scale,
    }


LAW = Law(
    name="overfitting",
    formula="L(N, D, U) = E + A / N^alpha + B / D^beta + P (N / U)^kappa (1 - exp(-R / R_o)), R = max(D / U - 1, 0)",
    source="this project, after Muennighoff et al. 2023, arXiv 2305.16264",
    covariates=(
        Covariate("params", "parameters"),
        Covariate("data", "tokens or examples"),
        Covariate("unique_data", "tokens or examples", like="data"),
    ),
    axis="data",
    coordinates=(
        *chinchilla.LAW.coordinates,
        # Fitted to the public runs by least squares, this law has .02 at 50 tokens a parameter, where little can be
        # learned by heart; tables of larger models for their data have more. 90% from .01 to .8.
        Coordinate("log_overfit", "log of P (N_ref / D_ref)^kappa over what is reducible", -2.3, 1.3, 0.3, "family"),
        # What can be learned by heart is in proportion to parameters, more or less; those runs have .9.
        Coordinate("log_kappa", "log kappa", 0.0, 0.5, 0.15, "family"),
        # Repeats are worth little after 15 in the law named above; the same runs have 140 here. 90% from 8 to 200. A
        # matter of the data more than of the models.
        Coordinate("log_R_o", "log R_o", 3.7, 1.0, 0.15, "task"),
    ),
    parameters=(
        *(p for p in chinchilla.LAW.parameters if p.name != "a"),
        Parameter("P", "loss * (tokens / params)^kappa", "scale of what models lose that know their data by heart"),
        Parameter("kappa", "1", "exponent of parameters a unique token in what they lose", coordinate="log_kappa"),
        Parameter("R_o", "1", "repeats after which 1 - 1/e of it is lost", coordinate="log_R_o"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=chinchilla.slopes,
)
