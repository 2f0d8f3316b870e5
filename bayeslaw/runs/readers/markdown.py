"""A table in Markdown, alone or in a text: the first one that has columns."""

import re

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers.base import Found, Raw, Reader
from bayeslaw.runs.readers.decimal_commas import with_points
from bayeslaw.runs.readers.marks import without_marks

FORMAT = "Markdown table"

_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_CELL_END = re.compile(r"(?<!\\)\|")


def _recognises(found: Found) -> bool:
    return _header_at(found.start.splitlines()) is not None


def _header_at(lines: list[str]) -> int | None:
    """The line of the heading of the first table, which the rule below it gives away."""
    for number, line in enumerate(lines[:-1]):
        rule = lines[number + 1].strip()
        if "|" in line and "-" in rule and len(rule) < 10_000 and _RULE.fullmatch(rule) and "|" in rule:
            return number
    return None


def _read(found: Found) -> Raw:
    lines = found.text.splitlines()
    at = _header_at(lines)
    if at is None:
        raise RunsError(f"{found.name}: found no rule (|---|---|) under a heading, expected a Markdown table.")
    header, rows = _cells(lines[at]), []
    for line in lines[at + 2 :]:
        if "|" not in line:
            break
        rows.append(_cells(line))
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise RunsError(
                f"{found.name}, row {number}: found {len(row)} cells, expected {len(header)} as in the heading. "
                r"Write \| for a bar inside a cell, and leave no cell out."
            )
    rows, marks = without_marks(header, rows)
    rows, commas = with_points(header, rows)
    table = pd.DataFrame(
        {position: pd.Series([row[position] for row in rows], dtype=object) for position in range(len(header))}
    )
    return Raw(FORMAT, table.set_axis(pd.Index(header, dtype=object), axis=1), (*marks, *commas))


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|")
    if inside.endswith("|") and not inside.endswith("\\|"):
        inside = inside[:-1]
    return [_plain(cell.strip().replace("\\|", "|")) for cell in _CELL_END.split(inside)]


def _plain(cell: str) -> str:
    """A cell without the marks of bold, italics and code."""
    bare = cell.strip("*`~").strip()
    return bare[2:-2].strip() if len(bare) > 4 and bare.startswith("__") and bare.endswith("__") else bare


READER = Reader(FORMAT, _recognises, _read)
