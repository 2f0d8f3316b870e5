"""Lines above the headings of a table: titles, as spreadsheets have them, and comments."""

from collections.abc import Iterable, Sequence

from bayeslaw.runs.columns import meaning
from bayeslaw.runs.units import read_count

COMMENT = "#"
_SHOWN = 60
_TITLES = 20
"""Rows of prose above the headings, at most."""


def without_comments(text: str) -> tuple[str, tuple[str, ...]]:
    """Drop lines of comments at the start of a text; the last of them stays if it holds the headings.

    It does if what follows has as many cells by any mark between them, some of which are numbers, and if more of its
    own cells are names of columns.

    Returns
    -------
    The text, and a note if lines were dropped.
    """
    lines = text.splitlines(keepends=True)
    count = next((number for number, line in enumerate(lines) if not line.startswith(COMMENT)), 0)
    if not count:
        return text, ()
    last, first = lines[count - 1].lstrip(COMMENT).strip(), lines[count].strip()
    is_heading = any(_heads(last.split(mark), first.split(mark)) for mark in (",", ";", "\t", "|", None))
    dropped = lines[: count - is_heading]
    rest = [last + "\n"] * is_heading + lines[count:]
    return "".join(rest), _note(line.lstrip(COMMENT).strip() for line in dropped)


def _heads(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether cells are the headings of those below."""
    if len(above) != len(below) or len(below) < 2 or not _has_number(below):
        return False
    names, names_below = (sum(meaning(cell) is not None for cell in cells) for cells in (above, below))
    return names > names_below or (not names_below and not _has_number(above))


def header_at(rows: Sequence[Sequence[str]]) -> tuple[int, tuple[str, ...]]:
    """The row of headings: not those before it in which no more than one cell holds anything, nor prose with commas.

    Prose has no name of a column, and other cells than the row below it, which has two or more and no number.

    Parameters
    ----------
    rows : cells of a table, one row or more.

    Returns
    -------
    Its position, and a note if it is not the first.
    """
    found = next((number for number, row in enumerate(rows) if sum(map(_is_filled, row)) > 1), 0)
    found = _below_prose(rows, found)
    headings = [cell.strip() for cell in rows[found] if _is_filled(cell)]
    if not found or (_has_number(headings) and not any(map(meaning, headings))):
        return 0, ()
    return found, _note(cell.strip() for row in rows[:found] for cell in row)


def _below_prose(rows: Sequence[Sequence[str]], start: int) -> int:
    """The first row of headings below lines of prose; `start` if there is none."""
    for number, row in enumerate(rows[start : start + _TITLES], start=start):
        names = sum(meaning(cell.strip()) is not None for cell in row)
        if names >= 2 and not _has_number(row):
            is_prose = all(_is_prose(above, row) for above in rows[start:number])
            return number if is_prose and number + 1 < len(rows) and len(rows[number + 1]) == len(row) else start
        if names:
            break
    return start


def _is_prose(above: Sequence[str], headings: Sequence[str]) -> bool:
    """Whether a row above headings is no row of theirs: of another width, or without a number."""
    width, filled = len(headings), sum(map(_is_filled, above))
    return len(above) != width or filled < sum(map(_is_filled, headings)) or not _has_number(above)


def _has_number(cells: Iterable[str]) -> bool:
    return any(read_count(cell.strip()) is not None for cell in cells)


def _is_filled(cell: str) -> bool:
    return bool(cell.strip())


def _note(lines: Iterable[str]) -> tuple[str, ...]:
    said = " / ".join(filter(None, lines))
    if not said:
        return ()
    shown = said if len(said) <= _SHOWN else said[:_SHOWN] + "…"
    return (f"Above the headings, and left out: {shown!r}.",)
