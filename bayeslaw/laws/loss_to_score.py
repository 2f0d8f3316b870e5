"""From the loss of a model to its score: a sigmoid in the loss.

    score = chance + (ceiling - chance) logistic(s - k (L - L_ref))

Bhagia et al. 2024 (OLMo ladder, arXiv 2412.04403), second step. Far below the ceiling the logistic curve is an
exponential in the loss, as Gadre et al. 2024 (arXiv 2403.08540) have it: error = epsilon - k exp(-gamma L).
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Skill relative to that at the reference loss."""
    ratio = covariates["model_loss"] / reference["model_loss"]
    return -jnp.exp(coordinates["log_slope"]) * (ratio - 1)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """The slope in the unit of the loss."""
    return {"k": jnp.exp(coordinates["log_slope"]) / reference["model_loss"]}


LAW = Law(
    name="loss_to_score",
    formula="logit score = s - k (L - L_ref)",
    source="Bhagia et al. 2024, arXiv 2412.04403; Gadre et al. 2024, arXiv 2403.08540",
    covariates=(
        Covariate(
            "model_loss",
            "nats per token",
            falls=True,
            hint="Scores stand beside the losses of their models: say which columns these are with "
            "--as COLUMN=accuracy and --as COLUMN=model_loss.",
        ),
    ),
    axis="model_loss",
    coordinates=(
        # A tenth less loss, of 3 nats, adds .7 to skill: 90% from .2 to 2.7.
        Coordinate("log_slope", "log(k L_ref)", mean=2.0, sd=0.8, spread=0.3, pooling="task"),
    ),
    parameters=(Parameter("k", "skill per nat", "gain of skill as the loss falls", coordinate="log_slope"),),
    log_shape=log_shape,
    natural=natural,
    kind="scores",
    discrepancy="walks",
    outcome="accuracy",
)
