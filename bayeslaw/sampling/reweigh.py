"""Carry draws of a posterior over to a table that has more runs by importance weights, in place of sampling anew.

Weights are ratios of the two log densities, in which kinds of models have integrated out or conditioned on what they
can: for curves only the population, noise and drifts are left. What is left out is then drawn given the new table, so
that weights stay even when the new runs tell much of one model and little of the rest.
"""

import functools
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from bayeslaw._arviz import K_MAX, smoothed_weights
from bayeslaw.kinds.base import Density, Model, log_density
from bayeslaw.kinds.shared.population import Position
from bayeslaw.sampling.sample import Sampled

SHARE_MIN = 0.1
"""Least effective share of draws at which weights are relied on."""


def reweigh(
    sampled: Sampled, before: Model, after: Model, rng: np.random.Generator
) -> tuple[Sampled | None, float | None]:
    """Draws from the posterior of one model, made draws from that of another of the same shapes.

    Parameters
    ----------
    sampled : Sampled
        Of ``before``.
    before, after : Model
        The same law and models of a task, and more runs.
    rng : numpy.random.Generator

    Returns
    -------
    Sampled or None
        Resampled by smoothed weights, with quantities that were integrated out drawn anew; a draw may be there several
        times, and in another chain. Statistics and checks of the sampler stay those of ``sampled``. None where the
        weights cannot be relied on: Pareto k above `K_MAX` (Vehtari et al. 2024), or fewer effective draws than
        `SHARE_MIN` of all; or where positions of the two models have other entries, or others of them are fixed.
    float or None
        Pareto k, where there are weights.
    """
    if before.density != after.density or before.sizes() != after.sizes() or before.fixed() != after.fixed():
        return None, None  # draws of what was fixed would all stay where it was
    chains, draws = sampled.raw.steps.shape
    positions = {name: v.reshape(chains * draws, *v.shape[2:]) for name, v in sampled.raw.positions.items()}
    kept, k = resampled(log_densities(after, positions) - log_densities(before, positions), rng)
    if kept is None:
        return None, k
    chosen = {name: values[kept] for name, values in positions.items()}
    return replace(sampled, draws=after.complete(chosen, rng)), k


def resampled(log_weights: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray | None, float]:
    """Indices of draws resampled by log weights (S,), and Pareto k; None where the weights cannot be relied on."""
    count = len(log_weights)
    if not np.isfinite(log_weights).all():
        return None, float("inf")
    smoothed, k = smoothed_weights(log_weights[None])
    weight = np.exp(smoothed[0] - smoothed[0].max())
    weight /= weight.sum()
    if not k[0] <= K_MAX or 1.0 / np.sum(weight**2) < SHARE_MIN * count:
        return None, float(k[0])
    places = (np.arange(count) + rng.uniform()) / count  # systematic resampling
    return np.searchsorted(np.cumsum(weight), places).clip(max=count - 1), float(k[0])


def log_densities(model: Model, positions: Position) -> np.ndarray:
    """Log posterior densities of positions, entries (S, ...), up to a constant: shape (S,)."""
    with jax.enable_x64(True):
        return np.asarray(_log_densities(model.density, jax.device_put(model.data), positions))


@functools.partial(jax.jit, static_argnums=0)
def _log_densities(density: Density, data: Any, positions: Position) -> jax.Array:
    return jax.lax.map(lambda position: log_density(density, data, position), positions, batch_size=100)
