"""The runs that could be made next, for a terminal."""

from rich.table import Table
from rich.text import Text

from bayeslaw.answers.next_runs import NextRun, NextRuns
from bayeslaw.answers.value import ERRORS
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance
from bayeslaw.views.rich_table import numbers, titled, words


def next_runs_lines(found: NextRuns, limit: int = 10) -> list[Table | Text]:
    """What is believed now, the best runs with their cost and gain, and whether to stop."""
    table = next_runs_table(found, limit)
    return [Text(now_sentence(found)), Text(""), table, Text(""), Text(clean(found.sentence))]


def next_runs_table(found: NextRuns, limit: int) -> Table:
    """The best runs with their cost and gain.

    Parameters
    ----------
    found : NextRuns
    limit : int
        Rows at most; a caption says how many more there are.
    """
    heading = {
        "choose": "Runs that would help to choose",
        "foretell": "Runs that would help to foretell",
        "split": "Runs that would help to split the budget",
        "crossing": "Runs that would help to find the crossing",
    }[found.goal]
    by = {"gain": "gain", "gain per cost": "gain per cost", "net": "what they earn net of their cost"}[found.ranked_by]
    table = titled(f"{heading} ({elide(clean(found.task), 40)}), by {by}")
    names = short_names(list(dict.fromkeys(run.model for run in found.runs)), limit=40)
    slots = any(run.slot is not None and run.slot > 1 for run in found.runs)
    changes = found.goal == "choose"
    words(table, "model")
    per_cost = "gain per\ncost" if found.price is None else "earned net\nof cost"
    numbers(table, "at", "cost", "gain", per_cost, *(["choice\nchanges"] if changes else []))
    for run in found.runs[:limit]:
        table.add_row(
            Text(names[run.model] + (f" [{run.slot}]" if slots and run.slot is not None else "")),
            Text("\n".join(f"{clean(name)}={count(value)}" for name, value in run.at.items())),
            count(run.cost),
            f"{run.expected_gain if run.told_from_none else 0:.2g} ±{run.expected_gain_se:.1g}",
            _for_its_cost(run, found.price),
            *([chance(run.p_change)] if changes else []),
            style="bold" if run.slot is not None else "",
        )
    more = f"and {len(found.runs) - limit} more. " if len(found.runs) > limit else ""
    together = "[1], [2], …: to be made at once, each with what it adds to those before. " if slots else ""
    units = f"Cost in {clean(found.cost_unit)}; gain in {clean(found.unit)}, ± its standard error"
    noise = any(not run.told_from_none for run in found.runs[:limit])
    nothing = f"; 0 where it is not {ERRORS:g} times that, and cannot be told from none" if noise else ""
    table.caption = Text(f"{more}{together}{units}{nothing}")
    return table


def _for_its_cost(run: NextRun, price: float | None) -> str:
    """What a run gains per cost, or earns net of it at a price; a gain that cannot be told from none counts as none."""
    gained = run.told_from_none
    if price is None:
        return f"{run.gain_per_cost if gained else 0:.2g}"
    return f"{(price * run.expected_gain if gained else 0) - run.cost:.2g}"


def now_sentence(found: NextRuns) -> str:
    """What would be chosen now, and what that is expected to cost."""
    now = found.now
    if now.recommendation is None:
        return f"The 90% interval is {now.expected_regret:.3g} wide now."
    odds = f" It is the best with probability {now.p_best:.2f}." if now.p_best == now.p_best else ""
    return f"Now: {clean(now.recommendation)}; expected regret {now.expected_regret:.3g} in {clean(found.unit)}.{odds}"
