"""Targets on curves: of the models in the table, and of models of an unseen family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.errors import TargetError
from bayeslaw.kinds.curves.layout import CurveLayout
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.predictor import NEW_FAMILY, Part, Targets, Who, in_one
from bayeslaw.kinds.shared.layout import run_weights
from bayeslaw.kinds.shared.points import complete_point, curve_named
from bayeslaw.kinds.shared.prediction import (
    flat,
    law_shape,
    new_coordinates,
    new_level,
)
from bayeslaw.laws.base import Law


@dataclass(frozen=True, eq=False)
class Curves:
    """S draws of the quantities that determine N curves.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, N)
        Of the law.
    level : ndarray, shape (S, N)
        Log loss of the law at its reference point.
    height : ndarray, shape (S, N)
        Height above the task's other curves at the smallest size, in log loss, times the coefficient ``pull``.
    first, last : ndarray, shape (N,)
        Logs of the smallest and largest size, relative to the reference size.
    own_walk : ndarray, shape (S, N, P)
    noise : ndarray, shape (S, N)
        Run-to-run standard deviation of log loss.
    task_of : ndarray of int, shape (N,)
    reference : dict of ndarray, shape (N,)
        The point at which coordinates and level are stated.
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    height: np.ndarray
    first: np.ndarray
    last: np.ndarray
    own_walk: np.ndarray
    noise: np.ndarray
    task_of: np.ndarray
    reference: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class CurveTargets(Targets):
    """Targets on curves.

    Attributes
    ----------
    curves : Curves
    index : ndarray of int, shape (K,)
        The curve of each model.
    """

    curves: Curves
    index: np.ndarray


@dataclass(frozen=True, eq=False)
class CurveTargeting:
    """Draws of curves with the layout to which they belong, and the targets that can be predicted from them."""

    law: Law
    layout: CurveLayout
    draws: xr.Dataset
    scale_priors: ScalePriors

    def targets(self, at: Sequence[Mapping[str, float]], who: Who, rng: np.random.Generator) -> CurveTargets:
        """Models of the table, or one of an unseen family on each task, at points."""
        layout = self.layout
        points = [complete_point(layout, self.law, point) for point in at]
        covariates = {c.name: np.stack([p[c.name] for p in points], axis=1) for c in self.law.covariates}
        if who == "seen":
            labels = tuple((c.model, c.family, c.task) for c in layout.curves)
            return self._targets(labels, covariates, self._seen(), np.arange(len(labels)), layout.largest)
        if who == "new-model":
            raise TargetError(
                f"Models of a family have curves of their own in the {self.law.name} law: nothing is known of another "
                "one. Ask for a new family."
            )
        tasks = range(len(layout.tasks))
        first = [int(np.flatnonzero(layout.task_of == k)[0]) for k in tasks]
        covariates = {name: values[first] for name, values in covariates.items()}
        largest = np.array([layout.largest[layout.task_of == k].max() for k in tasks])
        labels = tuple((NEW_FAMILY, NEW_FAMILY, task) for task in layout.tasks)
        return self._targets(labels, covariates, self._new_family(covariates, rng), np.array(tasks), largest)

    def runs(self) -> CurveTargets:
        """The runs of the table."""
        layout = self.layout
        labels = tuple((c.model, c.family, c.task) for c in layout.curves)
        found = self._targets(labels, layout.covariates, self._seen(), np.arange(len(labels)), layout.largest)
        return replace(found, weight=layout.weight)

    def rows(self, rows: pd.DataFrame, rng: np.random.Generator) -> CurveTargets:
        """Rows of models of the table, one target each.

        Raises
        ------
        TargetError
            If a row is of a model that is not in the table.
        """
        layout = self.layout
        curve_of = {(c.model, c.family, c.task): i for i, c in enumerate(layout.curves)}
        labels = tuple(zip(*(rows[name].astype(str) for name in ("model", "family", "task")), strict=True))
        unknown = [label for label in labels if label not in curve_of]
        if unknown:
            raise TargetError(f"The model {unknown[0][0]!r} on {unknown[0][2]!r} is not in the table that was fitted.")
        index = np.array([curve_of[label] for label in labels], int)
        covariates = {c.name: rows[[c.name]].to_numpy(float) for c in self.law.covariates}
        found = self._targets(labels, covariates, self._seen(), index, layout.largest[index])
        return replace(found, weight=run_weights(rows)[:, None], joint=False)

    def pair(
        self, names: tuple[str, str], task: str | None, at: Mapping[str, float], sizes: np.ndarray
    ) -> CurveTargets:
        """Two models of the table along the sizes of the axis."""
        layout = self.layout
        index = np.array([curve_named(layout, name, task) for name in names])
        point = complete_point(layout, self.law, {self.law.axis: float(sizes[0]), **at})
        covariates = {name: np.repeat(values[index, None], len(sizes), axis=1) for name, values in point.items()}
        covariates[self.law.axis] = np.tile(sizes, (2, 1))
        curves = [layout.curves[i] for i in index]
        labels = tuple((c.model, c.family, c.task) for c in curves)
        return self._targets(labels, covariates, self._seen(), index, layout.largest[index])

    def together(self, parts: Sequence[Part[CurveTargets]]) -> CurveTargets:
        """Models of several targets at equally many points as one."""
        curves = [part.curves for part, _ in parts]
        begin = np.cumsum([0, *(len(c.first) for c in curves[:-1])])

        def of_draws(name: str) -> np.ndarray:
            return np.concatenate([getattr(c, name) for c in curves], axis=1)

        def of_curves(name: str) -> np.ndarray:
            return np.concatenate([getattr(c, name) for c in curves])

        names = [c.name for c in self.law.coordinates]
        whole = Curves(
            coordinates={name: np.concatenate([c.coordinates[name] for c in curves], axis=1) for name in names},
            level=of_draws("level"),
            height=of_draws("height"),
            first=of_curves("first"),
            last=of_curves("last"),
            own_walk=of_draws("own_walk"),
            noise=of_draws("noise"),
            task_of=of_curves("task_of"),
            reference={name: np.concatenate([c.reference[name] for c in curves]) for name in curves[0].reference},
        )
        index = np.concatenate([part.index[k] + start for (part, k), start in zip(parts, begin, strict=True)])
        return CurveTargets(**in_one(parts), curves=whole, index=index)

    def _at_points(self, index: np.ndarray, points: np.ndarray) -> CurveTargets:
        """Curves of the table (K,) at logs of the axis relative to the reference (P,), else as in their last runs."""
        layout, axis = self.layout, self.law.axis
        run = np.where(layout.weight > 0, layout.axis, -np.inf).argmax(axis=1)[index]
        covariates = {n: np.repeat(v[index, run][:, None], len(points), axis=1) for n, v in layout.covariates.items()}
        covariates[axis] = np.exp(points) * layout.reference[axis][index, None]
        labels = tuple((c.model, c.family, c.task) for c in (layout.curves[i] for i in index))
        return self._targets(labels, covariates, self._seen(), index, layout.largest[index])

    def _targets(
        self,
        labels: tuple[tuple[str, str, str], ...],
        covariates: dict[str, np.ndarray],
        curves: Curves,
        index: np.ndarray,
        largest: np.ndarray,
    ) -> CurveTargets:
        sizes = covariates[self.law.axis]
        beyond = {self.law.axis: sizes / largest[:, None]}
        return CurveTargets(labels, covariates, beyond, np.ones(sizes.shape), True, curves, index)

    def _seen(self) -> Curves:
        """The curves of the table."""
        layout, of = self.layout, partial(flat, self.draws)
        return Curves(
            coordinates={c.name: of(c.name) for c in self.law.coordinates},
            level=of("level"),
            height=of("pull")[:, layout.task_of] * layout.height,
            first=layout.first,
            last=layout.last,
            own_walk=of("own_walk"),
            noise=of("noise"),
            task_of=layout.task_of,
            reference=layout.reference,
        )

    def _new_family(self, covariates: Mapping[str, np.ndarray], rng: np.random.Generator) -> Curves:
        """A model of an unseen family on each task, drawn from the population; covariates (T, A).

        Its log loss at the smallest size of the task is drawn from the predictive distribution given the curves there,
        which determines its height and level; its coordinates, own walk and noise are drawn from the population.
        Covariates other than the axis are taken from the first point.

        Raises
        ------
        TargetError
            If a task has a single model, from which the spread of models cannot be estimated.
        """
        layout, seen, of = self.layout, self._seen(), partial(flat, self.draws)
        law, spring, tasks = self.law, layout.spring, len(layout.tasks)
        start = np.array([walks.own.anchor for walks in layout.walks])
        reference = {
            name: np.array([values[layout.task_of == k].max() for k in range(tasks)])
            for name, values in layout.reference.items()
        }
        at_start = {name: values[:, 0] for name, values in covariates.items()}
        at_start[law.axis] = np.exp(start) * reference[law.axis]
        coordinates = new_coordinates(law, layout, self.draws, rng)
        # before its first size a curve has neither height nor own walk, so all are compared at the start of the task
        heights = seen.height * spring.change(start[layout.task_of][:, None], seen.first)[:, 0]
        of_curve = {name: values[layout.task_of] for name, values in at_start.items()}
        of_curve[law.axis] = np.exp(start)[layout.task_of] * seen.reference[law.axis]
        starts = seen.level + law_shape(law, seen.coordinates, of_curve, seen.reference) + heights
        new_start = np.empty((len(starts), tasks))
        for k, task in enumerate(layout.tasks):
            new_start[:, k] = new_level(starts[:, layout.task_of == k], task, rng)
        middle = np.stack([starts[:, layout.task_of == k].mean(axis=1) for k in range(tasks)], axis=1)
        height = of("pull") * (new_start - middle)
        left = spring.change(start[:, None], start)[:, 0]
        level = new_start - law_shape(law, coordinates, at_start, reference) - height * left
        own_walk = rng.standard_normal((len(level), tasks, seen.own_walk.shape[2]))
        roughness = self.scale_priors.roughness * rng.standard_normal(level.shape)
        return Curves(
            coordinates=coordinates,
            level=level,
            height=height,
            first=start,
            last=np.array([layout.last[layout.task_of == k].max() for k in range(tasks)]),
            own_walk=of("own_drift")[..., None] * own_walk,
            noise=of("typical_noise") * np.exp(roughness),
            task_of=np.arange(tasks),
            reference=reference,
        )
