"""CSV, TSV and their like: text with a header, one row a run."""

import csv
import io
import re
from collections import Counter

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers.base import Found, Raw, Reader, raw_table
from bayeslaw.runs.readers.decimal_commas import with_points
from bayeslaw.runs.readers.marks import without_marks
from bayeslaw.runs.readers.nested_cells import with_records
from bayeslaw.runs.readers.titles import header_at, with_units, without_comments, without_footnotes

FORMAT = "delimited text"

_DELIMITERS = {",": "CSV", "\t": "TSV", ";": "CSV with semicolons", "|": "text with bars between cells"}
_QUOTED = re.compile(r'"[^"]*"')
_CUT_IN_A_NUMBER = re.compile(r"[+-]?\d*(?:\.|\d\.?[eE][+-]?|[+-])")
_MARKUP = re.compile(
    r"(?:%[^<\n]*\n|\s)*(?:<(?:!doctype html|html|table)\b|\\(?:begin\{|documentclass))", re.IGNORECASE
)
_START, _LINES = 10_000, 10  # characters and lines among which one tells the mark between cells
_LOST_DIGITS = 3  # a last number with so many digits fewer than any other of its column was cut off


def _recognises(found: Found) -> bool:
    return bool(found.start.strip())


def _read(found: Found) -> Raw:
    if markup := _MARKUP.match(found.start):
        raise RunsError(
            f"{found.name}: found {'HTML' if '<' in markup[0] else 'LaTeX'}, expected a table as text. Save "
            "it as CSV, or write it as a Markdown table with bars between cells and |---| below the headings."
        )
    lines, comments = without_comments(found.text.lstrip("\r\n"))
    form, rows = _rows(lines, found.name)
    at, titles = header_at(rows)
    header = [name.strip() for name in rows[at]]
    body, footnotes = without_footnotes(rows[at + 1 :], len(header))
    header, body, units = with_units(header, body)
    notes = (*comments, *titles, *units, *footnotes, *_end_of_file(lines, body, found.name))
    for number, row in enumerate(body, start=1):
        if len(row) != len(header):
            raise RunsError(
                f"{found.name}, row {number}: found {len(row)} cells, expected {len(header)} as in the header. "
                "Quote cells that contain the delimiter, and leave no cell out."
            )
    body, marks = without_marks(header, body)
    body, commas = with_points(header, body)
    notes = (*notes, *marks, *commas)
    # Joined by position, as headings may repeat: that is told to the user later, for every format alike.
    table = pd.DataFrame(np.array(body, dtype=object).reshape(len(body), len(header)), dtype=object)
    table, records = with_records(table.set_axis(pd.Index(header, dtype=object), axis=1))
    return raw_table(form, table, (*notes, *records))


def _rows(lines: str, source: str) -> tuple[str, list[list[str]]]:
    """The kind of text, and the cells of its rows; blank lines are none."""
    several = [_QUOTED.sub("", line) for line in lines[:_START].splitlines()[:_LINES]] or [""]
    if not _is_divided(several[0]) and (aligned := _aligned(lines)):
        return "text with blanks between cells", aligned
    delimiter = _delimiter(several)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        rows = [row for row in reader if len(row) > 1 or (row and row[0].strip())]
    except csv.Error as error:
        raise RunsError(
            f"{source}, line {reader.line_num}: the cells cannot be told apart ({error}). Look for a quote left open."
        ) from error
    if not rows:
        raise RunsError(f"{source}: found nothing but empty cells, expected a header and one row a run.")
    return _DELIMITERS[delimiter], rows


def _delimiter(lines: list[str]) -> str:
    """The mark that comes equally often in the most lines; a title above them may have others."""
    first = next(filter(_is_divided, lines), "")
    often = {mark: Counter(line.count(mark) for line in lines if mark in line) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: (max(often[mark].values(), default=0), first.count(mark)))


def _is_divided(line: str) -> bool:
    return any(mark in line for mark in _DELIMITERS)


def _aligned(lines: str) -> list[list[str]]:
    """Cells of a table that is printed in columns, the row index of pandas dropped; nothing if it is none."""
    rows = [line.split() for line in lines.splitlines() if line.strip()]
    width, below = len(rows[0]), {len(row) for row in rows[1:]}
    if width > 1 and below == {width}:
        return rows
    counted = [str(i) for i in range(len(rows) - 1)]
    indexed = width > 1 and below == {width + 1} and [row[0] for row in rows[1:]] == counted
    return [rows[0], *(row[1:] for row in rows[1:])] if indexed else []


def _end_of_file(lines: str, body: list[list[str]], source: str) -> tuple[str, ...]:
    """Look whether the file was cut off in its last number.

    Raises
    ------
    RunsError
        If it ends in the middle of a number, or in one that lacks digits that all others of its column have.
    """
    if lines.endswith(("\n", "\r")) or len(body) < 2:
        return ()
    last = body[-1][-1].strip()
    others = [row[-1].strip() for row in body[:-1] if len(row) == len(body[-1])]
    digits = [sum(map(str.isdigit, cell)) for cell in others if _is_number(cell)]
    lost = bool(digits) and last.replace(".", "").isdigit() and len(last.replace(".", "")) <= min(digits) - _LOST_DIGITS
    if lost or _CUT_IN_A_NUMBER.fullmatch(last):
        raise RunsError(
            f"{source}, row {len(body)}: the file ends in {last!r} without a line break, and other numbers there have "
            "more digits: it seems cut off. Copy it again, or complete the last line and end it with a line break."
        )
    return ("The file does not end with a line break: if it was cut off, the last row is wrong.",)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


READER = Reader(FORMAT, _recognises, _read)
