"""Targets of scores: models of the table, other models of its families, and models of other families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import NEW_FAMILY, NEW_MODEL, Part, Targets, Who, in_one
from bayeslaw.kinds.scores.layout import SIZE, ScoreLayout, falling, levelling_size
from bayeslaw.kinds.scores.priors import ScorePriors
from bayeslaw.kinds.shared.points import complete_point, curve_named, with_product
from bayeslaw.kinds.shared.prediction import flat, new_coordinates
from bayeslaw.laws.base import Law


@dataclass(frozen=True, eq=False)
class ScoreTargets(Targets):
    """Targets of scores, with S draws of what determines K curves.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, K)
    level : ndarray, shape (S, K)
        Skill at the reference point.
    own_walk : ndarray, shape (S, K, Q)
    task_of : ndarray of int, shape (K,)
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    own_walk: np.ndarray
    task_of: np.ndarray


@dataclass(frozen=True, eq=False)
class ScoreTargeting:
    """Draws of a law of scores with the layout to which they belong, and the targets that they can predict."""

    law: Law
    layout: ScoreLayout
    draws: xr.Dataset
    scale_priors: ScorePriors

    def targets(self, at: Sequence[Mapping[str, float]], who: Who, rng: np.random.Generator) -> ScoreTargets:
        """Models at points: of the table, or where points give every covariate, one more of each family.

        A law of one covariate is asked for the models of the table, whatever the point, unless ``who`` says otherwise.

        Raises
        ------
        TargetError
            If some points give every covariate and others do not, or a new model or family is asked for at one that
            does not.
        """
        law, layout = self.law, self.layout
        points = [complete_point(layout, law, point) for point in at]
        covariates = {c.name: np.stack([p[c.name] for p in points], axis=1) for c in law.covariates}
        whole = [set(point) >= {c.name for c in law.covariates} for point in at]
        one = {
            name: values[0] for name, values in covariates.items()
        }  # the same of every model, where points are whole
        if who != "seen":
            if not all(whole):
                needed = ", ".join(c.name for c in law.covariates)
                raise TargetError(f"A new {who.removeprefix('new-')} is predicted at a whole point: give {needed}.")
            return self._new_families(one, rng) if who == "new-family" else self._new_models(one, rng)
        if len(law.covariates) > 1 and any(whole):
            if not all(whole):
                raise TargetError(
                    "Some points give every covariate and ask for models that are not in the table, others do not. "
                    "Predict at one kind of points at a time."
                )
            return self._new_models(one, rng)
        return self._of_curves(covariates, np.arange(len(layout.curves)))

    def runs(self) -> ScoreTargets:
        """The runs of the table."""
        found = self._of_curves(self.layout.covariates, np.arange(len(self.layout.curves)))
        return replace(found, weight=self.layout.weight)

    def rows(self, rows: pd.DataFrame, rng: np.random.Generator) -> ScoreTargets:
        """Each row as a target of its own: of a model of the table, or of a new one of a family there.

        Raises
        ------
        TargetError
            If a row is of a family that is not in the table.
        """
        layout = self.layout
        labels = list(zip(*(rows[name].astype(str) for name in ("task", "family", "model")), strict=True))
        curve_of = {(c.task, c.family, c.model): i for i, c in enumerate(layout.curves)}
        first = {(c.task, c.family): i for i, c in reversed(list(enumerate(layout.curves)))}
        alone = {task for task, _ in layout.families if sum(task == other for other, _ in layout.families) == 1}
        first |= {
            label[:2]: layout.task_of.tolist().index(layout.tasks.index(label[0]))
            for label in labels
            if label[0] in alone and label[:2] not in first
        }
        unknown = [label for label in labels if label not in curve_of and label[:2] not in first]
        if unknown:
            raise TargetError(f"The family {unknown[0][1]!r} on {unknown[0][0]!r} is not in the table that was fitted.")
        new = np.array([label not in curve_of for label in labels])
        index = np.array([curve_of.get(label, first.get(label[:2], -1)) for label in labels], int)
        covariates = {c.name: rows[[c.name]].to_numpy(float) for c in self.law.covariates}
        found = self._of_curves(covariates, index)
        names = tuple((model, family, task) for task, family, model in labels)
        level, own_walk = found.level, found.own_walk
        if new.any():
            models = pd.factorize(pd.MultiIndex.from_tuples([label[1:] for label in labels]))[0][new]
            level, own_walk = level.copy(), own_walk.copy()
            family = flat(self.draws, "family_level")[:, layout.family_of[index[new]]]
            level[:, new], own_walk[:, new] = self._unseen(family, models, rng)
        return replace(found, labels=names, level=level, own_walk=own_walk, joint=False)

    def pair(
        self, names: tuple[str, str], task: str | None, at: Mapping[str, float], sizes: np.ndarray
    ) -> ScoreTargets:
        """Two models of the table along the sizes of the axis."""
        index = np.array([curve_named(self.layout, name, task) for name in names])
        point = complete_point(self.layout, self.law, {self.law.axis: float(sizes[0]), **at})
        covariates = {name: np.repeat(values[index, None], len(sizes), axis=1) for name, values in point.items()}
        covariates[self.law.axis] = np.tile(sizes, (2, 1))
        return self._of_curves(covariates, index)

    def together(self, parts: Sequence[Part[ScoreTargets]]) -> ScoreTargets:
        """Models of several targets at equally many points as one."""

        def of_draws(name: str) -> np.ndarray:
            return np.concatenate([getattr(part, name)[:, k] for part, k in parts], axis=1)

        names = [c.name for c in self.law.coordinates]
        return ScoreTargets(
            **in_one(parts),
            coordinates={name: np.concatenate([p.coordinates[name][:, k] for p, k in parts], axis=1) for name in names},
            level=of_draws("level"),
            own_walk=of_draws("own_walk"),
            task_of=np.concatenate([part.task_of[k] for part, k in parts]),
        )

    def _of_curves(self, covariates: Mapping[str, np.ndarray], index: np.ndarray) -> ScoreTargets:
        """Curves of the table, by index (K,), at covariates of shape (K, A)."""
        layout = self.layout
        curves = [layout.curves[i] for i in index]
        return ScoreTargets(
            labels=tuple((c.model, c.family, c.task) for c in curves),
            covariates=dict(covariates),
            beyond=self._beyond(covariates, layout.family_of[index], layout.family_of),
            weight=np.ones(covariates[self.law.axis].shape),
            joint=True,
            coordinates={c.name: flat(self.draws, c.name)[:, index] for c in self.law.coordinates},
            level=flat(self.draws, "level")[:, index],
            own_walk=flat(self.draws, "own_walk")[:, index],
            task_of=layout.task_of[index],
        )

    def _new_models(self, covariates: Mapping[str, np.ndarray], rng: np.random.Generator) -> ScoreTargets:
        """One more model of each family on each task, at covariates of shape (A,); one on all tasks of the family."""
        layout = self.layout
        first = np.unique(layout.family_of, return_index=True)[1]
        found = self._of_curves({name: np.tile(v, (len(first), 1)) for name, v in covariates.items()}, first)
        same = pd.factorize(np.array(["" if family == name else family for name, family in layout.families]))[0]
        level, own_walk = self._unseen(flat(self.draws, "family_level"), same, rng)
        labels = tuple((NEW_MODEL, family, name) for name, family in layout.families)
        return replace(found, labels=labels, level=level, own_walk=own_walk)

    def _new_families(self, covariates: Mapping[str, np.ndarray], rng: np.random.Generator) -> ScoreTargets:
        """A model of an unseen family on each task, at covariates of shape (A,).

        Raises
        ------
        TargetError
            If all models are of one family, from which the spread of families cannot be estimated.
        """
        if self.layout.family_name_of.max() == 0:
            only = self.layout.curves[0].family
            raise TargetError(
                f"A new family cannot be predicted from one, {only!r}: how far families differ is unknown. "
                "Add models of others."
            )
        layout, tasks = self.layout, np.arange(len(self.layout.tasks))
        first = np.unique(layout.task_of, return_index=True)[1]
        found = self._of_curves({name: np.tile(v, (len(first), 1)) for name, v in covariates.items()}, first)
        # a family on every task has a common part and one of its own, about the middle of those that were seen
        seen = flat(self.draws, "family_level")
        task_of_family = np.array([layout.tasks.index(task) for task, _ in layout.families])
        middle = np.stack([seen[:, task_of_family == k].mean(axis=1) for k in tasks], axis=1)
        # which is known as well as so many families tell it
        wider = np.sqrt(1 + 1 / np.bincount(task_of_family))
        common = wider * self._scale("family_sd") * rng.standard_normal((len(seen), 1))
        own = wider * self._scale("family_offset_sd") * rng.standard_normal(middle.shape)
        level, own_walk = self._unseen(middle + common + own, np.zeros(len(tasks), int), rng)
        return replace(
            found,
            labels=tuple((NEW_FAMILY, NEW_FAMILY, task) for task in layout.tasks),
            coordinates=new_coordinates(self.law, layout, self.draws, rng),
            level=level,
            own_walk=own_walk,
        )

    def _unseen(
        self, family_level: np.ndarray, model: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Levels (S, K) and walks (S, K, Q) of unseen models, numbered (K,), given levels of their families (S, K)."""
        factor = rng.standard_normal((len(family_level), int(model.max()) + 1))[:, model]
        own = self._scale("offset_sd") * rng.standard_normal(family_level.shape)
        walk = rng.standard_normal((*family_level.shape, len(self.layout.own.knots)))
        return family_level + self._scale("model_sd") * factor + own, self._scale("own_rate")[..., None] * walk

    def _scale(self, name: str) -> np.ndarray:
        """Draws of a scale that all tasks have in common: shape (S, 1)."""
        return flat(self.draws, name)[:, None]

    def _beyond(
        self, covariates: Mapping[str, np.ndarray], group: np.ndarray, group_of: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Factors by which points (K, A) lie beyond the data of their groups (K,), by covariate and their product."""
        layout = self.layout
        seen = {name: np.where(layout.weight > 0, values, np.nan) for name, values in layout.covariates.items()}
        beyond = {}
        for name, values in covariates.items():
            falls = falling(self.law)[name]
            ends = (np.nanmin if falls else np.nanmax)(seen[name], axis=1)
            best = [(min if falls else max)(ends[group_of == g]) for g in group]
            beyond[name] = np.array(best)[:, None] / values if falls else values / np.array(best)[:, None]
        if len(covariates) > 1:
            products, here = with_product(self.law, seen), with_product(self.law, covariates)
            for name in set(here) - set(covariates):
                most = np.nanmax(products[name], axis=1)
                beyond[name] = here[name] / np.array([most[group_of == g].max() for g in group])[:, None]
        return beyond

    def _sizes(self, targets: ScoreTargets) -> np.ndarray:
        """Model size relative to the reference, as departures depend on it: shape (K, A); 0 where the law has none."""
        if SIZE not in targets.covariates:
            return np.zeros(targets.weight.shape)
        return levelling_size(targets.covariates[SIZE] / self.layout.reference[SIZE][0])
