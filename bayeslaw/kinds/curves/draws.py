"""Draws of levels and walks, which the log density integrates out, given draws of the rest.

Their conditional distribution given a position is Gaussian, so a completed draw is one from the joint posterior.
"""

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bayeslaw.kinds.curves.density import CurveDensity, Data, Rotated, curve_noise, path_walks, pull, rotated_residuals
from bayeslaw.kinds.curves.layout import CurveLayout
from bayeslaw.kinds.curves.raw_noise import RAW_NOISE_LOG_SD
from bayeslaw.kinds.shared.borrowed import unfold
from bayeslaw.kinds.shared.parts import parts
from bayeslaw.kinds.shared.population import PopulationDraws, Position, coordinates, population_draws, scale


@dataclass(frozen=True, eq=False)
class CompletedDraws:
    """S draws of all quantities.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, C)
        The law's coordinates, curve by curve.
    level : ndarray, shape (S, C)
        Log loss of the law at its reference point.
    own_walk : ndarray, shape (S, C, P)
        Coefficients of each curve's own slope walk, rate included.
    shared_walk : ndarray, shape (S, T, Q)
        Coefficients of the walk that a task's curves share, rate included.
    noise : ndarray, shape (S, C)
        Run-to-run standard deviation of log loss; for a smoothed curve, that of runs before smoothing.
    typical_noise : ndarray, shape (S, T)
        The same on a typical curve of the task.
    pull : ndarray, shape (S, T)
        Coefficient of the starting height of curves, which predicts their later slopes.
    own_drift, shared_drift : ndarray, shape (S, T)
        Rates of the walks.
    own_change, shared_change : ndarray, shape (S, T)
        Rates at which slopes change beyond the data.
    population : PopulationDraws
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    own_walk: np.ndarray
    shared_walk: np.ndarray
    noise: np.ndarray
    typical_noise: np.ndarray
    pull: np.ndarray
    own_drift: np.ndarray
    shared_drift: np.ndarray
    own_change: np.ndarray
    shared_change: np.ndarray
    population: PopulationDraws

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws, each with the names of its dimensions after S, by the name of the variable in a posterior."""
        return {
            **{name: (values, ("curve",)) for name, values in self.coordinates.items()},
            "level": (self.level, ("curve",)),
            "own_walk": (self.own_walk, ("curve", "basis")),
            "shared_walk": (self.shared_walk, ("task", "shared_basis")),
            "noise": (self.noise, ("curve",)),
            "typical_noise": (self.typical_noise, ("task",)),
            "pull": (self.pull, ("task",)),
            "own_drift": (self.own_drift, ("task",)),
            "shared_drift": (self.shared_drift, ("task",)),
            "own_change": (self.own_change, ("task",)),
            "shared_change": (self.shared_change, ("task",)),
            **self.population.variables(),
        }

    def watched(self) -> tuple[str, ...]:
        """Names of the variables whose convergence is checked: all but walks and effects."""
        return tuple(name for name in self.variables() if not name.endswith("_walk") and not name.startswith("effect_"))


def complete(
    density: CurveDensity,
    data: Data,
    layout: CurveLayout,
    centre: np.ndarray,
    positions: Position,
    rng: np.random.Generator,
) -> CompletedDraws:
    """Complete draws of positions, each entry of shape (S, ...); ``centre`` (C,) was subtracted from the log loss."""
    total = len(next(iter(positions.values())))
    whole: dict[str, Any] = {}
    for rows, some in parts(positions):
        part = vars(_complete_some(density, data, layout, centre, some, rng))
        if not whole:
            whole = jax.tree.map(lambda a: np.empty((total, *a.shape[1:]), a.dtype), part)
        for to, values in zip(jax.tree.leaves(whole), jax.tree.leaves(part), strict=True):
            to[rows] = values[: rows.stop - rows.start]
    return CompletedDraws(**whole)


def _complete_some(
    density: CurveDensity,
    data: Data,
    layout: CurveLayout,
    centre: np.ndarray,
    positions: Position,
    rng: np.random.Generator,
) -> CompletedDraws:
    with jax.enable_x64(True):
        positions, values, rotated, noise, known = jax.tree.map(np.asarray, _evaluate(density, data, positions))
        scales = density.scales
        typical = np.asarray(scale(scales.noise, positions["noise"]))
        own = np.asarray(scale(scales.own_drift, positions["own_drift"]))
        drift = np.asarray(scale(scales.shared_drift, positions["shared_drift"]))
    shared = _shared_walk(rotated, rng)
    row, task = np.asarray(data.row_of), np.asarray(data.task_of)
    explained = np.einsum("grp,sgp->sgr", data.shared, shared[:, np.asarray(data.task_of_row)])
    remaining = rotated.z - drift[:, task, None] * explained[:, row]
    own_walk = _own_walk(np.asarray(data.own)[row], remaining, own[:, task, None], noise[..., None], rng)
    shared_walk = drift[..., None] * shared
    open_walk = shared_walk.copy()
    for k, walks in enumerate(layout.walks):  # what follows from a path was subtracted from the residuals
        open_walk[:, k, : walks.known] = 0.0
        shared_walk[:, k, : walks.known] = known[:, k, : walks.known]
    weight = np.asarray(data.root_weight) ** 2
    level = centre + _level(layout, weight, rotated.residual, own_walk, open_walk, noise, rng)
    noise = _unsmoothed(layout.raw_noise, noise, rng)
    strength = np.asarray(pull(density, positions))
    population = population_draws(density.pooled, positions)
    own_change, shared_change = (
        prior.draw(layout.slope_error, len(level), rng) for prior in (scales.own_change, scales.shared_change)
    )
    return CompletedDraws(
        values,
        level,
        own_walk,
        shared_walk,
        noise,
        typical,
        strength,
        own,
        drift,
        own_change,
        shared_change,
        population,
    )


@functools.partial(jax.jit, static_argnames="density")
def _evaluate(
    density: CurveDensity, data: Data, positions: Position
) -> tuple[Position, dict[str, jax.Array], Rotated, jax.Array, jax.Array]:
    """Whole positions, coordinates, rotated residuals, noise of curves, walks along known paths; at S positions."""

    def one(position: Position) -> tuple[Position, dict[str, jax.Array], Rotated, jax.Array, jax.Array]:
        position = unfold(density.filling, data.borrowed, position)
        values = coordinates(density.pooled, data.groups, position)
        rotated = rotated_residuals(density, data, position, values)
        paths = None if data.borrowed is None else data.borrowed.paths
        known = jnp.zeros((density.tasks, 0))
        if paths is not None:
            known = path_walks(density.law, paths, position, values)
        return position, values, rotated, curve_noise(density, position, data.task_of), known

    return jax.vmap(one)(positions)


def _shared_walk(rotated: Rotated, rng: np.random.Generator) -> np.ndarray:
    """Standardised coefficients c ~ N(Lambda^-1 b, Lambda^-1), shape (S, T, Q)."""
    root = np.linalg.cholesky(rotated.precision)
    white = np.linalg.solve(root, rotated.linear[..., None])
    white = white + rng.standard_normal(white.shape)
    return np.linalg.solve(np.swapaxes(root, -1, -2), white)[..., 0]


def _own_walk(
    own: np.ndarray, z: np.ndarray, rate: np.ndarray, noise: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws of coefficients of own walks given the rotated residuals less the shared walk, shape (S, C, P).

    Matheron's rule: a draw from the prior, corrected by the gain times its residual.
    """
    prior = rate * rng.standard_normal((len(z), own.shape[0], own.shape[2]))
    implied = np.einsum("crp,scp->scr", own, prior) + noise * rng.standard_normal(z.shape)
    strength = np.sum(own**2, axis=2)
    # rows of `own` are orthogonal within a curve, so the gain is elementwise; padding has strength 0
    gain = rate**2 / (rate**2 * strength + noise**2)
    return prior + np.einsum("crp,scr->scp", own, gain * (z - implied))


def _level(
    layout: CurveLayout,
    weight: np.ndarray,
    residual: np.ndarray,
    own_walk: np.ndarray,
    shared_walk: np.ndarray,
    noise: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draws of levels under a flat prior: weighted mean of the residuals plus its sampling error; shape (S, C)."""
    total = weight.sum(axis=1)
    explained = np.zeros(noise.shape)
    for i, k in enumerate(layout.task_of):
        walks, axis, h = layout.walks[k], layout.axis[i], layout.weight[i]
        explained[:, i] = own_walk[:, i, : len(walks.own.knots)] @ (h @ walks.own.functions(axis))
        explained[:, i] += shared_walk[:, k, : len(walks.shared.knots)] @ (h @ walks.shared.functions(axis))
    seen = total > 0  # draws from the prior have no runs that would determine a level
    total = np.where(seen, total, 1.0)
    mean = (np.einsum("cm,scm->sc", np.sqrt(weight), residual) - explained) / total
    return seen * (mean + noise / np.sqrt(total) * rng.standard_normal(mean.shape))


def _unsmoothed(raw: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Run-to-run noise, shape (S, C); for smoothed curves the estimate from before smoothing, with its error."""
    return np.where(np.isnan(raw), noise, raw * np.exp(RAW_NOISE_LOG_SD * rng.standard_normal(noise.shape)))
