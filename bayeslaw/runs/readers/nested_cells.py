"""Cells that hold records, as ``{'lr': 0.1}``, or their texts, which pandas writes of a column of records."""

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
    cells : a table of texts, or of texts, records and numbers.

    Returns
    -------
    The table, and a note if there were any.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    for position in range(len(cells.columns)):
        column = cells.iloc[:, position]
        values = [] if pd.api.types.is_numeric_dtype(column) else column.tolist()
        records = _records(values, str(cells.columns[position])) if any(map(_may_be_record, values)) else None
        if records is not None:
            found[position] = records
    if not found:
        return cells, ()
    parts = [
        table_of(found[position]).set_axis(cells.index) if position in found else cells.iloc[:, [position]]
        for position in range(len(cells.columns))
    ]
    named = ", ".join(repr(cells.columns[position]) for position in found)
    return pd.concat(parts, axis=1), (f"Cells below {named} hold records: each entry is a column of its own.",)


def _may_be_record(cell: Any) -> bool:
    return isinstance(cell, Mapping) or (isinstance(cell, str) and cell.lstrip().startswith("{"))


def _is_blank(cell: Any) -> bool:
    missing = cell is None or cell is pd.NA or (isinstance(cell, float) and cell != cell)
    return missing or (isinstance(cell, str) and not cell.strip())


def _records(values: list[Any], heading: str) -> list[dict[str, Any]] | None:
    """The records of a column, under headings of their own; None if it holds anything else."""
    records: list[dict[str, Any]] = []
    for cell in values:
        if _is_blank(cell):
            records.append({})
            continue
        record = dict(cell) if isinstance(cell, Mapping) else _record(cell)
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
