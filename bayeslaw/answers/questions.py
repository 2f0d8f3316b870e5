"""From what was asked to a goal, and to the runs that could help with it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.answers.board import Board, sizes_of
from bayeslaw.answers.candidates import Charge, charges, members
from bayeslaw.answers.crossing import BEYOND
from bayeslaw.answers.extrapolation import extrapolation_check
from bayeslaw.answers.goals import Choose, Cross, Foretell, Goal, Split
from bayeslaw.answers.optimum import FLOP_PER_TOKEN, require_budget, require_tokens
from bayeslaw.answers.proposals import NewModel, Proposals, designs, listed_runs, of_the_table
from bayeslaw.answers.selection_checks import require_target
from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.points import complete_point, curve_named, curves_on, require_covariates, unknown_name
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.verdicts import Check

CROSSING_SIZES = 33
"""Sizes at which two choices are compared."""

MANY = 600
"""Models of a joint law times sizes beyond which new models stand for those of the table."""


@dataclass(frozen=True)
class Question:
    """What is to be decided; exactly one of ``at``, ``compute`` and ``crossing`` tells the goal.

    Attributes
    ----------
    at : mapping
        A target: choose among the models of the task there, or foretell. With ``compute`` or ``crossing``, the other
        covariates of the law.
    compute : float or None
        A budget in FLOP to be split.
    crossing : pair of str, or None
        Two models, or two families of a joint law.
    foretell : str or None
        The model, or of a joint law the family, whose run at the target is to be foretold.
    task : str or None
        Needed if the table has several.
    charge : mapping, str or None
        What candidates are charged beside their loss.
    where_final : str or None
        A condition on what may be chosen.
    """

    at: Mapping[str, float] = field(default_factory=dict)
    compute: float | None = None
    crossing: tuple[str, str] | None = None
    foretell: str | None = None
    task: str | None = None
    charge: Charge | None = None
    where_final: str | None = None


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


def ask(posterior: Posterior, question: Question, candidates: str | os.PathLike[str] | pd.DataFrame | None) -> Asked:
    """Find the goal of a question, and the runs that could be made.

    Raises
    ------
    TargetError
        If no goal or several are given, or the target cannot be used.
    """
    given = [name for name in ("compute", "crossing") if getattr(question, name) is not None]
    if len(given) == 2 or (given and question.foretell is not None):
        raise TargetError("Give one goal: a target (at), a budget to be split (compute), or a crossing.")
    if (given or question.foretell is not None) and (question.charge or question.where_final):
        raise TargetError("Charges and conditions on what may be chosen are for a choice. Leave them out.")
    if not given and not question.at:
        raise TargetError(
            "Nothing says what is to be decided. Give a target such as data=1638400 (--at), a budget (--compute), or "
            "two choices whose crossing is wanted (--crossing)."
        )
    if question.compute is not None:
        return _split(posterior, question, question.compute, candidates)
    if question.crossing is not None:
        return _crossing(posterior, question, question.crossing, candidates)
    whole = kind_of(posterior.law).is_new_model(posterior.law, question.at)
    if whole or question.foretell is not None:
        return _foretell(posterior, question, candidates, whole)
    return _choose(posterior, question, candidates)


def _choose(posterior: Posterior, question: Question, candidates: Any) -> Asked:
    layout, law, at = posterior.layout, posterior.law, question.at
    task = require_target(layout, law, at, question.task)
    held, size = _held(posterior, at), float(at[law.axis])
    proposals = _proposals(posterior, task, size, held, candidates)
    here = members(posterior, task, question.where_final)
    new = list(dict.fromkeys(model for model in proposals.new if model is not None))
    names = [*(layout.curves[i].model for i in here), *(model.name for model in new)]
    if len(names) < 2:
        raise TargetError(
            f"{names[0]} is the only candidate, so that there is nothing to choose. Foretell its run with "
            f"foretell={names[0]!r} (--foretell), or add other models to the list of candidates."
        )
    models: tuple[int | NewModel, ...] = (*here, *new)
    charged = np.concatenate([charges(posterior, here, question.charge), np.zeros(len(new))])
    goal = Choose(posterior.predictor.outcome, models, tuple(names), size, charged)
    far = float((size / layout.largest[here]).max())
    told = f"The target lies {far:,.4g} times beyond the data of the least measured candidate."
    checks = (extrapolation_check(far, told, "Measure a larger size before trusting this."),)
    return Asked(posterior, task, goal, {"at": dict(at)}, proposals, held, models, None, np.array([size]), checks)


def _foretell(posterior: Posterior, question: Question, candidates: Any, whole: bool) -> Asked:
    layout, law, at = posterior.layout, posterior.law, dict(question.at)
    require_covariates(law, at)
    if law.axis not in at:
        raise TargetError(f"The target lacks {law.axis!r}. Add {law.axis}=… to it.")
    here, size = curves_on(layout, question.task), float(at[law.axis])
    task, name = layout.curves[here[0]].task, question.foretell
    models: tuple[int | NewModel, ...]
    if whole:
        families = [family for family, of_task, _ in posterior.predictor.groups() if of_task == task]
        if name is not None and name not in families:
            raise unknown_name("family", name, families)
        families = families if name is None else [name]
        others = tuple((c.name, float(at[c.name])) for c in law.covariates if c.name != law.axis)
        models = tuple(NewModel(f"{NEW_MODEL} at the target", family, others) for family in families)
        held: dict[str, float] = {}
        names, far = tuple(families), size / float(layout.largest[here].max())
        held = _held(posterior, at)
        proposals = _joint_proposals(posterior, task, families, at, held, candidates)
    else:
        curve = curve_named(layout, str(name), task)
        models, names, held = (curve,), (str(name),), _held(posterior, at)
        far = size / float(layout.largest[curve])
        proposals = _proposals(posterior, task, size, held, candidates)
    if not whole and candidates is None:  # the run itself would leave nothing to foretell
        own = (proposals.curve == models[0]) & (proposals.table[law.axis].to_numpy(float) >= size * (1 - 1e-9))
        proposals = proposals.keep(~own)
    goal = Foretell(posterior.predictor.outcome, models, names, size)
    told = f"The target lies {far:,.4g} times beyond the data."
    checks = (extrapolation_check(far, told, "Measure a larger size before trusting this."),)
    target = {"at": at, "foretell": name}
    return Asked(posterior, task, goal, target, proposals, held, models, None, np.array([size]), checks)


def _split(posterior: Posterior, question: Question, compute: float, candidates: Any) -> Asked:
    layout, law, at = posterior.layout, posterior.law, dict(question.at)
    require_budget(law, compute, at)
    require_tokens(posterior.runs)
    here = curves_on(layout, question.task)
    task = layout.curves[here[0]].task
    goal = Split.of(posterior, task, compute, at)
    params = float(np.median(goal.params))
    to = {**at, "params": params, "data": compute / (FLOP_PER_TOKEN * params)}
    proposals = _joint_proposals(posterior, task, goal.families, to, _held(posterior, at), candidates)
    spent = FLOP_PER_TOKEN * float((layout.covariates["params"].max(axis=1) * layout.largest)[here].max())
    told = f"The budget is {compute / spent:.3g} times the largest compute seen."
    checks = (extrapolation_check(compute / spent, told, "Make a run in between."),)
    target = {"compute": compute, "at": at}
    return Asked(posterior, task, goal, target, proposals, _held(posterior, at), (), None, np.array([]), checks)


def _crossing(posterior: Posterior, question: Question, names: tuple[str, str], candidates: Any) -> Asked:
    layout, law, at = posterior.layout, posterior.law, dict(question.at)
    if law.axis in at:
        raise TargetError(f"at gives {law.axis!r}, the size that is looked for. Leave it out.")
    if names[0] == names[1]:
        raise TargetError(f"Both choices are {names[0]!r}; name two.")
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
    goal = Cross(posterior.predictor.outcome, curves, names, sizes)
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
