"""Tables as all answers have them: a title above, columns of words that give way, columns of numbers that do not."""

from rich import box
from rich.table import Table
from rich.text import Text


def titled(title: str) -> Table:
    """An empty table under a title."""
    return Table(
        title=Text(title), title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD, pad_edge=False,
        show_edge=False, collapse_padding=True, header_style="dim",
    )  # fmt: skip


def words(table: Table, *headings: str, fold: bool = True) -> None:
    """Columns of words, which give way where room is short; nothing of a name is lost."""
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=not fold, min_width=8 if fold else None)


def numbers(table: Table, *headings: str) -> None:
    """Columns of numbers, which stay whole."""
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
