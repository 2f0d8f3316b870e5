"""Targets of joint laws: models of the table, other models of its families, and models of other families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import NEW_FAMILY, NEW_MODEL, Part, Targets, Who, in_one
from bayeslaw.kinds.shared.layout import run_weights
from bayeslaw.kinds.shared.points import complete_point, curve_named, curves_on, unknown_name, with_product
from bayeslaw.kinds.shared.prediction import (
    flat,
    new_coordinates,
    new_level,
)
from bayeslaw.kinds.surfaces.density import OF_MODELS
from bayeslaw.kinds.surfaces.layout import SurfaceLayout, surfaces
from bayeslaw.kinds.surfaces.priors import Departures
from bayeslaw.kinds.surfaces.ranges import MeasuredRange
from bayeslaw.laws.base import Law
from bayeslaw.runs.table import families_of


@dataclass(frozen=True, eq=False)
class SurfaceTargets(Targets):
    """Targets on surfaces, with S draws of level, coordinates and effects of the models.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, K)
    level : ndarray, shape (S, K)
        Log loss of the law at its reference point.
    offset, tilt, curvature : ndarray, shape (S, K)
    measured : MeasuredRange
        Ranges of the K models: tilt and curvature are about the middle, and curvature ends at the ends.
    surface_of : ndarray of int, shape (K,)
        Surface whose field applies; -1 for an unseen family.
    task_of : ndarray of int, shape (K,)
    own : ndarray of bool, shape (K,)
        Whether a target is a single model, with effects of its own, rather than the surface of its family.
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
class SurfaceTargeting:
    """Draws of a joint law with the layout to which they belong, and the targets that can be predicted from them."""

    law: Law
    layout: SurfaceLayout
    draws: xr.Dataset
    scale_priors: Departures

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
        if who != "seen":
            needed = ", ".join(c.name for c in law.covariates)
            raise TargetError(f"A new {who.removeprefix('new-')} is predicted at a whole point: give {needed}.")
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
            beyond=_beyond(law, covariates, {name: top[surface_of] for name, top in tops.items()}),
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

    def together(self, parts: Sequence[Part[SurfaceTargets]]) -> SurfaceTargets:
        """Models of several targets at equally many points as one."""

        def of_draws(name: str) -> np.ndarray:
            return np.concatenate([getattr(part, name)[:, k] for part, k in parts], axis=1)

        def of_models(name: str) -> np.ndarray:
            return np.concatenate([getattr(part, name)[k] for part, k in parts])

        names = [c.name for c in self.law.coordinates]
        first, *others = (part.measured.of(k) for part, k in parts)
        return SurfaceTargets(
            **in_one(parts),
            coordinates={name: np.concatenate([p.coordinates[name][:, k] for p, k in parts], axis=1) for name in names},
            level=of_draws("level"),
            offset=of_draws("offset"),
            tilt=of_draws("tilt"),
            curvature=of_draws("curvature"),
            measured=first.and_those_of(others),
            surface_of=of_models("surface_of"),
            task_of=of_models("task_of"),
            own=of_models("own"),
        )

    def _flat(self, name: str) -> np.ndarray:
        return flat(self.draws, name)

    def _seen(self, covariates: dict[str, np.ndarray]) -> SurfaceTargets:
        """The models of the table at covariates of shape (C, A)."""
        return self._of_curves(covariates, np.arange(len(self.layout.curves)))

    def _of_curves(self, covariates: dict[str, np.ndarray], index: np.ndarray) -> SurfaceTargets:
        """Models of the table, by index (K,), at covariates of shape (K, A)."""
        layout, axis = self.layout, self.law.axis
        curves, tops = [layout.curves[i] for i in index], {axis: layout.largest[index]}
        for name, top in self._largest(layout.family_of, len(layout.families)).items():
            if name not in covariates:  # their product
                tops[name] = top[layout.family_of[index]]
        return SurfaceTargets(
            labels=tuple((c.model, c.family, c.task) for c in curves),
            covariates=covariates,
            beyond=_beyond(self.law, covariates, tops),
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
        """A new model on each surface, at covariates of shape (A,), with effects drawn from their distribution."""
        layout, found = self.layout, surfaces(self.layout)
        first = np.array([surface.models[0] for surface in found])
        tiled = {name: np.tile(values, (len(first), 1)) for name, values in covariates.items()}
        return SurfaceTargets(
            labels=tuple((NEW_MODEL, surface.family, surface.task) for surface in found),
            covariates=tiled,
            beyond=_beyond(self.law, tiled, self._largest(layout.family_of, len(found))),
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
            If a task has a single family, from which the spread of levels cannot be estimated.
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
            beyond=_beyond(self.law, tiled, self._largest(layout.task_of, tasks)),
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
        """The largest values that the runs of groups of curves have, by covariate and their product: (groups,)."""
        values = with_product(self.law, self.layout.covariates)
        tops = {name: of_curves.max(axis=1) for name, of_curves in values.items()}
        tops[self.law.axis] = self.layout.largest
        return {name: np.array([top[group_of == g].max() for g in range(groups)]) for name, top in tops.items()}

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


def _beyond(law: Law, covariates: Mapping[str, np.ndarray], tops: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Factors by which points lie beyond the largest values, and the largest product, of the data: shapes (K, A)."""
    values = with_product(law, covariates)
    return {name: values[name] / top[:, None] for name, top in tops.items()}
