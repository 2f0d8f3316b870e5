"""The loss-to-loss law: a shifted power of the loss that the same models have elsewhere.

    L(L_0) = E_1 + K (L_0 - E_0)^kappa

Brandfonbrener et al. 2025, "Loss-to-Loss Prediction" (arXiv 2411.12925), equation 5: L_0 and L are losses of models
trained with the same compute on two data sets, or of one model on two test sets. The law is written over 1 / L_0, the
column ``loss_inverse``, so that better models lie further on, where predictions are wanted and departures grow.

Coordinates are taken at the reference, the best L_0 of the table, which is above E_0. Further on, where L_0 - E_0 is
less than a hundredth of L_0 there, its logarithm goes on as a straight line: L is then E_1.
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
    log_positive,
    log_reducible,
)

LEAST = 0.01
"""Of L_0 - E_0, relative to L_0 at the reference."""


def _log_excess(coordinates: Mapping[str, Array], inverse: Array) -> Array:
    """Log of (L_0 - E_0) / L_0,ref, at the log of 1 / L_0 relative to the reference."""
    return log_positive(jnp.exp(-inverse) - jax.nn.sigmoid(coordinates["source_floor"]), LEAST)


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    (kappa,) = exponential(coordinates, "log_kappa")
    return kappa * _log_excess(coordinates, x["loss_inverse"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E_0, E_1, K and kappa of the law; ``level`` is log L at the best L_0."""
    (kappa,), log_source = exponential(coordinates, "log_kappa"), -jnp.log(reference["loss_inverse"])
    log_scale = log_reducible(level, coordinates["floor"]) - kappa * (log_source + _log_excess(coordinates, 0.0))
    return {
        "E_0": jnp.exp(log_source) * jax.nn.sigmoid(coordinates["source_floor"]),
        "E_1": irreducible(level, coordinates["floor"]),
        "K": jnp.exp(log_scale),
        "kappa": kappa,
    }


LAW = Law(
    name="loss_to_loss",
    formula="L(L_0) = E_1 + K (L_0 - E_0)^kappa",
    source="Brandfonbrener et al. 2025, arXiv 2411.12925, equation 5",
    covariates=(Covariate("loss_inverse", "1 / loss elsewhere"),),
    axis="loss_inverse",
    coordinates=(
        # The best models of a table are at a half to nine tenths of their floors on both sides, and more if these are
        # the same text: 90% from .3 to .93.
        Coordinate("floor", "logit of E_1 / L at the best L_0", 0.8, 1.0, 0.4, "task"),
        Coordinate("source_floor", "logit of E_0 / L_0 at the best L_0", 0.8, 1.0, 0.4, "task"),
        # Published: .7 to 1.3 between corpora, most of them near 1.
        Coordinate("log_kappa", "log kappa", 0.0, 0.3, 0.1, "task"),
    ),
    parameters=(
        Parameter("E_0", "nats elsewhere", "irreducible loss elsewhere", coordinate="source_floor"),
        Parameter("E_1", "loss", "irreducible loss here", coordinate="floor"),
        Parameter("K", "loss / nats elsewhere^kappa", "scale"),
        Parameter("kappa", "1", "exponent of the loss elsewhere above its floor", coordinate="log_kappa"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    discrepancy="level",
)
