"""The vocabulary law: more words in the vocabulary make parameters worth more or less, and data too.

    L(N, V, D) = E + A (N V^k)^-alpha + B (D V^m)^-beta

Tao et al. 2024, "Scaling Laws with Vocabulary" (arXiv 2407.13623), study the loss as a function of parameters outside
the vocabulary, N, of the size of the vocabulary, V, and of characters of text, D; the form is one of those that Li et
al. 2026 (arXiv 2604.22753) fit to their runs, and foretells larger vocabularies better there than the published sum of
powers E + A / N^alpha + A_V / N_V^alpha_V + B / D^beta. Losses of different vocabularies can be compared only relative
to something, such as a unigram model of the same vocabulary: they are negative, and the law has the identity link.

Coordinates are taken at a reference point (N_ref, V_ref, D_ref) in the middle of the table.
"""

from collections.abc import Mapping
from dataclasses import replace

import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, floored, irreducible_with
from bayeslaw.laws.variants import with_identity


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    v = x["vocab_size"]
    n, t = x["params"] + coordinates["of_params"] * v, x["data"] + coordinates["of_data"] * v
    return chinchilla.reducible(coordinates, n, t)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, B and exponents of the law; ``level`` is the log loss at the reference point."""
    k, m = (jnp.asarray(coordinates[name]) for name in ("of_params", "of_data"))
    v = jnp.log(reference["vocab_size"])
    worth = {"params": reference["params"] * jnp.exp(k * v), "data": reference["data"] * jnp.exp(m * v)}
    found = chinchilla.natural(coordinates, level, worth)
    return {**{name: value for name, value in found.items() if name != "a"}, "k": k, "m": m}


LAW = replace(
    with_identity(
        Law(
            name="vocabulary",
            formula="L(N, V, D) = E + A (N V^k)^-alpha + B (D V^m)^-beta",
            source="Tao et al. 2024, arXiv 2407.13623; Li et al. 2026, arXiv 2604.22753, for the form",
            covariates=(
                Covariate("params", "parameters"),
                Covariate("data", "characters or tokens"),
                Covariate("vocab_size", "words"),
            ),
            axis="data",
            coordinates=(
                # Shares and exponents as in the Chinchilla law, but wider: with the zero of the loss unknown exponents
                # are known less, and least squares on the published runs have .09 to .1 and .4. 90% from .08 to .8.
                *chinchilla.LAW.coordinates[:2],
                Coordinate("log_alpha", "log alpha", -1.4, 0.7, 0.15, "family"),
                Coordinate("log_beta", "log beta", -1.2, 0.6, 0.15, "family"),
                # More words make short work of a text but need data to be learned: 1 and -.3 in the fits named above.
                Coordinate("of_params", "k", 0.5, 0.8, 0.2, "family"),
                Coordinate("of_data", "m", -0.2, 0.4, 0.1, "family"),
            ),
            parameters=(
                irreducible_with("parameters and data"),
                Parameter("A", "loss * (params * vocab_size^k)^alpha", "scale of the loss that more parameters remove"),
                Parameter("B", "loss * (data * vocab_size^m)^beta", "scale of the loss that more data removes"),
                Parameter("alpha", "1", "exponent of parameters", coordinate="log_alpha"),
                Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
                Parameter("k", "1", "exponent of words in what parameters are worth", coordinate="of_params"),
                Parameter("m", "1", "exponent of words in what data are worth", coordinate="of_data"),
            ),
            log_shape=floored(_reducible),
            natural=natural,
            kind="surfaces",
            discrepancy="field",
            slopes=chinchilla.slopes,
        )
    ),
    name="vocabulary",
)
