"""Predictions of joint laws: law, effects of models, fields, and what they depart by beyond the data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from bayeslaw.kinds.predictor import Deviates
from bayeslaw.kinds.shared.borrowed import Entry, TaskPath
from bayeslaw.kinds.shared.outcome import LOSS, Outcome, outcome_of_reference
from bayeslaw.kinds.shared.prediction import (
    ErrorAlong,
    LawDraws,
    law_of_curve,
    law_shape,
    slopes_and_bends,
)
from bayeslaw.kinds.shared.walks import draw, integrated_walk
from bayeslaw.kinds.surfaces.density import scale_names
from bayeslaw.kinds.surfaces.field import Field
from bayeslaw.kinds.surfaces.frontier import REACH, Frontier
from bayeslaw.kinds.surfaces.layout import frontier_of, surfaces, unexplained
from bayeslaw.kinds.surfaces.noise import noise_of
from bayeslaw.kinds.surfaces.targets import SurfaceTargeting, SurfaceTargets


@dataclass(frozen=True, eq=False)
class SurfaceLaw(LawDraws):
    """Draws of the law of a surface, and how it is missed beyond the runs.

    Attributes
    ----------
    frontier : Frontier
        Of the runs of the surface.
    scale : ndarray, shape (S,)
        Of errors beyond them, in log loss.
    """

    frontier: Frontier
    scale: np.ndarray

    def error_along(
        self, point: Mapping[str, float], direction: Mapping[str, float], rng: np.random.Generator
    ) -> ErrorAlong:
        """Draws of how the error changes from a point on, along a direction; not at all within the data."""
        names = [c.name for c in self.law.covariates]
        at = np.array([np.log(point[name] / self.reference[name]) for name in names])
        along = np.array([direction.get(name, 0.0) for name in names])
        slope = self.scale * self.frontier.slope_sd(at, along) * rng.standard_normal(len(self.scale))
        return ErrorAlong(slope, REACH / float(np.linalg.norm(along)))


@dataclass(frozen=True, eq=False)
class SurfacePredictor(SurfaceTargeting):
    """Draws of a joint law, and the layout to which they belong; see `bayeslaw.kinds.predictor.Predictor`."""

    @property
    def outcome(self) -> Outcome:
        """Loss, on the scale of the law."""
        return outcome_of_reference(LOSS, self.law, self.layout.reference)

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of the family of a model."""
        found, layout = law_of_curve(self.law, self.layout, self.draws, curve), self.layout
        scale = self._flat("misfit")[:, layout.task_of[curve]]
        return SurfaceLaw(**vars(found), frontier=self._frontier(np.array([curve])), scale=scale)

    def law_alone(self, targets: SurfaceTargets) -> np.ndarray:
        """Level and law, in log loss: shape (S, K, A)."""
        reference = {name: values[0] for name, values in self.layout.reference.items()}
        coordinates = {name: values[..., None] for name, values in targets.coordinates.items()}
        return targets.level[..., None] + law_shape(self.law, coordinates, targets.covariates, reference)

    def expected(
        self, targets: SurfaceTargets, rng: np.random.Generator | None = None, *, nearby: bool = True
    ) -> np.ndarray:
        """Law, effects of models, fields, and errors beyond the data, in log loss: shape (S, K, A).

        Without ``nearby`` the fields are left out, but not the errors beyond the data.
        """
        t = np.log(targets.covariates[self.law.axis] / self.layout.reference[self.law.axis][0])
        log_loss = self.law_alone(targets) + _effects(targets, t)
        if rng is not None:
            log_loss += self._departures(targets, t, rng)
        reference = {name: values[0] for name, values in self.layout.reference.items()}
        points = np.stack([np.log(v / reference[name]) for name, v in targets.covariates.items()], axis=-1)
        if nearby:
            log_loss += self._fields(targets, points, rng)
        return log_loss + self._misfit(targets, points, rng)

    def measured(self, expected: np.ndarray, targets: SurfaceTargets, rng: np.random.Generator) -> np.ndarray:
        """Add run-to-run noise, in log loss: shape (S, K, A)."""
        scale, second = self._noise(targets)
        return expected + noise_of(self.law).draw(np.broadcast_to(scale, expected.shape), second, rng)

    def log_density(self, expected: np.ndarray, targets: SurfaceTargets, y: np.ndarray) -> np.ndarray:
        """Log density of log losses: shape (S, K, A)."""
        return noise_of(self.law).logpdf(y - expected, *self._noise(targets))

    def replicated(self, rng: np.random.Generator) -> np.ndarray:
        """Replications of the runs of the table: (S, C, M)."""
        targets = self.runs()
        return self.measured(self.expected(targets, rng), targets, rng)

    def log_likelihood(self) -> np.ndarray:
        """Log density of each run given everything else: shape (S, C, M), 0 where padded."""
        density = noise_of(self.law).logpdf(self.layout.y - self.expected(self.runs()), *self._scale_of_runs())
        return np.where(self.layout.weight > 0, density, 0.0)

    def deviates(self) -> dict[str, Deviates]:
        """Residuals as normal scores; offsets, slopes and curvatures of models over their standard deviations."""
        layout = self.layout
        score = noise_of(self.law).scores(layout.y - self.expected(self.runs()), *self._scale_of_runs())
        found = {"residuals": Deviates("run", np.where(layout.weight > 0, score, np.nan))}
        differ = layout.models_differ[layout.task_of]
        for name, called in (("offset", "the offset"), ("tilt", "the slope"), ("curvature", "the curvature")):
            if differ.any():
                sd = np.where(differ, self._flat(f"{name}_sd")[:, layout.task_of], 1.0)
                own = np.where(differ, self._flat(name) / sd, np.nan)
                found[called] = Deviates("model", own[..., None])
        return found

    def _scale_of_runs(self) -> tuple[np.ndarray, np.ndarray]:
        """Scale (S, C, M) of the runs of the table about their expectations, and the other scale of their noise.

        The part of the field that its patterns do not explain counts as noise of the run, as in the density.
        """
        layout, targets = self.layout, self.runs()
        seen = layout.weight > 0
        left_open = np.zeros(seen.shape)
        left_open[seen] = unexplained(layout, layout.fields)
        noise, second = self._noise(targets)
        field_sd = self._flat("field_sd")[:, targets.task_of, None]
        return np.sqrt(noise**2 + field_sd**2 * left_open), second

    def smoothed(self) -> bool:
        """False: joint laws are fitted to runs."""
        return False

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Mean slopes along each covariate within the families of each task."""
        return slopes_and_bends(self.layout, y, self.layout.family_of)

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales of each task, shapes (S, T)."""
        return {name: self._flat(name) for name in self.scale_variables()}

    def scale_tasks(self) -> dict[str, tuple[str | None, ...]]:
        """Each scale has one column a task."""
        return {name: self.layout.tasks for name, _ in self.scale_variables().values()}

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """Variables that hold scales of tasks: name and unit."""
        second = noise_of(self.law).unit
        units = ("log loss", second, "log loss", "log loss", "slope", "slope per e-fold", "log loss")
        return {name: (name, unit) for name, unit in zip((*scale_names(self.law), "misfit"), units, strict=True)}

    def groups(self) -> tuple[tuple[str, str, np.ndarray], ...]:
        """The surfaces: families, or whole tasks whose families have a single model each."""
        return tuple((surface.family, surface.task, surface.models) for surface in surfaces(self.layout))

    def reference(self) -> dict[str, float]:
        """The point at which all coordinates are stated."""
        return {name: float(values[0]) for name, values in self.layout.reference.items()}

    def paths(self) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
        """Empty: joint laws have no paths."""
        return {}, {}

    def _noise(self, targets: SurfaceTargets) -> tuple[np.ndarray, np.ndarray]:
        """Scale (S, K, A) and the other scale of the noise (S, K, 1) of a measurement at each target."""
        relative = 1 / np.sqrt(np.where(targets.weight > 0, targets.weight, 1.0))
        noise, second = (self._flat(name)[:, targets.task_of, None] for name in scale_names(self.law)[:2])
        return noise * relative, second

    def _departures(self, targets: SurfaceTargets, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of the random walks of models beyond their own data, at logs of the axis (K, A): log loss (S, K, A).

        The rate is the sd of curvatures times the square root of the length of the model's range, or of that of a
        typical model of the task if it is longer.
        """
        measured, layout = targets.measured, self.layout
        along = measured.along(t)
        usual = np.bincount(layout.task_of, layout.measured.length) / np.bincount(layout.task_of)
        length = np.sqrt(np.maximum(measured.length, usual[targets.task_of]))
        rate = self._flat("curvature_sd")[:, targets.task_of] * length * targets.own
        departures = np.zeros((len(rate), *t.shape))
        for k in np.flatnonzero(rate.any(axis=0)):
            covariance = np.zeros((t.shape[1], t.shape[1]))
            for ahead in (np.maximum(along[k] - measured.high[k], 0.0), np.maximum(measured.low[k] - along[k], 0.0)):
                covariance += integrated_walk(ahead[:, None], ahead[None])
            departures[:, k] = draw(covariance, rate[:, [k]], rng)
        return departures

    def _fields(self, targets: SurfaceTargets, points: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """Fields at points (K, A, V): their conditional means given the patterns, and draws of the rest: (S, K, A)."""
        field_sd = self._flat("field_sd")
        first = np.cumsum([0, *(field.patterns.shape[1] for field in self.layout.fields)])
        total = np.zeros((len(field_sd), *points.shape[:2]))
        for g, members in _by_surface(targets):
            at, place = _distinct(points[members].reshape(-1, points.shape[-1]), targets.joint)
            sd = field_sd[:, [targets.task_of[members[0]]]]
            field = self._unseen_field(at) if g < 0 else self.layout.fields[g]
            found = np.zeros((len(total), len(at)))
            if g >= 0:
                found = self._flat("field")[:, first[g] : first[g + 1]] @ field.functions(at).T
            if rng is not None:
                open_ = field.remainder(at) if targets.joint else field.unexplained(at)
                found = found + _drawn(open_, sd, rng)
            total[:, members] = found[:, place].reshape(len(found), len(members), -1)
        return total

    def _misfit(self, targets: SurfaceTargets, points: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """Errors of the law beyond the data at points (K, A, V): their means, and draws about them: (S, K, A)."""
        scale = self._flat("misfit")
        total = np.zeros((len(scale), *points.shape[:2]))
        for g, members in _by_surface(targets):
            task = targets.task_of[members[0]]
            own = np.flatnonzero(self.layout.task_of == task) if g < 0 else np.flatnonzero(self.layout.family_of == g)
            frontier = self._frontier(own)
            at, place = _distinct(points[members].reshape(-1, points.shape[-1]), targets.joint)
            sd = scale[:, [task]]
            found = sd * frontier.mean(at)
            if rng is not None:
                open_ = frontier.covariance(at) if targets.joint else frontier.size(at) ** 2
                found = found + _drawn(open_, sd, rng)
            total[:, members] = found[:, place].reshape(len(found), len(members), -1)
        return total

    def _frontier(self, members: np.ndarray) -> Frontier:
        """The edge of the runs of the surfaces that some curves of one task lie on."""
        return frontier_of(self.layout, self.law, self.scale_priors.misfit, members)

    def _unseen_field(self, points: np.ndarray) -> Field:
        """The field of an unseen family: as that of others, without patterns."""
        return replace(self.layout.fields[0], points=points, patterns=np.empty((len(points), 0)))


def _by_surface(targets: SurfaceTargets) -> Iterator[tuple[int, np.ndarray]]:
    """Each surface with the indices of its targets; unseen families, each a surface of its own, are numbered -1."""
    for g in np.unique(targets.surface_of):
        members = np.flatnonzero(targets.surface_of == g)
        if g < 0:
            yield from ((-1, members[[k]]) for k in range(len(members)))
        else:
            yield int(g), members


def _distinct(points: np.ndarray, joint: bool) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ones of points (n, V), and the place of each among them; all of them where draws are not joint.

    What is drawn at a point is the same for all targets there, and joint draws cost the cube of their number.
    """
    if not joint:
        return points, np.arange(len(points))
    distinct, place = np.unique(np.round(points, 10), axis=0, return_inverse=True)  # alike in all units
    return distinct, place.ravel()


def _drawn(covariance: np.ndarray, sd: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws (S, n) with a covariance (n, n), or independent ones with variances (n,), times an sd of each draw."""
    if covariance.ndim == 2:
        return draw(covariance, sd, rng)
    return np.asarray(sd * np.sqrt(covariance) * rng.standard_normal((len(sd), len(covariance))))


def _effects(targets: SurfaceTargets, t: np.ndarray) -> np.ndarray:
    """Effects of models (offset, tilt, curvature), in log loss, at logs of the axis (K, A): shape (S, K, A)."""
    tilted = targets.offset[..., None] + targets.tilt[..., None] * targets.measured.along(t)
    return tilted + targets.curvature[..., None] * targets.measured.curving(t)
