"""Leaderboards made tidy: of a table with a column of scores for each benchmark, a row for each model and benchmark."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.benchmarks import benchmark_in
from bayeslaw.runs.columns import meaning, plain
from bayeslaw.runs.error_columns import measured_by
from bayeslaw.runs.questions import written
from bayeslaw.runs.stated import matching_heading, says
from bayeslaw.runs.unfolded import Unfolded
from bayeslaw.runs.units import holds_nothing, read_shares

SHOWN = 8
"""Headings that a note names."""


def scores_said(headings: list[str], answers: Mapping[str, str], beside: Mapping[str, str]) -> dict[str, str]:
    """Columns that the user says are accuracies, with what was said, where they stand for benchmarks.

    Returns
    -------
    dict from heading to role; empty where a single column is said to be the accuracy of a tidy table, or one of those
    that are named is not there.
    """
    said = {column: role for column, role in {**beside, **answers}.items() if says("accuracy", role)}
    found = {matching_heading(column, headings): role for column, role in said.items()}
    if None in found and any(matching_heading(column, headings) is None for column in said if column in answers):
        return {}
    there = {heading: role for heading, role in found.items() if heading is not None}
    if len(there) == 1 and (_has_tasks(headings) or not _names_a_benchmark(next(iter(there)))):
        return {}
    return there


def scores_by_name(cells: pd.DataFrame, source: str) -> list[str]:
    """Columns that are benchmarks by their names, in a table that has no other outcome; empty if there are none.

    Raises
    ------
    RunsError
        If two columns are of one benchmark.
    """
    of_benchmarks = _benchmarks(cells)
    others = [heading for heading in cells.columns if heading not in of_benchmarks and _is_outcome(cells[heading])]
    if others or _has_tasks(list(cells.columns)):
        return []
    by_task: dict[str, str] = {}
    for heading, task in of_benchmarks.items():
        if plain(task) in by_task:
            raise RunsError(
                f"{source}: the columns {by_task[plain(task)]!r} and {heading!r} are both scores on {task!r}, expected "
                "one for each benchmark. Name those to use with --scores COLUMN,COLUMN,…."
            )
        by_task[plain(task)] = heading
    return list(of_benchmarks)


def benchmarks_not_read(cells: pd.DataFrame) -> tuple[str, ...]:
    """A note on columns that are benchmarks by their names, in a table that is read as one of losses."""
    named = [heading for heading in _benchmarks(cells) if not _has_tasks(list(cells.columns))]
    said = written(",".join(named))
    told = f"Columns of benchmarks are not read: --scores {said} makes the table one of scores on them."
    return (told,) if named else ()


def unfold_scores(cells: pd.DataFrame, headings: list[str], source: str, said: bool) -> Unfolded:
    """Give each score of a wide table a row of its own, with its standard error where a column beside it has that.

    Parameters
    ----------
    cells : the table.
    headings : of the columns of scores.
    source : name of the table, for messages.
    said : whether the user named them, rather than they themselves.

    Raises
    ------
    RunsError
        If the table has a column of tasks, or of accuracies, too.
    """
    taken = [name for name in ("task", "accuracy") if name in cells.columns and name not in headings]
    if taken:
        raise RunsError(
            f"{source}: the columns {', '.join(map(repr, headings))} are benchmarks, and there is a column "
            f"{taken[0]!r} too; expected one of the two. Leave out --scores, or rename that column."
        )
    errors = {heading: error for heading in headings if (error := _error_of(heading, list(cells.columns)))}
    count = len(cells)
    long = cells.drop(columns=[*headings, *errors.values()]).loc[np.repeat(np.arange(count), len(headings))]
    long = long.reset_index(drop=True)
    long["task"] = np.tile(np.array([benchmark_in(h) or h for h in headings], dtype=object), count)
    long["accuracy"] = pd.Series(cells[headings].astype(object).to_numpy().ravel(), dtype=object)
    made = ["task", "accuracy"]
    if errors:
        beside = [cells[errors[h]] if h in errors else pd.Series([None] * count, dtype=object) for h in headings]
        long["accuracy_se"] = pd.Series(np.column_stack([one.astype(object) for one in beside]).ravel(), dtype=object)
        made.append("accuracy_se")
    shown = _listed(headings)
    how = "" if said else ", by the names; --scores COLUMN,… says otherwise"
    several = len(headings) > 1
    return Unfolded(
        cells=long,
        origin=np.repeat(np.arange(count), len(headings)),
        loss_headings=np.tile(np.array(headings, dtype=object), count),
        made=tuple(made),
        note=f"Wide table: {len(headings)} of the headings {'are benchmarks' if several else 'is a benchmark'} "
        f"({shown}), the cells below are scores{how}.{_told_of(list(errors.values()))}",
    )


def _benchmarks(cells: pd.DataFrame) -> dict[str, str]:
    return {
        h: task for h in cells.columns if (task := benchmark_in(h)) is not None and read_shares(cells[h]).are_finite
    }


def _is_outcome(column: pd.Series) -> bool:
    known = meaning(str(column.name))
    return known is not None and known.role in ("loss", "accuracy") and not holds_nothing(column)


def _has_tasks(headings: list[str]) -> bool:
    return any(plain(heading) in ("task", "taskname", "benchmark") for heading in headings)


def _names_a_benchmark(heading: str) -> bool:
    """Whether a column that is said to be an accuracy is named after what was asked, and not just an accuracy."""
    known = meaning(heading)
    return benchmark_in(heading) is not None or known is None or known.role != "accuracy"


def _error_of(heading: str, headings: Sequence[str]) -> str | None:
    """The column of the standard errors of a column of scores: of its name, or the benchmark if no other is of it."""
    of = {name: other for other in headings if (name := measured_by(other))}
    benchmark = benchmark_in(heading)
    alone = benchmark is not None and [benchmark_in(other) for other in headings].count(benchmark) == 1
    return of.get(plain(heading)) or (of.get(plain(benchmark)) if benchmark is not None and alone else None)


def _told_of(errors: Sequence[str]) -> str:
    return f" Their standard errors are in {_listed(errors)}." if errors else ""


def _listed(headings: Sequence[str]) -> str:
    return ", ".join(headings[:SHOWN]) + (", …" if len(headings) > SHOWN else "")
