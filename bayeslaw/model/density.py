"""The one log density: law, pooling, discrepancy and noise, with everything linear integrated out.

For curve i of task k, at the points t of its runs,

    log loss = level_i + log_shape(coordinates_i, t) + pull_k height_i(t) + own_i(t) + shared_k(t) + noise,

where height is what is left of the height at which the curve starts (see ``heights``), own and shared are slope walks
of rates q and Q (see ``discrepancy``) and the noise of a run has standard deviation s_i, scattered about s_k. Levels
(flat prior), own walks and shared walks are integrated out in closed form; what is left to sample are the coordinates,
their population, the pull and the scales.

Curves of a task that were run at the same sizes share their rotation, so they are handled as rows of equals.

Shapes: C curves, M points, R rotated directions, P basis functions of own walks and Q of shared ones, T tasks, G rows
of N equal curves each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from bayeslaw.laws.base import Array, Law, Level
from bayeslaw.model.design import Design, build_design
from bayeslaw.model.discrepancy import TaskWalks, rotate, walks_by_task
from bayeslaw.model.heights import first_sizes, relaxed, starting_heights
from bayeslaw.model.hierarchy import TASK_SPREAD, PooledCoordinate, pool
from bayeslaw.model.priors import PRIORS, LogNormal, ScalePriors
from bayeslaw.runs import Runs

Position = dict[str, Any]
"""Everything sampled, by name; all unconstrained.

``location`` (K,): population locations in units of their prior; ``spread.<coordinate>.<level>`` (): log of a spread
over its prior scale; ``<coordinate>.<level>`` (groups,): effects in units of their spread; ``noise`` (T,),
``roughness`` (C,), ``own_drift`` (T,), ``shared_drift`` (T,): logs of scales over their prior medians, in units of
their prior sd; ``pull`` (T,): in units of its prior.
"""


@dataclass(frozen=True)
class Structure:
    """What is fixed when the density is compiled: tables of the same shape share one structure."""

    law: Law
    pooled: tuple[PooledCoordinate, ...]
    scales: ScalePriors
    tasks: int


class Data(NamedTuple):
    """The arrays of the density; see ``RotatedCurve`` for the rotated ones."""

    covariates: dict[str, Array]  # (C, M), relative to the reference point
    reference: dict[str, Array]  # (), all 1
    log_loss: Array  # (C, M), less the mean of each curve
    height: Array  # (C, M), what is left of the height at which a curve starts
    root_weight: Array  # (C, M)
    rotation: Array  # (G, M, R), root weights included
    strength: Array  # (C, R)
    own: Array  # (G, R, P)
    shared: Array  # (G, R, Q)
    real: Array  # (C, R): 1 for directions that exist, 0 for padding
    spare: Array  # (C,)
    slots: Array  # (G, N): the curve in each place; places beyond the last curve of a row repeat its first
    place_of: Array  # (C,): index into the slots, row by row
    row_of: Array  # (C,)
    task_of_row: Array  # (G,)
    task_of: Array  # (C,)
    groups: dict[str, Array]  # level -> (C,)


@dataclass(frozen=True, eq=False)
class Model:
    """A hierarchical model of one table of runs."""

    law: Law
    design: Design
    structure: Structure
    data: Data
    walks: tuple[TaskWalks, ...]
    centre: np.ndarray
    """Mean log loss of each curve, shape (C,), which is taken off before sampling."""

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        shapes: dict[str, tuple[int, ...]] = {
            "location": (len(self.structure.pooled),),
            "noise": (len(self.design.tasks),),
            "roughness": (len(self.design.curves),),
            "pull": (len(self.design.tasks),),
            "own_drift": (len(self.design.tasks),),
            "shared_drift": (len(self.design.tasks),),
        }
        groups = {"task": len(self.design.tasks), "family": len(self.design.families), "model": len(self.design.curves)}
        for pooled in self.structure.pooled:
            for level in pooled.levels:
                shapes[f"spread.{pooled.effect(level)}"] = ()
                shapes[pooled.effect(level)] = (groups[level],)
        return shapes

    def held(self) -> frozenset[str]:
        """Entries of a position that stay at 0: of scales that are known, and of spreads if the law states them."""
        scales = self.structure.scales
        width = {
            "noise": scales.noise.sd,
            "roughness": scales.roughness,
            "pull": scales.pull.sd,
            "own_drift": scales.own_drift.sd,
            "shared_drift": scales.shared_drift.sd,
        }
        known = {name for name, sd in width.items() if sd == 0}
        if self.law.strays == "level":
            known |= {name for name in self.sizes() if name.startswith("spread.")}
        return frozenset(known)


def build_model(
    runs: Runs, law: Law, *, pooling: Mapping[str, Level] | None = None, scales: ScalePriors | None = None
) -> Model:
    """Put a law, its pooling and a table of runs together.

    Raises
    ------
    LawError
        If the table lacks what the law needs, or ``pooling`` names what the law does not have.
    """
    design = build_design(runs, law)
    walks = walks_by_task(design, law.strays)
    structure = Structure(law, pool(law, design, pooling), scales or PRIORS[law.strays], len(design.tasks))
    centre = design.log_loss.sum(axis=1) / (design.weight > 0).sum(axis=1)
    return Model(law, design, structure, _data(design, walks, centre), walks, centre)


def _data(design: Design, walks: tuple[TaskWalks, ...], centre: np.ndarray) -> Data:
    longest = design.log_loss.shape[1]
    # Units are taken off and the last bits of rounding with them: a table in other units gives the very same draws.
    relative = {
        name: np.exp(np.round(np.log(values / design.reference[name][:, None]), 10))
        for name, values in design.covariates.items()
    }
    log_loss = np.where(design.weight > 0, np.round(design.log_loss - centre[:, None], 10), 0.0)
    # Sizes are rounded up, so that tables of nearly the same shape share one compiled program.
    width = -(-longest // 4) * 4
    own_width, shared_width = (
        max(-(-max(len(basis.knots) for basis in bases) // 4) * 4, 1)
        for bases in ([w.own for w in walks], [w.shared for w in walks])
    )
    slots, place_of = rows_of_equals(design)
    row_of, first = place_of // slots.shape[1], slots[:, 0]
    rotated = []
    for i in first:
        k, seen = design.task_of[i], design.weight[i] > 0
        t = design.axis[i, seen]
        rotated.append(rotate(walks[k].own.functions(t), walks[k].shared.functions(t), design.weight[i, seen]))
    rank = max(-(-max(curve.rotation.shape[1] for curve in rotated) // 4) * 4, 1)
    rows = len(slots)
    rotation = np.zeros((rows, width, rank))
    strength, real = np.zeros((rows, rank)), np.zeros((rows, rank))
    own, shared = np.zeros((rows, rank, own_width)), np.zeros((rows, rank, shared_width))
    for g, curve in enumerate(rotated):
        m, r = curve.rotation.shape
        weight = design.weight[first[g]]
        rotation[g, :m, :r] = curve.rotation * np.sqrt(weight[weight > 0])[:, None]
        strength[g, :r], real[g, :r] = curve.strength, 1.0
        own[g, :r, : curve.own.shape[1]], shared[g, :r, : curve.shared.shape[1]] = curve.own, curve.shared

    def widen(a: np.ndarray, mode: str) -> np.ndarray:
        return np.pad(a, ((0, 0), (0, width - longest)), mode=mode)  # type: ignore[call-overload]

    return Data(
        covariates={name: widen(values, "edge") for name, values in relative.items()},
        reference={name: np.asarray(1.0) for name in relative},
        log_loss=widen(log_loss, "constant"),
        height=widen(starting_heights(design)[:, None] * relaxed(design.axis, first_sizes(design)), "edge"),
        root_weight=widen(np.sqrt(design.weight), "constant"),
        rotation=rotation,
        strength=strength[row_of],
        own=own,
        shared=shared,
        real=real[row_of],
        spare=np.array([curve.spare for curve in rotated], float)[row_of],
        slots=slots,
        place_of=place_of,
        row_of=row_of,
        task_of_row=design.task_of[first],
        task_of=design.task_of,
        groups={"task": design.task_of, "family": design.family_of, "model": np.arange(len(design.curves))},
    )


def rows_of_equals(design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Arrange curves of one task, with the same sizes and weights, in rows of one width.

    The width is the largest that leaves at most a third of the places empty; rows of 1 if hardly any curves are equal.

    Returns
    -------
    slots : ndarray of int, shape (G, N)
        The curve in each place; places beyond the last curve of a row repeat its first.
    place_of : ndarray of int, shape (C,)
        Index of each curve into the slots, row by row.
    """
    curves = len(design.curves)
    looks = np.column_stack([design.task_of, np.where(design.weight > 0, design.axis, np.nan), design.weight])
    kind_of = np.unique(looks, axis=0, return_inverse=True, equal_nan=True)[1].ravel()
    members = [np.flatnonzero(kind_of == kind) for kind in range(kind_of.max() + 1)]
    for width in sorted({len(m) for m in members} | {1}, reverse=True):
        rows = [m[i : i + width] for m in members for i in range(0, len(m), width)]
        if 2 * len(rows) * width <= 3 * curves:
            break
    slots = np.array([np.concatenate([row, np.full(width - len(row), row[0])]) for row in rows])
    place_of = np.empty(curves, int)
    for g, row in enumerate(rows):
        place_of[row] = g * width + np.arange(len(row))
    return slots, place_of


def scale(prior: LogNormal, standardised: Array) -> Array:
    """A scale from its sampled, standardised logarithm."""
    return prior.median * jnp.exp(prior.sd * standardised)


def curve_noise(structure: Structure, position: Position, task_of: Array) -> Array:
    """Run-to-run standard deviation of log loss on each curve, shape (C,)."""
    typical = scale(structure.scales.noise, position["noise"])[task_of]
    return typical * jnp.exp(structure.scales.roughness * position["roughness"])


def pull(structure: Structure, position: Position) -> Array:
    """Strength of the pull on each task, shape (T,)."""
    return structure.scales.pull.mean + structure.scales.pull.sd * position["pull"]


def coordinates(structure: Structure, groups: Mapping[str, Array], position: Position) -> dict[str, Array]:
    """Coordinates of each curve, shape (C,) by name."""
    values = {}
    for k, pooled in enumerate(structure.pooled):
        c = pooled.coordinate
        value = c.mean + pooled.location_sd * position["location"][k]
        for level in pooled.levels:
            spread = pooled.spread_scale(level) * jnp.exp(position[f"spread.{pooled.effect(level)}"])
            value = value + spread * position[pooled.effect(level)][groups[level]]
        values[c.name] = jnp.broadcast_to(value, groups["model"].shape)
    return values


def log_prior(structure: Structure, position: Position) -> Array:
    """Log prior density of a position, up to a constant."""
    total = -0.5 * jnp.sum(position["location"] ** 2)
    for name in ("noise", "roughness", "pull", "own_drift", "shared_drift"):
        total -= 0.5 * jnp.sum(position[name] ** 2)
    for pooled in structure.pooled:
        for level in pooled.levels:
            log_spread = position[f"spread.{pooled.effect(level)}"]
            if level == "task":
                total -= 0.5 * (log_spread / TASK_SPREAD) ** 2
            else:
                total += log_spread - 0.5 * jnp.exp(2 * log_spread)  # half-normal, on the log scale
            total -= 0.5 * jnp.sum(position[pooled.effect(level)] ** 2)
    return total


class Rotated(NamedTuple):
    """Residuals of the law and the Gaussian terms that follow from them."""

    residual: Array  # (C, M): root-weighted log loss minus log shape and pull
    z: Array  # (C, R): rotated residuals
    variance: Array  # (C, R): their variance given the shared walk
    precision: Array  # (T, Q, Q): of the shared walk's standardised coefficients
    linear: Array  # (T, Q)


def rotated_residuals(structure: Structure, data: Data, position: Position, values: Mapping[str, Array]) -> Rotated:
    """Rotate the residuals of the law, given the coordinates of each curve."""
    by_curve = {name: value[:, None] for name, value in values.items()}
    shape = structure.law.log_shape(by_curve, data.covariates, data.reference)
    noise = curve_noise(structure, position, data.task_of)[:, None]
    own = scale(structure.scales.own_drift, position["own_drift"])[data.task_of][:, None]
    drift = scale(structure.scales.shared_drift, position["shared_drift"])[:, None]
    residual = data.log_loss - shape - pull(structure, position)[data.task_of][:, None] * data.height
    z = jnp.einsum("gnm,gmr->gnr", residual[data.slots], data.rotation)
    z = z.reshape(-1, data.rotation.shape[-1])[data.place_of]
    variance = own**2 * data.strength + noise**2
    by_row = partial(jax.ops.segment_sum, segment_ids=data.row_of, num_segments=len(data.slots))
    by_task = partial(jax.ops.segment_sum, segment_ids=data.task_of_row, num_segments=structure.tasks)
    weighted = data.shared * by_row(1.0 / variance)[..., None]
    explained = by_task(jnp.einsum("grp,grq->gpq", weighted, data.shared))
    precision = jnp.eye(data.shared.shape[-1]) + drift[:, None] ** 2 * explained
    linear = drift * by_task(jnp.einsum("grp,gr->gp", data.shared, by_row(z / variance)))
    return Rotated(residual * data.root_weight, z, variance, precision, linear)


def log_likelihood(structure: Structure, data: Data, position: Position) -> Array:
    """Log density of the runs given a position, levels and walks integrated out, up to a constant."""
    rotated = rotated_residuals(structure, data, position, coordinates(structure, data.groups, position))
    noise = curve_noise(structure, position, data.task_of)
    along = jnp.sum(data.root_weight * rotated.residual, axis=1) ** 2 / jnp.sum(data.root_weight**2, axis=1)
    spare = jnp.sum(rotated.residual**2, axis=1) - along - jnp.sum(rotated.z**2, axis=1)
    total = -0.5 * jnp.sum(data.real * jnp.log(rotated.variance) + rotated.z**2 / rotated.variance)
    total -= jnp.sum(data.spare * jnp.log(noise)) + 0.5 * jnp.sum(jnp.where(data.spare > 0, spare, 0.0) / noise**2)
    root = jnp.linalg.cholesky(rotated.precision)
    white = jax.scipy.linalg.solve_triangular(root, rotated.linear[..., None], lower=True)[..., 0]
    log_det = jnp.sum(jnp.log(jnp.diagonal(root, axis1=-2, axis2=-1)))
    return total + 0.5 * jnp.sum(white**2) - log_det


def log_density(structure: Structure, data: Data, position: Position) -> Array:
    """Unnormalised log posterior density of a position."""
    return log_prior(structure, position) + log_likelihood(structure, data, position)
