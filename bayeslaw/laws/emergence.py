"""Scores that stay at chance until an onset: how far beyond it a model is, in size and tokens together.

    skill = s + b u - (steepness - b) softplus(-u),  u = log D + k log N - onset

Beyond the onset skill grows by b per e-fold; before, it falls by ``steepness`` per e-fold, so that scores are at chance
within a factor of two or so. Snell et al. 2024 (arXiv 2411.16035) ask when such a rise begins; the form is this
project's. Where no score has left chance, the onset is what the prior says of what lies beyond the table.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, relative


def skill(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    """Skill up to a constant, at logs of size and tokens relative to the reference."""
    slope, steepness, size = exponential(coordinates, "log_slope", "log_steepness", "log_size")
    u = x["data"] + size * x["params"] - coordinates["log_onset"]
    return slope * u - steepness * jax.nn.softplus(-u)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """Slope, weight of size, and the tokens at which a model of the reference size sets out."""
    slope, steepness, size = exponential(coordinates, "log_slope", "log_steepness", "log_size")
    return {
        "b": slope,
        "k": size,
        "steepness": steepness,
        "onset": reference["data"] * jnp.exp(coordinates["log_onset"]),
    }


LAW = Law(
    name="emergence",
    formula="logit score = s + b u - steepness softplus(-u), u = log D + k log N - onset",
    source="this project, after Snell et al. 2024 (arXiv 2411.16035)",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens")),
    axis="data",
    coordinates=(
        Coordinate("log_onset", "log of the tokens at the onset, of the reference size, over the reference", mean=0.0,
                   sd=2.0, spread=0.5, pooling="task"),
        Coordinate("log_slope", "log b", mean=-0.8, sd=0.7, spread=0.3, pooling="task"),
        Coordinate("log_steepness", "log of the fall per e-fold before the onset", mean=1.0, sd=0.4, spread=0.2,
                   pooling="task"),
        Coordinate("log_size", "log k", mean=0.0, sd=0.5, spread=0.2, pooling="task"),
    ),
    parameters=(
        Parameter("onset", "tokens", "tokens at which a model of the reference size leaves chance",
                  coordinate="log_onset"),
        Parameter("b", "skill per e-fold", "gain of skill beyond the onset", coordinate="log_slope"),
        Parameter("k", "1", "e-folds of tokens that an e-fold of size is worth", coordinate="log_size"),
        Parameter("steepness", "skill per e-fold", "how sharply scores leave chance", coordinate="log_steepness"),
    ),
    log_shape=relative(skill),
    natural=natural,
    kind="scores",
    discrepancy="walks",
    outcome="accuracy",
)  # fmt: skip
