"""A frame: an affine change of variables after which the posterior of a table is nearly standard normal.

Learning curves determine some combinations of a law's coordinates well and others not at all, and which differs from
curve to curve. The curvature of the log density at its mode shows them; along its principal axes, in units of the
standard deviations that it implies, NUTS takes a tenth of the steps. This holds where spreads are fixed: where they are
sampled, the mode lies where they vanish, and its curvature does not describe the rest. Effects whose sd is sampled must
therefore be stated by their conditional distribution (``Density.condition``), as if they were integrated out.
"""

import functools
from collections.abc import Collection
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


def to_position(density: Density, data: Any, frame: Frame | None, z: Array | Position) -> tuple[Position, Array]:
    """Position of free coordinates, and the log Jacobian determinant; see `bayeslaw.kinds.base.Density`.

    The constant determinant of the frame is left out. `whiten` needs no ``straighten``, whose derivative at the centre
    of the frame is the identity.
    """
    position = place(frame, z)
    if frame is not None:
        position = density.straighten(data, frame.centre, position)
    return density.condition(data, position)


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
        start = Frame(origin, jnp.asarray(searched))
        data = jax.device_put(model.data)

        def slope(z: np.ndarray, power: float) -> tuple[float, np.ndarray]:
            value, gradient = _value_and_slope(model.density, data, start, power, z)
            return float(value), np.asarray(gradient)

        mode = np.zeros(searched.shape[1])
        if not np.isfinite(slope(mode, 1.0)[0]):
            raise SamplingError(
                "The density is not finite where the search for its mode sets out; look for extreme losses."
            )
        for power in POWERS:
            mode = optimize.minimize(slope, mode, args=(power,), jac=True, method="BFGS").x
        curvature, axes = np.linalg.eigh(np.asarray(_curvature(model.density, data, start, 1.0, mode)))
        root = searched @ axes / np.sqrt(np.maximum(curvature, LEAST_CURVATURE))
        root = np.concatenate([root, _directions(model, standard)], axis=1)
        return Frame(jax.tree.map(np.asarray, place(start, mode)), root)


def _directions(model: Model, names: Collection[str]) -> np.ndarray:
    """Unit vectors along the entries of the given names: shape (size of a position, D)."""
    chosen = ravel_pytree({name: np.full(shape, name in names) for name, shape in model.sizes().items()})[0]
    return np.eye(len(chosen))[:, np.asarray(chosen)]


def _potential(density: Density, data: Any, frame: Frame, power: float, z: Array) -> Array:
    position, volume = density.condition(data, place(frame, z))
    return -density.log_prior(position) - power * density.log_likelihood(data, position) - volume


_value_and_slope = functools.partial(jax.jit, static_argnums=0)(jax.value_and_grad(_potential, argnums=4))


@functools.partial(jax.jit, static_argnums=0)
def _curvature(density: Density, data: Any, frame: Frame, power: float, z: Array) -> Array:
    """Second derivatives, shape (D, D), one column after another.

    ``jax.hessian`` computes all columns at once, in large batches of small matrix factorisations. Such a program never
    returned from the CPU backend of JAX 0.10 in two of four runs on a leaderboard of 750 scores.
    """

    def slope(z: Array) -> Array:
        return jax.grad(_potential, argnums=4)(density, data, frame, power, z)

    return jax.lax.map(lambda direction: jax.jvp(slope, (z,), (direction,))[1], jnp.eye(len(z)))
