"""What a run could help to decide: a choice among models, a forecast, the split of a budget, or a crossing.

Each goal turns joint draws into losses of options (or into forecasts), from which the value of runs is computed, and
says in words what is believed now and what a run would change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from bayeslaw.answers.board import Board
from bayeslaw.answers.optimum import along_budget, best_log_params, error_along_budget
from bayeslaw.answers.proposals import NewModel
from bayeslaw.answers.value import ChoiceBelief, ForecastBelief, winsorised
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior

GoalName = Literal["choose", "foretell", "split", "crossing"]
"""What is to be decided."""

SPLITS = 25
"""Numbers of parameters between which a budget is split."""

MATTERS = 0.005
"""A change of choice less probable than this is not worth naming."""


@dataclass(frozen=True)
class Now:
    """What is believed before another run.

    Attributes
    ----------
    recommendation : str or None
        What would be chosen now; None where nothing is.
    expected_regret : float
        Expected loss of it above that of the best option; of a forecast, the width of its 90% interval.
    p_best : float
        Probability that it is the best option; not a number where nothing is chosen.
    """

    recommendation: str | None
    expected_regret: float
    p_best: float


class Goal(Protocol):
    """What is to be decided, given draws of a board."""

    @property
    def name(self) -> GoalName:
        """Which of the goals."""
        ...

    def seen_in(self, board: Board, expected: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """What matters of draws of a board (S, rows, A): losses of options (S, P, J), or forecasts (S, P)."""
        ...

    def belief(self, draws: np.ndarray, scores: np.ndarray) -> Any:
        """The belief in which runs have a value, from what matters and normal scores of runs (R, S)."""
        ...

    def now(self, draws: np.ndarray) -> Now:
        """What is believed now."""
        ...

    def sentence(self, gain: float, chosen: np.ndarray | None, now: Now) -> tuple[str, float]:
        """Why a run is worth making, and the probability that it changes what is chosen.

        Parameters
        ----------
        gain : float
        chosen : ndarray, shape (P, J), or None
            Probability that each option is chosen after it; of a forecast, None.
        now : Now
        """
        ...


@dataclass(frozen=True, eq=False)
class Choose:
    """Choose among models at a target size; each is charged something beside its loss (J,)."""

    outcome: Outcome
    models: tuple[int | NewModel, ...]
    names: tuple[str, ...]
    size: float
    charges: np.ndarray
    name: GoalName = "choose"

    def seen_in(self, board: Board, expected: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """Losses of run predictions at the target: (S, 1, J)."""
        rows = [board.row(model) for model in self.models]
        values = self.outcome.inverse(measured[:, rows, board.column(self.size)])
        return ((-values if self.outcome.higher_is_better else values) + self.charges)[:, None]

    def belief(self, draws: np.ndarray, scores: np.ndarray) -> ChoiceBelief:
        """Means of the losses of the models."""
        return ChoiceBelief.from_draws(winsorised(draws), scores)

    def now(self, draws: np.ndarray) -> Now:
        """The model of least expected loss."""
        return _chosen_now(draws, self.names)

    def sentence(self, gain: float, chosen: np.ndarray | None, now: Now) -> tuple[str, float]:
        """Which two models the run tells apart."""
        assert chosen is not None
        first = self.names.index(str(now.recommendation))
        change = float(1.0 - chosen[0, first])
        if change < MATTERS:
            return f"would hardly ever move the choice from {self.names[first]}", change
        other = int(np.where(np.arange(len(self.names)) == first, -1.0, chosen[0]).argmax())
        pair = f"tells {self.names[first]} from {self.names[other]} apart"
        return f"{pair}; the choice changes with probability {change:.2f}", change


@dataclass(frozen=True, eq=False)
class Foretell:
    """Foretell one run, or one of each of several families."""

    outcome: Outcome
    models: tuple[int | NewModel, ...]
    names: tuple[str, ...]
    size: float
    name: GoalName = "foretell"

    def seen_in(self, board: Board, expected: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """Run predictions at the target: (S, P)."""
        rows = [board.row(model) for model in self.models]
        return self.outcome.inverse(measured[:, rows, board.column(self.size)])

    def belief(self, draws: np.ndarray, scores: np.ndarray) -> ForecastBelief:
        """Widths of the intervals."""
        return ForecastBelief.from_draws(draws, scores)

    def now(self, draws: np.ndarray) -> Now:
        """Width of the 90% interval, averaged over what is foretold."""
        low, high = np.quantile(draws, [0.05, 0.95], axis=0)
        return Now(None, float(np.mean(high - low)), float("nan"))

    def sentence(self, gain: float, chosen: np.ndarray | None, now: Now) -> tuple[str, float]:
        """From what width to what width."""
        return f"narrows the 90% interval {_fall(now, gain)}", float("nan")


@dataclass(frozen=True, eq=False)
class Split:
    """Split a budget between parameters and data, in each of several families.

    Attributes
    ----------
    losses : ndarray, shape (S, P, J)
        The law and its error along the budget, at numbers of parameters among which the best of each draw lie.
    params : ndarray, shape (P, J)
    families : tuple of str, length P
    """

    losses: np.ndarray
    params: np.ndarray
    families: tuple[str, ...]
    name: GoalName = "split"

    @classmethod
    def of(cls, posterior: Posterior, task: str, compute: float, at: dict[str, float], seed: int) -> "Split":
        """Evaluate the law of each family of a task along a budget."""
        losses, params, families = [], [], []
        for family, of_task, models in posterior.predictor.groups():
            if of_task == task:
                law = posterior.predictor.law_of(int(models[0]))
                error = error_along_budget(law, compute, at, seed)
                grid = np.quantile(best_log_params(law, compute, at, error), np.linspace(0.01, 0.99, SPLITS))
                linked = law.at(along_budget(np.exp(grid[None, :]), compute, at)) + error.at(grid[None, :])
                losses.append(posterior.outcome.inverse(linked))
                params.append(np.exp(grid))
                families.append(family)
        return cls(np.stack(losses, axis=1), np.stack(params), tuple(families))

    def seen_in(self, board: Board, expected: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """The law along the budget, whose draws are those of the board."""
        return self.losses

    def belief(self, draws: np.ndarray, scores: np.ndarray) -> ChoiceBelief:
        """Means of the losses along the budget."""
        return ChoiceBelief.from_draws(winsorised(draws), scores)

    def now(self, draws: np.ndarray) -> Now:
        """The split of least expected loss, of each family."""
        losses = winsorised(draws)
        best = losses.mean(axis=0).argmin(axis=1)
        told = [f"{f}: {count(p[j])} parameters" for f, p, j in zip(self.families, self.params, best, strict=True)]
        return Now("; ".join(told), _chosen_now(draws, ()).expected_regret, float("nan"))

    def sentence(self, gain: float, chosen: np.ndarray | None, now: Now) -> tuple[str, float]:
        """From what expected excess loss to what."""
        return f"lowers the expected excess loss of the split {_fall(now, gain)}", float("nan")


@dataclass(frozen=True, eq=False)
class Cross:
    """Find where one choice overtakes another: choose between the two at every size of a range.

    The loss is that of choosing wrongly, averaged over the range in log size.
    """

    outcome: Outcome
    models: tuple[int, int] | None
    names: tuple[str, str]
    sizes: np.ndarray
    name: GoalName = "crossing"

    def seen_in(self, board: Board, expected: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """Expected outcomes of both along the sizes: (S, P, 2)."""
        rows = board.pair_rows if self.models is None else [board.row(model) for model in self.models]
        columns = [board.column(size) for size in self.sizes]
        values = self.outcome.inverse(expected[:, list(rows)][:, :, columns].transpose(0, 2, 1))
        return -values if self.outcome.higher_is_better else values

    def belief(self, draws: np.ndarray, scores: np.ndarray) -> ChoiceBelief:
        """Means of both along the sizes."""
        return ChoiceBelief.from_draws(winsorised(draws), scores)

    def now(self, draws: np.ndarray) -> Now:
        """Who is chosen at the smallest size, and from where on another is."""
        losses = winsorised(draws)
        better = losses.mean(axis=0).argmin(axis=1)
        change = np.flatnonzero(np.diff(better))
        told = [self.names[better[0]]]
        for i in change:
            where = np.sqrt(self.sizes[i] * self.sizes[i + 1])
            told.append(f"{self.names[better[i + 1]]} from {where:.3g} on")
        return Now("; ".join(told), _chosen_now(draws, ()).expected_regret, float("nan"))

    def sentence(self, gain: float, chosen: np.ndarray | None, now: Now) -> tuple[str, float]:
        """From what expected cost of choosing wrongly to what."""
        told = f"tells where {self.names[0]} and {self.names[1]} cross: the expected cost of choosing wrongly falls"
        return f"{told} {_fall(now, gain)}", float("nan")


def _fall(now: Now, gain: float) -> str:
    """From what is expected now to what is after a gain; "hardly" if it is next to nothing."""
    if gain < MATTERS * now.expected_regret:
        return "hardly at all"
    return f"from {now.expected_regret:.3g} to {max(now.expected_regret - gain, 0.0):.3g}"


def _chosen_now(losses: np.ndarray, names: Sequence[str]) -> Now:
    """The option of least mean loss (S, P, J), and its expected regret, averaged over the choices."""
    cut = winsorised(losses)
    regret = (cut - cut.min(axis=2, keepdims=True)).mean(axis=0)
    if not names:
        return Now(None, float(regret.min(axis=1).mean()), float("nan"))
    chosen = int(regret[0].argmin())
    p_best = float(np.mean(losses[:, 0].argmin(axis=1) == chosen))
    return Now(names[chosen], float(regret[0, chosen]), p_best)
