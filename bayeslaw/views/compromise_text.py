"""The table of a choice by several metrics."""

from rich.table import Table
from rich.text import Text

from bayeslaw.answers.compromise_result import Compromise
from bayeslaw.answers.risk import MEANING
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance, decimals, fixed
from bayeslaw.views.rich_table import numbers, titled, words

SHOWN = 4
"""Metrics that have columns of their own; JSON and CSV have all."""


def compromise_table(result: Compromise, limit: int = 15) -> Table:
    """Rank the candidates, the best compromise first.

    Parameters
    ----------
    result : Compromise
    limit : int
        Rows at most; a caption says how many more there are.

    Returns
    -------
    rich.table.Table
    """
    at = ", ".join(f"{clean(name)} = {count(value)}" for name, value in result.target.items())
    by = f"{len(result.tasks)} metrics" if result.weights else "all thresholds"
    table = titled(f"Choice at {at} by {by}, by {MEANING[result.risk]}")
    names = short_names([c.name for c in result.candidates], limit=60)
    words(table, "model")
    tasks = result.tasks[:SHOWN]
    for task in tasks:
        weight = f"\nweight {result.weights[task]:.2g}" if task in result.weights else ""
        numbers(table, f"{elide(clean(task), 16)}{weight}", "P(best)")
    if result.thresholds:
        numbers(table, "P(all)")
    numbers(table, *(["P(best)\nof all", "exp.\nregret", "CVaR\nregret"] if result.weights else ["exp.\nregret"]))
    places = decimals(result.candidates[0].metrics[tasks[0]]["median"])
    for rank, c in enumerate(result.candidates[:limit]):
        cells = []
        for task in tasks:
            m = c.metrics[task]
            interval = f"{fixed(m['p05'], places)}-{fixed(m['p95'], places)}"
            cells += [f"{fixed(m['median'], places)}\n({interval})", chance(c.p_best_on[task])]
        cells += [chance(c.p_all)] if c.p_all is not None else []
        last = [chance(c.p_best), fixed(c.expected_regret, places + 1), fixed(c.cvar_regret_90, places + 1)]
        cells += last if result.weights else last[1:2]
        table.add_row(Text(names[c.name]), *cells, style="bold" if rank == 0 else "")
    notes = [f"and {len(result.candidates) - limit} more candidates"] if len(result.candidates) > limit else []
    notes += [f"and {len(result.tasks) - SHOWN} more metrics: --json has all"] if len(result.tasks) > SHOWN else []
    notes += [f"thresholds: {', '.join(clean(text) for text in result.thresholds)}"] if result.thresholds else []
    table.caption = Text("; ".join(notes))
    return table
