"""Which run to make next, what it is worth, and whether any is worth its cost.

What a run is worth depends on what is to be decided: choose among models at a target (expected regret), foretell one
run there (width of its interval), split a budget (expected excess loss), or find a crossing (expected cost of choosing
wrongly). A run's gain is the expected improvement from knowing what it measures, noise included; see
`bayeslaw.answers.value`.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw import streams
from bayeslaw.answers.asked import ask
from bayeslaw.answers.board import Board, all_draws
from bayeslaw.answers.costs import Costs, cost_expression, costs_of
from bayeslaw.answers.goals import Goal, GoalName, Now
from bayeslaw.answers.new_models import columns_not_used
from bayeslaw.answers.proposals import Proposals
from bayeslaw.answers.questions import Question
from bayeslaw.answers.ranking import FLOOR, Ranking, ranked, ranking
from bayeslaw.answers.stopping import Stop, stop_verdict
from bayeslaw.answers.value import ChoiceBelief, normal_scores, told_from_none
from bayeslaw.errors import TargetError
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, verdict
from bayeslaw.verdicts import Check, at_least

LIKELY = 0.05
"""Probability of a change of choice from which a run may be said to change it."""


@dataclass(frozen=True)
class NextRun:
    """A run that could be made.

    Attributes
    ----------
    model, family : str
    at : dict
        Where: the size, and of a new model all covariates.
    cost : float
    expected_gain : float
        Value of information in the unit of the loss: expected regret now less expected regret after the run; of a
        forecast, by how much the 90% interval narrows. Of a run with a slot, on top of the runs of the slots before.
    expected_gain_se : float
        Its standard error, for it is estimated from draws.
    gain_per_cost : float
    p_change : float
        Probability that another option is chosen after it; not a number where nothing is chosen.
    slot : int or None
        Place among the runs to be made at once.
    sentence : str
    """

    model: str
    family: str
    at: dict[str, float]
    cost: float
    expected_gain: float
    expected_gain_se: float
    gain_per_cost: float
    p_change: float
    slot: int | None
    sentence: str

    @property
    def told_from_none(self) -> bool:
        """Whether the draws tell its gain from none: whether it is some standard errors large."""
        return bool(told_from_none(np.array(self.expected_gain), np.array(self.expected_gain_se)))


@dataclass(frozen=True, eq=False, repr=False)
class NextRuns(Result):
    """Runs that could be made, the best first.

    Attributes
    ----------
    goal : {"choose", "foretell", "split", "crossing"}
    task : str
    target : dict
        What was asked.
    now : Now
        What is believed before another run.
    runs : tuple of NextRun
        First those of the slots, then the others.
    stop : Stop
    cost_unit, cost_sentence : str
        What costs are counted in, and how they were computed.
    notes : tuple of str
        What of a list of candidates is not used.
    unit : str
        What gains are counted in.
    price : float or None
        Units of cost that a unit of gain is worth.
    ranked_by : {"gain", "gain per cost", "net"}
        By what the runs are ordered; ``net`` is what they gain at the price, less their cost.
    checks : tuple of Check
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    goal: GoalName
    task: str
    target: dict[str, Any]
    now: Now
    runs: tuple[NextRun, ...]
    stop: Stop
    cost_unit: str
    cost_sentence: str
    notes: tuple[str, ...]
    unit: str
    price: float | None
    ranked_by: Ranking
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """The best run, and whether it is worth making."""
        if not self.runs:
            return self.stop.sentence
        best = self.runs[0]
        if not any(run.expected_gain for run in self.runs):
            return f"No run by itself can be told to help. {self.stop.sentence}"
        at = ", ".join(f"{name}={value:,.6g}" for name, value in best.at.items())
        run = f"{best.model} at {at} (cost {count(best.cost)} {self.cost_unit})"
        if not best.told_from_none:
            none = "No run by itself can be told to help; the likeliest is"
            return f"{none} {run}: {best.sentence}. {self.stop.sentence}"
        if best.expected_gain < FLOOR * self.now.expected_regret:
            return f"No run by itself helps much; the best is {run}: {best.sentence}. {self.stop.sentence}"
        return f"{self.opening}: {run}: {best.sentence}. {self.stop.sentence}"

    @property
    def opening(self) -> str:
        """What the best run is called before it is named: that to make next, unless no run is worth its cost."""
        return "Next" if self.stop.status == "go on" else "The best run"

    @property
    def another_run(self) -> str:
        """Whether another run would change what is chosen, and which; where nothing is chosen, the best run."""
        if self.goal != "choose":
            return self.sentence
        change = max((run.p_change for run in self.runs), default=0.0)
        if not self.runs or not change >= LIKELY:
            return f"No other run is likely to change this choice: the likeliest does with probability {change:.2f}."
        best = next((run for run in self.runs if run.p_change >= LIKELY and run.told_from_none), None)
        if best is None:
            return (
                "No other run can be told to better this choice: the likeliest changes it with probability "
                f"{change:.2f}, and what that gains cannot be told from nothing."
            )
        at = ", ".join(f"{name}={value:,.6g}" for name, value in best.at.items())
        return (
            f"Another run may change this choice: {best.model} at {at} (cost {count(best.cost)} {self.cost_unit}) does "
            f"with probability {best.p_change:.2f}, and lowers the expected regret by {best.expected_gain:.2g}. See "
            "bayeslaw next."
        )

    def records(self) -> list[dict[str, Any]]:
        """The runs as plain mappings, the best first.

        Returns
        -------
        list of dict
        """
        return [asdict(run) for run in self.runs]

    def to_frame(self) -> pd.DataFrame:
        """One row a run, the best first; where it is in columns of its own."""
        return pd.DataFrame([{**{k: v for k, v in r.items() if k != "at"}, **r["at"]} for r in self.records()])

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, with verdicts and provenance."""
        return {
            **self.provenance,
            "goal": self.goal,
            "task": self.task,
            "target": self.target,
            "now": asdict(self.now),
            "runs": self.records(),
            "stop": asdict(self.stop),
            "cost": {"unit": self.cost_unit, "sentence": self.cost_sentence},
            "notes": list(self.notes),
            "gain_unit": self.unit,
            "price": self.price,
            "ranked_by": self.ranked_by,
            **verdict(self.checks),
        }


def next_runs(
    posterior: Posterior,
    question: Question,
    *,
    candidates: str | os.PathLike[str] | pd.DataFrame | None = None,
    cost: str | None = None,
    continued: bool = False,
    budget: float | None = None,
    slots: int = 1,
    price: float | None = None,
    tolerance: float | None = None,
    seed: int = 0,
) -> NextRuns:
    """Rank the runs that could be made next.

    Parameters
    ----------
    posterior : Posterior
    question : Question
        What is to be decided.
    candidates : path or DataFrame, optional
        The runs that could be made: models, of the table or new ones, and sizes. Unless given, every model of the table
        at every size not yet run up to the target, and of joint laws new models on a grid.
    cost : str, optional
        A column, or an expression such as ``"params * data"``; see `bayeslaw.answers.costs.costs_of`.
    continued : bool
        Whether runs go on from the last checkpoint of their model, and cost the difference.
    budget : float, optional
        Cost that all runs to be made at once may have together; they are then ranked by gain. Without budget and price,
        they are ranked by gain per cost. Runs whose gain cannot be told from none come last.
    slots : int
        Number of runs to be made at once. Each is chosen for what it adds to those before.
    price : float, optional
        Units of cost that a unit of loss is worth: runs are then ranked by what they earn net of their cost.
    tolerance : float, optional
        Without a price, the expected regret (or width) below which measuring can stop.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If the target, the list of candidates, a cost, or a number among the options cannot be used.
    """
    require_numbers(budget, slots, price, tolerance)
    asked = ask(posterior, question, candidates, seed)
    proposals, costs = _affordable(posterior, asked.proposals, cost, continued, budget)
    draws, scores = _joint_draws(asked.goal, asked.board(proposals), proposals, seed)
    belief, now = asked.goal.belief(draws, scores), asked.goal.now(draws)
    gains, odds = belief.gains_and_choices() if isinstance(belief, ChoiceBelief) else (belief.gains(), None)
    order, batch = ranked(
        belief, gains, costs.values, slots=slots, budget=budget, price=price, most=now.expected_regret
    )
    taken = {chosen.run for chosen in batch}
    alone = np.maximum(gains.mean, 0.0)
    listed = [(chosen.run, chosen.gain, chosen.se) for chosen in batch]
    listed += [(int(r), float(alone[r]), float(gains.se[r])) for r in order if r not in taken]
    runs = []
    for place, (r, gain, se) in enumerate(listed):
        sentence, change = asked.goal.sentence(float(alone[r]), None if odds is None else odds[r], now)
        row = proposals.table.iloc[r]
        runs.append(
            NextRun(
                model=str(row["model"]),
                family=str(row["family"]),
                at=asked.point(proposals, r),
                cost=float(costs.values[r]),
                expected_gain=gain,
                expected_gain_se=se,
                gain_per_cost=gain / float(costs.values[r]),
                p_change=change,
                slot=place + 1 if place < len(batch) else None,
                sentence=sentence,
            )
        )
    unit = posterior.outcome.label
    return NextRuns(
        goal=asked.goal.name,
        task=asked.task,
        target=asked.target,
        now=now,
        runs=tuple(runs),
        stop=stop_verdict(asked.goal.name, draws, now, belief, costs, price, tolerance, unit),
        cost_unit=costs.unit,
        cost_sentence=costs.sentence,
        notes=_notes(posterior, asked.proposals, question, cost),
        unit=f"width of the 90% interval of {unit}" if asked.goal.name == "foretell" else unit,
        price=price,
        ranked_by=ranking(budget, price),
        checks=(
            *posterior.checks,
            *asked.checks,
            *asked.proposals.checks,
            at_least(
                "draws_behind_gains", draws.shape[0], 1000, 100, f"Gains rest on {draws.shape[0]} joint draws.",
                "Gains of few draws are noise; sample more.",
            ),
        ),
        provenance=posterior.provenance(),
    )  # fmt: skip


def _notes(posterior: Posterior, proposals: Proposals, question: Question, cost: str | None) -> tuple[str, ...]:
    axis = posterior.law.axis
    expression, _ = cost_expression(posterior.runs, proposals.table, axis, cost)
    named = (expression, question.charge, question.where_final)
    told = columns_not_used(
        proposals.further,
        proposals.table,
        [text for text in named if isinstance(text, str)],
        dict(posterior.runs.spelling),
    )
    return (told,) if told else ()


def _affordable(
    posterior: Posterior, proposals: Proposals, cost: str | None, continued: bool, budget: float | None
) -> tuple[Proposals, Costs]:
    """The runs whose cost is within the budget; that go on, if runs are continued."""
    if continued:
        axis = posterior.law.axis
        reached = np.array([posterior.layout.largest[i] if i >= 0 else 0.0 for i in proposals.curve])
        proposals = proposals.keep(proposals.table[axis].to_numpy(float) > reached * (1 + 1e-9))
    if not len(proposals.table):
        raise TargetError("No run is left that could be made: every model was run at every size up to the target.")
    costs = costs_of(posterior, proposals, cost, continued=continued)
    if budget is None:
        return proposals, costs
    within = costs.values <= budget
    if not within.any():
        raise TargetError(
            f"No run is within the budget of {budget:g} {costs.unit}: the cheapest costs {costs.values.min():g}. "
            "Raise the budget, or give cheaper runs with candidates (--candidates)."
        )
    return proposals.keep(within), Costs(costs.values[within], costs.unit, costs.sentence)


def _joint_draws(goal: Goal, board: Board, proposals: Proposals, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What matters to the goal (S, ...), and normal scores of what each run would measure (R, S), jointly."""
    axis = board.posterior.law.axis
    models = zip(proposals.curve.tolist(), proposals.new, strict=True)
    rows = np.array([board.row(curve if new is None else new) for curve, new in models])
    columns = np.array([board.column(size) for size in proposals.table[axis].to_numpy(float)])
    matters, found = [], []
    for _, expected, measured in board.draws(seed, streams.NEXT_RUN):
        matters.append(goal.seen_in(board, expected, measured))
        found.append(measured[:, rows, columns])
    return all_draws(matters), normal_scores(all_draws(found).T)


def require_numbers(budget: float | None, slots: int, price: float | None, tolerance: float | None) -> None:
    """Check the numbers among the options before anything is sampled.

    Raises
    ------
    TargetError
        If one is not positive, or there is no slot.
    """
    for name, value in (("budget", budget), ("price", price), ("tolerance", tolerance)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise TargetError(f"{name}={value!r}: expected a positive number.")
    if not (isinstance(slots, (int, np.integer)) and slots >= 1):
        raise TargetError(f"slots={slots!r}: expected a number of runs to be made at once, 1 or more.")
