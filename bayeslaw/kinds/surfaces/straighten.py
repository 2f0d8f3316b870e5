"""A volume-preserving change of variables that straightens ridges between exponents and irreducible losses.

Runs determine log-log slopes in the middle of a table well, but hardly separate the exponent from the irreducible loss
in them: (1 - E / L) alpha is known to a few percent where E / L is hardly known at all. In the coordinates of a law,
in which priors are stated, the posterior is then a thin curved ridge, which an affine map straightens only locally.
Here each exponent is shifted by the effect of the other coordinates on its slope, beyond the part that is linear about
the centre of the frame. As the shift depends on other coordinates only, the Jacobian determinant is 1.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.kinds.shared.population import Pooled, Position, with_effects
from bayeslaw.laws.base import LEVELS, Array, Slopes


def straighten(
    pooled: Pooled, slopes: Slopes, groups: Mapping[str, Array], centre: Position, position: Position
) -> Position:
    """Shift exponents so that logs of slopes are linear in the given position; ``|det J| = 1``.

    Parameters
    ----------
    pooled : tuple of PooledCoordinate
    slopes : callable
        Of the law.
    groups : mapping
        The group of each curve at each level, shapes (C,).
    centre, position : Position
        Log slopes are linearised about ``centre``, which is a fixed point.
    """
    moved = {name: jnp.asarray(value) for name, value in position.items()}
    index = {p.coordinate.name: k for k, p in enumerate(pooled)}
    origin, here = (
        {name: pooled[k].coordinate.mean + pooled[k].location_sd * x["location"][k] for name, k in index.items()}
        for x in (centre, position)
    )
    done = _beyond_linear(slopes, origin, here)
    for name, beyond in done.items():
        moved["location"] = moved["location"].at[index[name]].add(-beyond / pooled[index[name]].location_sd)
    for level in LEVELS:
        effects = {name: pooled[k].effect(level) for name, k in index.items() if level in pooled[k].levels}
        for name in effects:
            origin[name], here[name] = (
                with_effects(pooled[index[name]], level, value[name], x, groups[level])
                for value, x in ((origin, centre), (here, position))
            )
        for name, beyond in _beyond_linear(slopes, origin, here).items():
            if name in effects:  # beyond the shifts of coarser levels; equal for all curves of a group
                p = pooled[index[name]]
                step = (beyond - done[name]) / (p.spread_scale(level) * jnp.exp(position[f"spread.{effects[name]}"]))
                step = jnp.broadcast_to(step, groups[level].shape)
                for task, _, sd in p.of_tasks if level == "task" else ():  # shifts of the location do not reach these
                    step = jnp.where(groups[level] == task, beyond / sd, step)
                of_group = jnp.zeros_like(moved[effects[name]]).at[groups[level]].set(step)
                moved[effects[name]] = moved[effects[name]] - of_group
                done[name] = beyond
    return moved


def _beyond_linear(slopes: Slopes, origin: Mapping[str, Array], here: Mapping[str, Array]) -> dict[str, Array]:
    """Change of logs of slopes between two points, less its linearisation about the first."""
    shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in (*origin.values(), *here.values())))
    origin, here = ({name: jnp.broadcast_to(value, shape) for name, value in x.items()} for x in (origin, here))
    told, linear = jax.jvp(slopes, (origin,), ({name: here[name] - origin[name] for name in here},))
    return {name: value - told[name] - linear[name] for name, value in slopes(here).items()}
