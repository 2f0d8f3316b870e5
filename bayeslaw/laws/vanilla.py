"""The vanilla law of one curve: a power law in the data on top of a floor.

    L(D) = E + A / D^beta

Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically" (arXiv 1712.00409), with the floor as in
Zhang et al. 2024 (arXiv 2402.17193), the single-variable form beside equation 1. It is the rectified law without
pre-learned data, and the yardstick for laws that say more.

Coordinates are taken at the reference size D_ref, as in the rectified law.
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(D) / L(D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``log_beta`` and ``floor`` (logit of E / L(D_ref)).
    covariates : mapping
        ``data``: D, in examples.
    reference : mapping
        ``data``: D_ref, in examples.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    floor = coordinates["floor"]
    reducible = -jnp.exp(coordinates["log_beta"]) * jnp.log(covariates["data"] / reference["data"])
    return above_floor(floor, reducible)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A and beta of the law; ``level`` is log L(D_ref)."""
    floor, beta = coordinates["floor"], jnp.exp(coordinates["log_beta"])
    return {
        "E": irreducible(level, floor),
        "A": jnp.exp(log_reducible(level, floor) + beta * jnp.log(reference["data"])),
        "beta": beta,
    }


LAW = Law(
    name="vanilla",
    formula="L(D) = E + A / D^beta",
    source="Hestness et al. 2017, arXiv 1712.00409; Zhang et al. 2024, arXiv 2402.17193, single-variable form",
    covariates=(Covariate("data", "examples"),),
    axis="data",
    coordinates=(
        # One exponent for the whole range, slow start and all: below those of the rectified law (.1 to .7), and as low
        # as the .015 to .15 that Zhang et al. found in fine-tuning. The prior's 90% is .04 to .6.
        Coordinate("log_beta", "log beta", mean=-1.8, sd=0.8, spread=0.3, pooling="task"),
        # As in the rectified law: the share of the loss that more data of this kind never removes, 90% from .03 to .81.
        Coordinate("floor", "logit of E / L(D_ref)", mean=-1.0, sd=1.5, spread=0.5, pooling="task"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited data", coordinate="floor"),
        Parameter("A", "loss * examples^beta", "scale of the reducible loss"),
        Parameter("beta", "1", "data exponent", coordinate="log_beta"),
    ),
    log_shape=log_shape,
    natural=natural,
)
