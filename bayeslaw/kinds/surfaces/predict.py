"""Predictions of joint laws: of models in the table, of other models of their families, and of other families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayeslaw.errors import TargetError
from bayeslaw.kinds.base import NEW_FAMILY, NEW_MODEL, Targets, Who
from bayeslaw.kinds.shared.borrowed import Entry, TaskPath
from bayeslaw.kinds.shared.layout import run_weights
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.kinds.shared.points import complete_point, curve_named, curves_on, unknown_name
from bayeslaw.kinds.shared.prediction import (
    LawDraws,
    flat,
    law_of_curve,
    law_shape,
    new_coordinates,
    new_level,
    slopes_and_bends,
)
from bayeslaw.kinds.shared.walks import draw, integrated_walk
from bayeslaw.kinds.surfaces.density import OF_MODELS, SCALES
from bayeslaw.kinds.surfaces.field import Field
from bayeslaw.kinds.surfaces.layout import SurfaceLayout, surfaces, unexplained
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.kinds.surfaces.ranges import MeasuredRange
from bayeslaw.laws.base import Law
from bayeslaw.runs.table import families_of


@dataclass(frozen=True, eq=False)
class SurfaceTargets(Targets):
    """Targets on surfaces, and S draws of what the law says of the models there.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, K)
    level : ndarray, shape (S, K)
        Log loss of the law at its reference point.
    offset, tilt, curvature : ndarray, shape (S, K)
    measured : MeasuredRange
        Of K models, about whose middles they are tilted and beyond whose ends they are curved no more.
    surface_of : ndarray of int, shape (K,)
        Surface whose field applies; -1 for a family without one.
    task_of : ndarray of int, shape (K,)
    own : ndarray of bool, shape (K,)
        Whether a target is one model, which departs from the law by itself, rather than what its family has in common.
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    offset: np.ndarray
    tilt: np.ndarray
    curvature: np.ndarray
    measured: MeasuredRange
    surface_of: np.ndarray
    task_of: np.ndarray
    own: np.ndarray


@dataclass(frozen=True, eq=False)
class SurfacePredictor:
    """Draws of a joint law, and the layout to which they belong; see `bayeslaw.kinds.base.Predictor`."""

    law: Law
    layout: SurfaceLayout
    draws: xr.Dataset
    scale_priors: SurfacePriors

    @property
    def outcome(self) -> Outcome:
        """Loss."""
        return LOSS

    def targets(self, at: Sequence[Mapping[str, float]], who: Who, rng: np.random.Generator) -> SurfaceTargets:
        """Models at points: of the table, or where points give every covariate, one more of each family.

        Raises
        ------
        TargetError
            If some points give every covariate and others do not, or a new family is asked for at one that does not.
        """
        law, layout = self.law, self.layout
        whole = [set(point) >= {c.name for c in law.covariates} for point in at]
        if any(whole) and not all(whole):
            raise TargetError(
                "Some points give every covariate and ask for models that are not in the table, others do not. "
                "Predict at one kind of points at a time."
            )
        points = [complete_point(layout, law, point) for point in at]
        if whole[0]:
            covariates = {c.name: np.array([point[c.name][0] for point in points]) for c in law.covariates}
            return self._new_families(covariates, rng) if who == "new-family" else self._new_models(covariates, rng)
        if who == "new-family":
            needed = ", ".join(c.name for c in law.covariates)
            raise TargetError(f"A new family is predicted at a whole point: give {needed}.")
        return self._seen({c.name: np.stack([p[c.name] for p in points], axis=1) for c in law.covariates})

    def runs(self) -> SurfaceTargets:
        """The runs of the table."""
        return replace(self._seen(self.layout.covariates), weight=self.layout.weight)

    def rows(self, rows: pd.DataFrame, rng: np.random.Generator) -> SurfaceTargets:
        """Each row as a target of its own: of a model of the table, or of a new one of a family there.

        Raises
        ------
        TargetError
            If a row is of a family that is not in the table.
        """
        law, layout = self.law, self.layout
        curve_of = {(c.task, c.family, c.model): i for i, c in enumerate(layout.curves)}
        labels = list(zip(*(rows[name].astype(str) for name in ("task", "family", "model")), strict=True))
        seen = np.array([curve_of.get(label, -1) for label in labels], int)
        found = surfaces(layout)
        names = [(s.family, s.task) for s in found]
        # a family may be called as its task; the one surface of a task is called so where it is the whole of it
        alone = {task for task, _ in layout.families if sum(t == task for t, _ in layout.families) == 1}
        families = families_of(rows, {task for family, task in names if family == task and task in alone})
        own_names = list(zip(families.astype(str), rows["task"].astype(str), strict=True))
        unknown = [name for name in own_names if name not in names]
        if unknown:
            raise TargetError(f"The family {unknown[0][0]!r} on {unknown[0][1]!r} is not in the table that was fitted.")
        surface_of = np.array([names.index(name) for name in own_names], int)
        new = seen < 0
        curve = np.where(new, np.array([s.models[0] for s in found])[surface_of], seen)
        task_of = layout.task_of[curve]

        def own_or_drawn(name: str) -> np.ndarray:
            drawn = self._drawn(f"{name}_sd", task_of, rng)
            return np.where(new, drawn, self._flat(name)[:, curve])

        typical = layout.measured.typical([s.models for s in found]).of(surface_of)
        covariates = {c.name: rows[[c.name]].to_numpy(float) for c in law.covariates}
        tops = self._largest(layout.family_of, len(found))
        return SurfaceTargets(
            labels=tuple((model, family, task) for task, family, model in labels),
            covariates=covariates,
            extrapolation=_furthest(covariates, {name: top[surface_of] for name, top in tops.items()}),
            weight=run_weights(rows)[:, None],
            joint=False,
            coordinates={c.name: self._flat(c.name)[:, curve] for c in law.coordinates},
            level=self._flat("level")[:, curve],
            offset=own_or_drawn("offset"),
            tilt=own_or_drawn("tilt"),
            curvature=own_or_drawn("curvature"),
            measured=layout.measured.of(curve).unless(new, typical),
            surface_of=surface_of,
            task_of=task_of,
            own=np.ones(len(rows), bool),
        )

    def pair(
        self, names: tuple[str, str], task: str | None, at: Mapping[str, float], sizes: np.ndarray
    ) -> SurfaceTargets:
        """Two models, or what two families have in common, along the sizes of the axis."""
        law, layout = self.law, self.layout
        choices = [self._choice(name, task) for name in names]
        index, own = np.array([curve for curve, _ in choices]), np.array([is_model for _, is_model in choices])
        missing = [c.name for c in law.covariates if c.name not in at and c.name != law.axis]
        point = complete_point(layout, law, {**at, law.axis: float(sizes[0])})
        if missing and not own.all():
            raise TargetError(f"To compare families, say at what {', '.join(missing)}: at {missing[0]}=….")
        covariates = {name: np.repeat(values[index, None], len(sizes), axis=1) for name, values in point.items()}
        covariates[law.axis] = np.tile(sizes, (2, 1))
        found = self._of_curves(covariates, index)
        offset, tilt, curvature = (np.where(own, values, 0.0) for values in (found.offset, found.tilt, found.curvature))
        return replace(found, own=own, offset=offset, tilt=tilt, curvature=curvature)

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of the family of a model."""
        return law_of_curve(self.law, self.layout, self.draws, curve)

    def law_alone(self, targets: SurfaceTargets) -> np.ndarray:
        """Level and law: shape (S, K, A)."""
        reference = {name: values[0] for name, values in self.layout.reference.items()}
        coordinates = {name: values[..., None] for name, values in targets.coordinates.items()}
        return targets.level[..., None] + law_shape(self.law, coordinates, targets.covariates, reference)

    def expected(
        self, targets: SurfaceTargets, rng: np.random.Generator | None = None, *, nearby: bool = True
    ) -> np.ndarray:
        """Law, effects of models, fields, and departures beyond the data: shape (S, K, A).

        Without ``nearby`` the fields are left out, but not their departures beyond the data.
        """
        t = np.log(targets.covariates[self.law.axis] / self.layout.reference[self.law.axis][0])
        log_loss = self.law_alone(targets) + _effects(targets, t)
        if rng is not None:
            log_loss += self._wandering(targets, t, rng)
        return self._with_fields(log_loss, targets, rng, nearby)

    def measured(self, expected: np.ndarray, targets: SurfaceTargets, rng: np.random.Generator) -> np.ndarray:
        """Add what single runs scatter, Student-t in log loss: shape (S, K, A)."""
        noise, tail = self._noise(targets)
        return expected + noise * rng.standard_t(np.broadcast_to(tail, expected.shape))

    def log_density(self, expected: np.ndarray, targets: SurfaceTargets, y: np.ndarray) -> np.ndarray:
        """Student-t log density of log losses: shape (S, K, A)."""
        noise, tail = self._noise(targets)
        return np.asarray(stats.t.logpdf(y, tail, expected, noise))

    def replicated(self, rng: np.random.Generator) -> np.ndarray:
        """Replications of the runs of the table: (S, C, M)."""
        targets = self.runs()
        return self.measured(self.expected(targets, rng), targets, rng)

    def log_likelihood(self) -> np.ndarray:
        """Log density of each run given everything else: shape (S, C, M), 0 where padded.

        The part of the field that its patterns leave open counts as noise of the run, as in the density.
        """
        layout, targets = self.layout, self.runs()
        seen = layout.weight > 0
        left_open = np.zeros(seen.shape)
        left_open[seen] = unexplained(layout, layout.fields)
        noise, tail = self._noise(targets)
        field_sd = self._flat("field_sd")[:, targets.task_of, None]
        scale = np.sqrt(noise**2 + field_sd**2 * left_open)
        return np.where(seen, stats.t.logpdf(layout.y, tail, self.expected(targets), scale), 0.0)

    def smoothed(self) -> bool:
        """Never: joint laws are of runs."""
        return False

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Mean slopes along each covariate within the families of each task."""
        return slopes_and_bends(self.layout, y, self.layout.family_of)

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales of each task, shapes (S, T)."""
        return {name: self._flat(name) for name in SCALES}

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """Variables that hold scales of tasks: name and unit."""
        units = ("log loss", "degrees of freedom", "log loss", "log loss", "slope", "slope per e-fold")
        return {name: (name, unit) for name, unit in zip(SCALES, units, strict=True)}

    def groups(self) -> tuple[tuple[str, str, np.ndarray], ...]:
        """The surfaces: families, or whole tasks whose families have a single model each."""
        return tuple((surface.family, surface.task, surface.models) for surface in surfaces(self.layout))

    def reference(self) -> dict[str, float]:
        """The point at which all coordinates are stated."""
        return {name: float(values[0]) for name, values in self.layout.reference.items()}

    def paths(self) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
        """Nothing: tasks of joint laws lend no paths."""
        return {}, {}

    def _flat(self, name: str) -> np.ndarray:
        return flat(self.draws, name)

    def _seen(self, covariates: dict[str, np.ndarray]) -> SurfaceTargets:
        """The models of the table at covariates of shape (C, A)."""
        return self._of_curves(covariates, np.arange(len(self.layout.curves)))

    def _of_curves(self, covariates: dict[str, np.ndarray], index: np.ndarray) -> SurfaceTargets:
        """Models of the table, by index (K,), at covariates of shape (K, A)."""
        layout, axis = self.layout, self.law.axis
        curves = [layout.curves[i] for i in index]
        return SurfaceTargets(
            labels=tuple((c.model, c.family, c.task) for c in curves),
            covariates=covariates,
            extrapolation=_furthest(covariates, {axis: layout.largest[index]}),
            weight=np.ones(covariates[axis].shape),
            joint=True,
            coordinates={c.name: self._flat(c.name)[:, index] for c in self.law.coordinates},
            level=self._flat("level")[:, index],
            offset=self._flat("offset")[:, index],
            tilt=self._flat("tilt")[:, index],
            curvature=self._flat("curvature")[:, index],
            measured=layout.measured.of(index),
            surface_of=layout.family_of[index],
            task_of=layout.task_of[index],
            own=np.ones(len(index), bool),
        )

    def _new_models(self, covariates: dict[str, np.ndarray], rng: np.random.Generator) -> SurfaceTargets:
        """A model that is not in the table on each surface, at covariates of shape (A,), with effects of its own."""
        layout, found = self.layout, surfaces(self.layout)
        first = np.array([surface.models[0] for surface in found])
        tiled = {name: np.tile(values, (len(first), 1)) for name, values in covariates.items()}
        return SurfaceTargets(
            labels=tuple((NEW_MODEL, surface.family, surface.task) for surface in found),
            covariates=tiled,
            extrapolation=_furthest(tiled, self._largest(layout.family_of, len(found))),
            weight=np.ones(tiled[self.law.axis].shape),
            joint=True,
            coordinates={c.name: self._flat(c.name)[:, first] for c in self.law.coordinates},
            level=self._flat("level")[:, first],
            **self._drawn_effects(layout.task_of[first], rng),
            measured=layout.measured.typical([surface.models for surface in found]),
            surface_of=np.arange(len(found)),
            task_of=layout.task_of[first],
            own=np.ones(len(first), bool),
        )

    def _new_families(self, covariates: dict[str, np.ndarray], rng: np.random.Generator) -> SurfaceTargets:
        """A model of an unseen family on each task, at covariates of shape (A,), drawn from the population.

        Raises
        ------
        TargetError
            If a task has a single family, which does not tell how far levels differ.
        """
        layout, tasks = self.layout, len(self.layout.tasks)
        level = np.empty((len(self._flat("level")), tasks))
        for k, task in enumerate(layout.tasks):
            first = [surface.models[0] for surface in surfaces(layout) if surface.task == task]
            level[:, k] = new_level(self._flat("level")[:, first], task, rng)
        tiled = {name: np.tile(values, (tasks, 1)) for name, values in covariates.items()}
        return SurfaceTargets(
            labels=tuple((NEW_FAMILY, NEW_FAMILY, task) for task in layout.tasks),
            covariates=tiled,
            extrapolation=_furthest(tiled, self._largest(layout.task_of, tasks)),
            weight=np.ones(tiled[self.law.axis].shape),
            joint=True,
            coordinates=new_coordinates(self.law, layout, self.draws, rng),
            level=level,
            **self._drawn_effects(np.arange(tasks), rng),
            measured=layout.measured.typical([np.flatnonzero(layout.task_of == k) for k in range(tasks)]),
            surface_of=np.full(tasks, -1),
            task_of=np.arange(tasks),
            own=np.ones(tasks, bool),
        )

    def _drawn(self, scale: str, task_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Normal draws of an effect of new models on tasks (K,): shape (S, K)."""
        sd = self._flat(scale)[:, task_of]
        return sd * rng.standard_normal(sd.shape)

    def _drawn_effects(self, task_of: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {name: self._drawn(f"{name}_sd", task_of, rng) for name in OF_MODELS}

    def _largest(self, group_of: np.ndarray, groups: int) -> dict[str, np.ndarray]:
        """The largest values that the runs of groups of curves have, by covariate: shapes (groups,)."""
        tops = {name: values.max(axis=1) for name, values in self.layout.covariates.items()}
        tops[self.law.axis] = self.layout.largest
        return {name: np.array([top[group_of == g].max() for g in range(groups)]) for name, top in tops.items()}

    def _noise(self, targets: SurfaceTargets) -> tuple[np.ndarray, np.ndarray]:
        """Scale (S, K, A) and degrees of freedom (S, K, 1) of a measurement at each target."""
        relative = 1 / np.sqrt(np.where(targets.weight > 0, targets.weight, 1.0))
        noise, tail = (self._flat(name)[:, targets.task_of, None] for name in ("noise", "tail"))
        return noise * relative, tail

    def _wandering(self, targets: SurfaceTargets, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of how far models depart beyond their own data, in log loss: at logs of the axis (K, A), (S, K, A).

        From there on the slope of a model wanders, at the rate at which curvatures would have changed it over the data:
        its own, or those of a typical model of the task if it has less.
        """
        measured, layout = targets.measured, self.layout
        along = measured.along(t)
        usual = np.bincount(layout.task_of, layout.measured.length) / np.bincount(layout.task_of)
        length = np.sqrt(np.maximum(measured.length, usual[targets.task_of]))
        rate = self._flat("curvature_sd")[:, targets.task_of] * length * targets.own
        strayed = np.zeros((len(rate), *t.shape))
        for k in np.flatnonzero(rate.any(axis=0)):
            covariance = np.zeros((t.shape[1], t.shape[1]))
            for beyond in (np.maximum(along[k] - measured.high[k], 0.0), np.maximum(measured.low[k] - along[k], 0.0)):
                covariance += integrated_walk(beyond[:, None], beyond[None])
            strayed[:, k] = draw(covariance, rate[:, [k]], rng)
        return strayed

    def _with_fields(
        self, log_loss: np.ndarray, targets: SurfaceTargets, rng: np.random.Generator | None, nearby: bool
    ) -> np.ndarray:
        """Add the fields of the surfaces to log losses (S, K, A): what is known of them, and what is drawn."""
        reference = {name: values[0] for name, values in self.layout.reference.items()}
        points = np.stack([np.log(v / reference[name]) for name, v in targets.covariates.items()], axis=-1)  # (K, A, V)
        field_sd = self._flat("field_sd")
        first = np.cumsum([0, *(field.patterns.shape[1] for field in self.layout.fields)])
        variance = np.zeros(points.shape[:2])  # of what is drawn, where targets are not joint
        for g in np.unique(targets.surface_of):
            members = np.flatnonzero(targets.surface_of == g)
            if g < 0:
                if rng is not None:
                    for k in members:
                        field, sd = self._unseen_field(targets.task_of[k]), field_sd[:, [targets.task_of[k]]]
                        log_loss[:, k] += draw(_open(field, points[k], nearby), sd, rng)
                continue
            field, at = self.layout.fields[g], points[members].reshape(-1, points.shape[-1])
            known = np.zeros((len(log_loss), len(at)))
            if nearby:
                known = self._flat("field")[:, first[g] : first[g + 1]] @ field.functions(at).T
            if rng is not None and targets.joint:
                known = known + draw(_open(field, at, nearby), field_sd[:, [targets.task_of[members[0]]]], rng)
            elif rng is not None:
                variance[members] = field.unknown(at).reshape(len(members), -1)
            log_loss[:, members] += known.reshape(len(known), len(members), -1)
        if rng is not None and not targets.joint:
            sd = field_sd[:, targets.task_of, None] * np.sqrt(variance)
            log_loss += sd * rng.standard_normal(log_loss.shape)
        return log_loss

    def _unseen_field(self, task: int) -> Field:
        """The field of a family of its own, of which nothing is known; it departs beyond the data of its task."""
        own = self.layout.task_of == task
        seen = np.concatenate([self.layout.fields[g].points for g in np.unique(self.layout.family_of[own])])
        return replace(self.layout.fields[0], points=seen, patterns=np.empty((len(seen), 0)))

    def _choice(self, name: str, task: str | None) -> tuple[int, bool]:
        """Index of a model named, or of the first model of a family named; and whether it is a model."""
        layout, here = self.layout, curves_on(self.layout, task)
        members = [i for i in here if layout.curves[i].family == name]
        whole = any(layout.families[layout.family_of[i]][1] != layout.curves[i].family for i in here)
        if name in {layout.curves[i].model for i in here}:
            if not whole and any(layout.curves[i].model != name for i in members):
                raise TargetError(f"{name!r} is both a model and a family of others. Give one of them another name.")
            return curve_named(layout, name, task), True
        if not members:
            families = () if whole else (layout.curves[i].family for i in here)
            raise unknown_name("model or family", name, [*(layout.curves[i].model for i in here), *families])
        if whole:
            raise TargetError(f"Every family has one model, so that {name!r} has no law of its own. Name its model.")
        return members[0], False


def _effects(targets: SurfaceTargets, t: np.ndarray) -> np.ndarray:
    """What models have of their own, in log loss, at logs of the axis (K, A): shape (S, K, A)."""
    tilted = targets.offset[..., None] + targets.tilt[..., None] * targets.measured.along(t)
    return tilted + targets.curvature[..., None] * targets.measured.curving(t)


def _open(field: Field, points: np.ndarray, nearby: bool) -> np.ndarray:
    """Covariance of what is not known of a field at points (n, V): its remainder, and departures beyond the data."""
    return field.remainder(points) + field.departure(points) if nearby else field.departure(points)


def _furthest(covariates: Mapping[str, np.ndarray], tops: Mapping[str, np.ndarray]) -> np.ndarray:
    """Factor by which points lie beyond the data, in the covariate in which they lie furthest; shape (K, A)."""
    return np.max([covariates[name] / top[:, None] for name, top in tops.items()], axis=0)
