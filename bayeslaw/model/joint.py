"""The model of joint laws, whose curves are models on one surface: its arrays, and draws of all that it knows of."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np

from bayeslaw.laws.base import Array, Law
from bayeslaw.model.borrowed import Entry, Lent, lay_out, reduced_sizes, unfold
from bayeslaw.model.design import Design
from bayeslaw.model.field import Field, surface_field
from bayeslaw.model.population import (
    Pooled,
    PopulationDraws,
    Position,
    coordinates,
    group_index,
    population_draws,
    population_sizes,
)
from bayeslaw.model.priors import SurfacePriors
from bayeslaw.model.surface import (
    LEVEL_SD,
    OF_MODELS,
    SCALES,
    SurfaceData,
    SurfaceStructure,
    surface_scales,
)

RUNS_PER_MODEL = 3
"""Runs of a model, on average over a task, from which on its models have something of their own."""


@dataclass(frozen=True, eq=False)
class SurfaceDraws:
    """Draws of everything, S of them.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, C)
        The law's coordinates, model by model.
    level : ndarray, shape (S, C)
        Log loss of the law at its reference point, the same on all models of a surface.
    offset : ndarray, shape (S, C)
        What the runs of a model have in common, in log loss.
    tilt : ndarray, shape (S, C)
        Log-log slope of a model beyond that of the law, at the middle of its runs.
    curvature : ndarray, shape (S, C)
        Change of that slope over an e-fold of the axis.
    field : ndarray, shape (S, P)
        Coefficients of the fields, one surface after another, standard deviation included.
    scales : dict of ndarray, shape (S, T)
        ``noise``, ``tail``, ``field_sd``, and ``offset_sd``, ``tilt_sd`` and ``curvature_sd``, which are 0 for tasks
        whose models have nothing of their own.
    population : PopulationDraws
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    offset: np.ndarray
    tilt: np.ndarray
    curvature: np.ndarray
    field: np.ndarray
    scales: dict[str, np.ndarray]
    population: PopulationDraws

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws and their dimensions beside that of draws, by the names they have in a posterior."""
        return {
            **{name: (values, ("curve",)) for name, values in self.coordinates.items()},
            "level": (self.level, ("curve",)),
            "offset": (self.offset, ("curve",)),
            "tilt": (self.tilt, ("curve",)),
            "curvature": (self.curvature, ("curve",)),
            "field": (self.field, ("basis",)),
            **{name: (values, ("task",)) for name, values in self.scales.items()},
            **self.population.variables(),
        }

    def watched(self) -> tuple[str, ...]:
        """Names of the variables that chains must agree on."""
        return tuple(name for name in self.variables() if name != "field" and not name.startswith("effect_"))


@dataclass(frozen=True, eq=False)
class SurfaceModel:
    """A hierarchical model of one table of runs, one level for all models of a family."""

    law: Law
    design: Design
    structure: SurfaceStructure
    data: SurfaceData
    centre: np.ndarray
    """Mean log loss of the surface of each model, shape (C,), which is taken off before sampling."""

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        whole = _whole_sizes(self.design, self.structure.pooled, len(self.data.task_of_coefficient))
        return reduced_sizes(self.structure.layout, whole)

    def held(self) -> frozenset[str]:
        """Entries of a position that stay at 0: of scales that are known or that nothing tells, and all spreads."""
        known = {name for name in SCALES if getattr(self.structure.scales, name).sd == 0}
        known |= {name for name in self.sizes() if name.startswith("spread.")}
        if not models_differ(self.design).any():
            known |= {*OF_MODELS, *(f"{name}_sd" for name in OF_MODELS)}
        return frozenset(known & set(self.sizes()))

    def without_runs(self) -> "SurfaceModel":
        """The same model of a table whose runs say nothing, to draw from the prior."""
        return replace(self, data=self.data._replace(weight=np.zeros_like(self.data.weight)))

    def complete(self, positions: Position, rng: np.random.Generator) -> SurfaceDraws:
        """Draws of everything, given positions with entries of shape (S, ...)."""
        data = self.data
        with jax.enable_x64(True):
            positions, values, scales = jax.tree.map(np.asarray, _evaluate(self.structure, data, positions))
        differ = models_differ(self.design)
        scales |= {f"{name}_sd": np.where(differ, scales[f"{name}_sd"], 0.0) for name in OF_MODELS}
        own = {name: np.zeros((len(positions[name]), len(self.design.curves))) for name in OF_MODELS}
        for name, entries in own.items():
            median = getattr(self.structure.scales, f"{name}_sd").median
            entries[:, differ[self.design.task_of]] = median * positions[name]
        return SurfaceDraws(
            coordinates=values,
            level=self.centre + LEVEL_SD * np.asarray(positions["level"])[:, self.design.family_of],
            offset=own["offset"],
            tilt=own["tilt"],
            curvature=own["curvature"],
            field=scales["field_sd"][:, data.task_of_coefficient] * positions["field"],
            scales=scales,
            population=population_draws(self.structure.pooled, positions),
        )


@functools.partial(jax.jit, static_argnames="structure")
def _evaluate(
    structure: SurfaceStructure, data: SurfaceData, positions: Position
) -> tuple[Position, dict[str, Array], dict[str, Array]]:
    """Whole positions, coordinates of the models, and scales at each of S positions."""

    def one(position: Position) -> tuple[Position, dict[str, Array], dict[str, Array]]:
        whole = unfold(structure.layout, data.lent, position)
        return whole, coordinates(structure.pooled, data.groups, whole), surface_scales(structure, whole)

    return jax.vmap(one)(positions)


@dataclass(frozen=True, eq=False)
class Surface:
    """A family within its task, or a task whose families have a single model each.

    Attributes
    ----------
    family, task : str
        The family is called as the task where it is the whole of it.
    models : ndarray of int
        Indices of its models among the curves.
    """

    family: str
    task: str
    models: np.ndarray


def surfaces(design: Design) -> tuple[Surface, ...]:
    """The surfaces of a table, in the order of its families."""
    names = enumerate(design.families)
    return tuple(Surface(family, task, np.flatnonzero(design.family_of == g)) for g, (task, family) in names)


@dataclass(frozen=True, eq=False)
class Stretch:
    """Where along the axis each of K models was measured, in e-folds from the reference.

    Attributes
    ----------
    middle : ndarray, shape (K,)
        Mean over the runs.
    low, high : ndarray, shape (K,)
        Ends, from the middle: of its runs, or those of a typical model of its surface where these lie further out.
    spread : ndarray, shape (K,)
        Mean square of the distance from the middle.
    """

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """From one end to the other, shape (K,)."""
        return self.high - self.low

    def along(self, t: np.ndarray) -> np.ndarray:
        """Distances from the middle, of t of shape (K, A)."""
        return t - self.middle[:, None]

    def curving(self, t: np.ndarray) -> np.ndarray:
        """What a unit curvature adds at t, shape (K, A): a parabola, and beyond the ends its tangents."""
        along = self.along(t)
        inside = np.clip(along, self.low[:, None], self.high[:, None])
        return 0.5 * (inside**2 - self.spread[:, None]) + inside * (along - inside)

    def of(self, models: np.ndarray) -> "Stretch":
        """That of some models, in another order or several times over."""
        return Stretch(*(values[models] for values in self._values()))

    def typical(self, groups: Sequence[np.ndarray]) -> "Stretch":
        """That of a typical model of each group."""
        return Stretch(*(np.array([values[members].mean() for members in groups]) for values in self._values()))

    def unless(self, condition: np.ndarray, other: "Stretch") -> "Stretch":
        """Its own models, or the other's where a condition holds."""
        pairs = zip(other._values(), self._values(), strict=True)
        return Stretch(*(np.where(condition, theirs, own) for theirs, own in pairs))

    def _values(self) -> tuple[np.ndarray, ...]:
        return self.middle, self.low, self.high, self.spread


def stretch(design: Design) -> Stretch:
    """Where each model was measured, or would have been if it had the runs of a typical one of its surface."""
    seen = design.weight > 0
    runs, members = seen.sum(axis=1), np.bincount(design.family_of)
    middle = np.sum(design.axis * seen, axis=1) / runs
    along = np.where(seen, design.axis - middle[:, None], 0.0)
    own = along.min(axis=1), along.max(axis=1)
    low, high = ((np.bincount(design.family_of, middle + end) / members)[design.family_of] - middle for end in own)
    spread = np.sum(along**2, axis=1) / runs
    return Stretch(middle, np.minimum(low, own[0]), np.maximum(high, own[1]), spread)


def points_of(design: Design) -> np.ndarray:
    """Logs of the covariates of all runs, relative to the reference: shape (J, V), model by model."""
    seen = design.weight > 0
    logs = [np.log(values / design.reference[name][:, None])[seen] for name, values in design.covariates.items()]
    return np.round(np.column_stack(logs), 10)  # units are taken off, and the last bits of rounding with them


def models_differ(design: Design) -> np.ndarray:
    """Tasks whose models have enough runs that what these have in common is more than the noise of one: shape (T,)."""
    runs = np.bincount(design.task_of, (design.weight > 0).sum(axis=1))
    return runs >= RUNS_PER_MODEL * np.bincount(design.task_of)


def surface_fields(design: Design) -> tuple[Field, ...]:
    """The field of each surface."""
    points, curve_of = points_of(design), np.nonzero(design.weight > 0)[0]
    of_run = design.family_of[curve_of]
    return tuple(surface_field(points[of_run == g]) for g in range(of_run.max() + 1))


def unexplained(design: Design, fields: Sequence[Field]) -> np.ndarray:
    """Variance of the field at each run that its patterns leave open, at unit standard deviation: shape (J,)."""
    points, of_run = points_of(design), design.family_of[np.nonzero(design.weight > 0)[0]]
    left = np.empty(len(points))
    for g, field in enumerate(fields):
        left[of_run == g] = field.unexplained(points[of_run == g])
    return left


def build_surface_model(design: Design, law: Law, pooled: Pooled, scales: SurfacePriors) -> SurfaceModel:
    """Put a law, its pooling and the layout of a table together."""
    seen = design.weight > 0
    curve_of = np.nonzero(seen)[0]
    points, log_loss = points_of(design), design.log_loss[seen]
    surface_of_curve = design.family_of
    of_run = surface_of_curve[curve_of]
    centre = np.bincount(of_run, log_loss - _expected_shape(design, law, pooled, points)) / np.bincount(of_run)
    fields = surface_fields(design)
    width = [field.patterns.shape[1] for field in fields]
    first = np.cumsum([0, *width])
    functions = np.zeros((len(log_loss), first[-1]))
    for g, field in enumerate(fields):
        here = of_run == g
        functions[here, first[g] : first[g + 1]] = field.functions(points[here])
    layout = lay_out(design.borrowed, _whole_sizes(design, pooled, first[-1]), design.tasks)
    lent = None if design.borrowed is None else Lent(design.borrowed.mean, design.borrowed.root())
    differs, measured = models_differ(design)[design.task_of], stretch(design)
    task_of_surface = [design.task_of[surface_of_curve == g][0] for g in range(len(fields))]
    data = SurfaceData(
        covariates={name: np.exp(points[:, v]) for v, name in enumerate(design.covariates)},
        log_loss=np.round(log_loss - centre[of_run], 10),
        along=measured.along(design.axis)[seen],
        curving=measured.curving(design.axis)[seen],
        weight=design.weight[seen],
        functions=functions,
        unexplained=unexplained(design, fields),
        curve_of=curve_of,
        own_of=np.where(differs, np.cumsum(differs) - 1, differs.sum())[curve_of],
        task_of=design.task_of[curve_of],
        surface_of=of_run,
        task_of_own=design.task_of[differs],
        task_of_coefficient=np.repeat(task_of_surface, width),
        groups=group_index(design),
        lent=lent,
    )
    return SurfaceModel(law, design, SurfaceStructure(law, pooled, scales, layout), data, centre[surface_of_curve])


def _whole_sizes(design: Design, pooled: Pooled, coefficients: int) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a whole position, whatever of it is borrowed."""
    return {
        **population_sizes(pooled, design),
        "level": (int(design.family_of.max()) + 1,),
        **{name: (int(models_differ(design)[design.task_of].sum()),) for name in OF_MODELS},
        "field": (coefficients,),
        **{name: (len(design.tasks),) for name in SCALES},
    }


def _expected_shape(design: Design, law: Law, pooled: Pooled, points: np.ndarray) -> np.ndarray:
    """Log loss of the law at points (J, V), relative to the reference, where its coordinates are typical: shape (J,).

    Levels are stated at the reference. With a prior that may lie far from the runs, and levels far from their mean.
    """
    if design.borrowed is None:
        return np.zeros(len(points))
    mean = dict(zip(design.borrowed.entries, design.borrowed.mean, strict=True))
    values = {
        p.coordinate.name: p.coordinate.mean + p.location_sd * mean[Entry("location", index=k)]
        for k, p in enumerate(pooled)
    }
    covariates = {name: np.exp(points[:, v]) for v, name in enumerate(design.covariates)}
    with jax.enable_x64(True):
        return np.asarray(law.log_shape(values, covariates, dict.fromkeys(covariates, 1.0)))
