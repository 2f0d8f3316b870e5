"""The Bayesian law of in-context learning: demonstrations raise the odds of the task that they are of.

    L(n) = -log(w gamma + (1 - w) beta),  w = rho gamma^(K n) / (rho gamma^(K n) + (1 - rho) beta^(K n))

Arora et al. 2024, "Bayesian scaling laws for in-context learning" (arXiv 2410.16531), scoring-wise: gamma is the
probability of what comes next under the task, beta under all others, rho the prior of the task, and K how much is
learned from a demonstration. The paper's other ways of sharing parameters, one pair for all tasks or one a task, are
the pooling of coordinates here, and the same for one curve. n counts demonstrations, the one that is scored included,
so that it starts at 1; starting at 0 is the same law with another rho.

With Delta = log(gamma / beta) and odds that grow as exp(Delta K n), the loss above its floor is

    L(n) - E = -log(1 - (1 - w) (1 - exp(-Delta))) u.

The unit u is 1 in the paper, whose losses are in nats. Here Delta is told by the shape of a curve and u by its height,
so that losses in bits or a character do as well; a u far from what they are measured in speaks against the law.

Coordinates are taken at the largest n of a curve. Of the laws that the paper compares with, the power law is
``vanilla(demonstrations)``, the logistic one ``rectified(demonstrations)``, and the third ``bounded_power``.
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
    log_reducible,
)

SMALL = -10.0
"""Log of a q below which -log(1 - q) is taken for q + q^2 / 2."""


def _log_above(gap: Array, odds: Array) -> Array:
    """Log of -log(1 - q), q = (1 - w) (1 - exp(-Delta)), at the logit of w."""
    log_w, log_rest = jax.nn.log_sigmoid(odds), jax.nn.log_sigmoid(-odds)
    log_q, log_p = log_rest + jnp.log(-jnp.expm1(-gap)), jnp.logaddexp(log_w, log_rest - gap)  # q + p = 1
    far = log_q < SMALL
    return jnp.where(far, log_q + 0.5 * jnp.exp(log_q), jnp.log(-jnp.where(far, -1.0, log_p)))


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    gap, rate = exponential(coordinates, "log_gap", "log_rate")
    return _log_above(gap, coordinates["odds"] + rate * jnp.expm1(x["demonstrations"]))


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, L_0, u, Delta, K and rho of the law; ``level`` is the log loss at the largest n."""
    gap, rate = exponential(coordinates, "log_gap", "log_rate")
    floor = irreducible(level, coordinates["floor"])
    unit = jnp.exp(log_reducible(level, coordinates["floor"]) - _log_above(gap, coordinates["odds"]))
    return {
        "E": floor,
        "L_0": floor + unit * gap,
        "u": unit,
        "Delta": gap,
        "K": rate / (gap * reference["demonstrations"]),
        "rho": jax.nn.sigmoid(coordinates["odds"] - rate),
    }


LAW = Law(
    name="in_context",
    formula="L(n) = -log(w gamma + (1 - w) beta), w proportional to rho gamma^(K n), 1 - w to (1 - rho) beta^(K n)",
    source="Arora et al. 2024, arXiv 2410.16531, the Bayesian law, scoring-wise",
    covariates=(Covariate("demonstrations", "demonstrations"),),
    axis="demonstrations",
    coordinates=(
        # Of all that context can teach, most is learned by the last demonstration: 90% of floors from .3 to .98.
        Coordinate("floor", "logit of E / L at the largest n", 1.5, 1.4, 0.5, "task"),
        # Knowing the task makes what comes next two to twenty times as likely.
        Coordinate("log_gap", "log of Delta", 0.5, 0.6, 0.3, "task"),
        # At the last demonstration the task is fairly to very sure, after odds that have grown by a factor of 5 to 1e7.
        Coordinate("odds", "logit of w at the largest n", 2.5, 1.5, 0.7, "model"),
        Coordinate("log_rate", "log of K Delta times the largest n", 1.6, 0.7, 0.3, "model"),
    ),
    parameters=(
        Parameter("E", "loss", "loss once the task is known, -log gamma", coordinate="floor"),
        Parameter("L_0", "loss", "loss under other tasks, -log beta"),
        Parameter("u", "loss", "what one nat of the law is in the unit of the table"),
        Parameter("Delta", "nats", "log(gamma / beta)", coordinate="log_gap"),
        Parameter(
            "K", "1 / demonstrations", "how many demonstrations one of the prompt is worth", coordinate="log_rate"
        ),
        Parameter("rho", "1", "prior probability of the task", coordinate="odds"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    discrepancy="level",
)
