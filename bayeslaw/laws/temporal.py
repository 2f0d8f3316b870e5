"""The temporal law: within a context, the loss of a token falls as a hyperbola in its position.

    L(i) = a_0 / (1 + a_1 i) + a_2

Xiong et al. 2024, "Temporal Scaling Law for Large Language Models" (arXiv 2404.17785), equation 1. It is the rectified
law over positions with an exponent of 1. How its constants move in training is in the law ``temporal_drift``.

Coordinates are taken at the last position of a curve.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, floored, irreducible, log_reducible


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    return -jax.nn.softplus(coordinates["phase"] + x["position"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """a_0, a_1 and a_2 of the law; ``level`` is the log loss at the last position."""
    phase, floor = coordinates["phase"], coordinates["floor"]
    return {
        "a_0": jnp.exp(log_reducible(level, floor) + jax.nn.softplus(phase)),
        "a_1": jnp.exp(phase - jnp.log(reference["position"])),
        "a_2": irreducible(level, floor),
    }


LAW = Law(
    name="temporal",
    formula="L(i) = a_0 / (1 + a_1 i) + a_2",
    source="Xiong et al. 2024, arXiv 2404.17785, equation 1",
    covariates=(Covariate("position", "tokens"),),
    axis="position",
    coordinates=(
        # At the last of a thousand positions next to nothing is left to fall: 90% of shares from .6 to .997.
        Coordinate("floor", "logit of a_2 / L at the last position", 3.0, 1.5, 0.5, "model"),
        # Loss has halved its way within ten positions or so: a_1 of .1 and more, times 1,000.
        Coordinate("phase", "log of a_1 times the last position", 4.5, 1.5, 0.5, "model"),
    ),
    parameters=(
        Parameter("a_0", "loss", "what context removes", coordinate="floor"),
        Parameter("a_1", "1 / tokens", "how fast it does: half of it by 1 / a_1", coordinate="phase"),
        Parameter("a_2", "loss", "loss far into the context"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    discrepancy="level",
)
