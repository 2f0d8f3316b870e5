"""The rectified law: a power law in the data seen, delayed by what pretraining has already taught.

    L(D) = E + B / (D_l + D^beta)

Lin et al. 2024, "Selecting Large Language Model to Fine-tune via Rectified Scaling Law" (arXiv 2402.02314), equation of
section 4. With t = log D it is a logistic curve in t on top of a floor, L = E + (B / D_l) sigmoid(log D_l - beta t):
flat while D^beta is far below D_l, a power law far above.

Coordinates are taken at the reference size D_ref, the largest one measured: what is known there is known well, and the
prior of the floor is stated as a share of the loss there. Neither rescaling the loss nor counting data in thousands
changes them.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(D) / L(D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``log_beta``, ``floor`` (logit of E / L(D_ref)) and ``phase`` (log of D_ref^beta / D_l).
    covariates : mapping
        ``data``: D, in examples.
    reference : mapping
        ``data``: D_ref, in examples.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    phase, floor = coordinates["phase"], coordinates["floor"]
    steps = jnp.exp(coordinates["log_beta"]) * jnp.log(covariates["data"] / reference["data"])
    reducible = jax.nn.log_sigmoid(-phase - steps) - jax.nn.log_sigmoid(-phase)
    return above_floor(floor, reducible)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, B, beta and D_l of the law; ``level`` is log L(D_ref)."""
    phase, floor = coordinates["phase"], coordinates["floor"]
    beta = jnp.exp(coordinates["log_beta"])
    log_pre_learned = beta * jnp.log(reference["data"]) - phase
    # the reducible part at D_ref is B / (D_l + D_ref^beta) = (B / D_l) sigmoid(-phase)
    log_b = log_reducible(level, floor) - jax.nn.log_sigmoid(-phase) + log_pre_learned
    return {
        "E": irreducible(level, floor),
        "B": jnp.exp(log_b),
        "beta": beta,
        "D_l": jnp.exp(log_pre_learned),
        "pre_learned_data": jnp.exp(log_pre_learned / beta),
    }


LAW = Law(
    name="rectified",
    formula="L(D) = E + B / (D_l + D^beta)",
    source="Lin et al. 2024, arXiv 2402.02314",
    covariates=(Covariate("data", "examples"),),
    axis="data",
    coordinates=(
        # Measured exponents of fine-tuning run from .02 (prompt tuning) to .4 or so; the prior's 90% is .1 to .7.
        Coordinate("log_beta", "log beta", mean=-1.3, sd=0.6, spread=0.3, pooling="task"),
        # The share of the loss that more data of this kind never removes: 90% from .03 to .81. A few sizes say next to
        # nothing about it, and tasks differ widely: fine-tuning losses of language models have .1 or less, pretraining
        # losses and error rates of classifiers on noisy labels .6 and more.
        Coordinate("floor", "logit of E / L(D_ref)", mean=-1.0, sd=1.5, spread=0.5, pooling="task"),
        # How far past its pre-learned size a curve is at D_ref. Models differ in it, but a few sizes do not tell how:
        # one for all of a task predicts better, and each curve's own discrepancy takes up the rest.
        Coordinate("phase", "log of D_ref^beta / D_l", mean=0.0, sd=1.5, spread=1.0, pooling="task"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited data", coordinate="floor"),
        Parameter("B", "loss * examples^beta", "scale of the reducible loss"),
        Parameter("beta", "1", "data exponent", coordinate="log_beta"),
        Parameter("D_l", "examples^beta", "pre-learned data size, in the law's own unit", coordinate="phase"),
        Parameter(
            "pre_learned_data", "examples", "pre-learned data size in examples, D_l^(1/beta)", coordinate="phase"
        ),
    ),
    log_shape=log_shape,
    natural=natural,
)
