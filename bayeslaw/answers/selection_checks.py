"""Checks of a choice: of its target, before anything is sampled, and of the draws that it rests on."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from bayeslaw.errors import TargetError, TaskError
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import complete_point, curves_on
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.runs.questions import written
from bayeslaw.runs.table import unknown_task
from bayeslaw.sampling.diagnostics import convergence_checks
from bayeslaw.verdicts import Check

WEIGHED = 3
"""Tasks for which an error writes out how they are weighed."""


def require_choice(layout: Layout, law: Law, outcome: Outcome, at: Mapping[str, float], task: str | None) -> str:
    """As `require_target`, of a choice by an outcome, which may be made by several tasks, too.

    Raises
    ------
    TargetError, TaskError
        See ``select``.
    """
    if task is None and len(layout.tasks) > 1:
        raise _of_several(layout.tasks, outcome)
    return require_target(layout, law, at, task)


def _of_several(tasks: Sequence[str], outcome: Outcome) -> TaskError:
    """The error about a choice by tasks that nobody weighed, with all ways to make it."""
    weights = written(",".join(f"{task}=1" for task in tasks[:WEIGHED]))
    others = f" (and {len(tasks) - WEIGHED} more)" if len(tasks) > WEIGHED else ""
    sign = ">=" if outcome.higher_is_better or outcome.given == "accuracy" else "<="
    reached = f"{outcome.given or outcome.name}:{tasks[0]}{sign}VALUE"
    return TaskError(
        f"{unknown_task(None, tasks)} Or choose by several: with weights, such as --weights {weights}{others}, or by "
        f"what is to be reached on each, such as --threshold {written(reached)} (in Python, "
        "fit.compromise(weights=…, thresholds=…))."
    )


def require_target(layout: Layout, law: Law, at: Mapping[str, float], task: str | None) -> str:
    """Check a target before anything is sampled, and find which task it is for.

    Raises
    ------
    TargetError, TaskError
        See ``select``.
    """
    tasks = layout.tasks
    task = layout.curves[curves_on(layout, task)[0]].task
    complete_point(layout, law, at)
    if kind_of(law).is_new_model(law, at):
        raise TargetError(
            f"The target gives every covariate of the {law.name} law, so that nothing tells the candidates apart. "
            f"Candidates keep the size they have: give {law.axis}=… alone."
        )
    here = layout.task_of == tasks.index(task)
    if next(c.falls for c in law.covariates if c.name == law.axis):
        smallest = layout.covariates[law.axis][here].min(axis=1)
        seen, where, other = float(smallest.max()), "above", "smaller"
        inside = at[law.axis] > seen * (1 + 1e-9)
    else:
        seen, where, other = float(layout.largest[here].min()), "below", "larger"
        inside = at[law.axis] < seen * (1 - 1e-9)
    if inside:
        raise TargetError(
            f"The target {law.axis}={at[law.axis]:g} lies {where} the data: every candidate has been measured at "
            f"{law.axis}={seen:g} or beyond. Read the choice off the table, or give a {other} target."
        )
    return task


def prediction_checks(posterior: Posterior, linked: np.ndarray, members: list[int]) -> list[Check]:
    """Verdicts on the mixing of draws (S, candidates) of the curves of candidates at a target."""
    chains, draws = posterior.draws.sizes["chain"], posterior.draws.sizes["draw"]
    names = [posterior.layout.curves[i].model for i in members]
    dataset = xr.Dataset(
        {"prediction": (("chain", "draw", "model"), linked.reshape(chains, draws, -1))}, coords={"model": names}
    )
    return [
        Check(f"prediction_{c.name}", c.status, c.value, c.threshold, c.sentence, c.remedy)
        for c in convergence_checks(dataset)
    ]
