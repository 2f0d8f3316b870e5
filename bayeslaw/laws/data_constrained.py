"""The data-constrained law: tokens seen again are worth less each time, and so are parameters beyond what they feed.

    L(N, D) = E + A / N'^alpha + B / D'^beta
    D' = U_D + U_D R_D* (1 - exp(-R_D / R_D*)),  R_D = D / U_D - 1,  U_D = min(D, U)
    N' = U_N + U_N R_N* (1 - exp(-R_N / R_N*)),  R_N = N / U_N - 1,  U_N = min(N, N_opt(U_D))

Muennighoff et al. 2023, "Scaling Data-Constrained Language Models" (arXiv 2305.16264). U is the number of unique tokens
and D of those seen, repeats counted. N_opt(U_D) is the size of the model for which the Chinchilla law with the same A,
B, alpha and beta finds U_D tokens the best use of compute, where a little more of either gains alike:

    alpha A / N_opt^alpha = beta B / U_D^beta.

R_D* is the number of repetitions after which one more is worth 1/e of a fresh pass; R_N* is the same of parameters.
Where nothing is repeated and no model is larger than its N_opt, this is the Chinchilla law.

Coordinates are taken at a reference point (N_ref, D_ref, U_ref) in the middle of the table. ``split`` and the exponents
are those of the Chinchilla law at (N_ref, D_ref), without the discounts, so that every value of them is possible.
U and D count the same thing, and D/U matters: where a reference is divided out, U is measured by D_ref.
"""

import math
from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible

WORTHLESS = 40.0
"""In units of R*: what is repeated more often adds less than the last bit of what it is worth together."""


def discounted(x: Array, unique: Array, log_scale: Array) -> Array:
    """Log of what an amount is worth: of full + full R* (1 - exp(-R / R*)), with R = amount / full - 1.

    Parameters
    ----------
    x : array
        Log of the amount.
    unique : array
        Log of what of it counts in full; all of it does if this is more.
    log_scale : array
        log R*.
    """
    full = jnp.minimum(x, unique)
    # R is held below WORTHLESS R*, lest exp overflow
    excess = jnp.minimum(x - full, jnp.logaddexp(0.0, log_scale + math.log(WORTHLESS)))
    scale = jnp.exp(log_scale)
    return full + jnp.log1p(-scale * jnp.expm1(-jnp.expm1(excess) / scale))


def _reducible(coordinates: Mapping[str, Array], n: Array, t: Array, u: Array) -> Array:
    """Log of both terms at log N / N_ref, D / D_ref and U / D_ref, relative to N_ref and D_ref without discounts."""
    alpha, beta = jnp.exp(coordinates["log_alpha"]), jnp.exp(coordinates["log_beta"])
    u = jnp.minimum(t, u)
    # alpha A / N_opt^alpha = beta B / U_D^beta, where at the reference point the terms are as sigmoid(+-split)
    n_opt = (coordinates["log_alpha"] - coordinates["log_beta"] + coordinates["split"] + beta * u) / alpha
    n_worth, t_worth = discounted(n, n_opt, coordinates["log_R_N"]), discounted(t, u, coordinates["log_R_D"])
    return chinchilla.reducible(coordinates, n_worth, t_worth)


def _at_reference(coordinates: Mapping[str, Array], reference: Mapping[str, Array]) -> Array:
    return _reducible(coordinates, 0.0, 0.0, jnp.log(reference["unique_data"] / reference["data"]))


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(N, D, U) / L(N_ref, D_ref, U_ref).

    Parameters
    ----------
    coordinates : mapping
        ``floor`` (logit of E / L(N_ref, D_ref, U_ref)), ``split`` (logit of the share of A / N^alpha in A / N^alpha +
        B / D^beta at N_ref and D_ref), ``log_alpha``, ``log_beta``, ``log_R_D`` and ``log_R_N``.
    covariates : mapping
        ``params``: N; ``data``: D, in tokens or examples; ``unique_data``: U, in the same.
    reference : mapping
        ``params``: N_ref; ``data``: D_ref; ``unique_data``: U_ref.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    floor = coordinates["floor"]
    n, t = (jnp.log(covariates[name] / reference[name]) for name in ("params", "data"))
    u = jnp.log(covariates["unique_data"] / reference["data"])
    reducible = _reducible(coordinates, n, t, u) - _at_reference(coordinates, reference)
    return above_floor(floor, reducible)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, B, alpha, beta and the two constants of the law; ``level`` is log L(N_ref, D_ref, U_ref)."""
    floor = coordinates["floor"]
    log_terms = log_reducible(level, floor) - _at_reference(coordinates, reference)
    A, B, alpha, beta = chinchilla.scales(coordinates, log_terms, reference["params"], reference["data"])
    return {
        "E": irreducible(level, floor),
        "A": A,
        "B": B,
        "alpha": alpha,
        "beta": beta,
        "R_D_star": jnp.exp(coordinates["log_R_D"]),
        "R_N_star": jnp.exp(coordinates["log_R_N"]),
    }


LAW = Law(
    name="data_constrained",
    formula="L(N, D, U) = E + A / N'^alpha + B / D'^beta, D' = U_D + U_D R_D* (1 - exp(-R_D / R_D*)), "
    "N' = U_N + U_N R_N* (1 - exp(-R_N / R_N*))",
    source="Muennighoff et al. 2023, arXiv 2305.16264",
    covariates=(
        Covariate("params", "parameters"),
        Covariate("data", "tokens or examples"),
        Covariate("unique_data", "tokens or examples", like="data"),
    ),
    axis="data",
    coordinates=(
        # Floor, split and exponents; Muennighoff et al. have alpha = beta = .35.
        *chinchilla.LAW.coordinates,
        # Published once, for language models on C4: 15.39 and 5.31. Other data bear more or less repetition, 90% from 5
        # to 50 and from 1.7 to 17; that is a matter of the data more than of the models.
        Coordinate("log_R_D", "log R_D*", mean=2.73, sd=0.7, spread=0.15, pooling="task"),
        Coordinate("log_R_N", "log R_N*", mean=1.67, sd=0.7, spread=0.15, pooling="task"),
    ),
    parameters=(
        *(p for p in chinchilla.LAW.parameters if p.name != "a"),
        Parameter(
            "R_D_star", "1", "repetitions of data after which one more is worth 1/e of fresh data", coordinate="log_R_D"
        ),
        Parameter(
            "R_N_star",
            "1",
            "multiples of N_opt after which further parameters are worth 1/e of the first",
            coordinate="log_R_N",
        ),
    ),
    log_shape=log_shape,
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=chinchilla.slopes,  # but for discounts, which are small in the middle of most tables
)
