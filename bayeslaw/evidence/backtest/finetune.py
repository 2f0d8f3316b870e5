"""Backtest of the choice among fine-tuning candidates: hide the large runs, choose, and see what it would have cost."""

import functools
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayeslaw.errors import TargetError
from bayeslaw.evidence.backtest.finetune_cells import Cell, Task, make_cells, read_tasks
from bayeslaw.evidence.backtest.finetune_methods import METHODS
from bayeslaw.evidence.backtest.jobs import Job, Record, Report, run_jobs
from bayeslaw.evidence.backtest.result import OURS, Backtest, summarise
from bayeslaw.evidence.backtest.scoring import Answer, choice_scores, coverage_at_levels, no_scores
from bayeslaw.evidence.backtest.settings import MethodSettings, checked_law, whole
from bayeslaw.evidence.backtest.store import code_version

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings

DOMAIN = "finetune"

_CODE_OF_BASELINES = (
    "runs", "evidence/baselines/selection.py", "evidence/scores.py", "evidence/backtest/scoring.py",
    "evidence/backtest/finetune_cells.py", "evidence/backtest/finetune_methods.py",
)  # fmt: skip
_CODE = (
    *_CODE_OF_BASELINES, "laws", "kinds", "prior", "sampling", "posterior", "answers", "lending", "fitting",
    "streams.py", "numerics.py", "verdicts.py", "results.py",
)  # fmt: skip


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
    where: str | None = None,
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
    where : str, optional
        Rows to use of every table.
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
    tasks = read_tasks(tables, target=target, where=where)
    if borrow and len(tasks) < 2:
        raise TargetError(f"Found one task, {tasks[0].name!r}, and none to borrow from. Give the tables of others too.")
    cells = make_cells(tasks, budgets, borrow=borrow)
    _require_some(tasks, cells)
    settings = MethodSettings(checked_law(law) if OURS in methods else law, seed, sampler)
    versions = code_version(*_CODE), code_version(*_CODE_OF_BASELINES)
    jobs = [
        _job(cell, name, settings, _identity(tasks, cell, borrow), versions[name != OURS])
        for name in methods
        for cell in cells
    ]
    finished = run_jobs(jobs, None if folder is None else Path(folder), workers=workers, report=report)
    records = _by_task(finished.cells, tasks)
    told = {
        "kind": "finetune",
        "budgets": [whole(budget) for budget in budgets],
        "tasks": [
            {"task": t.name, "source": t.runs.source, "target": t.target, "runs_sha256": t.runs.content_hash}
            for t in tasks
        ],
        "methods": list(methods),
        "borrow": "others" if borrow else None,
        "where": where,
        **settings.as_dict(OURS),
        "versions": versions[0],
    }
    notes = [f"{cell.task} at 1/{cell.budget:g}: {cell.note}." for cell in cells if cell.note]
    return Backtest(
        "finetune", records, summarise(records), told, time.perf_counter() - began, finished.reused, tuple(notes)
    )


def _require_some(tasks: Sequence[Task], cells: Sequence[Cell]) -> None:
    if any(cell.trial is not None for cell in cells):
        return
    task = tasks[0]
    smallest = task.runs.table["data"].min()
    raise TargetError(
        f"No budget leaves a run to fit: the smallest run of {task.name!r} has data={smallest:.12g} and the target is "
        f"{task.target:.12g}. Budgets up to {task.target / smallest:.6g} can be tested."
    )


def _identity(tasks: Sequence[Task], cell: Cell, borrow: bool) -> Record:
    """What of the tables a cell depends on."""
    own = next(task for task in tasks if task.name == cell.task)
    identity: Record = {"runs": own.runs.content_hash, "zero_shot": dict(own.zero_shot), "task": own.name}
    if borrow:
        identity["borrowed"] = [[task.name, task.runs.content_hash] for task in tasks if task is not own]
    return identity


def _job(cell: Cell, method: str, settings: MethodSettings, identity: Record, versions: Record) -> Job:
    if method != OURS:
        identity = {name: value for name, value in identity.items() if name != "borrowed"}
    head = {
        "task": cell.task,
        "budget": whole(cell.budget),
        "method": method,
        "models": 0 if cell.trial is None else len(cell.trial.models),
        "target": {"data": cell.target},
        "domain": DOMAIN,
    }
    return Job(
        name=f"{cell.task}-{cell.budget:g}-{method}",
        depends_on={
            "kind": "finetune",
            **identity,
            "head": head,
            **settings.as_dict(method),
            "versions": versions,
        },
        heads=(head,),
        work=functools.partial(_answer, cell, method, settings),
        weight=METHODS[method].weight,
    )


def _answer(cell: Cell, method: str, settings: MethodSettings) -> list[Record]:
    """Ask a method and score what it says."""
    if cell.trial is None:
        return [{"scores": no_scores(), "note": cell.note, "status": None, "checks": []}]
    answer = METHODS[method].answer(cell.trial, settings)
    return [
        {
            "scores": choice_scores(answer, cell.measured),
            "note": cell.note,
            "status": answer.status,
            "checks": list(answer.checks),
            **answer.details,
            "coverage_levels": coverage_at_levels(answer, cell.measured),
            "predictions": _predictions(cell, answer),
        }
    ]


def _predictions(cell: Cell, answer: Answer) -> Record:
    """What was said of each candidate, and what came out."""
    assert cell.trial is not None
    columns: dict[str, Any] = {"model": list(cell.trial.models), "measured": cell.measured.tolist()}
    for name, values in (("predicted", answer.predicted), ("feature", answer.feature), ("p_best", answer.odds)):
        columns[name] = None if values is None else [float(value) for value in values]
    return columns


def _by_task(cells: Sequence[Record], tasks: Sequence[Task]) -> tuple[Record, ...]:
    """Order by task, then as computed, which is by method and budget."""
    place = {task.name: i for i, task in enumerate(tasks)}
    return tuple(sorted(cells, key=lambda cell: place[cell["task"]]))
