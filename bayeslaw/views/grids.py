"""Tables as cells of text: what a terminal, a Markdown file and a page of HTML have in common."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from bayeslaw.views.names import clean


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes
    ----------
    title, caption : str
    headings : tuple of str
    right : tuple of bool
        Which columns hold numbers, to be aligned at the right.
    rows : tuple of tuple of str
    """

    title: str
    caption: str
    headings: tuple[str, ...]
    right: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def grid_of(table: Table) -> Grid:
    """The cells of a table for the terminal."""
    columns = [[_line(cell) for cell in column.cells] for column in table.columns]
    return Grid(
        title=_line(table.title),
        caption=_line(table.caption),
        headings=tuple(_line(column.header) for column in table.columns),
        right=tuple(column.justify == "right" for column in table.columns),
        rows=tuple(zip(*columns, strict=True)) if columns else (),
    )


def markdown(grids: Iterable[Grid]) -> str:
    """Tables in the Markdown of GitHub, with what stands in them escaped."""
    return "\n\n".join("\n".join(_markdown_lines(grid)) for grid in grids)


def _markdown_lines(grid: Grid) -> list[str]:
    lines = [f"**{_escaped(grid.title)}**", ""] if grid.title else []
    lines.append(_markdown_row(grid.headings))
    lines.append(_markdown_row(("---:" if right else "---" for right in grid.right), escape=False))
    lines += [_markdown_row(row) for row in grid.rows]
    return [*lines, "", _escaped(grid.caption)] if grid.caption else lines


def _markdown_row(cells: Iterable[str], escape: bool = True) -> str:
    return f"| {' | '.join(_escaped(cell) if escape else cell for cell in cells)} |"


def _escaped(text: str) -> str:
    for character in "\\`*_[]<>|":
        text = text.replace(character, f"\\{character}")
    return text


def _line(cell: object) -> str:
    """The text of a cell on one line."""
    text = cell.plain if isinstance(cell, Text) else "" if cell is None else str(cell)
    return clean(text.replace("-\n", "-"))
