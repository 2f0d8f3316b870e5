"""The model of joint laws, whose curves are models on one surface: its arrays, and draws of all its quantities."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import numpy as np

from bayeslaw.kinds.base import Model
from bayeslaw.kinds.shared.borrowed import BorrowedArrays, Entry, filling_of, reduced_sizes, unfold
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.kinds.shared.parts import in_parts
from bayeslaw.kinds.shared.population import (
    Pooled,
    PopulationDraws,
    Position,
    coordinates,
    group_index,
    population_draws,
    population_sizes,
)
from bayeslaw.kinds.surfaces.density import (
    LEVEL_SD,
    OF_MODELS,
    SurfaceData,
    SurfaceDensity,
    scale_names,
    surface_scales,
)
from bayeslaw.kinds.surfaces.layout import SurfaceLayout, points_of, unexplained
from bayeslaw.kinds.surfaces.priors import Departures
from bayeslaw.laws.base import Array, Law


@dataclass(frozen=True, eq=False)
class SurfaceDraws:
    """S draws of all quantities.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, C)
        The law's coordinates, model by model.
    level : ndarray, shape (S, C)
        Log loss of the law at its reference point, the same on all models of a surface.
    offset : ndarray, shape (S, C)
        Offset of a model from the law, in log loss.
    tilt : ndarray, shape (S, C)
        Log-log slope of a model beyond that of the law, at the middle of its runs.
    curvature : ndarray, shape (S, C)
        Change of that slope over an e-fold of the axis.
    field : ndarray, shape (S, P)
        Coefficients of the fields, one surface after another, standard deviation included.
    scales : dict of ndarray, shape (S, T)
        ``noise``, ``tail`` (or ``excess``), ``field_sd``; and ``offset_sd``, ``tilt_sd``, ``curvature_sd``, which are 0
        for tasks whose models have no effects.
    misfit : ndarray, shape (S, T)
        Scale of the error of the law beyond the data, in log loss.
    population : PopulationDraws
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    offset: np.ndarray
    tilt: np.ndarray
    curvature: np.ndarray
    field: np.ndarray
    scales: dict[str, np.ndarray]
    misfit: np.ndarray
    population: PopulationDraws

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws, each with the names of its dimensions after S, by the name of the variable in a posterior."""
        return {
            **{name: (values, ("curve",)) for name, values in self.coordinates.items()},
            "level": (self.level, ("curve",)),
            "offset": (self.offset, ("curve",)),
            "tilt": (self.tilt, ("curve",)),
            "curvature": (self.curvature, ("curve",)),
            "field": (self.field, ("basis",)),
            **{name: (values, ("task",)) for name, values in self.scales.items()},
            "misfit": (self.misfit, ("task",)),
            **self.population.variables(),
        }

    def watched(self) -> tuple[str, ...]:
        """Names of the variables whose convergence is checked: all but the field and effects of groups."""
        return tuple(name for name in self.variables() if name != "field" and not name.startswith("effect_"))


@dataclass(frozen=True, eq=False)
class SurfaceModel:
    """A hierarchical model of one table of runs, one level for all models of a family."""

    law: Law
    layout: SurfaceLayout
    density: SurfaceDensity
    data: SurfaceData
    centre: np.ndarray
    """Mean log loss of the surface of each model, shape (C,), which is subtracted before sampling."""

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        own, coefficients = len(self.data.task_of_own), len(self.data.task_of_coefficient)
        whole = _whole_sizes(self.law, self.layout, self.density.pooled, own, coefficients)
        return reduced_sizes(self.density.filling, whole)

    def fixed(self) -> frozenset[str]:
        """Entries of a position fixed at 0: scales whose prior has sd 0, spreads, and effects if no model has any."""
        known = {name for name in scale_names(self.law) if getattr(self.density.scales, name).sd == 0}
        known |= {name for name in self.sizes() if name.startswith("spread.")}
        if not self.layout.models_differ.any():
            known |= {*OF_MODELS, *(f"{name}_sd" for name in OF_MODELS)}
        return frozenset(known & set(self.sizes()))

    def without_runs(self) -> "SurfaceModel":
        """The same model with runs that carry no information, for draws from the prior."""
        return replace(self, data=self.data._replace(weight=np.zeros_like(self.data.weight)))

    def as_large_as(self, other: Model) -> "SurfaceModel":
        """The same model with rows, models and patterns of fields beside its own, of which the runs tell nothing.

        Itself where another has other tasks or families, a prior, or less of something.
        """
        if not isinstance(other, SurfaceModel) or self.data.borrowed is not None or other.data.borrowed is not None:
            return self
        if (self.layout.tasks, self.layout.families) != (other.layout.tasks, other.layout.families):
            return self
        mine, theirs = _counts(self.data), _counts(other.data)
        if any(n > theirs[what] for what, n in mine.items()):
            return self
        return replace(self, data=_padded(self.data, {what: theirs[what] - n for what, n in mine.items()}))

    def complete(self, positions: Position, rng: np.random.Generator) -> SurfaceDraws:
        """Draws of all quantities, given positions with entries of shape (S, ...)."""
        data, curves = self.data, len(self.layout.curves)
        with jax.enable_x64(True):
            evaluate = functools.partial(_evaluate, self.density, data)
            positions, values, scales = in_parts(evaluate, positions)
        differ = self.layout.models_differ
        scales |= {f"{name}_sd": np.where(differ, scales[f"{name}_sd"], 0.0) for name in OF_MODELS}
        own = {name: np.zeros((len(positions[name]), curves)) for name in OF_MODELS}
        for name, entries in own.items():
            median, differing = getattr(self.density.scales, f"{name}_sd").median, differ[self.layout.task_of]
            entries[:, differing] = median * positions[name][:, : differing.sum()]
        patterns = sum(field.patterns.shape[1] for field in self.layout.fields)
        return SurfaceDraws(
            coordinates={name: value[:, :curves] for name, value in values.items()},
            level=self.centre + LEVEL_SD * np.asarray(positions["level"])[:, self.layout.family_of],
            offset=own["offset"],
            tilt=own["tilt"],
            curvature=own["curvature"],
            field=(scales["field_sd"][:, data.task_of_coefficient] * positions["field"])[:, :patterns],
            scales=scales,
            misfit=self.density.scales.misfit.draw(np.array(self.layout.misfit_error), len(positions["level"]), rng),
            population=population_draws(self.density.pooled, positions),
        )


@functools.partial(jax.jit, static_argnames="density")
def _evaluate(
    density: SurfaceDensity, data: SurfaceData, positions: Position
) -> tuple[Position, dict[str, Array], dict[str, Array]]:
    """Whole positions, coordinates of the models, and scales at each of S positions."""

    def one(position: Position) -> tuple[Position, dict[str, Array], dict[str, Array]]:
        whole = unfold(density.filling, data.borrowed, position)
        return whole, coordinates(density.pooled, data.groups, whole), surface_scales(density, whole)

    return jax.vmap(one)(positions)


def build_surface_model(law: Law, layout: SurfaceLayout, pooled: Pooled, scales: Departures) -> SurfaceModel:
    """Build the model of a law, its pooling and the layout of a table."""
    seen = layout.weight > 0
    curve_of = np.nonzero(seen)[0]
    points, log_loss = points_of(layout), layout.y[seen]
    surface_of_curve = layout.family_of
    of_run = surface_of_curve[curve_of]
    centre = np.bincount(of_run, log_loss - _expected_shape(layout, law, pooled, points)) / np.bincount(of_run)
    fields = layout.fields
    width = [field.patterns.shape[1] for field in fields]
    first = np.cumsum([0, *width])
    functions = np.zeros((len(log_loss), first[-1]))
    for g, field in enumerate(fields):
        here = of_run == g
        functions[here, first[g] : first[g + 1]] = field.functions(points[here])
    differs, measured = layout.models_differ[layout.task_of], layout.measured
    filling = filling_of(layout.borrowed, _whole_sizes(law, layout, pooled, differs.sum(), first[-1]), layout.tasks)
    borrowed = None if layout.borrowed is None else BorrowedArrays(layout.borrowed.mean, layout.borrowed.root())
    task_of_surface = [layout.task_of[surface_of_curve == g][0] for g in range(len(fields))]
    data = SurfaceData(
        covariates={name: np.exp(points[:, v]) for v, name in enumerate(layout.covariates)},
        log_loss=np.round(log_loss - centre[of_run], 10),
        along=measured.along(layout.axis)[seen],
        curving=measured.curving(layout.axis)[seen],
        weight=layout.weight[seen],
        functions=functions,
        unexplained=unexplained(layout, fields),
        curve_of=curve_of,
        own_of=np.where(differs, np.cumsum(differs) - 1, differs.sum())[curve_of],
        task_of=layout.task_of[curve_of],
        surface_of=of_run,
        task_of_own=layout.task_of[differs],
        task_of_coefficient=np.repeat(task_of_surface, width),
        groups=group_index(layout),
        borrowed=borrowed,
    )
    return SurfaceModel(law, layout, SurfaceDensity(law, pooled, scales, filling), data, centre[surface_of_curve])


def _whole_sizes(
    law: Law, layout: SurfaceLayout, pooled: Pooled, own: int, coefficients: int
) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a whole position, before any is taken from the borrowed vector."""
    return {
        **population_sizes(pooled, layout),
        "level": (int(layout.family_of.max()) + 1,),
        **{name: (int(own),) for name in OF_MODELS},
        "field": (int(coefficients),),
        **{name: (len(layout.tasks),) for name in scale_names(law)},
    }


ROWS, CURVES, OWN, COEFFICIENTS = "rows", "curves", "own", "coefficients"


def _counts(data: SurfaceData) -> dict[str, int]:
    """Numbers of rows, of models, of those with effects, and of coefficients of fields."""
    return {
        ROWS: len(data.log_loss),
        CURVES: len(data.groups["model"]),
        OWN: len(data.task_of_own),
        COEFFICIENTS: len(data.task_of_coefficient),
    }


def _padded(data: SurfaceData, more: Mapping[str, int]) -> SurfaceData:
    """Arrays with more rows, which have no weight, and with models and coefficients that no row has.

    Rows without weight lie at the reference point, where everything that the density leaves out of them is finite.
    """
    last = len(data.task_of_own) + more[OWN]

    def longer(values: np.ndarray, what: str, fill: float = 0.0) -> np.ndarray:
        return np.pad(values, (0, more[what]), constant_values=fill)

    return data._replace(
        covariates={name: longer(values, ROWS, 1.0) for name, values in data.covariates.items()},
        log_loss=longer(data.log_loss, ROWS),
        along=longer(data.along, ROWS),
        curving=longer(data.curving, ROWS),
        weight=longer(data.weight, ROWS),
        functions=np.pad(data.functions, ((0, more[ROWS]), (0, more[COEFFICIENTS]))),
        unexplained=longer(data.unexplained, ROWS),
        curve_of=longer(data.curve_of, ROWS),
        own_of=longer(np.where(data.own_of == len(data.task_of_own), last, data.own_of), ROWS, last),
        task_of=longer(data.task_of, ROWS),
        surface_of=longer(data.surface_of, ROWS),
        task_of_own=longer(data.task_of_own, OWN),
        task_of_coefficient=longer(data.task_of_coefficient, COEFFICIENTS),
        groups={level: longer(index, CURVES) for level, index in data.groups.items()},
    )


def _expected_shape(layout: SurfaceLayout, law: Law, pooled: Pooled, points: np.ndarray) -> np.ndarray:
    """Log loss of the law at points (J, V), relative to the reference, where its coordinates are typical: shape (J,).

    Levels are stated at the reference point. That of a prior may lie far from the runs, so that levels lie far from the
    mean log loss. Without a prior: zeros.
    """
    if layout.borrowed is None:
        return np.zeros(len(points))
    mean = dict(zip(layout.borrowed.entries, layout.borrowed.mean, strict=True))
    values = {
        p.coordinate.name: p.coordinate.mean + p.location_sd * mean[Entry("location", index=k)]
        for k, p in enumerate(pooled)
    }
    covariates = {name: np.exp(points[:, v]) for v, name in enumerate(layout.covariates)}
    return np.asarray(elementwise(law.log_shape, values, covariates, dict.fromkeys(covariates, 1.0)))
