"""The multiplicative law of fine-tuning: a second factor X scales what more data can still remove.

    L(X, D) = A / (X^alpha D^beta) + E

Zhang et al. 2024, "When Scaling Meets LLM Finetuning" (arXiv 2402.17193), equation 1. X is the size of the model, the
number of tokens it was pretrained on, or the size of what is tuned: prompt length or LoRA rank. X is ``params`` unless
the name of the law says otherwise: ``multiplicative(pretraining_tokens)`` takes it from the column of that name.

Coordinates are taken at a reference point (X_ref, D_ref) in the middle of the table, as in the Chinchilla law.
"""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import (
    Array,
    Coordinate,
    Covariate,
    Law,
    Parameter,
    above_floor,
    irreducible,
    log_reducible,
    unit_of,
)


def log_shape(
    coordinates: Mapping[str, Array],
    covariates: Mapping[str, Array],
    reference: Mapping[str, Array],
    column: str = "params",
) -> Array:
    """Log of L(X, D) / L(X_ref, D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``floor`` (logit of E / L(X_ref, D_ref)), ``log_alpha`` and ``log_beta``.
    covariates : mapping
        X, under the name of its column; ``data``: D, in examples or tokens.
    reference : mapping
        X_ref, likewise; ``data``: D_ref.
    column : str
        Name of the column of X.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    floor = coordinates["floor"]
    x, t = (jnp.log(covariates[name] / reference[name]) for name in (column, "data"))
    reducible = -jnp.exp(coordinates["log_alpha"]) * x - jnp.exp(coordinates["log_beta"]) * t
    return above_floor(floor, reducible)


def natural(
    coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array], column: str = "params"
) -> dict[str, Array]:
    """E, A, alpha and beta of the law; ``level`` is log L(X_ref, D_ref)."""
    floor, alpha, beta = coordinates["floor"], jnp.exp(coordinates["log_alpha"]), jnp.exp(coordinates["log_beta"])
    log_a = log_reducible(level, floor) + alpha * jnp.log(reference[column]) + beta * jnp.log(reference["data"])
    return {"E": irreducible(level, floor), "A": jnp.exp(log_a), "alpha": alpha, "beta": beta}


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogX and -dlogL/dlogD at the reference point, less ``log_alpha`` and ``log_beta``."""
    above = jax.nn.log_sigmoid(-coordinates["floor"])
    return {"log_alpha": above, "log_beta": above}


def covariates_with(column: str) -> tuple[Covariate, Covariate]:
    """X from that column, and D."""
    return Covariate(column, unit_of(column)), Covariate("data", "examples or tokens")


def exponents(column: str) -> tuple[Coordinate, Coordinate]:
    """Exponents of X and of D, for this law and its additive rival.

    What is known of them is table 4 of Zhang et al.: nine cells, three tasks by three methods of tuning. Families may
    be methods. On a task these differ by .30 in log alpha of the size of the model, .16 in that of pretraining tokens
    and .84 in log beta (standard deviations): full tuning learns two to ten times as fast as the other two.
    """
    if column == "params":
        # alpha_m is .10 to .52, on the log scale -1.3 with an sd of .5. 90% from .09 to .9.
        mean, sd, spread = -1.3, 0.7, 0.3
    elif column == "pretraining_tokens":
        # alpha_p is .07 to .21, on the log scale -1.9 with an sd of .4. 90% from .06 to .4.
        mean, sd, spread = -1.9, 0.6, 0.15
    else:
        # Anything: alpha_t, of prompt length and LoRA rank, is within .005 of 0, others may be like the two above. 90%
        # from .004 to .6; what is less than that can't be told from none.
        mean, sd, spread = -3.0, 1.5, 0.15
    alpha = Coordinate("log_alpha", "log alpha", mean=mean, sd=sd, spread=spread, pooling="family")
    # beta is .015 to .15, .09 and more where all is tuned; on the log scale -3 with an sd of .8. More is left to learn
    # from scratch. 90% from .01 to .3.
    return alpha, Coordinate("log_beta", "log beta", mean=-2.8, sd=1.0, spread=0.8, pooling="family")


FLOOR = Coordinate("floor", "logit of E / L(X_ref, D_ref)", mean=0.3, sd=1.3, spread=1.0, pooling="family")
"""Seven of the nine cells of table 4 have a share of .6 to .8 in the middle of what was measured, two have 0 and .1.
With exponents so small the runs say little about it. 90% from .14 to .92. Methods on a task differ by .3 to .4, or,
where one of them has next to no floor, by 2 and more."""


@functools.cache
def over(column: str) -> Law:
    """Return the law with X from a column of that name."""
    return Law(
        name="multiplicative" if column == "params" else f"multiplicative({column})",
        formula="L(X, D) = A / (X^alpha D^beta) + E",
        source="Zhang et al. 2024, arXiv 2402.17193, equation 1",
        covariates=covariates_with(column),
        axis="data",
        coordinates=(FLOOR, *exponents(column)),
        parameters=(
            Parameter(
                "E", "loss", f"irreducible loss: what remains with unlimited {column} or data", coordinate="floor"
            ),
            Parameter("A", f"loss * {column}^alpha * data^beta", "scale of the reducible loss"),
            Parameter("alpha", "1", f"exponent of {column}", coordinate="log_alpha"),
            Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
        ),
        log_shape=functools.partial(log_shape, column=column),
        natural=functools.partial(natural, column=column),
        kind="surfaces",
        discrepancy="field",
        slopes=slopes,
    )


LAW = over("params")
