"""Lines about a table: titles and comments above the headings, units right below them, and footnotes at the end."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bayeslaw.runs.brackets import behind
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.units import read_count

COMMENT = "#"
_SHOWN = 60
_NO_UNIT = ("-", "–", "—", "%", "name")  # noqa: RUF001
_FOOTNOTE = re.compile(
    r"[*†‡§¶#^]|\(?\d{1,2}\)\s|\[\^?\w{1,3}\]|(?:notes?|sources?|footnotes?|legend|abbreviations?)\b", re.IGNORECASE
)
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


def with_units(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """Put units that stand in a row of their own, below the headings, behind these: ``params`` over ``M``.

    Headings in two rows, of groups and of columns, are put together before that.

    Parameters
    ----------
    header : headings of the columns.
    rows : cells of the rows below.

    Returns
    -------
    The headings, the rows without that one, and a note if there was one.
    """
    header, rows, groups = _with_groups(header, rows)
    first = [cell.strip().strip("()[]").strip() for cell in rows[0]] if len(rows) > 1 else []
    units = [cell if cell not in _NO_UNIT else "" for cell in first]
    if len(units) != len(header) or not any(units):
        return list(header), [list(row) for row in rows], groups
    named = [_in_unit(heading, unit) for heading, unit in zip(header, units, strict=True)]
    headings = [heading for heading in named if heading is not None]
    if len(headings) < len(header) or not any(unit and behind(h) for h, unit in zip(headings, units, strict=True)):
        return list(header), [list(row) for row in rows], groups
    shown = ", ".join(repr(heading) for heading, unit in zip(headings, units, strict=True) if unit)
    return (
        headings,
        [list(row) for row in rows[1:]],
        (
            *groups,
            f"Below the headings stands a row of units: {shown}.",
        ),
    )


def _with_groups(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """Put headings of two rows together, the upper of which names groups: ``Eval`` above ``Loss`` and ``PPL``.

    The lower row names the columns that the upper leaves empty, and is followed by numbers.

    Parameters
    ----------
    header : the upper row.
    rows : cells of the rows below.

    Returns
    -------
    The headings, the rows without the lower row of headings, and a note if there was one.
    """
    empty = [number for number, cell in enumerate(header) if not _is_filled(cell)]
    lower = [cell.strip() for cell in rows[0]] if len(rows) > 1 else []
    is_lower = len(lower) == len(header) and not _has_number(lower) and any(map(meaning, lower))
    if not (empty and empty[0] > 0 and is_lower and all(lower[n] for n in empty) and _has_number(rows[1])):
        return list(header), [list(row) for row in rows], ()
    named, group = [], ""
    for cell, below in zip((cell.strip() for cell in header), lower, strict=True):
        group = cell or group
        is_unit = below.startswith(("(", "["))
        named.append(f"{group} {below}" if is_unit else f"{group}/{below}" if below else group)
    shown = ", ".join(repr(name) for name in named[empty[0] - 1 : empty[0] + 1])
    return named, [list(row) for row in rows[1:]], (f"Headings stand in two rows, put together as in {shown}.",)


def _in_unit(heading: str, unit: str) -> str | None:
    """A heading with a unit behind it, unless it names that one already; None if it cannot be a unit of it.

    Columns that have no meaning here may be in any unit, such as hours.
    """
    if not unit:
        return heading
    said, named = behind(heading), behind(f"{heading} ({unit})")
    if named is None:
        return f"{heading} ({unit})" if meaning(heading) is None and not _has_number([unit]) else None
    if said is None:
        return f"{heading} ({unit})"
    return heading if replace(named, base=said.base, text=said.text) == said else None


def without_footnotes(rows: Sequence[Sequence[str]], width: int) -> tuple[list[list[str]], tuple[str, ...]]:
    """Drop rows at the end that are footnotes: marked as such, or called notes, and no row of the table.

    Rows of another width with a cell that is a number are cut or damaged runs: these are no footnotes.

    Parameters
    ----------
    rows : cells of the rows below the headings.
    width : number of headings.

    Returns
    -------
    The rows, and a note if any were dropped.
    """
    count = len(rows)
    while count and _is_footnote(rows[count - 1], width):
        count -= 1
    dropped = (" ".join(cell.strip() for cell in row if _is_filled(cell)) for row in rows[count:])
    return [list(row) for row in rows[:count]], _note(dropped, "Below the table")


def _is_footnote(row: Sequence[str], width: int) -> bool:
    first = row[0].strip() if row else ""
    if not _FOOTNOTE.match(first) or _has_number(row[1:]):
        return False
    return len(row) != width or sum(map(_is_filled, row)) == 1


def _has_number(cells: Iterable[str]) -> bool:
    return any(read_count(cell.strip()) is not None for cell in cells)


def _is_filled(cell: str) -> bool:
    return bool(cell.strip())


def _note(lines: Iterable[str], where: str = "Above the headings") -> tuple[str, ...]:
    said = " / ".join(filter(None, lines))
    if not said:
        return ()
    shown = said if len(said) <= _SHOWN else said[:_SHOWN] + "…"
    return (f"{where}, and left out: {shown!r}.",)
