"""Several tables of runs in one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.table import LeftOut, Runs


def counts_tokens(runs: Runs) -> bool:
    """Whether one of ``data`` is a token, and not an example."""
    return {"tokens", "data"} <= set(runs.table) and np.array_equal(runs.table["tokens"], runs.table["data"])


def require_like_units(runs: Runs, other: Runs) -> None:
    """Refuse to put runs beside others whose data or losses are of another kind.

    Losses in nats, whatever they were converted from, may stand together; error rates are no such losses.

    Raises
    ------
    RunsError
        If data are counted in tokens here and in examples there, or one table is of scores and the other of losses.
    """
    kinds = (("data", counts_tokens, "tokens", "examples"), ("losses", _is_scores, "1 - accuracy", "of another kind"))
    for what, is_one, one, another in kinds:
        if is_one(runs) != is_one(other):
            here, there = (runs, other) if is_one(runs) else (other, runs)
            raise RunsError(
                f"{here.source}: {what} are {one}, and in {there.source} they are {another}. Convert one of the "
                "tables, or fit them apart."
            )


def unit_of_all(given: Iterable[str]) -> str:
    """The unit that losses have in all sources, where they were converted (`Runs.loss_given`); else empty."""
    units = set(given)
    return units.pop() if len(units) == 1 else ""


def _is_scores(runs: Runs) -> bool:
    return "accuracy" in runs.table


def join_runs(tables: Sequence[Runs]) -> Runs:
    """Put tables together, with the columns that all have; a note names the others.

    Rows are numbered anew; rows left out and notes keep the number that they had, and say of which table they are.

    Parameters
    ----------
    tables : sequence of Runs
        One or more; a single one stays as it is.

    Raises
    ------
    RunsError
        If there is no table, data or losses are of another kind in one than in another (`require_like_units`), or a
        model of a task is in more than one table.
    """
    if not tables:
        raise RunsError("There is no table to join. Give one or more tables of runs.")
    if len(tables) == 1:
        return tables[0]
    for runs in tables[1:]:
        require_like_units(runs, tables[0])
    seen = Counter(pair for runs in tables for pair in {*zip(runs.table["task"], runs.table["model"], strict=True)})
    twice = [pair for pair, number in seen.items() if number > 1]
    if twice:
        task, model = twice[0]
        raise RunsError(
            f"{' + '.join(runs.source for runs in tables)}: {len(twice)} models of a task are in more than one table "
            f"(such as {model!r} on {task!r}), and might count twice. Put the runs of a model in one table; if these "
            "are other tasks, give each table a column 'task' that tells them apart."
        )
    shared = [name for name in tables[0].table.columns if all(name in runs.table for runs in tables)]
    table = pd.concat([runs.table[shared] for runs in tables], ignore_index=True)
    table["row"] = np.arange(1, len(table) + 1)
    alike = set.intersection(*(_headings(runs) for runs in tables))
    return replace(
        tables[0],
        table=table,
        spelling=tuple((there, here) for there, here in tables[0].spelling if (there, here) in {h[:2] for h in alike}),
        scales=tuple((there, by) for there, _, by in sorted(alike) if by != 1),
        left_out=tuple(LeftOut(out.row, f"{runs.source}: {out.reason}") for runs in tables for out in runs.left_out),
        notes=(*(f"{runs.source}: {note}" for runs in tables for note in runs.notes), *_columns_lost(tables, shared)),
        source=" + ".join(runs.source for runs in tables),
        loss_given=unit_of_all(runs.loss_given for runs in tables),
    )


def _columns_lost(tables: Sequence[Runs], shared: Sequence[str]) -> tuple[str, ...]:
    """A note on columns that not all tables have, each with a table that lacks it."""
    others = dict.fromkeys(name for runs in tables for name in runs.table.columns if name not in shared)
    lacking = {name: next(runs.source for runs in tables if name not in runs.table) for name in others}
    named = ", ".join(f"{name!r} (not in {source})" for name, source in lacking.items())
    return (f"Columns that not all tables have are left out: {named}.",) if lacking else ()


def _headings(runs: Runs) -> set[tuple[str, str, float]]:
    """Headings of a table: as it is spelled, what it is, and what one of its counts is worth."""
    return {(there, here, dict(runs.scales).get(there, 1.0)) for there, here in runs.spelling}
