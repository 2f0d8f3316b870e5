"""Tables with a row a model and nothing measured, beside logs or scores: sizes that these lack are taken from there."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError, did_you_mean
from bayeslaw.runs.benchmarks import is_measured
from bayeslaw.runs.columns import COUNTS, meaning, plain, sizes_in_headings, usual_place
from bayeslaw.runs.naming import SAME_SIZE
from bayeslaw.runs.readers.base import Raw, with_own_headings
from bayeslaw.runs.units import is_blank, read_count

_FOLDERS = re.compile(r"[/\\]|__")  # the evaluation harness writes org__model for org/model
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s_-]+(?=\d)")
_MARKS = re.compile(r"(?<!\d)(?!\+)[\W_]|(?!\+)[\W_](?!\d)")
_PROGRESS = frozenset({"epoch", "checkpoint", "checkpointstep", "ckpt", "ckptstep"})
_SHOWN = 5


def tell_of_models(parts: Sequence[tuple[str, Raw]]) -> list[int]:
    """Positions of the tables that tell of models alone: their names and sizes, and nothing that was measured.

    None does where no other table has what was measured.

    Parameters
    ----------
    parts : tables, each with its name.
    """
    measured = [any(map(is_measured, map(str, raw.cells.columns))) for _, raw in parts]
    found = [
        position
        for position, (_, raw) in enumerate(parts)
        if not measured[position] and name_column(raw) is not None and _has_sizes(list(map(str, raw.cells.columns)))
    ]
    return found if any(measured) else []


def with_models(raw: Raw, name: str, about: Raw) -> Raw:
    """The table of what was measured, with what another tells of its models.

    Parameters
    ----------
    raw : what was measured.
    name : of the other table, for messages.
    about : the other table, a row a model; rows without a name tell nothing.

    Raises
    ------
    RunsError
        If headings are not good (`with_good_headings`), a model is there twice, a model not at all, the two disagree
        about one, or one number of tokens is told of a model that was measured at several steps.
    """
    about = with_own_headings(about, name)
    key = name_column(about)
    assert key is not None, "a table that tells of models has a column of their names"
    about = replace(about, cells=about.cells[~about.cells[key].map(is_blank).astype(bool)].reset_index(drop=True))
    names = [str(cell).strip() for cell in about.cells[key]]
    twice = next((one for i, one in enumerate(names) if one in names[:i]), None)
    if twice is not None:
        raise RunsError(
            f"{name}: the model {twice!r} comes twice, and no column has what was measured: expected one row a model, "
            "to take sizes from. Keep one of the rows, or add the column of losses."
        )
    heading, rows, alike = _matched(raw, names, name)
    added = [column for column in about.cells.columns if column != key]
    _require_one_step(raw.cells, heading, [str(column) for column in added], name)
    cells, there = raw.cells, {plain(str(column)): column for column in raw.cells.columns}
    for column in added:
        told = [None if row is None else about.cells[column].iloc[row] for row in rows]
        own = there.get(plain(str(column)))
        if own is not None:
            told = _both(cells[own], told, cells[heading], f"{name}, column {str(column)!r}")
        cells = cells.assign(**{str(column) if own is None else own: pd.Series(told, index=cells.index, dtype=object)})
    notes = [f"Of each model, {', '.join(repr(str(column)) for column in added)} are taken from {name}."]
    if alike:
        shown = "; ".join(f"{own!r} is {there!r}" for own, there in list(alike.items())[:_SHOWN])
        notes.append(f"Models are matched with those of {name} by the last part of their names: {shown}.")
    return replace(raw, cells=cells, notes=(*raw.notes, *about.notes, *notes))


def _has_sizes(headings: Sequence[str]) -> bool:
    roles = {known.role for known in map(meaning, headings) if known}
    return bool(roles & {*COUNTS, "family"}) and len(sizes_in_headings(list(headings))) < 2


def name_column(raw: Raw) -> Any:
    """The heading of the column that names models; None if there is none."""
    headings = [h for h in raw.cells.columns if (known := meaning(str(h))) is not None and known.role == "model"]
    return min(headings, key=lambda heading: usual_place("model", str(heading)), default=None)


def _short(name: str) -> str:
    """The last part of a name without case and marks, but for those between digits: 1.4B, 1-4B and 14B are three."""
    last = _FOLDERS.split(name.rstrip("/"))[-1].casefold()
    return _MARKS.sub("", _BETWEEN_DIGITS.sub("-", last))


def _matched(raw: Raw, names: Sequence[str], source: str) -> tuple[Any, list[int | None], dict[str, str]]:
    """The column of models in a table, the row of another table for each of its rows, and names that are not the same.

    Raises
    ------
    RunsError
        If no column has only models that the other table has.
    """
    said = {heading for heading, role in raw.known.items() if role == "model"}
    columns = [h for h in raw.cells.columns if h in said or ((known := meaning(str(h))) and known.role == "model")]
    columns.sort(key=lambda heading: (heading not in said, usual_place("model", str(heading))))
    lacking: list[str] = []
    for heading in columns:
        own = [None if is_blank(cell) else str(cell).strip() for cell in raw.cells[heading]]
        found = {one: _row_of(one, names) for one in dict.fromkeys(own) if one is not None}
        rows = [row for row in found.values() if row is not None]
        if found and len(rows) == len(found) == len(set(rows)):
            alike = {one: names[row] for one, row in found.items() if row is not None and one != names[row]}
            return heading, [None if one is None else found[one] for one in own], alike
        lacking = lacking or [one for one, row in found.items() if row is None or rows.count(row) > 1]
    if not lacking:
        raise RunsError(f"{source}: it tells of models, and no column names those of the runs. Add one, 'model'.")
    shown = ", ".join(map(repr, lacking[:_SHOWN])) + (f" and {len(lacking) - _SHOWN} more" * (len(lacking) > _SHOWN))
    raise RunsError(
        f"{source}: a table that tells of models, expected a row for each model of the runs, under the same name; "
        f"found no row of its own for {shown}.{did_you_mean(lacking[0], names)} Complete it, or leave out those runs."
    )


def _row_of(name: str, names: Sequence[str]) -> int | None:
    """The row of a model: of the same name, else of the only one that ends in the same, whatever case and marks."""
    if name in names:
        return names.index(name)
    alike = [row for row, other in enumerate(names) if _short(other) == _short(name) and _short(name)]
    return alike[0] if len(alike) == 1 else None


def _require_one_step(cells: pd.DataFrame, model: Any, added: Sequence[str], source: str) -> None:
    """Refuse one number of tokens for a model that was measured at several steps: each has seen another number.

    Steps may be told by a column of checkpoints or epochs.

    Raises
    ------
    RunsError
    """
    sizes = [h for h in added if (known := meaning(h)) and known.role in ("data", "tokens", "compute")]
    if not sizes:
        return
    for heading in filter(_tells_progress, map(str, cells.columns)):
        at = cells[heading].map(lambda cell: None if is_blank(cell) else str(cell).strip())
        several = at.groupby(cells[model].astype(str).to_numpy(), sort=False).nunique()
        if (several > 1).any():
            raise RunsError(
                f"{source}: column {sizes[0]!r} has one number for each model, and {several.idxmax()!r} was measured "
                f"at {several.max()} steps (column {heading!r}). Leave the column out, and say what a step is, as in "
                "--tokens-per-step 524288, or give each run its own number."
            )


def _tells_progress(heading: str) -> bool:
    """Whether a column says how far training was: steps, checkpoints or epochs."""
    known = meaning(heading)
    return (known is not None and known.role == "steps") or plain(heading) in _PROGRESS


def _both(own: pd.Series, told: Sequence[Any], models: pd.Series, place: str) -> list[Any]:
    """Cells of a column that two tables have, which must not contradict each other.

    Raises
    ------
    RunsError
    """
    found = []
    for here, there, model in zip(own, told, models, strict=True):
        if not (is_blank(here) or is_blank(there) or _same(here, there)):
            raise RunsError(
                f"{place}: found {str(there)!r} for the model {str(model)!r}, and the runs say {str(here)!r}, expected "
                "the same. Drop the column from one of the two, or give it another name."
            )
        found.append(there if is_blank(here) else here)
    return found


def _same(one: Any, other: Any) -> bool:
    first, second = read_count(str(one).strip()), read_count(str(other).strip())
    if first is None or second is None:
        return str(one).strip() == str(other).strip()
    return bool(np.isclose(first, second, rtol=SAME_SIZE))
