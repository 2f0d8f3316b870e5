"""The log density of joint laws: one level and one set of coordinates for all the models of a family.

For run j of model i on surface g (a family within a task; a whole task where families have one model each),

    log loss = level_g + log_shape(coordinates_i, x_j)
               + offset_i + tilt_i (t_j - t_i) + curvature_i q_i(t_j) + field_g(x_j) + noise_j,

with x the covariates, t the logarithm of the axis, t_i its mean over the runs of the model and q_i half the square of
the distance from there, less its mean; offsets, tilts and curvatures normal, the field as in ``field`` and noise as in
``noise``: Student-t, or of runs that lie above what can be reached, a normal plus an exponential. All of these are
sampled. They cannot fit arbitrary data: a field has far fewer coefficients than there are runs, and models have effects
only on tasks with several runs per model.

Shapes: J runs, C models of which O have effects of their own, G surfaces, T tasks, P coefficients of all fields
together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from bayeslaw.kinds.shared.borrowed import VECTOR, BorrowedArrays, Filling, unfold
from bayeslaw.kinds.shared.population import Pooled, Position, coordinates, log_population_prior, scale
from bayeslaw.kinds.surfaces.conditional import given_rest
from bayeslaw.kinds.surfaces.noise import noise_of
from bayeslaw.kinds.surfaces.priors import Departures
from bayeslaw.kinds.surfaces.straighten import straighten
from bayeslaw.laws.base import Array, Law

LEVEL_SD = 1.0
"""Prior sd of the log loss of a surface at the reference about the mean of its runs: as good as flat."""

SPREADS = ("field_sd", "offset_sd", "tilt_sd", "curvature_sd")
OF_MODELS = ("offset", "tilt", "curvature")
"""Effects of single models; the standard deviation of each is a scale."""


def scale_names(law: Law) -> tuple[str, ...]:
    """Names of the scales of a task: the two of the noise of its runs, and the spreads of departures."""
    return ("noise", noise_of(law).second, *SPREADS)


class SurfaceData(NamedTuple):
    """The arrays of the density."""

    covariates: dict[str, Float[Array, " J"]]  # relative to the reference point
    log_loss: Float[Array, " J"]  # less the mean of each surface
    along: Float[Array, " J"]  # log of the axis, less its mean over the runs of the model
    curving: Float[Array, " J"]  # half the square of ``along``, less its mean over the runs of the model
    weight: Float[Array, " J"]  # 0 of rows that stand for no run
    functions: Float[Array, "J P"]  # basis functions of the field of the run's own surface, 0 of others
    unexplained: Float[Array, " J"]  # variance of the field that its patterns do not explain, at unit sd
    curve_of: Int[Array, " J"]
    own_of: Int[Array, " J"]  # index of the run's model among the O with effects; O for others
    task_of: Int[Array, " J"]
    surface_of: Int[Array, " J"]
    task_of_own: Int[Array, " O"]
    task_of_coefficient: Int[Array, " P"]
    groups: dict[str, Int[Array, " C"]]  # by level
    borrowed: BorrowedArrays | None = None


@dataclass(frozen=True)
class SurfaceDensity:
    """The log density without its arrays: tables of the same shape share one compiled density.

    Beside the population, a position has ``level`` (G,), in units of LEVEL_SD; ``noise``, ``tail`` (or ``excess``),
    ``field_sd``, ``offset_sd``, ``tilt_sd`` and ``curvature_sd`` (T,), logs of scales over their prior medians, in
    units of their prior sd; ``offset``, ``tilt`` and ``curvature`` (O,), in units of the prior medians of their
    standard deviations (a sampler moves in other coordinates: see ``condition``); and ``field`` (P,), standard normal.
    """

    law: Law
    pooled: Pooled
    scales: Departures
    filling: Filling = ()

    @property
    def whitened(self) -> bool:
        """True: spreads are fixed, so the curvature at the mode scales the sampler's steps."""
        return True

    @property
    def per_curve(self) -> tuple[str, ...]:
        """None: effects of models are sampled by their conditional distribution given all else."""
        return ()

    @property
    def standard(self) -> tuple[str, ...]:
        """None: the mode and its curvature are those of all entries."""
        return ()

    def log_prior(self, position: Position) -> Array:
        """Log prior density of a position, up to a constant; that of effects is part of ``log_likelihood``."""
        total = log_population_prior(self.pooled, position)
        for name in ("level", "field", *scale_names(self.law), VECTOR):
            if name in position:
                total -= 0.5 * jnp.sum(position[name] ** 2)
        return total

    def log_likelihood(self, data: SurfaceData, position: Position) -> Array:
        """Log density of the runs and of the effects of models given the rest of a position, up to a constant."""
        position = unfold(self.filling, data.borrowed, position)
        scales = surface_scales(self, position)
        variance, second = scatter(self, scales, data)
        residual = data.log_loss - expected(self, data, position)
        of_run = noise_of(self.law).log_density(residual, variance, second)
        total = jnp.sum(jnp.where(data.weight > 0, of_run, 0.0))
        if data.task_of_own.size:
            spread = jnp.stack([scales[f"{name}_sd"] for name in OF_MODELS]) / _medians(self)
            effects = jnp.stack([position[name] for name in OF_MODELS])
            total -= jnp.sum(0.5 * (effects / spread[:, data.task_of_own]) ** 2 + jnp.log(spread)[:, data.task_of_own])
        return total

    def straighten(self, data: SurfaceData, centre: Position, position: Position) -> Position:
        """Shift exponents by the nonlinear effect of other coordinates on slopes; the identity with a prior."""
        if self.law.slopes is None or self.filling:
            return position
        return straighten(self.pooled, self.law.slopes, data.groups, centre, position)

    def condition(self, data: SurfaceData, position: Position) -> tuple[Position, Array]:
        """Change of variables from standard normal deviates to ``offset``, ``tilt`` and ``curvature``.

        See ``conditional``. Returns the position and the log of the Jacobian determinant, up to a constant.
        """
        if not data.task_of_own.size:
            return position, jnp.zeros(())
        whole = unfold(self.filling, data.borrowed, position)
        scales = surface_scales(self, whole)
        noise = noise_of(self.law)
        variance, second = scatter(self, scales, data)
        sd = jnp.stack([scales[f"{name}_sd"] for name in OF_MODELS])[:, data.task_of_own]
        rest = data.log_loss - shared(self, data, whole) - noise.mean(second)
        z = jnp.stack([position[name] for name in OF_MODELS])
        precision = jnp.where(data.weight > 0, noise.precision(variance, second), 0.0)
        found, volume = given_rest(_basis(data), rest, precision, data.own_of, sd, z)
        return {**position, **dict(zip(OF_MODELS, found / _medians(self), strict=True))}, volume


def surface_scales(density: SurfaceDensity, position: Position) -> dict[str, Array]:
    """Scales of each task, shapes (T,)."""
    return {name: scale(getattr(density.scales, name), position[name]) for name in scale_names(density.law)}


def scatter(density: SurfaceDensity, scales: dict[str, Array], data: SurfaceData) -> tuple[Array, Array]:
    """Squared scale of the noise of each run to either side, and its other scale, shapes (J,).

    The first contains the part of the field that patterns do not explain.
    """
    of_task = jnp.stack([scales["noise"], scales["field_sd"], scales[noise_of(density.law).second]])
    noise, field, second = of_task[:, data.task_of]
    weight = jnp.where(data.weight > 0, data.weight, 1.0)
    return noise**2 / weight + field**2 * data.unexplained, second


def shared(density: SurfaceDensity, data: SurfaceData, position: Position) -> Array:
    """Log loss of each run by level, law and field, less the mean of its surface; shape (J,)."""
    values = coordinates(density.pooled, data.groups, position)
    at_run = dict(zip(values, jnp.stack(list(values.values()))[:, data.curve_of], strict=True))
    shape = density.law.log_shape(at_run, data.covariates, dict.fromkeys(data.covariates, 1.0))
    scales = surface_scales(density, position)
    field = data.functions @ (scales["field_sd"][data.task_of_coefficient] * position["field"])
    return LEVEL_SD * position["level"][data.surface_of] + shape + field


def expected(density: SurfaceDensity, data: SurfaceData, position: Position) -> Array:
    """Log loss of each run without its noise, less the mean of its surface; shape (J,)."""
    if not data.task_of_own.size:
        return shared(density, data, position)
    own = _medians(density) * jnp.stack([position[name] for name in OF_MODELS])
    of_run = jnp.pad(own, ((0, 0), (0, 1)))[:, data.own_of]
    return shared(density, data, position) + jnp.sum(of_run * _basis(data), axis=0)


def _medians(density: SurfaceDensity) -> np.ndarray:
    """Prior medians of the standard deviations of effects, shape (3, 1)."""
    return np.array([[getattr(density.scales, f"{name}_sd").median] for name in OF_MODELS])


def _basis(data: SurfaceData) -> Array:
    """Basis functions of offset, tilt and curvature at each run: shape (3, J)."""
    return jnp.stack([jnp.ones_like(data.along), data.along, data.curving])
