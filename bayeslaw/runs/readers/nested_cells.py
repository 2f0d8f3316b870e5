"""Cells of a text table that hold records, as ``{'lr': 0.1}``, which pandas writes of a column of objects."""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayeslaw.runs.readers.base import table_of
from bayeslaw.runs.readers.json_text import flattened, whole_characters

_LONGEST = 100_000
_NOT_LITERAL = re.compile(r"(?<![\w'\"])(?:nan|inf|NaN|Infinity)(?![\w'\"])")


def with_records(cells: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give each entry of records in cells a column of its own, ``config.lr`` of ``config``.

    Parameters
    ----------
    cells : a table of texts.

    Returns
    -------
    The table, and a note if there were any.
    """
    grid = cells.to_numpy()
    found: dict[int, list[dict[str, Any]]] = {}
    for position in sorted({p for row in grid for p, cell in enumerate(row) if str(cell).lstrip().startswith("{")}):
        records = _records(grid[:, position].tolist(), str(cells.columns[position]))
        if records is not None:
            found[position] = records
    if not found:
        return cells, ()
    parts = [
        table_of(found[position]) if position in found else cells.iloc[:, [position]]
        for position in range(len(cells.columns))
    ]
    named = ", ".join(repr(cells.columns[position]) for position in found)
    return pd.concat(parts, axis=1), (f"Cells below {named} hold records: each entry is a column of its own.",)


def _records(texts: list[Any], heading: str) -> list[dict[str, Any]] | None:
    """The records of a column, under headings of their own; None if it holds anything else."""
    records: list[dict[str, Any]] = []
    for text in texts:
        if isinstance(text, str) and not text.strip():
            records.append({})
            continue
        record = _record(text)
        if record is None:
            return None
        try:
            flat = flattened(record, f"{heading}.")
        except (ValueError, RecursionError):
            return None
        records.append({name: cell for name, cell in flat.items() if not isinstance(cell, list | tuple | set)})
    return records


def _record(text: Any) -> Mapping[str, Any] | None:
    if not (isinstance(text, str) and len(text) <= _LONGEST):
        return None
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    for read in (json.loads, ast.literal_eval, lambda cell: ast.literal_eval(_NOT_LITERAL.sub("None", cell))):
        try:
            record = whole_characters(read(text))
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(record, dict) and all(isinstance(name, str) for name in record):
            return record
    return None
