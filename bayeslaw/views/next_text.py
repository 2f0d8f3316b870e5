"""The runs that could be made next, for a terminal."""

from rich.table import Table
from rich.text import Text

from bayeslaw.answers.next_runs import NextRuns
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance, count
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
    table = titled(f"{heading} ({elide(clean(found.task), 40)}), by gain per cost")
    names = short_names(list(dict.fromkeys(run.model for run in found.runs)), limit=40)
    slots = any(run.slot is not None and run.slot > 1 for run in found.runs)
    changes = found.goal == "choose"
    words(table, "model")
    numbers(table, "at", "cost", "gain", "gain per\ncost", *(["choice\nchanges"] if changes else []))
    for run in found.runs[:limit]:
        table.add_row(
            Text(names[run.model] + (f" [{run.slot}]" if slots and run.slot is not None else "")),
            Text("\n".join(f"{clean(name)}={count(value)}" for name, value in run.at.items())),
            f"{run.cost:.3g}",
            f"{run.expected_gain:.2g}",
            f"{run.gain_per_cost:.2g}",
            *([chance(run.p_change)] if changes else []),
            style="bold" if run.slot is not None else "",
        )
    more = f"and {len(found.runs) - limit} more. " if len(found.runs) > limit else ""
    together = "[1], [2], …: to be made at once, each with what it adds to those before. " if slots else ""
    table.caption = Text(f"{more}{together}Cost in {clean(found.cost_unit)}; gain in {clean(found.unit)}")
    return table


def now_sentence(found: NextRuns) -> str:
    """What would be chosen now, and what that is expected to cost."""
    now = found.now
    if now.recommendation is None:
        return f"The 90% interval is {now.expected_regret:.3g} wide now."
    odds = f" It is the best with probability {now.p_best:.2f}." if now.p_best == now.p_best else ""
    return f"Now: {clean(now.recommendation)}; expected regret {now.expected_regret:.3g} in {clean(found.unit)}.{odds}"
