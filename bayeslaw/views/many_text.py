"""What came of many tables, for a terminal."""

from rich.table import Table
from rich.text import Text

from bayeslaw.fitting.many import ManyFits
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.rich_table import numbers, titled, words


def fits_table(found: ManyFits) -> Table:
    """One row a table: how large it is, the verdict on its fit, what that took, and what there is to say.

    Parameters
    ----------
    found : ManyFits

    Returns
    -------
    rich.table.Table
    """
    table = titled(f"Fits of {len(found.tables)} tables")
    names = short_names([one.table for one in found.tables], limit=40)
    words(table, "table")
    numbers(table, "rows", "models")
    words(table, "law", "status")
    numbers(table, "seconds")
    table.add_column("note", ratio=1)
    for one in found.tables:
        figures = ["-" if value is None else str(value) for value in (one.rows, one.models)]
        seconds = "-" if one.seconds is None else f"{one.seconds:.1f}"
        status, law = one.status or "not fitted", clean(one.law or "-")
        table.add_row(Text(names[one.table]), *figures, law, status, seconds, Text(clean(one.note)))
    return table
