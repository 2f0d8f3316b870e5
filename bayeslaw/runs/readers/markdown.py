"""A table in Markdown, alone or in a text: the one that has losses or scores, else the first."""

import re
from collections.abc import Iterator

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.benchmarks import is_measured
from bayeslaw.runs.readers.base import Found, Raw, Reader, raw_table
from bayeslaw.runs.readers.decimal_commas import with_points
from bayeslaw.runs.readers.marks import without_marks
from bayeslaw.runs.readers.titles import with_units

FORMAT = "Markdown table"

_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_STRESSED = re.compile(r"(\*\*|~~|`)([^*~`]{1,200})\1")
_MARK_AT_END = re.compile(r"(?:\\?[*`~]){1,20}$")
_CELL_END = re.compile(r"(?<!\\)\|")


def _recognises(found: Found) -> bool:
    return next(_headers_at(found.start.splitlines()), None) is not None


def _headers_at(lines: list[str]) -> Iterator[int]:
    """Lines of headings, which the rules below them give away."""
    for number, line in enumerate(lines[:-1]):
        rule = lines[number + 1].strip()
        if "|" in line and "-" in rule and len(rule) < 10_000 and _RULE.fullmatch(rule) and "|" in rule:
            yield number


def _read(found: Found) -> Raw:
    lines = found.text.splitlines()
    places = list(_headers_at(lines))
    if not places:
        raise RunsError(f"{found.name}: found no rule (|---|---|) under a heading, expected a Markdown table.")
    with_runs = [at for at in places if any(map(is_measured, _cells(lines[at])))]
    if len(with_runs) > 1:
        raise RunsError(
            f"{found.name}: {len(with_runs)} of its tables have losses or scores, below lines "
            f"{', '.join(str(at + 1) for at in with_runs[:5])}; expected one. Save the one to use as a file of its own."
        )
    at = (with_runs or places)[0]
    notes = (f"Table {places.index(at) + 1} of {len(places)}, in line {at + 1}.",) if len(places) > 1 else ()
    header, rows = _cells(lines[at]), []
    for line in lines[at + 2 :]:
        if "|" not in line:
            break
        rows.append(_cells(line))
    header, rows, units = with_units(header, rows)
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
    return raw_table(FORMAT, table.set_axis(pd.Index(header, dtype=object), axis=1), (*notes, *units, *marks, *commas))


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|")
    if inside.endswith("|") and not inside.endswith("\\|"):
        inside = inside[:-1]
    return [_plain(cell.strip().replace("\\|", "|")) for cell in _CELL_END.split(inside)]


def _plain(cell: str) -> str:
    """A cell without the marks of bold, italics and code, also where more stands behind them."""
    bare = _MARK_AT_END.sub("", _STRESSED.sub(r"\2", cell)).lstrip("*`~").strip()
    return bare[2:-2].strip() if len(bare) > 4 and bare.startswith("__") and bare.endswith("__") else bare


READER = Reader(FORMAT, _recognises, _read)
