"""Tables of what evidence says, for people: published numbers found again, and what the best law is worth."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.comparison.advantage import Advantage
from bayeslaw.evidence.reproduction.reproduce import Reproduction
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.views.names import short_names
from bayeslaw.views.numbers import chance, decimals, fixed
from bayeslaw.views.rich_table import numbers, titled, words


def reproduction_table(found: Reproduction) -> Table:
    """Each published number beside its posterior and least squares, paper by paper."""
    headings = ("published", "median", "90%\ninterval", "least\nsquares", "agrees")
    table = titled("Published numbers, found again")
    words(table, "paper", "number")
    numbers(table, *headings)
    before = ""
    for row in found.rows:
        published = f"{row.published:.4g}" + ("" if row.published_se is None else f" ± {row.published_se:.2g}")
        table.add_row(
            Text("" if row.paper == before else row.paper),
            Text(row.quantity),
            published,
            f"{row.median:.3g}",
            f"{row.p05:.3g}-{row.p95:.3g}",
            "-" if row.least_squares is None else f"{row.least_squares:.4g}",
            "yes" if row.agrees else "no",
            style="" if row.agrees else "yellow",
        )
        before = row.paper
    table.caption = Text(
        "Median and interval are of the law's parameters, given the runs. Least squares are made as in the paper; - if "
        "it does not find this number from these runs. A number agrees if it, with 1.645 standard errors either way "
        "where they were published, and the 90% interval overlap."
    )
    return table


def advantages_table(found: Sequence[Advantage], best: str, limit: int = 15) -> Table:
    """By how much other laws than the best one would have foretold another outcome.

    Parameters
    ----------
    found : sequence of Advantage
    best : str
        The best law.
    limit : int
        Rows at most.
    """
    headings = ("difference", "90%\ninterval", f"of what\n{best} does", "chance\nof more")
    table = titled(f"What other laws expect, less what {best} does")
    words(table, "law", "model")
    numbers(table, *headings)
    names = [one.family if one.model == NEW_MODEL else one.model for one in found]
    short = short_names(names, limit=40)
    for one, name in zip(found[:limit], names, strict=False):
        places = decimals(abs(one.best))
        table.add_row(
            Text(one.law),
            Text(short[name]),
            fixed(one.median, places),
            f"{fixed(one.p05, places)} to {fixed(one.p95, places)}",
            fixed(one.best, places),
            chance(one.p_above),
        )
    if len(found) > limit:
        table.caption = Text(f"and {len(found) - limit} more")
    return table
