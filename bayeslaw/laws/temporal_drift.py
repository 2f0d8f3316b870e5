"""The temporal law in training: its two heights fall with the tokens seen, and how fast context helps does not change.

    L(i, D) = A D^-p / (1 + a_1 i) + B D^-q

Xiong et al. 2024, "Temporal Scaling Law for Large Language Models" (arXiv 2404.17785), sections 4 and 5: after an
early phase a_1 stands still, and a_0 and a_2 fall with the logarithm of the tokens. Here they fall as small powers,
which say the same over a few decades and never cross 0.

Coordinates are taken at a reference point (i_ref, D_ref) in the middle of the table.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, log_sum, relative, shares


def _log_loss(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    p, q = exponential(coordinates, "log_p", "log_q")
    far, near = shares(coordinates["split"])
    phase = coordinates["phase"]
    hyperbola = jax.nn.softplus(phase) - jax.nn.softplus(phase + x["position"])
    return log_sum(far - q * x["data"], near - p * x["data"] + hyperbola)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """A, B, a_1, p and q of the law, and a_0 and a_2 at D_ref; ``level`` is log L(i_ref, D_ref)."""
    p, q = exponential(coordinates, "log_p", "log_q")
    far, near = shares(coordinates["split"])
    phase, log_d = coordinates["phase"], jnp.log(reference["data"])
    log_a0, log_a2 = level + near + jax.nn.softplus(phase), level + far
    return {
        "a_0": jnp.exp(log_a0),
        "a_1": jnp.exp(phase - jnp.log(reference["position"])),
        "a_2": jnp.exp(log_a2),
        "A": jnp.exp(log_a0 + p * log_d),
        "B": jnp.exp(log_a2 + q * log_d),
        "p": p,
        "q": q,
    }


LAW = Law(
    name="temporal_drift",
    formula="L(i, D) = A D^-p / (1 + a_1 i) + B D^-q",
    source="Xiong et al. 2024, arXiv 2404.17785, sections 4 and 5",
    covariates=(Covariate("position", "tokens"), Covariate("data", "tokens seen")),
    axis="data",
    coordinates=(
        # As in the temporal law, at a position in the middle (30 of 1,000) rather than the last: 90% of shares of a_2
        # from .3 to .93, and of a_1 from .3 to 40 over that position.
        Coordinate("split", "logit of the share of B D^-q at (i_ref, D_ref)", 1.2, 1.0, 0.3, "family"),
        Coordinate("phase", "log of a_1 i_ref", 1.2, 1.5, 0.3, "family"),
        # From a tenth of training to its end, losses fall by a tenth or two: log-log slopes of .02 to .15.
        Coordinate("log_p", "log p", -3.0, 0.8, 0.2, "family"),
        Coordinate("log_q", "log q", -2.8, 0.6, 0.2, "family"),
    ),
    parameters=(
        Parameter("a_0", "loss", "what context removes, at D_ref"),
        Parameter("a_1", "1 / tokens", "how fast it does: half of it by 1 / a_1", coordinate="phase"),
        Parameter("a_2", "loss", "loss far into the context, at D_ref", coordinate="split"),
        Parameter("A", "loss * data^p", "scale of a_0"),
        Parameter("B", "loss * data^q", "scale of a_2"),
        Parameter("p", "1", "exponent of data in a_0", coordinate="log_p"),
        Parameter("q", "1", "exponent of data in a_2", coordinate="log_q"),
    ),
    log_shape=relative(_log_loss),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
)
