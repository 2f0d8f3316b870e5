"""The annealing law: loss falls as a power of the sum of learning rates, and again as the rate comes down.

    L(s) = L_0 + A S_1^-alpha - C S_2

Tissue et al. 2024, "Scaling Law with Learning Rate Annealing" (arXiv 2408.11029), equation 1. S_1 is the sum of
learning rates up to step s, S_2 that of a momentum of their decrease: of sum over k <= i of (rate_(k-1) - rate_k)
lambda^(i-k), with lambda about .999. Both are computed from a schedule by `schedule_sums`, from the end of warm-up on.
So a run under one schedule foretells the loss under another; models of a table are schedules of one model and data
set, in one family.

Before any annealing S_2 is 0, which has no logarithm. The columns are therefore S_1, ``rate_sum``, and S_1 + S_2,
``annealed_sum``; where the second is less than the first, S_2 is taken for 0.

Coordinates are taken at a reference point in the middle of the table, S_1,ref without annealing. Where annealing
would leave less than a twentieth of the loss, the logarithm of what it leaves goes on as a straight line.
"""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from scipy import signal

from bayeslaw.laws.base import (
    Array,
    Coordinate,
    Covariate,
    Law,
    Parameter,
    above_floor,
    exponential,
    irreducible,
    log_positive,
    log_reducible,
    relative,
)

LEAST = 0.05
"""Of the loss, relative to that without annealing."""

DECAY = 0.999
"""lambda."""


def schedule_sums(rates: Sequence[float] | np.ndarray, decay: float = DECAY) -> tuple[np.ndarray, np.ndarray]:
    """Compute the columns ``rate_sum`` and ``annealed_sum`` of a schedule.

    Parameters
    ----------
    rates : array_like, shape (steps,)
        Learning rate of every step from the end of warm-up on.
    decay : float
        lambda.

    Returns
    -------
    tuple of ndarray, shapes (steps,)
        S_1 and S_1 + S_2 after each step, in units of the rate.
    """
    values = np.asarray(rates, float)
    falls = -np.diff(values, prepend=values[:1])
    momentum = signal.lfilter([1.0], [1.0, -decay], falls)
    total = np.cumsum(values)
    return total, total + np.cumsum(momentum)


def _log_loss(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    alpha, gain = exponential(coordinates, "log_alpha", "log_gain")
    floor = coordinates["floor"]
    annealed = jnp.maximum(jnp.exp(x["annealed_sum"]) - jnp.exp(x["rate_sum"]), 0.0)
    before = above_floor(floor, -alpha * x["rate_sum"])
    return before + log_positive(1.0 - gain * annealed * jnp.exp(-before), LEAST)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """L_0, A, C and alpha of the law; ``level`` is the log loss at S_1,ref without annealing."""
    alpha, gain = exponential(coordinates, "log_alpha", "log_gain")
    floor, log_sum = coordinates["floor"], jnp.log(reference["rate_sum"])
    return {
        "L_0": irreducible(level, floor),
        "A": jnp.exp(log_reducible(level, floor) + alpha * log_sum),
        "C": gain * jnp.exp(level - log_sum),
        "alpha": alpha,
    }


LAW = Law(
    name="annealing",
    formula="L(s) = L_0 + A S_1^-alpha - C S_2",
    source="Tissue et al. 2024, arXiv 2408.11029, equation 1",
    covariates=(
        Covariate("rate_sum", "steps times rate"),
        Covariate("annealed_sum", "steps times rate", like="rate_sum"),
    ),
    axis="rate_sum",
    coordinates=(
        # Published: L_0 2.6, A .43, alpha .5 and C .5 with rates of 2e-4, so that S_1 is 2 in the middle: a floor of
        # .9, and C S_1 / L of .35. Other models have lower floors. 90% from .5 to .97, .25 to 1, and .07 to 1.8.
        Coordinate("floor", "logit of L_0 / L at the reference", 1.8, 1.1, 0.2, "family"),
        Coordinate("log_alpha", "log alpha", -0.7, 0.4, 0.15, "family"),
        Coordinate("log_gain", "log of C S_1 / L at the reference", -1.0, 1.0, 0.2, "family"),
    ),
    parameters=(
        Parameter("L_0", "loss", "loss of an endless schedule without annealing", coordinate="floor"),
        Parameter("A", "loss * (steps times rate)^alpha", "scale of what more steps remove"),
        Parameter("C", "loss / (steps times rate)", "what annealing removes", coordinate="log_gain"),
        Parameter("alpha", "1", "exponent of the sum of rates", coordinate="log_alpha"),
    ),
    log_shape=relative(_log_loss),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
)
