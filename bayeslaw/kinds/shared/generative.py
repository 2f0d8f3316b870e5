"""A model told as it is believed: quantities drawn one after another from distributions, down to the runs.

A density integrates out what it can and is written in coordinates that suit a sampler. A kind of model also states
itself in this plain form (`bayeslaw.kinds.base.Kind.generate`), in natural units and under the names that variables
have in a posterior, by three primitives that any probabilistic language can supply: `Sites`.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from bayeslaw.kinds.shared.hierarchy import TASK_SPREAD
from bayeslaw.kinds.shared.population import Pooled
from bayeslaw.kinds.shared.scales import LogNormal, Normal
from bayeslaw.laws.base import Array, Law


@dataclass(frozen=True, eq=False)
class HalfNormal:
    """The absolute value of a normal of mean 0 and standard deviation ``sd``."""

    sd: Array


@dataclass(frozen=True, eq=False)
class StudentT:
    """Student's t with ``df`` degrees of freedom about ``location``, in units of ``scale``."""

    df: Array
    location: Array
    scale: Array


@dataclass(frozen=True, eq=False)
class Flat:
    """Improper: all numbers alike. Where one must be drawn all the same, it is ``centre``."""

    centre: Array


Belief = Normal | LogNormal | HalfNormal | StudentT | Flat
"""How a quantity is distributed. Its numbers may be arrays, and uncertain themselves; shapes broadcast."""


class Sites(Protocol):
    """What a model is written with; a probabilistic language supplies it."""

    def sample(self, name: str, belief: Belief, shape: tuple[int, ...] = ()) -> Array:
        """A quantity that is not observed, of the shape of ``belief`` broadcast to ``shape``.

        What is known to have a standard deviation of 0 (see `held`) is not sampled but defined.
        """
        ...

    def define(self, name: str, value: Array) -> Array:
        """Give a name to what follows from other quantities."""
        ...

    def observe(self, name: str, belief: Belief, value: np.ndarray) -> None:
        """What was measured, and how it was distributed before."""
        ...


def held(belief: Belief) -> Array | None:
    """The only value that a quantity can have, if its standard deviation is known to be 0; else None."""
    sd = getattr(belief, "sd", 1.0)
    if isinstance(sd, jax.Array) or np.any(sd):
        return None
    if isinstance(belief, HalfNormal):
        return np.zeros_like(sd)
    return belief.median if isinstance(belief, LogNormal) else getattr(belief, "mean", None)


def generate_coordinates(
    pooled: Pooled, groups: Mapping[str, np.ndarray], fixed: Set[str], sites: Sites
) -> dict[str, Array]:
    """Draw the population, then the coordinates of the law.

    Each coordinate has a location and, at every level at which it varies, an effect a group. Sites, for a coordinate
    ``phase`` that varies between models: ``location_phase``, ``spread_phase_model``, ``effect_phase_model``, ``phase``.

    Parameters
    ----------
    pooled : Pooled
    groups : mapping of str to ndarray of int, shapes (C,)
        The group of each curve at each level.
    fixed : set of str
        Entries of a position that are fixed at 0; of spreads: at the scale of their prior.
    sites : Sites

    Returns
    -------
    dict of array, shapes (C,)
    """
    values = {}
    for p in pooled:
        c = p.coordinate
        value = sites.sample(f"location_{c.name}", Normal(c.mean, p.location_sd))
        for level in p.levels:
            scale, name = p.spread_scale(level), f"{c.name}_{level}"
            belief: Belief = HalfNormal(scale)
            if f"spread.{p.effect(level)}" in fixed:
                belief = LogNormal(scale, 0.0)
            elif level == "task":
                belief = LogNormal(scale, TASK_SPREAD)
            spread = sites.sample(f"spread_{name}", belief)
            effect = sites.sample(f"effect_{name}", Normal(0.0, spread), (int(groups[level].max()) + 1,))
            value = value + effect[groups[level]]
        values[c.name] = sites.define(c.name, jnp.broadcast_to(value, groups["model"].shape))
    return values


def define_parameters(
    law: Law, coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, np.ndarray], sites: Sites
) -> None:
    """Name the natural parameters of the law on each curve, shapes (C,), by their standard symbols."""
    for name, value in law.natural(coordinates, level, reference).items():
        if name not in coordinates:
            sites.define(name, value)
