"""The population model of the coordinates of a law, which all kinds of models share: positions, hyperpriors, draws."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from bayeslaw.kinds.shared.hierarchy import TASK_SPREAD, PooledCoordinate
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.scales import LogNormal
from bayeslaw.laws.base import Array, Level

Position = dict[str, Any]
"""All quantities that are sampled, by name; unconstrained and standardised.

Of the population: ``location`` (K,), population locations less the prior mean, in units of the prior sd;
``spread.<coordinate>.<level>`` (), log of the sd of effects over the scale of its hyperprior; ``<coordinate>.<level>``
(groups,), effects in units of that sd.
"""

Pooled = tuple[PooledCoordinate, ...]


class PopulationDraws(NamedTuple):
    """S draws of the population.

    Attributes
    ----------
    location : dict of ndarray, shape (S,)
        Population location of each coordinate.
    spread : dict of ndarray, shape (S,)
        Standard deviation of effects, by ``coordinate.level``.
    effect : dict of ndarray, shape (S, groups)
        Effects themselves, in the coordinate's own unit.
    """

    location: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    effect: dict[str, np.ndarray]

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """The draws, each with the names of its dimensions after S, by the name of the variable in a posterior."""
        dims = {"task": ("task",), "family": ("task_family",), "model": ("curve",)}
        return {
            **{f"location_{name}": (values, ()) for name, values in self.location.items()},
            **{f"spread_{name.replace('.', '_')}": (values, ()) for name, values in self.spread.items()},
            **{
                f"effect_{name.replace('.', '_')}": (values, dims[name.rsplit(".", 1)[1]])
                for name, values in self.effect.items()
            },
        }


def group_index(layout: Layout) -> dict[str, np.ndarray]:
    """The group of each curve at each level, shapes (C,)."""
    return {"task": layout.task_of, "family": layout.family_of, "model": np.arange(len(layout.curves))}


def population_sizes(pooled: Pooled, layout: Layout) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a position that belongs to the population."""
    shapes: dict[str, tuple[int, ...]] = {"location": (len(pooled),)}
    groups = {"task": len(layout.tasks), "family": len(layout.families), "model": len(layout.curves)}
    for p in pooled:
        for level in p.levels:
            shapes[f"spread.{p.effect(level)}"] = ()
            shapes[p.effect(level)] = (groups[level],)
    return shapes


def coordinates(pooled: Pooled, groups: Mapping[str, Array], position: Position) -> dict[str, Array]:
    """Coordinates of each curve, shape (C,) by name."""
    values = {}
    for k, p in enumerate(pooled):
        c = p.coordinate
        value = c.mean + p.location_sd * position["location"][k]
        for level in p.levels:
            value = with_effects(p, level, value, position, groups[level])
        values[c.name] = jnp.broadcast_to(value, groups["model"].shape)
    return values


def with_effects(p: PooledCoordinate, level: Level, value: Array, position: Position, group_of: Array) -> Array:
    """A coordinate of the curves (C,) with its effects at a level, given its value above that level.

    Tasks with a prior of their own have its value, whatever the population is like.
    """
    effect = position[p.effect(level)]
    value = value + p.spread_scale(level) * jnp.exp(position[f"spread.{p.effect(level)}"]) * effect[group_of]
    for task, mean, sd in p.of_tasks if level == "task" else ():
        value = jnp.where(group_of == task, mean + sd * effect[task], value)
    return value


def log_population_prior(pooled: Pooled, position: Position) -> Array:
    """Log prior density of the population entries, up to a constant; the borrowed vector is not part of it."""
    total: Array = 0.0
    if "location" in position:
        total -= 0.5 * jnp.sum(position["location"] ** 2)
    for p in pooled:
        for level in p.levels:
            effect = p.effect(level)
            if f"spread.{effect}" in position:
                log_spread = jnp.sum(position[f"spread.{effect}"])
                if level == "task":
                    total -= 0.5 * (log_spread / TASK_SPREAD) ** 2
                else:
                    total += log_spread - 0.5 * jnp.exp(2 * log_spread)  # half-normal, on the log scale
            if effect in position:
                total -= 0.5 * jnp.sum(position[effect] ** 2)
    return total


def population_draws(pooled: Pooled, positions: Position) -> PopulationDraws:
    """Draws of the population in the units of the coordinates, given positions with entries of shape (S, ...)."""
    location, spread, effect = {}, {}, {}
    for k, p in enumerate(pooled):
        c = p.coordinate
        location[c.name] = c.mean + p.location_sd * positions["location"][:, k]
        for level in p.levels:
            name = p.effect(level)
            spread[name] = p.spread_scale(level) * np.exp(positions[f"spread.{name}"])
            effect[name] = spread[name][:, None] * positions[name]
            for task, mean, sd in p.of_tasks if level == "task" else ():
                effect[name][:, task] = mean + sd * positions[name][:, task] - location[c.name]
    return PopulationDraws(location, spread, effect)


def scale(prior: LogNormal, standardised: Array) -> Array:
    """A scale with a lognormal prior, from its standardised logarithm."""
    return prior.median * jnp.exp(prior.sd * standardised)
