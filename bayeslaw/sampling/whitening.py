"""A frame: an affine change of variables after which the posterior of a table is nearly standard normal.

Learning curves determine some combinations of a law's coordinates well and others not at all, and which differs from
curve to curve. The curvature of the log density at its mode shows them; along its principal axes, in units of the
standard deviations that it implies, NUTS takes a tenth of the steps. This holds where spreads are fixed: where they are
sampled, the mode lies where they vanish, and its curvature does not describe the rest. Effects whose sd is sampled must
therefore be stated by their conditional distribution (``Density.condition``), as if they were integrated out.
"""

import functools
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy import optimize

from bayeslaw.errors import SamplingError
from bayeslaw.kinds.base import Density, Model
from bayeslaw.kinds.shared.population import Position
from bayeslaw.laws.base import Array

LEAST_CURVATURE = 0.3
"""Least curvature that is used. Entries are standardised, so priors have curvature 1; a likelihood may reduce it."""

STEP = 1e-6
"""Of differences of the gradient, in units of the prior: short against what the most precise runs leave open."""

POWERS = (0.01, 0.1, 1.0)
"""Powers to which the likelihood is tempered in the search for the mode, each search starting at the last mode. A curve
whose break may lie in two places doubles the number of modes; with a weak likelihood there is only one."""


class Frame(NamedTuple):
    """An affine map from D free directions to a position; entries that are fixed are 0 in all of them."""

    centre: Position
    root: Array  # (size of the position, D)


def place(frame: Frame | None, z: Array | Position) -> Position:
    """Position of a point of the frame; without a frame, points are positions."""
    if frame is None:
        return z
    flat, unravel = ravel_pytree(frame.centre)
    return unravel(flat + frame.root @ z)


def straightened(density: Density, data: Any, frame: Frame | None, z: Array | Position) -> Position:
    """Position of free coordinates before effects are conditioned on it; see `bayeslaw.kinds.base.Density`."""
    position = place(frame, z)
    return position if frame is None else density.straighten(data, frame.centre, position)


def to_position(density: Density, data: Any, frame: Frame | None, z: Array | Position) -> tuple[Position, Array]:
    """Position of free coordinates, and the log Jacobian determinant; see `bayeslaw.kinds.base.Density`.

    The constant determinant of the frame is left out.
    """
    return density.condition(data, straightened(density, data, frame, z))


@functools.partial(jax.jit, static_argnums=0)
def potential(density: Density, data: Any, frame: Frame | None, power: float, z: Array | Position) -> Array:
    """Minus the log density of free coordinates, up to a constant, its likelihood raised to a power."""
    position, volume = to_position(density, data, frame, z)
    return -density.log_prior(position) - power * density.log_likelihood(data, position) - volume


value_and_slope = functools.partial(jax.jit, static_argnums=0)(jax.value_and_grad(potential, argnums=4))
"""The potential and its gradient in free coordinates: one program for the search for the mode, the curvature there, and
the points that chains start from, as a program takes longer to compile than to run."""

_straightened = functools.partial(jax.jit, static_argnums=0)(straightened)


def whiten(model: Model) -> Frame:
    """Find the mode of a model's density and the principal axes of its curvature there.

    Entries that are ``standard`` given the rest are left at 0, with steps of 1.

    Raises
    ------
    SamplingError
        If the density is not finite at the centre of the prior.
    """
    fixed = model.fixed()
    with jax.enable_x64(True):
        origin = {name: jnp.zeros(shape) for name, shape in model.sizes().items()}
        standard = set(model.density.standard) - fixed
        searched = _directions(model, set(model.sizes()) - fixed - standard)
        rest = _directions(model, standard)
        density, data = model.density, jax.device_put(model.data)

        def slope(centre: Position, root: np.ndarray, power: float, z: np.ndarray) -> tuple[float, np.ndarray]:
            frame = Frame(centre, np.concatenate([root, rest], axis=1))
            value, gradient = value_and_slope(density, data, frame, power, np.append(z, np.zeros(rest.shape[1])))
            return float(value), np.asarray(gradient)[: len(z)]

        mode = np.zeros(searched.shape[1])
        if not np.isfinite(slope(origin, searched, 1.0, mode)[0]):
            raise SamplingError(
                "The density is not finite where the search for its mode sets out; look for extreme losses."
            )
        for power in POWERS:
            mode = mode_of(functools.partial(slope, origin, searched, power), mode)
        centre = jax.tree.map(np.asarray, _straightened(density, data, Frame(origin, searched), mode))
        second = _curvature(functools.partial(slope, centre, searched, 1.0), len(mode))
        if not np.isfinite(second).all():
            raise SamplingError("The density is not finite about its mode; look for extreme losses.")
        curvature, axes = np.linalg.eigh(second)
        root = searched @ axes / np.sqrt(np.maximum(curvature, LEAST_CURVATURE))
        return Frame(centre, np.concatenate([root, rest], axis=1))


def mode_of(slope: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray) -> np.ndarray:
    """Where a function is least, from its value and gradient; where these are not finite, the search turns back."""

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = slope(z)
        finite = np.isfinite(value) and np.isfinite(gradient).all()
        return (value, gradient) if finite else (np.inf, np.zeros_like(gradient))

    return np.asarray(optimize.minimize(objective, start, jac=True, method="BFGS").x)


def _directions(model: Model, names: Collection[str]) -> np.ndarray:
    """Unit vectors along the entries of the given names: shape (size of a position, D)."""
    chosen = ravel_pytree({name: np.full(shape, name in names) for name, shape in model.sizes().items()})[0]
    return np.eye(len(chosen))[:, np.asarray(chosen)]


def _curvature(slope: Callable[[np.ndarray], tuple[float, np.ndarray]], size: int) -> np.ndarray:
    """Second derivatives at the centre of a frame, shape (D, D), by central differences of its gradient.

    Differences cost no program of their own, as derivatives would, and are off by parts in a million.
    """
    rows = [(slope(z)[1] - slope(-z)[1]) / (2 * STEP) for z in STEP * np.eye(size)]
    second = np.reshape(rows, (size, size))
    return (second + second.T) / 2
