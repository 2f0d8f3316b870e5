"""The table of runs that were hidden from a fit, beside what it foretold of them."""

from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.last_third import LastThird
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.numbers import decimals, fixed
from bayeslaw.views.rich_table import numbers, titled, words


def last_third_table(found: LastThird, limit: int = 40) -> Table:
    """Hidden runs, those outside their intervals first.

    Parameters
    ----------
    found : LastThird
    limit : int
        Runs at most.

    Returns
    -------
    rich.table.Table
    """
    rows = found.hidden.sort_values("inside", kind="stable")
    table = titled(f"Hidden runs, as foretold by a fit of {found.seen} smaller ones (median and 90% interval)")
    tasks = rows["task"].nunique() > 1
    names = short_names(list(dict.fromkeys(rows["model"].astype(str))), limit=60)
    words(table, "model", *(["task"] if tasks else []))
    numbers(table, found.axis, "measured", "median", "90%\ninterval", "inside")
    for run in rows.head(limit).to_dict("records"):
        places = decimals(run["median"])
        table.add_row(
            Text(names[str(run["model"])]),
            *([Text(clean(run["task"]))] if tasks else []),
            count(run[found.axis]),
            fixed(run[found.outcome], places),
            fixed(run["median"], places),
            f"{fixed(run['p05'], places)} to {fixed(run['p95'], places)}",
            "yes" if run["inside"] else "no",
        )
    hidden = len(rows) - limit
    if hidden > 0:
        table.caption = Text(f"and {hidden} more")
    return table
