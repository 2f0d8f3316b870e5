"""The log density of curves: law, pooling, discrepancy and noise, with all linear Gaussian terms integrated out.

For curve i of task k, at the points t of its runs,

    log loss = level_i + log_shape(coordinates_i, t) + pull_k height_i(t) + own_i(t) + shared_k(t) + noise,

where height_i(t) is what remains at t of the height at which the curve starts (see ``heights``), own and shared are
random walks of rates q and Q (see ``walks``), and run-to-run noise has standard deviation s_i, lognormal about s_k of
its task. Levels (flat prior), own walks and shared walks are integrated out in closed form; the coordinates, their
population, the pull and the scales are sampled.

Curves of a task that were measured at the same sizes with the same weights share one rotation, so they are arranged in
rows of equal curves.

Shapes: C curves, M points, R rotated directions, P basis functions of own walks and Q of shared ones, T tasks, G rows
of N equal curves each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.shared.borrowed import PATH, VECTOR, BorrowedArrays, Filling, Paths, unfold
from bayeslaw.kinds.shared.population import Pooled, Position, coordinates, log_population_prior, scale
from bayeslaw.laws.base import Array, Law


@dataclass(frozen=True)
class CurveDensity:
    """The log density without its arrays: tables of the same shape share one compiled density.

    Beside the population, a position has ``noise`` (T,), ``roughness`` (C,), ``own_drift`` (T,), ``shared_drift`` (T,):
    logs of scales over their prior medians, in units of their prior sd; and ``pull`` (T,), in units of its prior.
    """

    law: Law
    pooled: Pooled
    scales: ScalePriors
    tasks: int
    filling: Filling = ()

    @property
    def whitened(self) -> bool:
        """Whether the curvature at the mode scales the sampler's steps: for whole curves, whose spreads are fixed."""
        return discrepancy_named(self.law.discrepancy).whole_curves

    @property
    def per_curve(self) -> tuple[str, ...]:
        """The noise of each curve relative to its task."""
        return ("roughness",)

    @property
    def standard(self) -> tuple[str, ...]:
        """None: what curves have to themselves is integrated out, not sampled."""
        return ()

    def log_prior(self, position: Position) -> Array:
        """Log prior density of a position, up to a constant."""
        return log_prior(self, position)

    def log_likelihood(self, data: "Data", position: Position) -> Array:
        """Log density of the runs given a position, up to a constant."""
        return log_likelihood(self, data, unfold(self.filling, data.borrowed, position))

    def straighten(self, data: "Data", centre: Position, position: Position) -> Position:
        """The identity: in the coordinates of these laws the posterior has no curved ridges."""
        return position

    def condition(self, data: "Data", position: Position) -> tuple[Position, Array]:
        """The identity and 0: effects of single curves are integrated out of this density."""
        return position, jnp.zeros(())


class Data(NamedTuple):
    """The arrays of the density; see ``RotatedCurve`` for the rotated ones."""

    covariates: dict[str, Float[Array, "C M"]]  # relative to the reference point
    reference: dict[str, Float[Array, ""]]  # all 1
    log_loss: Float[Array, "C M"]  # less the mean of each curve
    height: Float[Array, "C M"]  # what remains of the height at which a curve starts
    root_weight: Float[Array, "C M"]
    rotation: Float[Array, "G M R"]  # root weights included
    strength: Float[Array, "C R"]
    own: Float[Array, "G R P"]
    shared: Float[Array, "G R Q"]
    real: Float[Array, "C R"]  # 1 for directions that exist, 0 for padding
    noise_directions: Float[Array, " C"]
    slots: Int[Array, "G N"]  # the curve in each place; places beyond the last curve of a row repeat its first
    place_of: Int[Array, " C"]  # index into the slots, row by row
    row_of: Int[Array, " C"]
    task_of_row: Int[Array, " G"]
    task_of: Int[Array, " C"]
    groups: dict[str, Int[Array, " C"]]  # by level
    borrowed: BorrowedArrays | None = None


def curve_noise(density: CurveDensity, position: Position, task_of: Array) -> Array:
    """Run-to-run standard deviation of log loss on each curve, shape (C,)."""
    typical = scale(density.scales.noise, position["noise"])[task_of]
    return typical * jnp.exp(density.scales.roughness * position["roughness"])


def pull(density: CurveDensity, position: Position) -> Array:
    """Coefficient of the starting height on each task, shape (T,)."""
    return density.scales.pull.mean + density.scales.pull.sd * position["pull"]


def log_prior(density: CurveDensity, position: Position) -> Array:
    """Log prior density of a position, up to a constant."""
    total = log_population_prior(density.pooled, position)
    for name in ("noise", "roughness", "pull", "own_drift", "shared_drift", VECTOR):
        if name in position:
            total -= 0.5 * jnp.sum(position[name] ** 2)
    return total


def path_walks(law: Law, paths: Paths, position: Position, values: Mapping[str, Array]) -> Array:
    """Coefficients of the shared walk given the paths of tasks: path less law at the K known knots (T, K)."""
    of_task = {name: value[paths.first_of][:, None] for name, value in values.items()}
    shape = law.log_shape(of_task, {law.axis: jnp.exp(paths.sizes)}, {law.axis: 1.0})
    return jnp.einsum("tpq,tq->tp", paths.whiten, position[PATH] - (shape[:, 1:] - shape[:, :1]))


class Rotated(NamedTuple):
    """Residuals of the law and the Gaussian terms that follow from them."""

    residual: Float[Array, "C M"]  # root-weighted log loss minus log shape and pull
    z: Float[Array, "C R"]  # rotated residuals
    variance: Float[Array, "C R"]  # their variance given the shared walk
    precision: Float[Array, "T Q Q"]  # of the shared walk's standardised coefficients
    linear: Float[Array, "T Q"]


def rotated_residuals(density: CurveDensity, data: Data, position: Position, values: Mapping[str, Array]) -> Rotated:
    """Rotate the residuals from the law so that they are independent given the shared walk."""
    by_curve = {name: value[:, None] for name, value in values.items()}
    shape = density.law.log_shape(by_curve, data.covariates, data.reference)
    noise = curve_noise(density, position, data.task_of)[:, None]
    own = scale(density.scales.own_drift, position["own_drift"])[data.task_of][:, None]
    drift = scale(density.scales.shared_drift, position["shared_drift"])[:, None]
    residual = data.log_loss - shape - pull(density, position)[data.task_of][:, None] * data.height
    if data.borrowed is not None and data.borrowed.paths is not None:
        known = path_walks(density.law, data.borrowed.paths, position, values)
        residual -= jnp.einsum("cmq,cq->cm", data.borrowed.paths.functions, known[data.task_of])
    z = jnp.einsum("gnm,gmr->gnr", residual[data.slots], data.rotation)
    z = z.reshape(-1, data.rotation.shape[-1])[data.place_of]
    variance = own**2 * data.strength + noise**2
    by_row = partial(jax.ops.segment_sum, segment_ids=data.row_of, num_segments=len(data.slots))
    by_task = partial(jax.ops.segment_sum, segment_ids=data.task_of_row, num_segments=density.tasks)
    weighted = data.shared * by_row(1.0 / variance)[..., None]
    explained = by_task(jnp.einsum("grp,grq->gpq", weighted, data.shared))
    precision = jnp.eye(data.shared.shape[-1]) + drift[:, None] ** 2 * explained
    linear = drift * by_task(jnp.einsum("grp,gr->gp", data.shared, by_row(z / variance)))
    return Rotated(residual * data.root_weight, z, variance, precision, linear)


def log_likelihood(density: CurveDensity, data: Data, position: Position) -> Array:
    """Log density of the runs given a whole position, levels and walks integrated out, up to a constant."""
    rotated = rotated_residuals(density, data, position, coordinates(density.pooled, data.groups, position))
    noise = curve_noise(density, position, data.task_of)
    along = jnp.sum(data.root_weight * rotated.residual, axis=1) ** 2 / jnp.sum(data.root_weight**2, axis=1)
    left = jnp.sum(rotated.residual**2, axis=1) - along - jnp.sum(rotated.z**2, axis=1)
    total = -0.5 * jnp.sum(data.real * jnp.log(rotated.variance) + rotated.z**2 / rotated.variance)
    total -= jnp.sum(data.noise_directions * jnp.log(noise)) + 0.5 * jnp.sum(
        jnp.where(data.noise_directions > 0, left, 0.0) / noise**2
    )
    root = jnp.linalg.cholesky(rotated.precision)
    white = jax.scipy.linalg.solve_triangular(root, rotated.linear[..., None], lower=True)[..., 0]
    log_det = jnp.sum(jnp.log(jnp.diagonal(root, axis1=-2, axis2=-1)))
    return total + 0.5 * jnp.sum(white**2) - log_det
