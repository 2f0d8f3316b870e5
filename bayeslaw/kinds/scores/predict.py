"""Predictions of scores: law, effects of models, walks, and what walks add beyond the data."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from bayeslaw.kinds.predictor import Deviates
from bayeslaw.kinds.scores.density import LEAST_CEILING, OF_ALL_TASKS, score_variance
from bayeslaw.kinds.scores.layout import SCORE, times
from bayeslaw.kinds.scores.link import bend, share
from bayeslaw.kinds.scores.targets import ScoreTargeting, ScoreTargets
from bayeslaw.kinds.scores.walks import brownian
from bayeslaw.kinds.shared.borrowed import Entry, TaskPath
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.prediction import LawDraws, flat, law_of_curve, law_shape, slopes_and_bends


@dataclass(frozen=True, eq=False)
class ScorePredictor(ScoreTargeting):
    """Draws of a law of scores, and the layout to which they belong; see `bayeslaw.kinds.predictor.Predictor`."""

    @property
    def outcome(self) -> Outcome:
        """Scores, as shares of questions."""
        return SCORE

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of one curve, of skill."""
        return law_of_curve(self.law, self.layout, self.draws, curve)

    def law_alone(self, targets: ScoreTargets) -> np.ndarray:
        """Scores by level and law: shape (S, K, A)."""
        return self._score(self._by_law(targets), targets)

    def expected(
        self, targets: ScoreTargets, rng: np.random.Generator | None = None, *, nearby: bool = True
    ) -> np.ndarray:
        """Scores without the scatter of checkpoints and tests: shape (S, K, A).

        Without ``nearby`` the walks within the data are left out.
        """
        skill = self._by_law(targets)
        t = times(self.law, np.log(targets.covariates[self.law.axis] / self.layout.reference[self.law.axis][0]))
        if nearby:
            skill = skill + self._walks(targets, t)
        if rng is not None:
            skill = skill + self._ahead(targets, t, rng)
        return self._score(skill, targets)

    def measured(self, expected: np.ndarray, targets: ScoreTargets, rng: np.random.Generator) -> np.ndarray:
        """Scores of one checkpoint in one test of as many questions as the task has: shape (S, K, A)."""
        scattered = expected + self._sd(expected, targets) * rng.standard_normal(expected.shape)
        return np.clip(scattered, 0.0, 1.0)

    def log_density(self, expected: np.ndarray, targets: ScoreTargets, y: np.ndarray) -> np.ndarray:
        """Normal log density of scores: shape (S, K, A)."""
        return np.asarray(stats.norm.logpdf(y, expected, self._sd(expected, targets)))

    def replicated(self, rng: np.random.Generator) -> np.ndarray:
        """Replications of the runs of the table: (S, C, M)."""
        targets = self.runs()
        return self.measured(self.expected(targets, rng), targets, rng)

    def log_likelihood(self) -> np.ndarray:
        """Log density of each run given everything else: shape (S, C, M), 0 where padded."""
        targets = self.runs()
        found = self.log_density(self.expected(targets), targets, self.layout.y)
        return np.where(self.layout.weight > 0, found, 0.0)

    def deviates(self) -> dict[str, Deviates]:
        """Residuals over their standard deviations."""
        targets, layout = self.runs(), self.layout
        expected = self.expected(targets)
        ratio = (layout.y - expected) / self._sd(expected, targets)
        return {"residuals": Deviates("run", np.where(layout.weight > 0, ratio, np.nan))}

    def smoothed(self) -> bool:
        """False: every checkpoint is a run."""
        return False

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Mean slopes along each covariate within the families of each task."""
        return slopes_and_bends(self.layout, y, self.layout.family_of)

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales by the names of their priors: shapes (S, T), and (S, 1) of those of all tasks.

        Chance and ceiling are on the logistic scale on which their priors are: chance of tasks of which it is not known
        (S, U), and by how much it differs from what guessing reaches on the others, but for those where that is 0.
        """
        chance, ceiling, known = flat(self.draws, "chance"), flat(self.draws, "ceiling"), self.layout.chance
        above = (1 - ceiling) / ((1 - chance) * (1 - LEAST_CEILING))  # `ceiling_above`, turned round
        unknown, stated = np.isnan(known), known > 0
        logits = {
            "chance": special.logit(chance[:, unknown]),
            "near_chance": special.logit(chance[:, stated]) - special.logit(known[stated]),
            "ceiling": -special.logit(above),
        }
        common = {name: self._scale(name) for name in OF_ALL_TASKS}
        return {"noise": flat(self.draws, "noise"), **logits, **common}

    def scale_tasks(self) -> dict[str, tuple[str | None, ...]]:
        """Noise and ceilings of tasks, and what all tasks have in common.

        Chance of single tasks is not lent: tables that say what guessing reaches state it relative to that.
        """
        return {**dict.fromkeys(("noise", "ceiling"), self.layout.tasks), **dict.fromkeys(OF_ALL_TASKS, (None,))}

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """Variables that hold scales, and levels of scores: name and unit."""
        rates = dict.fromkeys(("common_rate", "size_rate", "own_rate"), "skill per root e-fold")
        units = {"noise": "sd over sqrt(p (1 - p))", **dict.fromkeys(OF_ALL_TASKS, "skill"), **rates}
        units |= dict.fromkeys(("chance", "ceiling"), SCORE.unit)
        return {name: (name, unit) for name, unit in units.items()}

    def groups(self) -> tuple[tuple[str, str, np.ndarray], ...]:
        """Families within tasks."""
        return tuple(
            (family, task, np.flatnonzero(self.layout.family_of == g))
            for g, (task, family) in enumerate(self.layout.families)
        )

    def reference(self) -> dict[str, float]:
        """The point at which all coordinates are stated."""
        return {name: float(values[0]) for name, values in self.layout.reference.items()}

    def paths(self) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
        """Empty: laws of scores have no paths."""
        return {}, {}

    def _score(self, skill: np.ndarray, targets: ScoreTargets) -> np.ndarray:
        chance, ceiling = (flat(self.draws, name)[:, targets.task_of, None] for name in ("chance", "ceiling"))
        return np.asarray(chance + (ceiling - chance) * elementwise(share, skill, bend(self.law)))

    def _by_law(self, targets: ScoreTargets) -> np.ndarray:
        """Skill by level and law: shape (S, K, A)."""
        reference = {name: values[0] for name, values in self.layout.reference.items()}
        coordinates = {name: values[..., None] for name, values in targets.coordinates.items()}
        return targets.level[..., None] + law_shape(self.law, coordinates, targets.covariates, reference)

    def _walks(self, targets: ScoreTargets, t: np.ndarray) -> np.ndarray:
        """Walks at logs of the axis (K, A), as they stand at their ends beyond these: shape (S, K, A)."""
        common, own = self.layout.common.functions(t), self.layout.own.functions(t)
        k, sizes = targets.task_of, self._sizes(targets)
        total = np.einsum("skq,kaq->ska", targets.own_walk, own)
        total += np.einsum("skp,kap->ska", flat(self.draws, "common_walk")[:, k], common)
        return total + np.einsum("skp,kap->ska", flat(self.draws, "size_walk")[:, k], common * sizes[..., None])

    def _ahead(self, targets: ScoreTargets, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What walks add beyond their last knots, at logs of the axis (K, A): shape (S, K, A)."""
        common, own = self.layout.common.ahead(t), self.layout.own.ahead(t)
        total = np.zeros((len(targets.level), *t.shape))
        if not (common.any() or own.any()):
            return total
        sizes, draws = self._sizes(targets), len(total)
        for k in np.unique(targets.task_of):
            here = targets.task_of == k
            total[:, here] += self._scale("common_rate")[..., None] * brownian(common[here], rng, draws)
            tilt = self._scale("size_rate")[..., None] * brownian(common[here], rng, draws)
            total[:, here] += tilt * sizes[here]
        for j in range(len(own)):
            total[:, j] += self._scale("own_rate") * brownian(own[j], rng, draws)
        return total

    def _sd(self, expected: np.ndarray, targets: ScoreTargets) -> np.ndarray:
        """Standard deviation of a measured score about its expectation: shape (S, K, A)."""
        asked = self.layout.questions[targets.task_of, None]
        noise = flat(self.draws, "noise")[:, targets.task_of, None]
        return np.sqrt(np.asarray(score_variance(expected, asked, noise)))
