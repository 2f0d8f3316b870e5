"""Marks behind the numbers of published tables: of footnotes, and errors behind a plus-minus sign or in brackets."""

import re
from collections.abc import Sequence

from bayeslaw.runs.benchmarks import is_measured
from bayeslaw.runs.columns import meaning, sizes_in_headings

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,300})?(?:[.,]\d{0,300})?(?:[eE][+-]?\d{1,3})?(?:\s?[kKmMbBgGtT%])?"
_FOOTNOTE = r"(?:\[\^[\w-]{1,20}\]|<sup>[^<\d]{1,9}</sup>|[†‡§¶]|\\?\*)"
_PLUS_MINUS = rf"(?:±|\+/?-|\$?\\pm\$?)\s?{_NUMBER}"
_ERROR = rf"(?:{_PLUS_MINUS}|\({_PLUS_MINUS}\))"
_MARKED = re.compile(rf"(?P<number>{_NUMBER})\s?(?P<marks>(?:(?:{_FOOTNOTE}|{_ERROR})\s?){{1,4}})")
_BRACKETED = re.compile(rf"(?P<number>{_NUMBER})(?P<marks>\s?\(\s?(?P<error>{_NUMBER})\s?\))")
_LONGEST = 200
_ERROR_MAX = 0.5
"""Share of a number that one in brackets behind it may be, to be taken for its error."""


def without_marks(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Drop what stands behind numbers and is none of their digits; names keep it, which may tell them apart.

    Parameters
    ----------
    header : headings of the columns.
    rows : cells of a table.

    Returns
    -------
    The cells, and notes on what was dropped.
    """
    numbers = [not _names(heading) for heading in header]
    found = {
        cell: marked
        for row in rows
        for cell, is_number in zip(row, numbers, strict=True)
        if is_number and (marked := _marked(cell))
    } | _in_brackets(header, rows)
    if not found:
        return [list(row) for row in rows], ()
    errors = [cell for cell, marked in found.items() if re.search(r"\d", re.sub(_FOOTNOTE, "", marked["marks"]))]
    footnotes = [cell for cell in found if cell not in errors]
    notes = (
        [f"Marks behind numbers are dropped: {footnotes[0]!r} is {_bare(found[footnotes[0]])}."] if footnotes else []
    )
    if errors:
        notes.append(
            f"Errors behind numbers are not used: {errors[0]!r} is {_bare(found[errors[0]])}; a column 'loss_se' "
            "of standard errors would be."
        )
    return [
        [
            _bare(found[cell]) if is_number and cell in found else cell
            for cell, is_number in zip(row, numbers, strict=True)
        ]
        for row in rows
    ], tuple(notes)


def _in_brackets(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, re.Match[str]]:
    """Cells such as ``3.84 (0.01)``, where a column of losses or scores has such errors behind all of its numbers."""
    found: dict[str, re.Match[str]] = {}
    for heading, column in zip(header, zip(*rows, strict=True), strict=False):
        cells = [cell for cell in column if cell.strip()]
        if len(cells) > 1 and (is_measured(heading) or sizes_in_headings([heading])):
            here = {cell: marked for cell in cells if (marked := _with_error(cell))}
            found |= here if len(here) == len(set(cells)) else {}
    return found


def _with_error(cell: str) -> re.Match[str] | None:
    found = _BRACKETED.fullmatch(cell.strip()) if len(cell) <= _LONGEST else None
    if found is None:
        return None
    number, error = (_value(found[name]) for name in ("number", "error"))
    return found if number and error is not None and error <= _ERROR_MAX * abs(number) else None


def _value(text: str) -> float | None:
    """The number of a cell, whose decimals may have a comma; a sign of percent is no part of it."""
    try:
        return float(text.strip().removesuffix("%").replace(",", "."))
    except ValueError:
        return None


def _names(heading: str) -> bool:
    known = meaning(heading)
    return known is not None and known.role in ("model", "family", "task")


def _marked(cell: str) -> re.Match[str] | None:
    if not cell or (cell[-1] in "0123456789" and "±" not in cell and "+" not in cell and "pm" not in cell):
        return None
    found = _MARKED.fullmatch(cell.strip()) if len(cell) <= _LONGEST else None
    return found if found and re.search(r"\d", found["number"]) else None


def _bare(marked: re.Match[str]) -> str:
    return marked["number"].strip()
