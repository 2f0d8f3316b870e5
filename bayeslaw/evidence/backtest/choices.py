"""What backtests of a choice among candidates share: every method is asked in every cell, and its choice is scored."""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bayeslaw.errors import TargetError
from bayeslaw.evidence.backtest.finetune_cells import Array, Cell, Task
from bayeslaw.evidence.backtest.finetune_methods import Method
from bayeslaw.evidence.backtest.result import OURS
from bayeslaw.evidence.backtest.scoring import Answer, coverage_at_levels, no_scores
from bayeslaw.evidence.backtest.settings import MethodSettings, whole
from bayeslaw.jobs.run import Finished, Job, Record, Report, run_jobs

CODE_OF_BASELINES = (
    "runs", "evidence/baselines/selection.py", "evidence/baselines/rectified.py", "evidence/baselines/inputs.py",
    "evidence/scores.py", "evidence/odds.py", "evidence/backtest/scoring.py", "evidence/backtest/finetune_cells.py",
    "evidence/backtest/finetune_methods.py",
)  # fmt: skip
CODE = (
    *CODE_OF_BASELINES, "laws", "kinds", "prior", "sampling", "posterior", "answers", "lending", "fitting",
    "streams.py", "numerics.py", "verdicts.py", "results.py",
)  # fmt: skip
"""Parts of the package that an answer of bayeslaw depends on."""

Scoring = Callable[[Answer, Array], Record]


@dataclass(frozen=True, eq=False)
class Design:
    """What one backtest of choices has of its own.

    Attributes
    ----------
    kind : {"finetune", "selection"}
        Also the domain of its cells.
    methods : mapping of str to Method
    scores : tuple of str
        Names of the scores that a cell has.
    score : callable
        Scores an answer on the measured losses.
    label : callable
        What its cells say of their task, besides its name; plain values.
    budget : str
        What people call the factor by which the target exceeds the data seen.
    """

    kind: Literal["finetune", "selection"]
    methods: Mapping[str, Method]
    scores: tuple[str, ...]
    score: Scoring
    label: Callable[[Task], Record]
    budget: str


def ask_methods(
    design: Design,
    tasks: Sequence[Task],
    cells: Sequence[Cell],
    names: Sequence[str],
    settings: MethodSettings,
    *,
    versions: Callable[[str], Record],
    borrow: bool = False,
    workers: int = 1,
    folder: str | os.PathLike[str] | None = None,
    report: Report | None = None,
) -> Finished:
    """Ask every method in every cell; what was answered before is taken from the folder.

    Parameters
    ----------
    design : Design
    tasks : sequence of Task
    cells : sequence of Cell
        Those of the tasks, at every budget.
    names : sequence of str
        Methods.
    settings : MethodSettings
    versions : callable
        Gives for a method the version of the code that its answers depend on.
    borrow : bool
        Whether bayeslaw is given the full tables of the other tasks.
    workers, folder, report
        As for `bayeslaw.jobs.run.run_jobs`.

    Returns
    -------
    Finished
        Its cells are ordered by task, then by method, then by budget.

    Raises
    ------
    TargetError
        If nothing can be seen in any cell.
    """
    _require_some(design, tasks, cells)
    own = {task.name: task for task in tasks}
    code = {name: versions(name) for name in names}
    jobs = []
    for name in names:
        for cell in cells:
            identity = _identity(own[cell.task])
            if borrow and name == OURS:
                identity["borrowed"] = [[task.name, task.runs.content_hash] for task in tasks if task.name != cell.task]
            if design.methods[name].tuned:
                cell = _with_others(cell, cells)
                identity["others"] = [
                    [task.name, task.runs.content_hash, task.target] for task in tasks if task.name != cell.task
                ]
            jobs.append(_job(design, cell, own[cell.task], name, settings, {**identity, "versions": code[name]}))
    finished = run_jobs(jobs, None if folder is None else Path(folder), workers=workers, report=report)
    place = {task.name: i for i, task in enumerate(tasks)}
    return replace(finished, cells=tuple(sorted(finished.cells, key=lambda cell: place[cell["task"]])))


def told_of_tasks(design: Design, tasks: Sequence[Task]) -> list[Record]:
    """The tasks of a backtest, for its settings."""
    return [
        {
            "task": task.name,
            "source": task.runs.source,
            "target": task.target,
            "runs_sha256": task.runs.content_hash,
            **design.label(task),
        }
        for task in tasks
    ]


def notes_of(cells: Sequence[Cell]) -> tuple[str, ...]:
    """What is left out of the cells, in sentences."""
    return tuple(f"{cell.task} at 1/{cell.budget:g}: {cell.note}." for cell in cells if cell.note)


def _require_some(design: Design, tasks: Sequence[Task], cells: Sequence[Cell]) -> None:
    if any(cell.trial is not None for cell in cells):
        return
    task, word = tasks[0], design.budget
    smallest = task.runs.table["data"].min()
    raise TargetError(
        f"No {word} leaves a run to fit: the smallest run of {task.name!r} has data={smallest:.12g} and the target is "
        f"{task.target:.12g}. {word.capitalize()}s up to {task.target / smallest:.6g} can be tested."
    )


def _identity(task: Task) -> Record:
    """What of the tables a cell depends on."""
    return {"runs": task.runs.content_hash, "zero_shot": dict(task.zero_shot), "task": task.name}


def _with_others(cell: Cell, cells: Sequence[Cell]) -> Cell:
    if cell.trial is None:
        return cell
    others = tuple(other for other in cells if other.budget == cell.budget and other.task != cell.task)
    return replace(cell, trial=replace(cell.trial, others=others))


def _job(design: Design, cell: Cell, task: Task, name: str, settings: MethodSettings, identity: Record) -> Job:
    head = {
        "task": cell.task,
        "budget": whole(cell.budget),
        "method": name,
        "models": 0 if cell.trial is None else len(cell.trial.models),
        "target": {"data": cell.target},
        "domain": design.kind,
        **design.label(task),
    }
    method = design.methods[name]
    return Job(
        name=f"{cell.task}-{cell.budget:g}-{name}",
        depends_on={"kind": design.kind, **identity, "head": head, **settings.as_dict(name)},
        heads=(head,),
        work=functools.partial(_answer, cell, method, settings, design.score, design.scores),
        weight=method.weight,
        lacking={"scores": no_scores(design.scores)},
    )


def _answer(
    cell: Cell, method: Method, settings: MethodSettings, score: Scoring, names: tuple[str, ...]
) -> list[Record]:
    """Ask a method and score what it says."""
    if cell.trial is None:
        return [{"scores": no_scores(names), "note": cell.note, "status": None, "checks": []}]
    answer = method.answer(cell.trial, settings)
    return [
        {
            "scores": score(answer, cell.measured),
            "note": "; ".join(filter(None, (cell.note, answer.note))),
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
