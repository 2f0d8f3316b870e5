"""The law M4: a power law with a floor that bends into a ceiling, the loss with no data.

    (L - E) / (L_0 - L)^a = B D^-c

Alabdulmohsin et al. 2022, "Revisiting Neural Scaling Laws in Language and Vision" (arXiv 2209.06640). L_0 is the loss
with no data, E the loss with unlimited data. Without a ceiling (a = 0) it is the vanilla law; with a = 1 it is the
rectified law, which has the symmetric shoulder of a logistic curve.

L has no closed form. In u = (L - E) / (L_0 - E), which is sigmoid(v) for a real v, the law reads

    log u - a log(1 - u) = s,  or  -softplus(-v) + a softplus(v) = s,  with s = -c log(D / D_ref) + its value at D_ref,

whose left side rises in v with a slope between a and 1. `logit_left` solves it.

Coordinates are taken at the reference size D_ref, the largest one measured, as in the broken law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible

NEWTON_STEPS = 8
"""Enough for the last bit of log u whatever a and s are, from the starting point below."""


def left_side(log_a: Array, v: Array) -> Array:
    """Left side of the equation: log u - a log(1 - u) for u = sigmoid(v)."""
    return jnp.exp(log_a) * jax.nn.softplus(v) - jax.nn.softplus(-v)


@jax.custom_jvp
def logit_left(log_a: Array, s: Array) -> Array:
    """Solve -softplus(-v) + a softplus(v) = s for v, the logit of what is left of the way from L_0 to E.

    Parameters
    ----------
    log_a, s : array
        Broadcast against each other.

    Returns
    -------
    array
        v. Its derivatives are those of the implicit function, to any order.
    """
    # v for (a, s) is -v for (1/a, -s/a), so a <= 1 is the only case
    turned = log_a > 0
    a = jnp.exp(-jnp.abs(log_a))
    s = jnp.where(turned, -s * a, s)
    # The left side lies below v and below a v, so max(s, s/a) never does; it is best far from 0. There
    # -log(1 + 1/e^v) is what a log(1 + e^v) must make up for, and e^-v is near expm1(-s) + a log(1 + 1/a).
    near_zero = -jnp.log(jnp.expm1(jnp.clip(-s, 0.0, 700.0)) + a * jnp.log1p(1 / a))
    v = jnp.where(s > 0, jnp.maximum(s / a, near_zero), jnp.maximum(s, near_zero))
    # The left side is concave: from the second step on Newton comes from below and cannot overshoot.
    for _ in range(NEWTON_STEPS):
        excess = a * jax.nn.softplus(v) - jax.nn.softplus(-v) - s
        v = v - excess / (jax.nn.sigmoid(-v) + a * jax.nn.sigmoid(v))
    return jnp.where(turned, -v, v)


@logit_left.defjvp
def _implicit(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    """Tangent of the solution: the left side stays equal to s."""
    (log_a, s), (log_a_dot, s_dot) = primals, tangents
    v = logit_left(log_a, s)
    # a enters by its logarithm, so that numerator and denominator grow alike with it
    slope = jax.nn.sigmoid(-v) + jnp.exp(log_a) * jax.nn.sigmoid(v)
    return v, (s_dot - jnp.exp(log_a) * jax.nn.softplus(v) * log_a_dot) / slope


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(D) / L(D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``log_c``, ``floor`` (logit of E / L(D_ref)), ``phase`` (logit of (L_0 - L(D_ref)) / (L_0 - E)) and ``log_a``.
    covariates : mapping
        ``data``: D, in examples.
    reference : mapping
        ``data``: D_ref, in examples.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    floor, phase, log_a = coordinates["floor"], coordinates["phase"], coordinates["log_a"]
    steps = jnp.exp(coordinates["log_c"]) * jnp.log(covariates["data"] / reference["data"])
    v = logit_left(log_a, left_side(log_a, -phase) - steps)
    reducible = jax.nn.log_sigmoid(v) - jax.nn.log_sigmoid(-phase)
    return above_floor(floor, reducible)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, L_0, B, c and a of the law; ``level`` is log L(D_ref)."""
    floor, phase, log_a = coordinates["floor"], coordinates["phase"], coordinates["log_a"]
    a, c = jnp.exp(log_a), jnp.exp(coordinates["log_c"])
    floor_loss = irreducible(level, floor)
    # (L - E) / (L_0 - E) at D_ref is sigmoid(-phase)
    log_span = log_reducible(level, floor) - jax.nn.log_sigmoid(-phase)
    log_b = (1.0 - a) * log_span + left_side(log_a, -phase) + c * jnp.log(reference["data"])
    return {
        "E": floor_loss,
        "L_0": floor_loss + jnp.exp(log_span),
        "B": jnp.exp(log_b),
        "c": c,
        "a": a,
    }


LAW = Law(
    name="m4",
    formula="(L(D) - E) / (L_0 - L(D))^a = B D^-c",
    source="Alabdulmohsin et al. 2022, arXiv 2209.06640, law M4",
    covariates=(Covariate("data", "examples"),),
    axis="data",
    coordinates=(
        # Late exponent and floor: as in the broken law, which has the same late part, and for the reasons given there.
        Coordinate("log_c", "log c", mean=-0.6, sd=0.4, spread=0.2, pooling="model"),
        Coordinate("floor", "logit of E / L(D_ref)", mean=2.3, sd=1.2, spread=0.6, pooling="model"),
        # A curve that was run to its end has covered half to almost all of the way from no data to unlimited data: a
        # shoulder a factor of 55 before the end and an exponent of .55, the broken law's, leave a tenth.
        Coordinate("phase", "logit of (L_0 - L(D_ref)) / (L_0 - E)", mean=2.0, sd=1.0, spread=1.0, pooling="model"),
        # 1 is the symmetric shoulder; early on loss falls as D^(c/a). Lee et al. 2025 (arXiv 2505.23032) simulate M4
        # curves with this very prior. Kinds of curves differ in it, their members hardly.
        Coordinate("log_a", "log a", mean=0.0, sd=0.5, spread=0.3, pooling="task"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited data", coordinate="floor"),
        Parameter("L_0", "loss", "loss with no data", coordinate="phase"),
        Parameter("B", "loss^(1 - a) * examples^c", "scale of the law"),
        Parameter("c", "1", "data exponent", coordinate="log_c"),
        Parameter("a", "1", "bend at the start: 0 for no ceiling, 1 for a logistic curve", coordinate="log_a"),
    ),
    log_shape=log_shape,
    natural=natural,
    discrepancy="level",
)
