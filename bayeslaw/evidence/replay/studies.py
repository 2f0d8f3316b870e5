"""Finished tables as studies to be replayed: what was known at the start, what could be bought, what was decided."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from bayeslaw.answers.costs import cost_expression
from bayeslaw.errors import RunsError, TargetError, did_you_mean
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.arithmetic import computed
from bayeslaw.runs.where import matching_rows

ReplayGoal = Literal["choose", "foretell"]
"""What a replayed study decides: which model is best at the target, or what the runs there measure."""

FIRST_SIZES, FIRST_RUNS = 2, 8
"""Known at the start unless told: so many sizes of each model to choose among; of forecasts, so many cheapest runs."""

PARTS = ("pool", "target")
"""What a column that splits a table says of its runs: they could be bought, or are to be chosen or foretold."""

SHOWN = 8
"""Values of such a column that a message shows."""


@dataclass(frozen=True, eq=False)
class Study:
    """A finished table of one task.

    Attributes
    ----------
    name : str
    goal : {"choose", "foretell"}
    runs : Runs
        Those that could be bought, and those at the target; ``pool`` and ``target`` (bool, one a row) tell which.
    pool, target : ndarray of bool, shape (rows,)
    start : ndarray of bool, shape (rows,)
        What was known at the start, a part of the pool.
    cost : ndarray, shape (rows,)
    cost_unit : str
    """

    name: str
    goal: ReplayGoal
    runs: Runs
    pool: np.ndarray
    target: np.ndarray
    start: np.ndarray
    cost: np.ndarray
    cost_unit: str

    @property
    def table(self) -> pd.DataFrame:
        """The runs, one a row: repeats of a run, such as other seeds of it, are a single one."""
        return self.runs.table

    @property
    def whole_cost(self) -> float:
        """Cost of all runs but those at the target."""
        return float(self.cost[self.pool].sum())

    def bought(self, rows: Sequence[int]) -> Runs:
        """The runs of some rows."""
        mask = np.zeros(len(self.table), bool)
        mask[list(rows)] = True
        return self.runs.where_rows(mask, "not bought yet")


def read_studies(
    tables: Sequence[str | os.PathLike[str]],
    law: Law,
    *,
    goal: ReplayGoal = "choose",
    start: str | None = None,
    split: str | None = None,
    cost: str | None = None,
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    first: int | None = None,
) -> list[Study]:
    """Read tables as studies, one a task.

    Runs of one model at one point of the law, such as those of several seeds, are bought together by every policy:
    their loss is the mean, and their cost the sum. Those of the pool and those at the target stay apart.

    Parameters
    ----------
    tables : sequence of paths
    law : Law
    goal : {"choose", "foretell"}
    start : str, optional
        Which runs are known at the start, such as ``"data <= 3200"``.
    split : str, optional
        A column that says ``pool`` of runs that can be bought and ``target`` of those to be foretold; else those at the
        largest size are the target.
    cost : str, optional
        A column, or an expression of columns; see `bayeslaw.answers.costs.cost_expression` for what it is unless
        given.
    where : str, optional
        Rows to use.
    roles : mapping of str to str, optional
        What columns are, as for `bayeslaw.read_runs`.
    first : int, optional
        So many tasks of each table, the first ones.

    Raises
    ------
    RunsError, TargetError
        If a table lacks a column, or no run is left to be bought or at the target.
    """
    studies = []
    for path in tables:
        runs = read_runs(path, where=where, roles=roles)
        for task in runs.tasks[:first]:
            studies.append(
                _study(runs.for_task(task) if len(runs.tasks) > 1 else runs, task, law, goal, start, split, cost)
            )
    return studies


def _parts_by_column(runs: Runs, task: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Which runs are of the pool and which of the target, as a column says.

    Raises
    ------
    RunsError
        If there is no such column, or it lacks one of the two words.
    """
    headings = [str(name) for name in runs.table if name != "row"]
    if split not in headings:
        raise RunsError(
            f"{runs.source}: there is no column {split!r} to split by.{did_you_mean(split, headings)} There are "
            f"{', '.join(headings)}."
        )
    words = runs.table[split].astype(str)
    for word in PARTS:
        if not (words == word).any():
            found = list(words.unique())
            shown = ", ".join(map(repr, found[:SHOWN])) + (", …" if len(found) > SHOWN else "")
            raise RunsError(
                f"{runs.source}, column {split!r}: no run of {task!r} says {word!r}, expected 'pool' of runs that can "
                f"be bought and 'target' of those to be chosen or foretold; found {shown}.{did_you_mean(word, found)} "
                "Name another column with --split, or write these words."
            )
    pool, target = ((words == word).to_numpy(bool) for word in PARTS)
    return pool, target


def _study(
    runs: Runs, task: str, law: Law, goal: ReplayGoal, start: str | None, split: str | None, cost: str | None
) -> Study:
    table, axis = runs.table, law.axis
    missing = [c.name for c in law.covariates if c.name not in table]
    if missing:
        raise RunsError(f"{runs.source}: the {law.name} law needs {', '.join(missing)}, which the table does not have.")
    if split is not None:
        pool, target = _parts_by_column(runs, task, split)
    else:
        at = float(table[axis].max())
        target = np.isclose(table[axis].to_numpy(float), at)
        pool = ~target
    if goal == "choose":  # a candidate is known at the target and somewhere else
        both = set(table.loc[target, "model"]) & set(table.loc[pool, "model"])
        keep = table["model"].isin(both).to_numpy(bool)
        pool, target = pool & keep, target & keep
    if not pool.any() or not target.any():
        raise TargetError(
            f"{runs.source}: {int(pool.sum())} runs of {task!r} can be bought and {int(target.sum())} lie at the "
            "target; expected some of both."
        )
    used = pool | target
    runs = runs.where_rows(used, "neither bought nor at the target")
    pool, target, table = pool[used], target[used], runs.table
    expression, unit = cost_expression(runs, table, axis, cost)
    costs = computed(table, expression, dict(runs.spelling), "--cost")
    if not (np.isfinite(costs[pool]) & (costs[pool] > 0)).all():
        raise TargetError(f"{runs.source}: --cost {expression!r} is no positive number for some runs of {task!r}.")
    runs, kept, costs = _repeats_together(runs, law, target, costs)
    pool, target = pool[kept], target[kept]
    first = _start(runs, task, axis, goal, start, pool, costs)
    return Study(task, goal, runs, pool, target, first, costs, unit)


def _repeats_together(
    runs: Runs, law: Law, target: np.ndarray, costs: np.ndarray
) -> tuple[Runs, np.ndarray, np.ndarray]:
    """Repeats of a run as one, of mean loss and of all their cost; which rows stand for them (bool), and the costs."""
    table = runs.table
    point = ["model", "family", *(c.name for c in law.covariates)]
    group = table[point].assign(target=target).groupby([*point, "target"], sort=False, dropna=False).ngroup().to_numpy()
    _, first = np.unique(group, return_index=True)
    kept = np.isin(np.arange(len(table)), first)
    if kept.all():
        return runs, kept, costs
    count = np.bincount(group)
    whole = table.assign(loss=(np.bincount(group, table["loss"]) / count)[group])
    if "loss_se" in table:
        whole["loss_se"] = (np.sqrt(np.bincount(group, table["loss_se"].astype(float) ** 2)) / count)[group]
    together = replace(runs, table=whole).where_rows(kept, "a repeat of another run, averaged with it")
    return together, kept, np.bincount(group, costs)[group][kept]


def _start(
    runs: Runs, task: str, axis: str, goal: ReplayGoal, start: str | None, pool: np.ndarray, costs: np.ndarray
) -> np.ndarray:
    """What is known at the start."""
    table = runs.table
    if start is not None:
        found = matching_rows(table, start, dict(runs.spelling)) & pool
    elif goal == "choose":
        order = table[axis].where(pool).groupby(table["model"]).rank("dense")
        found = (order <= FIRST_SIZES).to_numpy(bool) & pool
    else:
        cheapest = np.argsort(np.where(pool, costs, np.inf), kind="stable")[:FIRST_RUNS]
        found = np.isin(np.arange(len(table)), cheapest) & pool
    if not found.any():
        raise TargetError(f"{runs.source}: no run of {task!r} is known at the start. Loosen --start {start!r}.")
    if goal == "choose":
        lacking = sorted(set(table["model"]) - set(table.loc[found, "model"]))
        if lacking:
            raise TargetError(
                f"{runs.source}: {len(lacking)} of the candidates, such as {lacking[0]!r}, have no run at the start. "
                "Loosen --start, so that each has one."
            )
    return found
