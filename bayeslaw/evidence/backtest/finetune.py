"""Backtest of the choice among fine-tuning candidates: hide the large runs, choose, and see what it would have cost."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from bayeslaw.errors import TargetError
from bayeslaw.evidence.backtest.choices import CODE, CODE_OF_BASELINES, Design, ask_methods, notes_of, told_of_tasks
from bayeslaw.evidence.backtest.finetune_cells import make_cells, read_tasks
from bayeslaw.evidence.backtest.finetune_methods import METHODS
from bayeslaw.evidence.backtest.result import OURS, Backtest, summarise
from bayeslaw.evidence.backtest.scoring import SCORES, choice_scores
from bayeslaw.evidence.backtest.settings import MethodSettings, checked_law, whole
from bayeslaw.jobs.run import Report
from bayeslaw.jobs.store import code_version

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings

DESIGN = Design("finetune", METHODS, SCORES, choice_scores, label=lambda task: {}, budget="budget")


def backtest_finetune(
    tables: Sequence[str | os.PathLike[str] | pd.DataFrame],
    *,
    budgets: Sequence[float] = (8, 16, 32, 64, 128, 256, 512),
    target: float | None = None,
    borrow: bool = False,
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
    """Choose with every method on every task at every budget, and score the choices on what was measured.

    Parameters
    ----------
    tables : sequence of paths or DataFrames
        Tables of fine-tuning runs, each with runs at the target; every task in them is tested.
    budgets : sequence of float
        At a budget g, runs with data up to target / g are seen.
    target : float
        Data size at which methods are scored; default: the largest of each task.
    borrow : bool
        Let bayeslaw fit each task together with the full tables of the others.
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

    Raises
    ------
    RunsError, SelectionError, TargetError, LawError
        If a table or setting cannot be used.
    """
    began = time.perf_counter()
    tasks = read_tasks(tables, target=target, where=where, roles=roles)
    if borrow and len(tasks) < 2:
        raise TargetError(f"Found one task, {tasks[0].name!r}, and none to borrow from. Give the tables of others too.")
    cells = make_cells(tasks, budgets, borrow=borrow)
    settings = MethodSettings(checked_law(law) if OURS in methods else law, seed, sampler, tuple(leave_out))
    settings.scales()  # refuses unknown collections before anything is fitted
    versions = {True: code_version(*CODE), False: code_version(*CODE_OF_BASELINES)}
    finished = ask_methods(
        DESIGN, tasks, cells, methods, settings, versions=lambda name: versions[name == OURS], borrow=borrow,
        workers=workers, folder=folder, report=report,
    )  # fmt: skip
    told = {
        "kind": "finetune",
        "budgets": [whole(budget) for budget in budgets],
        "tasks": told_of_tasks(DESIGN, tasks),
        "methods": list(methods),
        "borrow": "others" if borrow else None,
        "where": where,
        "roles": dict(roles or {}),
        **settings.as_dict(OURS),
        "versions": versions[True],
    }
    seconds = time.perf_counter() - began
    return Backtest(
        "finetune", finished.cells, summarise(finished.cells), told, seconds, finished.reused, notes_of(cells)
    )
