"""How files of runs were understood, for people."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from bayeslaw.runs.columns import COUNTS, NAMES, SCORES
from bayeslaw.runs.questions import written
from bayeslaw.runs.table import LeftOut
from bayeslaw.runs.understood import HEAD, Understood
from bayeslaw.views.names import clean, elide, short_names

_CELL = 24
_LEAST = 12
"""No cell is cut to fewer characters: all numbers have so many."""
_COLUMNS = 40
_PADDING = 3
"""Columns of the screen between two cells."""
_REASONS = 5
_REASON_LENGTH = 110


def understood_lines(found: Understood) -> Iterator[str]:
    """What was read, what was understood, and what was left out."""
    rows = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
    yield f"{clean(found.source)}: {found.format}, {rows} used."
    for note in found.notes:
        yield clean(note)
    if found.left_out:
        yield left_out_summary(found.left_out)


def understood_tables(found: Understood, width: int | None = None) -> list[Table]:
    """What each column is, and the first rows under canonical names.

    Parameters
    ----------
    found : Understood
    width : int, optional
        Columns of the screen, which names in the first rows may fill; in a file they have 48.
    """
    columns = Table("column", "role", "unit", "why", box=box.SIMPLE, title="Columns", title_justify="left")
    for column in found.columns[:_COLUMNS]:
        cells = (column.source, column.role or "-", column.unit, column.why)
        columns.add_row(*(Text(elide(clean(cell), 2 * _CELL)) for cell in cells))
    if len(found.columns) > _COLUMNS:
        columns.add_row(Text(f"… {len(found.columns) - _COLUMNS} more"))
    named = {"row", *NAMES, *COUNTS, *SCORES, *(column.role for column in found.columns)}
    shown = [name for name in found.head.columns if name in named]
    head = Table(*shown, box=box.SIMPLE, title="First rows, as they are read", title_justify="left")
    texts = [[clean(_cell(value)) for value in found.head[name].head(HEAD)] for name in shown]
    widths = [max(map(len, (name, *column))) for name, column in zip(shown, texts, strict=True)]
    limit = 2 * _CELL if width is None else _limit(widths, width)
    for row in zip(*(_cut(column, limit) for column in texts), strict=True):
        head.add_row(*map(Text, row))
    return [columns, head]


def _limit(widths: Sequence[int], width: int) -> int:
    """Characters a cell may have if a table of columns so wide is to fit a screen; not fewer than `_LEAST`."""
    fitting = (
        limit
        for limit in range(max(widths, default=_CELL), _LEAST, -1)
        if 1 + sum(min(one, limit) + _PADDING for one in widths) <= width
    )
    return next(fitting, _LEAST)


def _cut(cells: Sequence[str], limit: int) -> list[str]:
    """Cells of one column, of which no two that differ are cut to the same."""
    if all(len(cell) <= limit for cell in cells):
        return list(cells)
    short = short_names(list(dict.fromkeys(cells)), limit)
    return [short[cell] for cell in cells]


def questions_lines(found: Understood) -> Iterator[str]:
    """What is open, and how to answer."""
    for question in found.questions:
        yield f"Open: {clean(question.sentence)}"
        yield from (f"    --as {clean(written(option))}" for option in question.options)


def left_out_summary(left_out: Sequence[LeftOut]) -> str:
    """Say how many runs were left out, and why: the commonest reasons with their counts, long ones cut short."""
    if not left_out:
        return "No run was left out."
    reasons = Counter(out.reason for out in left_out).most_common()
    total = f"{len(left_out):,} run{'s' if len(left_out) > 1 else ''} left out"
    shown = [(elide(clean(reason), _REASON_LENGTH), number) for reason, number in reasons[:_REASONS]]
    if len(reasons) == 1:
        return f"{total}: {shown[0][0]}."
    lines = [f"{total}:", *(f"  {number:,}: {reason}" for reason, number in shown)]
    rest = sum(number for _, number in reasons[_REASONS:])
    if rest:
        lines.append(f"  {rest:,}: for {len(reasons) - _REASONS} other reasons")
    return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
