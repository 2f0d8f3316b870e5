"""Backtest of the choice among candidates from the cheap part of their curves: what choices cost, and odds foretold."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.evidence.backtest.choices import CODE, CODE_OF_BASELINES, Design, ask_methods, notes_of, told_of_tasks
from bayeslaw.evidence.backtest.finetune_cells import Task, make_cells, read_tasks
from bayeslaw.evidence.backtest.result import OURS, Backtest, summarise_selection
from bayeslaw.evidence.backtest.scoring import SELECTION_SCORES, selection_scores
from bayeslaw.evidence.backtest.selection_methods import METHODS
from bayeslaw.evidence.backtest.settings import MethodSettings, checked_law, whole
from bayeslaw.jobs.run import Record, Report
from bayeslaw.jobs.store import code_version
from bayeslaw.runs.readers.opened import stem_of

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings

_CODE_OF_RULES = (*CODE_OF_BASELINES, "evidence/baselines/rules.py", "evidence/backtest/selection_methods.py")


def backtest_selection(
    tables: Sequence[str | os.PathLike[str] | pd.DataFrame],
    *,
    beyond: Sequence[float] = (8, 64),
    first: int | None = None,
    target: float | None = None,
    methods: Sequence[str] = tuple(METHODS),
    law: "str | Law" = "rectified",
    seed: int = 0,
    sampler: "SamplerSettings | None" = None,
    leave_out: Sequence[str] = (),
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    workers: int = 1,
    folder: str | os.PathLike[str] | None = None,
    report: Report | None = None,
) -> Backtest:
    """Choose with every method in every task at every factor, and score choices and odds on what was measured.

    Parameters
    ----------
    tables : sequence of paths or DataFrames
        Tables of candidates' runs; every task in them is tested. The tasks of a table are one collection, named as its
        file, unless a column ``collection`` names others.
    beyond : sequence of float
        At a factor g, runs with data up to target / g are seen.
    first : int, optional
        Take so many tasks of each table, the first ones; default: all.
    target : float, optional
        Data size at which methods are scored; default: the largest of each task. Models without a run there are no
        candidates.
    methods : sequence of str
        Names from `METHODS`.
    law, seed, sampler
        As for `bayeslaw.fit`.
    leave_out : sequence of str
        Collections that what bayeslaw has learned about changes of slope beyond the data is to be learned without, so
        that a collection is scored by what others say; see `bayeslaw.evidence.slope_changes`.
    where : str, optional
        Rows to use of every table.
    roles : mapping of str to str, optional
        What columns of every table are, as for `bayeslaw.read_runs`.
    workers : int
        Processes; -1 for one a core.
    folder : path, optional
        Where finished cells are kept, and found again by a later run with the same tables and settings.
    report : callable, optional
        Called with how far it has come.

    Returns
    -------
    Backtest
        ``budget`` of a cell is the factor. The scores are explained in
        `bayeslaw.evidence.backtest.scoring.selection_scores`.

    Raises
    ------
    RunsError, SelectionError, TargetError, LawError
        If a table or setting cannot be used.
    """
    began = time.perf_counter()
    if first is not None and first < 1:
        raise TargetError(f"--tasks {first}: expected a number of tasks from each table, at least 1.")
    tasks = read_tasks(tables, target=target, where=where, roles=roles, first=first)
    cells = make_cells(tasks, beyond)
    settings = MethodSettings(checked_law(law) if OURS in methods else law, seed, sampler, tuple(leave_out))
    settings.scales()  # refuses unknown collections before anything is fitted
    versions = {True: code_version(*CODE), False: code_version(*_CODE_OF_RULES)}
    finished = ask_methods(
        DESIGN, tasks, cells, methods, settings, versions=lambda name: versions[name == OURS],
        workers=workers, folder=folder, report=report,
    )  # fmt: skip
    told = {
        "kind": "selection",
        "beyond": [whole(factor) for factor in beyond],
        "first_tasks": first,
        "tasks": told_of_tasks(DESIGN, tasks),
        "methods": list(methods),
        "where": where,
        "roles": dict(roles or {}),
        **settings.as_dict(OURS),
        "versions": versions[True],
    }
    summary, seconds = summarise_selection(finished.cells), time.perf_counter() - began
    return Backtest("selection", finished.cells, summary, told, seconds, finished.reused, notes_of(cells))


def _collection(task: Task) -> Record:
    """Name of the collection that a task is of.

    Raises
    ------
    RunsError
        If its rows name several.
    """
    table = task.runs.table
    column = {str(name).strip().casefold(): name for name in table.columns}.get("collection")
    if column is None:
        return {"collection": stem_of(Path(task.runs.source))}
    names = [str(name) for name in table[column].dropna().unique()]
    if len(names) != 1:
        found = ", ".join(map(repr, names[:3])) if names else "none"
        raise RunsError(
            f"{task.runs.source}: found {found} in the column {column!r} of the task {task.name!r}, expected one "
            "collection a task. Give tasks of different collections different names, or rename the column."
        )
    return {"collection": names[0]}


DESIGN = Design("selection", METHODS, SELECTION_SCORES, selection_scores, label=_collection, budget="factor")
