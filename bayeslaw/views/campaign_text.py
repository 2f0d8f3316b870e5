"""The history of a campaign, for a terminal."""

from rich.table import Table
from rich.text import Text

from bayeslaw.campaign.history import Campaign
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.numbers import chance
from bayeslaw.views.rich_table import numbers, titled, words

LIKELIEST = 3
"""Candidates whose odds a row shows."""


def steps_table(found: Campaign) -> Table:
    """One row a step: what was spent, what was chosen, the likeliest candidates, and what a wrong choice would cost.

    Parameters
    ----------
    found : Campaign

    Returns
    -------
    rich.table.Table
    """
    unit = found.steps[-1]["cost_unit"] if found.steps else ""
    table = titled(f"Campaign {clean(found.folder)}: what was believed at each step")
    numbers(table, "step", "runs", "spent")
    words(table, "recommended")
    numbers(table, "expected\nregret")
    words(table, "odds of being best")
    words(table, "verdict", "checks")
    names = short_names(list(dict.fromkeys(one["model"] for step in found.steps for one in step["odds"])), limit=30)
    for number, step in enumerate(found.steps, start=1):
        odds = ", ".join(f"{names[one['model']]} {chance(one['p_best'])}" for one in step["odds"][:LIKELIEST])
        chosen = step["recommendation"] or "-"
        table.add_row(
            str(number),
            str(step["rows"]),
            f"{step['spent']:.4g}",
            Text(names.get(chosen, clean(chosen))),
            f"{step['expected_regret']:.3g}",
            Text(odds or "-"),
            step["stop"]["status"],
            step["status"],
        )
    table.caption = Text(f"Spent in {clean(unit)}" if unit else "")
    return table
