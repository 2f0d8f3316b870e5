"""Tables of candidates cut into cells: what a method may see at a budget, and what is measured at the target.

A cell is a task at a budget. What methods see is kept apart from what they are scored on, so that nothing leaks.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.runs import Runs, join_runs, read_runs, read_zero_shot

Array = NDArray[np.float64]

DEFAULT_BUDGETS = "8,16,…,512"
_ROUNDING = 1e-9
"""Sizes that differ by less are the same: target / budget need not be exact."""


@dataclass(frozen=True, eq=False)
class Task:
    """All runs of one task.

    Attributes
    ----------
    name : str
    runs : Runs
        Zero-shot losses are not among them.
    zero_shot : mapping
        Loss without fine-tuning by model, where it is known.
    target : float
        Data size at which methods are scored.
    """

    name: str
    runs: Runs
    zero_shot: Mapping[str, float]
    target: float


@dataclass(frozen=True, eq=False)
class Trial:
    """What methods see of a cell.

    Attributes
    ----------
    task : str
    target : float
        Data size to predict at.
    models : tuple of str, length M
        The candidates, in order of appearance.
    sizes, losses : tuples of ndarray, length M
        Data sizes of each candidate within the budget, increasing, and its mean loss at each.
    zero_shot, params : ndarray, shape (M,)
        Loss without fine-tuning and parameter count; nan where the table has none.
    runs : Runs
        All runs of the task within the budget, those of models that are no candidates included.
    borrowed : tuple of Runs
        Full tables of the other tasks, if they may be borrowed from.
    others : tuple of Cell
        The other tasks at the same budget with what was measured there, for a rule that is tuned on them.
    """

    task: str
    target: float
    models: tuple[str, ...]
    sizes: tuple[Array, ...]
    losses: tuple[Array, ...]
    zero_shot: Array
    params: Array
    runs: Runs
    borrowed: tuple[Runs, ...] = ()
    others: "tuple[Cell, ...]" = ()


@dataclass(frozen=True, eq=False)
class Cell:
    """A trial and its outcome.

    Attributes
    ----------
    task : str
    budget : float
        The target is this many times larger than the largest data size seen.
    target : float
    trial : Trial or None
        None if no model has both a run within the budget and one at the target.
    measured : ndarray, shape (M,)
        Loss of each candidate at the target, the mean if it was run several times.
    note : str
        Which models are left out, and why.
    """

    task: str
    budget: float
    target: float
    trial: Trial | None
    measured: Array
    note: str


def parse_budgets(text: str, *, option: str = "--budgets") -> tuple[float, ...]:
    """Read budgets such as ``8,16,…,512``, where an ellipsis stands for doubling; errors name the option.

    Raises
    ------
    TargetError
        If a budget is not a number above 1, or what stands around an ellipsis does not double.
    """
    parts = [part.strip() for part in text.replace("...", "…").split(",")]
    budgets: list[float] = []
    for i, part in enumerate(parts):
        if part == "…":
            if not budgets or i + 1 == len(parts):
                raise TargetError(f"{option} {text!r}: the ellipsis needs a number on both sides, as in 8,16,…,512.")
            budgets += _doublings(budgets, _budget(parts[i + 1], text, option), text, option)
        else:
            budgets.append(_budget(part, text, option))
    return tuple(dict.fromkeys(budgets))


def _budget(part: str, text: str, option: str) -> float:
    try:
        value = float(part)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 1):
        raise TargetError(
            f"{option} {text!r}: found {part!r}, expected numbers above 1, how many times larger the target is than "
            "the data fitted. Write for instance 8,16,…,512."
        )
    return value


def _doublings(before: Sequence[float], last: float, text: str, option: str) -> list[float]:
    """Values strictly between the last of ``before`` and ``last``."""
    steps = math.log2(last / before[-1])
    doubling = len(before) < 2 or before[-1] == 2 * before[-2]
    if not doubling or steps < 1 or abs(steps - round(steps)) > _ROUNDING:
        raise TargetError(
            f"{option} {text!r}: an ellipsis stands for doubling, but {before[-1]:g} does not double to {last:g} in "
            "the rhythm set before it. Write the numbers out, or something like 8,16,…,512."
        )
    return [before[-1] * 2**k for k in range(1, round(steps))]


def read_tasks(
    tables: Sequence[str | os.PathLike[str] | pd.DataFrame],
    *,
    target: float | None = None,
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    first: int | None = None,
) -> tuple[Task, ...]:
    """Read tables of candidates' runs; a table of several tasks gives several.

    Parameters
    ----------
    tables : sequence of paths or DataFrames
    target : float, optional
        Data size at which methods are scored. Default: the largest of each task.
    where : str, optional
        Rows to use of every table.
    roles : mapping of str to str, optional
        What columns of every table are, as for `bayeslaw.read_runs`.
    first : int, optional
        Take so many tasks of each table, the first ones.

    Raises
    ------
    RunsError, SelectionError, TargetError
        If a table cannot be used, two tables have a task of one name, or no run is at the target.
    """
    if not tables:
        raise RunsError("found no table to test on, expected at least one. Name a file of fine-tuning runs.")
    tasks: dict[str, Task] = {}
    for table in tables:
        runs = read_runs(table, where=where, roles=roles)
        zero_shot = read_zero_shot(table, where=where, roles=roles)
        for name in runs.tasks[:first]:
            if name in tasks:
                raise RunsError(
                    f"{runs.source}: found the task {name!r} again, which {tasks[name].runs.source} has too; expected "
                    "each task once. Rename the file, or give the tables a column 'task'."
                )
            own = runs.for_task(name) if len(runs.tasks) > 1 else runs
            zero = {model: loss for (task, model), loss in zero_shot.items() if task == name}
            tasks[name] = Task(name, own, zero, _target(own, name, target))
    return tuple(tasks.values())


def _target(runs: Runs, task: str, asked: float | None) -> float:
    sizes = np.unique(runs.table["data"].to_numpy(float))
    if asked is None:
        return float(sizes[-1])
    if not np.isclose(sizes, asked, rtol=_ROUNDING, atol=0).any():
        near = sizes[np.argsort(np.abs(np.log(sizes / asked)))[:3]]
        raise TargetError(
            f"{runs.source}: no run of the task {task!r} is at data={asked:.12g}, where methods would be scored; the "
            f"nearest sizes are {', '.join(f'{size:.12g}' for size in sorted(near))}. Give one that was measured."
        )
    return float(asked)


def make_cells(tasks: Sequence[Task], budgets: Sequence[float], *, borrow: bool = False) -> tuple[Cell, ...]:
    """Cut each task at each budget g: runs with data up to target / g are seen.

    Parameters
    ----------
    tasks : sequence of Task
    budgets : sequence of float
    borrow : bool
        Let methods that can see the full tables of the other tasks.
    """
    return tuple(
        _cell(task, budget, tuple(other.runs for other in tasks if other is not task) if borrow else ())
        for task in tasks
        for budget in budgets
    )


def _cell(task: Task, budget: float, borrowed: tuple[Runs, ...]) -> Cell:
    table, limit = task.runs.table, task.target / budget
    size = table["data"].to_numpy(float)
    within = size <= limit * (1 + _ROUNDING)
    at_target = np.isclose(size, task.target, rtol=_ROUNDING, atol=0)
    outcome = table[at_target].groupby("model", sort=False)["loss"].mean()
    seen = set(table.loc[within, "model"])
    models = tuple(model for model in task.runs.models if model in seen and model in outcome.index)
    notes = [
        _left_out([m for m in task.runs.models if m not in outcome.index], f"no run at the target {task.target:.12g}"),
        _left_out([m for m in task.runs.models if m in outcome.index and m not in seen], f"no run up to {limit:.12g}"),
    ]
    note = "; ".join(filter(None, notes))
    if not models:
        return Cell(task.name, budget, task.target, None, np.empty(0), note)
    seen_runs = replace(task.runs, table=table[within].reset_index(drop=True), left_out=(), notes=())
    mean = seen_runs.table.groupby(["model", "data"])["loss"].mean()
    curves = [mean[model].sort_index() for model in models]
    counts = table["params"] if "params" in table else pd.Series(math.nan, index=table.index)
    params = counts.groupby(table["model"]).first()
    trial = Trial(
        task=task.name,
        target=task.target,
        models=models,
        sizes=tuple(curve.index.to_numpy(float) for curve in curves),
        losses=tuple(curve.to_numpy(float) for curve in curves),
        zero_shot=np.array([task.zero_shot.get(model, math.nan) for model in models]),
        params=np.asarray(params[list(models)], dtype=float),
        runs=seen_runs,
        borrowed=borrowed,
    )
    return Cell(task.name, budget, task.target, trial, outcome[list(models)].to_numpy(float), note)


def _left_out(models: Sequence[str], reason: str) -> str:
    if not models:
        return ""
    shown = ", ".join(models[:3]) + (f" and {len(models) - 3} more" if len(models) > 3 else "")
    return f"left out {shown}: {reason}"


def joined(runs: Runs, others: Sequence[Runs]) -> Runs:
    """Runs of several tasks in one table, with the columns that all have."""
    return replace(join_runs([runs, *others]), left_out=(), notes=()) if others else runs
