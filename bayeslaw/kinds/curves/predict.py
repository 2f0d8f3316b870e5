"""Predictions of curves: of the models in the table, and of models of an unseen family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayeslaw.errors import TargetError
from bayeslaw.kinds.base import NEW_FAMILY, Targets, Who
from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.heights import first_mean
from bayeslaw.kinds.curves.layout import CurveLayout
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.curves.walks import WalkBasis
from bayeslaw.kinds.shared.borrowed import PATH, Entry, TaskPath
from bayeslaw.kinds.shared.layout import run_weights
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.kinds.shared.points import complete_point, curve_named
from bayeslaw.kinds.shared.prediction import (
    LawDraws,
    flat,
    law_of_curve,
    law_shape,
    new_coordinates,
    new_level,
    slopes_and_bends,
)
from bayeslaw.kinds.shared.walks import covariance_root
from bayeslaw.laws.base import Law


@dataclass(frozen=True, eq=False)
class Curves:
    """S draws of all that makes up curves, N of them.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, N)
        Of the law.
    level : ndarray, shape (S, N)
        Log loss of the law at its reference point.
    height : ndarray, shape (S, N)
        Height above the task's other curves at the smallest size, in log loss, times the strength of the pull.
    first : ndarray, shape (N,)
        Log of the smallest size, relative to the reference size.
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
class CurvePredictor:
    """Draws of curves, and the layout to which they belong; see `bayeslaw.kinds.base.Predictor`."""

    law: Law
    layout: CurveLayout
    draws: xr.Dataset
    scale_priors: ScalePriors

    @property
    def outcome(self) -> Outcome:
        """Loss."""
        return LOSS

    def targets(self, at: Sequence[Mapping[str, float]], who: Who, rng: np.random.Generator) -> CurveTargets:
        """Models of the table, or one of an unseen family on each task, at points."""
        layout = self.layout
        points = [complete_point(layout, self.law, point) for point in at]
        covariates = {c.name: np.stack([p[c.name] for p in points], axis=1) for c in self.law.covariates}
        if who == "seen":
            labels = tuple((c.model, c.family, c.task) for c in layout.curves)
            return self._targets(labels, covariates, self._seen(), np.arange(len(labels)), layout.largest)
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

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of one curve."""
        return law_of_curve(self.law, self.layout, self.draws, curve)

    def law_alone(self, targets: CurveTargets) -> np.ndarray:
        """Level and law: shape (S, K, A)."""
        curves, index = targets.curves, targets.index
        reference = {name: values[index, None] for name, values in curves.reference.items()}
        coordinates = {name: values[:, index, None] for name, values in curves.coordinates.items()}
        return curves.level[:, index, None] + law_shape(self.law, coordinates, targets.covariates, reference)

    def expected(
        self, targets: CurveTargets, rng: np.random.Generator | None = None, *, nearby: bool = True
    ) -> np.ndarray:
        """Law, height and walks: shape (S, K, A). Curves have no term that ``nearby`` could leave out."""
        curves, index = targets.curves, targets.index
        axis = np.log(targets.covariates[self.law.axis] / curves.reference[self.law.axis][index, None])
        change = self.layout.spring.change(axis, curves.first[index])
        return self.law_alone(targets) + curves.height[:, index, None] * change + self._walks(targets, axis, rng)

    def measured(self, expected: np.ndarray, targets: CurveTargets, rng: np.random.Generator) -> np.ndarray:
        """Add the normal noise of single runs: shape (S, K, A)."""
        return expected + self._noise(targets) * rng.standard_normal(expected.shape)

    def log_density(self, expected: np.ndarray, targets: CurveTargets, y: np.ndarray) -> np.ndarray:
        """Normal log density of log losses: shape (S, K, A)."""
        return np.asarray(stats.norm.logpdf(y, expected, self._noise(targets)))

    def replicated(self, rng: np.random.Generator) -> np.ndarray:
        """Replications of the runs of the table: (S, C, M)."""
        targets = self.runs()
        return self.measured(self.expected(targets), targets, rng)

    def log_likelihood(self) -> np.ndarray:
        """Log density of each run given everything else: shape (S, C, M), 0 where padded."""
        targets = self.runs()
        return np.where(targets.weight > 0, self.log_density(self.expected(targets), targets, self.layout.y), 0.0)

    def smoothed(self) -> bool:
        """Whether any curve is a monotone fit to many evaluations."""
        return bool(np.isfinite(self.layout.raw_noise).any())

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Mean slope and bend of the curves of each task."""
        return slopes_and_bends(self.layout, y, np.arange(len(self.layout.curves)))

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales of each task, shapes (S, T)."""
        return {name: flat(self.draws, variable) for variable, (name, _) in self.scale_variables().items()}

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """Variables that hold scales of tasks: name and unit."""
        return {
            "typical_noise": ("noise", "log loss"),
            "pull": ("pull", "1"),
            "own_drift": ("own_drift", "slope per root of log axis"),
            "shared_drift": ("shared_drift", "slope per root of log axis"),
        }

    def groups(self) -> tuple[tuple[str, str, np.ndarray], ...]:
        """Each curve by itself, for each has a level of its own."""
        return tuple((c.family, c.task, np.array([i])) for i, c in enumerate(self.layout.curves))

    def reference(self) -> dict[str, float]:
        """The point at which all coordinates are stated; empty where each curve has its own."""
        if discrepancy_named(self.law.discrepancy).whole_curves:
            return {}
        return {name: float(values[0]) for name, values in self.layout.reference.items()}

    def paths(self) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
        """The path that the curves of each task have in common, law and shared walk together."""
        columns: dict[Entry, np.ndarray] = {}
        paths: dict[str, TaskPath] = {}
        if not discrepancy_named(self.law.discrepancy).lends_paths or len(self.law.covariates) > 1:
            return columns, paths
        for k, task in enumerate(self.layout.tasks):
            if len(self.layout.walks[k].shared.knots):  # measured at a single size there is no path
                draws, paths[task] = self._path(k)
                columns |= {Entry(PATH, task, q): draws[:, q] for q in range(draws.shape[1])}
        return columns, paths

    def _targets(
        self,
        labels: tuple[tuple[str, str, str], ...],
        covariates: dict[str, np.ndarray],
        curves: Curves,
        index: np.ndarray,
        largest: np.ndarray,
    ) -> CurveTargets:
        sizes = covariates[self.law.axis]
        return CurveTargets(labels, covariates, sizes / largest[:, None], np.ones(sizes.shape), True, curves, index)

    def _seen(self) -> Curves:
        """The curves of the table."""
        layout, of = self.layout, partial(flat, self.draws)
        return Curves(
            coordinates={c.name: of(c.name) for c in self.law.coordinates},
            level=of("level"),
            height=of("pull")[:, layout.task_of] * layout.height,
            first=layout.first,
            own_walk=of("own_walk"),
            noise=of("noise"),
            task_of=layout.task_of,
            reference=layout.reference,
        )

    def _new_family(self, covariates: Mapping[str, np.ndarray], rng: np.random.Generator) -> Curves:
        """A model of an unseen family on each task, drawn from the population; covariates (T, A).

        It starts at the task's smallest size as one more of the curves there would, and goes on from that start: its
        height pulls on it, and its coordinates, own walk and noise are new draws. Covariates other than the axis are
        taken from the first point.

        Raises
        ------
        TargetError
            If a task has a single model, from which to tell how far models differ.
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
        # a curve that sets out later has no height and no walk of its own before that, so all meet at the task's start
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
            own_walk=of("own_drift")[..., None] * own_walk,
            noise=of("typical_noise") * np.exp(roughness),
            task_of=np.arange(tasks),
            reference=reference,
        )

    def _noise(self, targets: CurveTargets) -> np.ndarray:
        """Standard deviation of a measurement at each target, shape (S, K, A)."""
        relative = 1 / np.sqrt(np.where(targets.weight > 0, targets.weight, 1.0))
        return targets.curves.noise[:, targets.index, None] * relative

    def _walks(self, targets: CurveTargets, axis: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """Discrepancy of each curve, its own and its task's, shape (S, K, A)."""
        curves = targets.curves

        def unknown(rate: np.ndarray, basis: WalkBasis, points: np.ndarray) -> Any:
            """What is not known of a walk, between and beyond its knots."""
            if rng is None:
                return 0.0
            covariance = basis.remainder(points)
            root = covariance_root(covariance) if targets.joint else np.diag(np.sqrt(np.diag(covariance).clip(0.0)))
            return (rate * rng.standard_normal((len(rate), len(points)))) @ root.T

        own_rate, shared_rate, shared_walk = (
            flat(self.draws, name) for name in ("own_drift", "shared_drift", "shared_walk")
        )
        total = np.zeros((len(own_rate), *axis.shape))
        task_of = curves.task_of[targets.index]
        for k, walks in enumerate(self.layout.walks):
            members = np.flatnonzero(task_of == k)
            for i in members:
                coefficients = curves.own_walk[:, targets.index[i], : len(walks.own.knots)]
                own = coefficients @ walks.own.functions(axis[i]).T
                total[:, i] = own + unknown(own_rate[:, [k]], walks.own, axis[i])
            if not len(members) or not shared_rate[:, k].any():  # where levels wander, no walk is shared
                continue
            points, place = np.unique(axis[members], return_inverse=True)
            shared = shared_walk[:, k, : len(walks.shared.knots)] @ walks.shared.functions(points).T
            shared = shared + unknown(shared_rate[:, [k]], walks.shared, points)
            total[:, members] += shared[:, place.reshape(len(members), -1)]
        return total

    def _path(self, task: int) -> tuple[np.ndarray, TaskPath]:
        """Draws of the path of a task at its knots, shape (S, Q), and where it is known."""
        layout, shared = self.layout, self.layout.walks[task].shared
        first = int(np.flatnonzero(layout.task_of == task)[0])
        sizes = np.concatenate([[shared.anchor], shared.knots])
        draws = self._common(task, first, sizes)
        path = (draws - draws[:, :1])[:, 1:]
        mean = np.concatenate([[0.0], path.mean(axis=0)])
        heights = []
        for i in np.flatnonzero(layout.task_of == task):
            seen = layout.weight[i] > 0
            t = layout.axis[i, seen]
            heights.append(first_mean(t, layout.y[i, seen] - np.interp(t, sizes, mean)))
        before = None if layout.borrowed is None else layout.borrowed.paths.get(layout.tasks[task])
        if before is None:
            spread = float(np.std(heights, ddof=1)) if len(heights) > 1 else 0.0
            return path, TaskPath(shared.anchor, shared.knots, mean + np.mean(heights), spread, len(heights))
        # heights stay counted from the models that they were counted from
        beyond = before.typical[-1] + mean[len(before.typical) :] - mean[len(before.typical) - 1]
        return path, replace(before, knots=shared.knots, typical=np.concatenate([before.typical, beyond]))

    def _common(self, task: int, curve: int, t: np.ndarray) -> np.ndarray:
        """Law and shared walk of a task at log sizes t, from draws of one of its curves: shape (S, len(t))."""
        coordinates = {c.name: flat(self.draws, c.name)[:, curve, None] for c in self.law.coordinates}
        axis, shared = self.law.axis, self.layout.walks[task].shared
        shape = law_shape(self.law, coordinates, {axis: np.exp(t)}, {axis: np.array(1.0)})
        walk = flat(self.draws, "shared_walk")[:, task, : len(shared.knots)]
        return shape + walk @ shared.functions(t).T
