"""Generative form of a model: quantities drawn one after another from their distributions, down to the runs.

The log density of a model integrates out what it can and is written in coordinates that suit a sampler. A kind of model
also states itself in generative form (`bayeslaw.kinds.base.Kind.generate`), in natural units and under the names of the
variables of a posterior, by three primitives that any probabilistic programming language can supply: `Sites`.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from bayeslaw.kinds.shared.hierarchy import TASK_SPREAD, PooledCoordinate
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
class Above:
    """The sum of a normal about ``location``, of standard deviation ``scale``, and an exponential of mean ``mean``."""

    location: Array
    scale: Array
    mean: Array


@dataclass(frozen=True, eq=False)
class Flat:
    """Improper flat prior over the real numbers. Where a value must be drawn from it, that is ``centre``."""

    centre: Array


Belief = Normal | LogNormal | HalfNormal | StudentT | Above | Flat
"""A distribution. Its parameters may be arrays and may be sampled themselves; shapes broadcast."""


class Sites(Protocol):
    """The primitives that a generative model is written with; a probabilistic programming language supplies them."""

    def sample(self, name: str, belief: Belief, shape: tuple[int, ...] = ()) -> Array:
        """Sample a latent quantity, of the shape of ``belief`` broadcast to ``shape``.

        A quantity whose standard deviation is known to be 0 (see `fixed_value`) is a deterministic site instead.
        """
        ...

    def define(self, name: str, value: Array) -> Array:
        """Record a deterministic function of other quantities under a name."""
        ...

    def observe(self, name: str, belief: Belief, value: np.ndarray) -> None:
        """Observe values, given their distribution."""
        ...


def fixed_value(belief: Belief) -> Array | None:
    """The value at which a quantity is fixed, if its standard deviation is known to be 0; else None."""
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

    Each coordinate has a population location and, at every level at which it varies, one effect per group. Sites of a
    coordinate ``phase`` that varies between models: ``location_phase``, ``spread_phase_model``, ``effect_phase_model``
    and ``phase``.

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
            belief, size = Normal(0.0, spread), (int(groups[level].max()) + 1,)
            if level == "task" and p.of_tasks:
                belief = _with_tasks(p, belief, value, size)
            effect = sites.sample(f"effect_{name}", belief, size)
            value = value + effect[groups[level]]
        values[c.name] = sites.define(c.name, jnp.broadcast_to(value, groups["model"].shape))
    return values


def _with_tasks(p: PooledCoordinate, common: Normal, location: Array, size: tuple[int, ...]) -> Normal:
    """Distribution of effects of tasks, of which some have priors of their own that take nothing from the location."""
    centre: Array = jnp.full(size, common.mean)
    sd: Array = jnp.broadcast_to(common.sd, size)
    for task, mean, own in p.of_tasks:
        centre, sd = centre.at[task].set(mean - location), sd.at[task].set(own)
    return Normal(centre, sd)


def define_parameters(
    law: Law, coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, np.ndarray], sites: Sites
) -> None:
    """Record the natural parameters of the law on each curve, shapes (C,), under their standard symbols."""
    for name, value in law.natural(coordinates, level, reference).items():
        if name not in coordinates:
            sites.define(name, value)
