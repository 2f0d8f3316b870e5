"""Predictions of curves: law, height and walks, out to sizes that were not run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.heights import first_mean
from bayeslaw.kinds.curves.targets import CurveTargeting, CurveTargets
from bayeslaw.kinds.curves.walks import TaskWalks, WalkBasis
from bayeslaw.kinds.predictor import Deviates
from bayeslaw.kinds.shared.borrowed import PATH, Entry, TaskPath
from bayeslaw.kinds.shared.outcome import LOSS, Outcome, outcome_of_reference
from bayeslaw.kinds.shared.prediction import (
    LawDraws,
    flat,
    law_of_curve,
    law_shape,
    slopes_and_bends,
)
from bayeslaw.kinds.shared.walks import changing_slope, covariance_root

_AT_EDGE = 1e-9
"""Points nearer to the last size of a curve, in e-folds, are at it."""
_FEW_DRAWS = 100
"""Draws of each chain from which the mean slope of a task is computed."""


@dataclass(frozen=True, eq=False)
class CurvePredictor(CurveTargeting):
    """Draws of curves, and the layout to which they belong; see `bayeslaw.kinds.predictor.Predictor`."""

    @property
    def outcome(self) -> Outcome:
        """Loss, on the scale of the law."""
        return outcome_of_reference(LOSS, self.law, self.layout.reference)

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of one curve."""
        return law_of_curve(self.law, self.layout, self.draws, curve)

    def law_alone(self, targets: CurveTargets) -> np.ndarray:
        """Level and law, in log loss: shape (S, K, A)."""
        curves, index = targets.curves, targets.index
        reference = {name: values[index, None] for name, values in curves.reference.items()}
        coordinates = {name: values[:, index, None] for name, values in curves.coordinates.items()}
        return curves.level[:, index, None] + law_shape(self.law, coordinates, targets.covariates, reference)

    def expected(
        self, targets: CurveTargets, rng: np.random.Generator | None = None, *, nearby: bool = True
    ) -> np.ndarray:
        """Law, height and walks, in log loss: shape (S, K, A). ``nearby`` has no effect: curves lack such a term."""
        axis = self._axis(targets)
        known = self._known(targets, axis)
        total = known - self._regression(targets, axis, known)
        return total if rng is None else total + self._remainder(targets, axis, rng) + self._changes(targets, axis, rng)

    def measured(self, expected: np.ndarray, targets: CurveTargets, rng: np.random.Generator) -> np.ndarray:
        """Add normal run-to-run noise, in log loss: shape (S, K, A)."""
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

    def deviates(self) -> dict[str, Deviates]:
        """Residuals over their noise; noises of curves about a typical one, own walks and shared walks over rates."""
        found, layout, scales = {}, self.layout, self.scale_priors
        own, shared, typical, noise = (
            flat(self.draws, name) for name in ("own_walk", "shared_walk", "typical_noise", "noise")
        )
        if not self.smoothed():
            targets = self.runs()
            residual = (layout.y - self.expected(targets)) / self._noise(targets)
            found["residuals"] = Deviates("run", np.where(layout.weight > 0, residual, np.nan))
            if scales.roughness > 0:
                rough = np.log(noise / typical[:, layout.task_of]) / scales.roughness
                found["the noise"] = Deviates("model", rough[..., None])
        with np.errstate(divide="ignore", invalid="ignore"):
            own = own / flat(self.draws, "own_drift")[:, layout.task_of, None]
            shared = shared / flat(self.draws, "shared_drift")[..., None]
        for k, walks in enumerate(layout.walks):  # beyond the knots is padding; along a known path nothing is random
            own[:, layout.task_of == k, len(walks.own.knots) :] = np.nan
            shared[:, k, : walks.known] = shared[:, k, len(walks.shared.knots) :] = np.nan
        found["the wandering"] = Deviates("model", own)
        if np.isfinite(shared).any():
            found["the bends"] = Deviates("task", np.where(np.isfinite(shared), shared, np.nan))
        return found

    def smoothed(self) -> bool:
        """Whether any curve is a smoothed one: a monotone fit to many evaluations."""
        return bool(np.isfinite(self.layout.raw_noise).any())

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Mean slope and bend of the curves of each task."""
        return slopes_and_bends(self.layout, y, np.arange(len(self.layout.curves)))

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales of each task, shapes (S, T)."""
        return {name: flat(self.draws, variable) for variable, (name, _) in self.scale_variables().items()}

    def scale_tasks(self) -> dict[str, tuple[str | None, ...]]:
        """Each scale has one column a task."""
        return {name: self.layout.tasks for name, _ in self.scale_variables().values()}

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """Variables that hold scales of tasks: name and unit."""
        return {
            "typical_noise": ("noise", "log loss"),
            "pull": ("pull", "1"),
            "own_drift": ("own_drift", "slope per root of log axis"),
            "shared_drift": ("shared_drift", "slope per root of log axis"),
            "own_change": ("own_change", "log loss per e-fold"),
            "shared_change": ("shared_change", "log loss per e-fold"),
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

    def _noise(self, targets: CurveTargets) -> np.ndarray:
        """Standard deviation of a measurement at each target, shape (S, K, A)."""
        relative = 1 / np.sqrt(np.where(targets.weight > 0, targets.weight, 1.0))
        return targets.curves.noise[:, targets.index, None] * relative

    def _axis(self, targets: CurveTargets) -> np.ndarray:
        """Logs of the axis at each target, relative to the reference of its curve: shape (K, A)."""
        curves = targets.curves
        return np.log(targets.covariates[self.law.axis] / curves.reference[self.law.axis][targets.index, None])

    def _known(self, targets: CurveTargets, axis: np.ndarray) -> np.ndarray:
        """Law, height, and conditional means of walks given their values at the knots, in log loss: shape (S, K, A)."""
        curves, index = targets.curves, targets.index
        change = self.layout.spring.change(axis, curves.first[index])
        return self.law_alone(targets) + curves.height[:, index, None] * change + self._walks(targets, axis)

    def _regression(self, targets: CurveTargets, axis: np.ndarray, known: np.ndarray) -> np.ndarray:
        """What is taken back of the differences between slopes of curves beyond the data: log loss, shape (K, A).

        Slopes are medians over draws, from the last size of a curve to the target, and are compared with the mean of
        those of all curves of the task that end before the target.
        """
        curves, task_of = targets.curves, targets.curves.task_of[targets.index]
        last = curves.last[targets.index]
        beyond = np.maximum(axis - last[:, None], 0.0)
        lost = 1.0 - np.array(self.layout.persistence)[task_of]
        back, fading = np.zeros(axis.shape), (lost > 0) & (beyond > _AT_EDGE).any(axis=1)
        if not fading.any():
            return back
        rise = np.median(known - self._at_edge(targets), axis=0)
        for k in np.unique(task_of[fading]):
            members = np.flatnonzero(fading & (task_of == k))
            points, place = np.unique(np.round(axis[members], 10), return_inverse=True)
            mean = self._mean_slope(int(k), points)[place].reshape(len(members), -1)
            own = rise[members] - mean * beyond[members]
            back[members] = lost[members, None] * np.where(beyond[members] > _AT_EDGE, own, 0.0)
        return back

    def _at_edge(self, targets: CurveTargets) -> np.ndarray:
        """What is known of each target's curve at its last size, in log loss: shape (S, K, 1)."""
        curves, index, axis = targets.curves, targets.index, self.law.axis
        covariates = {name: values[:, :1] for name, values in targets.covariates.items()}
        covariates[axis] = (np.exp(curves.last) * curves.reference[axis])[index, None]
        edge = replace(targets, covariates=covariates)
        return self._known(edge, curves.last[index, None])

    def _mean_slope(self, task: int, points: np.ndarray) -> np.ndarray:
        """Mean of the slopes of the curves of a task from their last sizes to points (P,), from some draws: (P,)."""
        draws = self.draws.isel(draw=slice(None, None, max(1, self.draws.sizes["draw"] // _FEW_DRAWS)))
        few = replace(self, draws=draws)
        whole = few._at_points(np.flatnonzero(self.layout.task_of == task), points)
        at = few._axis(whole)
        distance = at - self.layout.last[whole.index, None]
        ahead = distance > _AT_EDGE
        rise = np.median(few._known(whole, at) - few._at_edge(whole), axis=0)
        slopes = np.where(ahead, rise / np.where(ahead, distance, 1.0), 0.0)
        return np.asarray(slopes.sum(axis=0) / np.maximum(ahead.sum(axis=0), 1))

    def _changes(self, targets: CurveTargets, axis: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What changes of slope beyond the data add, of each curve and of its task: log loss, shape (S, K, A).

        Where a prior knows the path of a task to beyond the table, the change that all curves share is one beyond that.
        """
        curves, layout = targets.curves, self.layout
        task_of = curves.task_of[targets.index]
        own, shared = (flat(self.draws, name) for name in ("own_change", "shared_change"))
        df = self.scale_priors.change_df
        own = own[:, task_of] * np.sqrt(df / rng.chisquare(df, (len(own), len(task_of))))  # Student-t, curve by curve
        total = np.zeros((len(own), *axis.shape))
        for i, edge in enumerate(curves.last[targets.index]):
            total[:, i] = self._departure(own[:, [i]], axis[i] - edge, targets.joint, rng)
        for k, walks, members in self._by_task(targets):
            end = walks.shared.edge if walks.known else layout.last[layout.task_of == k].max()
            points, place = np.unique(axis[members], return_inverse=True)
            departure = self._departure(shared[:, [k]], points - end, targets.joint, rng)
            total[:, members] += departure[:, place.reshape(len(members), -1)]
        return total

    @staticmethod
    def _departure(rate: np.ndarray, distance: np.ndarray, joint: bool, rng: np.random.Generator) -> np.ndarray:
        """Draws of a departure by changes of slope at rates (S, 1), at distances (n,) of which some are beyond: (S, n).

        Where draws need not be joint, the slope changes once.
        """
        found, beyond = np.zeros((len(rate), len(distance))), distance > 0
        far = distance[beyond]
        root = covariance_root(changing_slope(far[:, None], far[None])) if joint else far[:, None]
        found[:, beyond] = (rate * rng.standard_normal((len(rate), root.shape[1]))) @ root.T
        return found

    def _walks(self, targets: CurveTargets, axis: np.ndarray) -> np.ndarray:
        """Conditional means of the walks of each curve and of its task given their values at the knots: (S, K, A).

        That of a curve goes on as it did at the last size of the curve, whatever knots of the task lie beyond.
        """
        curves, shared_walk = targets.curves, flat(self.draws, "shared_walk")
        total = np.zeros((len(shared_walk), *axis.shape))
        for k, walks, members in self._by_task(targets):
            for i in members:
                seen = walks.own.knots <= self._own_edge(targets, walks, i) + _AT_EDGE
                coefficients = curves.own_walk[:, targets.index[i], : len(walks.own.knots)] * seen
                total[:, i] = coefficients @ walks.own.functions(axis[i]).T
            points, place = np.unique(axis[members], return_inverse=True)
            shared = shared_walk[:, k, : len(walks.shared.knots)] @ walks.shared.functions(points).T
            total[:, members] += shared[:, place.reshape(len(members), -1)]
        return total

    def _remainder(self, targets: CurveTargets, axis: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of what walks depart from their conditional means between the knots: log loss, shape (S, K, A)."""
        own_rate, shared_rate = (flat(self.draws, name) for name in ("own_drift", "shared_drift"))
        total = np.zeros((len(own_rate), *axis.shape))

        def unknown(rate: np.ndarray, basis: WalkBasis, points: np.ndarray) -> np.ndarray:
            covariance = basis.remainder(points)
            root = covariance_root(covariance) if targets.joint else np.diag(np.sqrt(np.diag(covariance).clip(0.0)))
            return np.asarray((rate * rng.standard_normal((len(rate), len(points)))) @ root.T)

        for k, walks, members in self._by_task(targets):
            for i in members:
                own = np.minimum(axis[i], self._own_edge(targets, walks, i))
                total[:, i] = unknown(own_rate[:, [k]], walks.own, own)
            if shared_rate[:, k].any():  # a discrepancy in level has no shared walk
                points, place = np.unique(axis[members], return_inverse=True)
                shared = unknown(shared_rate[:, [k]], walks.shared, points)
                total[:, members] += shared[:, place.reshape(len(members), -1)]
        return total

    def _by_task(self, targets: CurveTargets) -> Iterator[tuple[int, TaskWalks, np.ndarray]]:
        """Each task that has targets: its number, its walks, and the indices of its targets."""
        task_of = targets.curves.task_of[targets.index]
        for k, walks in enumerate(self.layout.walks):
            members = np.flatnonzero(task_of == k)
            if members.size:
                yield k, walks, members

    @staticmethod
    def _own_edge(targets: CurveTargets, walks: TaskWalks, target: int) -> float:
        """Where the walk of a target's curve stops being random: its last size, if walks of the task end at all."""
        return float(targets.curves.last[targets.index[target]]) if np.isfinite(walks.own.edge) else np.inf

    def _path(self, task: int) -> tuple[np.ndarray, TaskPath]:
        """Draws of the path of a task at its knots, shape (S, Q), and the knots with the heights of curves about it."""
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
        # heights are still measured from the models behind the first prior
        beyond = before.typical[-1] + mean[len(before.typical) :] - mean[len(before.typical) - 1]
        return path, replace(before, knots=shared.knots, typical=np.concatenate([before.typical, beyond]))

    def _common(self, task: int, curve: int, t: np.ndarray) -> np.ndarray:
        """Law and shared walk of a task at log sizes t, from draws of one of its curves: shape (S, len(t))."""
        coordinates = {c.name: flat(self.draws, c.name)[:, curve, None] for c in self.law.coordinates}
        axis, shared = self.law.axis, self.layout.walks[task].shared
        shape = law_shape(self.law, coordinates, {axis: np.exp(t)}, {axis: np.array(1.0)})
        walk = flat(self.draws, "shared_walk")[:, task, : len(shared.knots)]
        return shape + walk @ shared.functions(t).T
