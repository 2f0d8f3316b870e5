"""From skill to the share of the way from chance to a ceiling.

    share(u) = exp(-softplus(-b u) / b)

With b = 1 it is the logistic function. The larger b is, the longer it stays an exponential, exp(u),
before it levels off at 1: with b = 4 it is one, within 1%, up to two fifths of the way.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bayeslaw.laws.base import Array, Law

EXPONENTIAL = 4.0
"""Bend b of the exponential link."""


def bend(law: Law) -> float:
    """How sharply scores by a law level off at the ceiling: b."""
    return EXPONENTIAL if law.link == "exponential" else 1.0


def share(skill: Array, b: float) -> Array:
    """Share of the way from chance to the ceiling."""
    return jnp.exp(-jax.nn.softplus(-b * skill) / b)


def slope_of_share(skill: Array, b: float) -> Array:
    """Derivative of the share with respect to skill."""
    return share(skill, b) * jax.nn.sigmoid(-b * skill)


def skill_of_share(of: Any, b: float) -> np.ndarray:
    """Skill at a share between 0 and 1."""
    return np.asarray(-np.log(np.expm1(-b * np.log(of))) / b)
