"""From what was asked to a goal, and to the runs that could help with it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.answers.board import Board, sizes_of
from bayeslaw.answers.candidates import Charge, charges, charges_by_runs, members
from bayeslaw.answers.crossing import BEYOND
from bayeslaw.answers.goals import Choose, Cross, Foretell, Goal, Split
from bayeslaw.answers.new_models import new_that_may_be_chosen
from bayeslaw.answers.proposals import NewModel, Proposals, designs, listed_runs, of_the_table
from bayeslaw.answers.questions import Question, require_question
from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.kinds.reach import budget_check, reach_check, reach_of, target_check
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.points import complete_point, curve_named, curves_on
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import listed
from bayeslaw.runs.units import FLOP_PER_TOKEN
from bayeslaw.verdicts import Check, at_most

CROSSING_SIZES = 33
"""Sizes at which two choices are compared."""

MANY = 600
"""Models of a joint law times sizes beyond which new models stand for those of the table."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A goal, and the runs that could help with it.

    Attributes
    ----------
    posterior : Posterior
    task : str
    goal : Goal
    target : dict
        What was asked, as plain values.
    proposals : Proposals
    held : dict
        Covariates other than the axis that models of the table do not keep.
    models : tuple
        Curves and new models whose outcomes matter.
    pair : pair of str, or None
        Families whose surfaces are compared.
    sizes : ndarray
        Sizes at which outcomes matter.
    checks : tuple of Check
    """

    posterior: Posterior
    task: str
    goal: Goal
    target: dict[str, Any]
    proposals: Proposals
    held: dict[str, float]
    models: tuple[int | NewModel, ...]
    pair: tuple[str, str] | None
    sizes: np.ndarray
    checks: tuple[Check, ...]

    def board(self, proposals: Proposals) -> Board:
        """All models and sizes that matter to the goal or to some of the runs."""
        own = [new if new is not None else curve for curve, new in zip(proposals.curve, proposals.new, strict=True)]
        models = list(dict.fromkeys([*self.models, *own]))
        return Board(
            posterior=self.posterior,
            task=self.task,
            curves=tuple(int(m) for m in models if not isinstance(m, NewModel)),
            new=tuple(m for m in models if isinstance(m, NewModel)),
            pair=self.pair,
            sizes=sizes_of(self.sizes, proposals.table[self.posterior.law.axis].to_numpy(float)),
            at=self.held,
        )

    def point(self, proposals: Proposals, r: int) -> dict[str, float]:
        """Where a run is made: its size, and of a new model every covariate."""
        law = self.posterior.law
        names = [c.name for c in law.covariates] if proposals.curve[r] < 0 else [*self.held, law.axis]
        return {name: float(proposals.table[name].iloc[r]) for name in names if name in proposals.table}


def ask(
    posterior: Posterior,
    question: Question,
    candidates: str | os.PathLike[str] | pd.DataFrame | None,
    seed: int,
) -> Asked:
    """Find the goal of a question, and the runs that could be made; the seed is of what is drawn beyond the data.

    Raises
    ------
    TargetError
        If no goal or several are given, or the target cannot be used.
    """
    goal = require_question(posterior.runs, posterior.layout, posterior.law, question)
    if goal == "split":
        return _split(posterior, question, candidates, seed)
    if goal == "crossing":
        return _crossing(posterior, question, candidates)
    return (_foretell if goal == "foretell" else _choose)(posterior, question, candidates)


def _choose(posterior: Posterior, question: Question, candidates: Any) -> Asked:
    layout, law, at = posterior.layout, posterior.law, question.at
    task = layout.curves[curves_on(layout, question.task)[0]].task
    held, size = _held(posterior, at), float(at[law.axis])
    proposals = _proposals(posterior, task, size, held, candidates)
    here = members(posterior.runs, layout, task, question.where_final)
    new = _new_that_may_be_chosen(posterior, proposals, question.where_final)
    names = [*(layout.curves[i].model for i in here), *(model.name for model in new)]
    if len(names) < 2:
        raise TargetError(
            f"{names[0]} is the only candidate, so that there is nothing to choose. Foretell its run with "
            f"foretell={names[0]!r} (--foretell), or add other models to the list of candidates."
        )
    models: tuple[int | NewModel, ...] = (*here, *new)
    of_new, checks = _charges_of_new(posterior, proposals, new, question.charge)
    charged = np.concatenate([charges(posterior.runs, layout, here, question.charge), of_new])
    goal = Choose(posterior.outcome, models, tuple(names), size, charged)
    checks = (target_check(layout, law, at, task), *checks)
    return Asked(posterior, task, goal, {"at": dict(at)}, proposals, held, models, None, np.array([size]), checks)


def _new_that_may_be_chosen(posterior: Posterior, proposals: Proposals, where_final: str | None) -> list[NewModel]:
    new = list(dict.fromkeys(model for model in proposals.new if model is not None))
    rows = _rows_of_new(posterior, proposals, new)
    kept = new_that_may_be_chosen(
        [(model.name, own) for model, own in zip(new, rows, strict=True)], where_final, dict(posterior.runs.spelling)
    )
    return [model for model, may in zip(new, kept, strict=True) if may]


def _rows_of_new(posterior: Posterior, proposals: Proposals, new: Sequence[NewModel]) -> list[pd.DataFrame]:
    """The rows of each new model, with the columns of the table of runs beside those of the list."""
    table = proposals.table.reindex(columns=list(dict.fromkeys([*proposals.table, *posterior.runs.table])))
    return [table[np.array([model == other for other in proposals.new])] for model in new]


def _charges_of_new(
    posterior: Posterior, proposals: Proposals, new: Sequence[NewModel], charge: Charge | None
) -> tuple[np.ndarray, tuple[Check, ...]]:
    """What new models are charged, by columns of the list; and a check that says so of those charged nothing."""
    own = _rows_of_new(posterior, proposals, new)
    found = charges_by_runs([model.name for model in new], own, charge, posterior.runs.spelling)
    if not new or not isinstance(charge, Mapping):
        return found, ()
    told = f"{len(new)} new models of the list are charged nothing: {listed([model.name for model in new])}."
    remedy = "--charge by name is for models of the table. Give an expression of columns that the list has, too."
    return found, (at_most("new_models_charged_nothing", len(new), 0, np.inf, told, remedy),)


def _foretell(posterior: Posterior, question: Question, candidates: Any) -> Asked:
    layout, law, at = posterior.layout, posterior.law, dict(question.at)
    whole = kind_of(law).is_new_model(law, at)
    here, size = curves_on(layout, question.task), float(at[law.axis])
    task, name = layout.curves[here[0]].task, question.foretell
    models: tuple[int | NewModel, ...]
    if whole:
        families = [family for family, of_task, _ in posterior.predictor.groups() if of_task == task]
        families = families if name is None else [name]
        others = tuple((c.name, float(at[c.name])) for c in law.covariates if c.name != law.axis)
        models = tuple(NewModel(f"{NEW_MODEL} at the target", family, others) for family in families)
        names, held = tuple(families), _held(posterior, at)
        check = target_check(layout, law, at, task)
        proposals = _joint_proposals(posterior, task, families, at, held, candidates)
    else:
        curve = curve_named(layout, str(name), task)
        models, names, held = (curve,), (str(name),), _held(posterior, at)
        far = size / float(layout.largest[curve])
        check = reach_check(
            far, f"The target is {far:,.4g} times the largest {law.axis} of {name}.", reach_of(law, law.axis)
        )
        proposals = _proposals(posterior, task, size, held, candidates)
    if not whole and candidates is None:  # the run itself would leave nothing to foretell
        own = (proposals.curve == models[0]) & (proposals.table[law.axis].to_numpy(float) >= size * (1 - 1e-9))
        proposals = proposals.keep(~own)
    goal = Foretell(posterior.outcome, models, names, size)
    target = {"at": at, "foretell": name}
    return Asked(posterior, task, goal, target, proposals, held, models, None, np.array([size]), (check,))


def _split(posterior: Posterior, question: Question, candidates: Any, seed: int) -> Asked:
    layout, at, compute = posterior.layout, dict(question.at), question.compute
    assert compute is not None
    here = curves_on(layout, question.task)
    task = layout.curves[here[0]].task
    goal = Split.of(posterior, task, compute, at, seed)
    params = float(np.median(goal.params))
    to = {**at, "params": params, "data": compute / (FLOP_PER_TOKEN * params)}
    proposals = _joint_proposals(posterior, task, goal.families, to, _held(posterior, at), candidates)
    target, check = {"compute": compute, "at": at}, budget_check(layout, compute)
    return Asked(posterior, task, goal, target, proposals, _held(posterior, at), (), None, np.array([]), (check,))


def _crossing(posterior: Posterior, question: Question, candidates: Any) -> Asked:
    layout, law, at, names = posterior.layout, posterior.law, dict(question.at), question.crossing
    assert names is not None
    here = curves_on(layout, question.task)
    task = layout.curves[here[0]].task
    posterior.predictor.pair(names, task, at, np.array([1.0]))  # refuses what cannot be compared
    models = {layout.curves[i].model for i in here}
    curves = None
    if set(names) <= models:
        curves = curve_named(layout, names[0], task), curve_named(layout, names[1], task)
    low = float(layout.covariates[law.axis][here].min())
    high = BEYOND * float(layout.largest[here].max())
    sizes = np.geomspace(low, high, CROSSING_SIZES)
    goal = Cross(posterior.outcome, curves, names, sizes)
    to = float(layout.largest[here].max()) * np.sqrt(BEYOND)
    held = _held(posterior, at)
    proposals = _proposals(posterior, task, to, held, candidates)
    if candidates is None:
        mine = proposals.table["model"].isin(names) | proposals.table["family"].isin(names)
        proposals = proposals.keep(mine.to_numpy(bool))
    pair = names if curves is None else None
    target = {"crossing": list(names), "at": at, "low": low, "high": high}
    return Asked(posterior, task, goal, target, proposals, held, curves or (), pair, sizes, ())


def _held(posterior: Posterior, at: Mapping[str, float]) -> dict[str, float]:
    """Covariates of a point, other than the axis, that curves of the table do not keep."""
    layout, axis = posterior.layout, posterior.law.axis
    varies = {name for name, values in layout.covariates.items() if not np.all(values == values[:, :1])}
    held = {name: float(value) for name, value in at.items() if name != axis and name in varies}
    complete_point(layout, posterior.law, {**held, axis: 1.0})
    return held


def _proposals(posterior: Posterior, task: str, to: float, held: dict[str, float], candidates: Any) -> Proposals:
    if candidates is not None:
        return listed_runs(posterior, task, candidates, held)
    return of_the_table(posterior, task, to, held)


def _joint_proposals(
    posterior: Posterior,
    task: str,
    families: Any,
    to: Mapping[str, float],
    held: dict[str, float],
    candidates: Any,
) -> Proposals:
    """Models of the table, and new ones up to a target, less dear than a run there."""
    if candidates is not None:
        return listed_runs(posterior, task, candidates, held)
    axis = posterior.law.axis
    new = designs(posterior, task, families, to)
    parts = [new]
    here = curves_on(posterior.layout, task)
    old = of_the_table(posterior, task, float(to[axis]), held)
    if len(old.table) and len(here) * len(old.table[axis].unique()) <= MANY:
        parts.append(old.keep(old.table["family"].isin(list(families)).to_numpy(bool)) if len(families) > 1 else old)
    whole = Proposals(
        pd.concat([part.table for part in parts], ignore_index=True),
        np.concatenate([part.curve for part in parts]),
        tuple(model for part in parts for model in part.new),
    )
    if not {"params", "data"} <= set(to):
        return whole
    table = whole.table
    spent = table["params"].to_numpy(float) * table["data"].to_numpy(float)
    return whole.keep(spent < float(to["params"]) * float(to["data"]) * 0.999)
