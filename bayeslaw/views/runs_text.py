"""How files of runs were understood, for people."""

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from bayeslaw.runs.columns import COUNTS, NAMES, SCORES
from bayeslaw.runs.questions import written
from bayeslaw.runs.understood import HEAD, Understood
from bayeslaw.views.names import clean, elide
from bayeslaw.views.text import left_out_summary

_CELL = 24
_COLUMNS = 40


def understood_lines(found: Understood) -> Iterator[str]:
    """What was read, what was understood, and what was left out."""
    rows = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
    yield f"{clean(found.source)}: {found.format}, {rows} used."
    for note in found.notes:
        yield clean(note)
    if found.left_out:
        yield left_out_summary(found.left_out)


def understood_tables(found: Understood) -> list[Table]:
    """What each column is, and the first rows under canonical names."""
    columns = Table("column", "role", "unit", "why", box=box.SIMPLE, title="Columns", title_justify="left")
    for column in found.columns[:_COLUMNS]:
        cells = (column.source, column.role or "-", column.unit, column.why)
        columns.add_row(*(Text(elide(clean(cell), 2 * _CELL)) for cell in cells))
    if len(found.columns) > _COLUMNS:
        columns.add_row(Text(f"… {len(found.columns) - _COLUMNS} more"))
    named = {"row", *NAMES, *COUNTS, *SCORES, *(column.role for column in found.columns)}
    shown = [name for name in found.head.columns if name in named]
    head = Table(*shown, box=box.SIMPLE, title="First rows, as they are read", title_justify="left")
    for row in found.head[shown].head(HEAD).itertuples(index=False):
        head.add_row(*(Text(elide(clean(_cell(value)), _CELL)) for value in row))
    return [columns, head]


def questions_lines(found: Understood) -> Iterator[str]:
    """What is open, and how to answer."""
    for question in found.questions:
        yield f"Open: {clean(question.sentence)}"
        yield from (f"    --as {clean(written(option))}" for option in question.options)


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
