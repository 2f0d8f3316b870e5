"""The picture of a choice by several metrics: what each candidate will measure on each, the best compromise first."""

from matplotlib.axes import Axes

from bayeslaw.answers.compromise_result import Compromise
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.numbers import chance, decimals, fixed
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    MARKERS,
    WIDTH,
    columns,
    head,
    interval_row,
    label_x,
    more_rows,
    name_rows,
    outcome_label,
    point_text,
    row_axes,
    settle,
)


def plot(result: Compromise, ax: Axes | None = None) -> Axes:
    """Draw a row a candidate, the recommended one first, with an interval for each of six metrics at most.

    Parameters
    ----------
    result : Compromise
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    tasks = result.tasks[: len(COLOURS)]
    own, (ax, rows) = ax is None, row_axes(ax, len(result.candidates), step=0.2 + 0.17 * len(tasks))
    shown, places = result.candidates[:rows], list(range(min(rows, len(result.candidates))))
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    lift = 0.8 / len(tasks)
    for y, c in zip(places, shown, strict=True):
        for k, task in enumerate(tasks):
            m = c.metrics[task]
            at = y + (k - (len(tasks) - 1) / 2) * lift
            interval_row(ax, at, (m["p05"], m["p95"]), None, m["median"], COLOURS[k], MARKERS[k])
    names = short_names([c.name for c in result.candidates])
    name_rows(ax, places, [names[c.name] for c in shown])
    digits = decimals(shown[0].value_median or 1.0)
    cells = [("P(best)", [chance(c.p_best) for c in shown])]
    cells += [("P(all)", [chance(c.p_all) for c in shown if c.p_all is not None])] if result.thresholds else []
    cells += [("exp. regret", [fixed(c.expected_regret, digits + 1) for c in shown])]
    columns(ax, places, cells)
    settle(ax, WIDTH if own else None)
    key = "; ".join(f"{NAMED[k]}: {clean(task)}" for k, task in enumerate(tasks))
    more = f"and {len(result.tasks) - len(tasks)} more metrics" if len(result.tasks) > len(tasks) else ""
    label_x(ax, outcome_label(result.outcome), key, more, more_rows(len(shown), len(result.candidates)))
    head(ax, f"Best compromise at {point_text(result.target)}: {clean(result.recommended)}", result.sentence,
         result.status)  # fmt: skip
    return ax


NAMED = ("blue dot", "orange square", "green triangle", "pink diamond", "amber wedge", "sky cross")
"""What the marks of the metrics are called."""
