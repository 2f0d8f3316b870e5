"""The law of sparse models: at so many parameters that are not zero, a sparser model has the lower loss.

    L(S, N, D) = E + (a (1 - S)^gamma + c) / N^alpha + B / D^beta

Frantar et al. 2023, "Scaling Laws for Sparsely-Connected Foundation Models" (arXiv 2309.08520), equation 1, with (a_D
/ D)^b_D written as B / D^beta. N counts the parameters that are not zero, and 1 - S is their share of all, here the
column ``density``: 1 for a dense model.

Coordinates are taken at a reference point (N_ref, D_ref, density_ref) in the middle of the table.
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws import granular_moe
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, floored, irreducible_with, shares


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    return granular_moe.reducible(coordinates, x, -x["density"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, a, c, B and exponents of the law; ``level`` is the log loss at the reference point."""
    found = granular_moe.two_terms(coordinates, level, reference)
    part, rest = shares(coordinates["part"])
    whole = found.pop("A")
    a = whole * jnp.exp(part - found["gamma"] * jnp.log(reference["density"]))
    return {**found, "a": a, "c": whole * jnp.exp(rest)}


LAW = Law(
    name="sparsity",
    formula="L(S, N, D) = E + (a (1 - S)^gamma + c) / N^alpha + B / D^beta",
    source="Frantar et al. 2023, arXiv 2309.08520, equation 1",
    covariates=(
        Covariate("params", "parameters"),
        Covariate("data", "tokens or examples"),
        Covariate(
            "density",
            "share of parameters that are not zero",
            hint="Of sparsity, the share that is zero, make a column density, which is 1 - sparsity.",
        ),
    ),
    axis="data",
    coordinates=(
        # Published for language models on C4: E = .65, alpha .25 and beta .20; of image models exponents are .5 or so.
        # 90% from .06 to .85, and from .1 to .65.
        Coordinate("floor", "logit of E / L at the reference", -0.5, 1.2, 0.2, "family"),
        Coordinate("split", "logit of the share of the term in N at the reference", 0.0, 1.0, 0.3, "family"),
        Coordinate("log_alpha", "log alpha", -1.4, 0.55, 0.15, "family"),
        Coordinate("log_beta", "log beta", -1.4, 0.55, 0.15, "family"),
        # Published: a = 16.8 and c = 45 with gamma = .72, so .15 at a density of a third. 90% from .04 to .5.
        Coordinate("part", "logit of the share of a (1 - S)^gamma in the term in N", -1.7, 1.0, 0.3, "family"),
        Coordinate("log_gamma", "log gamma", -0.3, 0.5, 0.15, "family"),
    ),
    parameters=(
        irreducible_with("parameters and data"),
        Parameter("a", "loss * params^alpha", "what of a dense model's scale sparsity removes", coordinate="part"),
        Parameter("c", "loss * params^alpha", "scale of the loss that more parameters remove, at any sparsity"),
        Parameter("B", "loss * data^beta", "scale of the loss that more data removes"),
        Parameter("alpha", "1", "exponent of parameters", coordinate="log_alpha"),
        Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
        Parameter("gamma", "1", "exponent of the share of parameters that are not zero", coordinate="log_gamma"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=granular_moe.slopes,
)
