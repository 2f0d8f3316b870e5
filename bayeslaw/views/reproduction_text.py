"""Published numbers found again, for people."""

from rich import box
from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.reproduction.reproduce import Reproduction


def reproduction_table(found: Reproduction) -> Table:
    """Each published number beside its posterior and least squares, paper by paper."""
    table = Table(
        title=Text("Published numbers, found again"), title_justify="left", caption_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True, header_style="dim",
    )  # fmt: skip
    table.add_column("paper", no_wrap=True)
    table.add_column("number", overflow="fold", min_width=8)
    for heading in ("published", "median", "90%\ninterval", "least\nsquares", "agrees"):
        table.add_column(heading, justify="right", no_wrap=True)
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
