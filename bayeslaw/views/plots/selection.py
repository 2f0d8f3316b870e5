"""The picture of a choice: the ranking of the candidates at the target, with what is said of it in words."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from bayeslaw.answers.selection import Candidate, Selection
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance, decimals, fixed
from bayeslaw.views.plots.page import padded
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    MARKERS,
    OTHERS,
    WIDTH,
    columns,
    head,
    interval_row,
    label_x,
    logarithmic,
    more_rows,
    name_rows,
    outcome_label,
    point_text,
    row_axes,
    settle,
)

COLOURED = 6
"""Candidates drawn in colour, the first by expected regret."""


def plot(result: Selection, ax: Axes | None = None) -> Axes:
    """Draw the ranking by expected regret: intervals of what one run of each candidate would measure, and its odds.

    Parameters
    ----------
    result : Selection
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, (ax, rows) = ax is None, row_axes(ax, len(result.candidates))
    shown, hidden = result.candidates[:rows], result.candidates[rows:]
    places, names = range(len(shown)), short_names([c.model for c in result.candidates])
    low, high = min(c.loss_p05 for c in shown), max(c.loss_p95 for c in shown)
    if result.outcome.link_name == "log":
        ax.set_xlim(*padded(low, high, 0.04, 0.002))
        logarithmic(ax, "x")
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    colours = [COLOURS[row] if row < COLOURED else OTHERS for row in places]
    ax.axvline(shown[0].loss_median, color=COLOURS[0], linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    for row, candidate in enumerate(shown):
        draw_row(ax, row, candidate)
    name_rows(ax, places, [names[c.model] for c in shown], colours)
    digits = decimals(shown[0].loss_median)
    cells = [
        ("median", [fixed(c.loss_median, digits) for c in shown]),
        ("P(best)", [chance(c.p_best) for c in shown]),
        ("exp. regret", [fixed(c.expected_regret, digits) for c in shown]),
    ]
    columns(ax, places, cells)
    settle(ax, WIDTH if own else None)
    more = more_rows(len(shown), len(result.candidates))
    if hidden:
        more += f"; chance that the best is among them: {chance(sum(c.p_best for c in hidden))}"
    key = "bars: 50% and 90% intervals of one run; marker: median"
    label_x(ax, f"{outcome_label(result.outcome)} of a run at the target", key, more)
    head(ax, title_of(result, names, point_text(result.target)), odds_of(result, names), result.status)
    return ax


def draw_row(axes: Axes, row: int, c: Candidate) -> None:
    """Draw the intervals of a candidate."""
    colour, marker = (COLOURS[row], MARKERS[row]) if row < COLOURED else (OTHERS, "o")
    interval_row(axes, row, (c.loss_p05, c.loss_p95), (c.loss_p25, c.loss_p75), c.loss_median, colour, marker)


def told_of(c: Candidate, name: str) -> str:
    """The numbers of a candidate in a line."""
    places = decimals(c.loss_median)
    median, low, high, regret = (
        fixed(value, places) for value in (c.loss_median, c.loss_p05, c.loss_p95, c.expected_regret)
    )
    return (
        f"{name}: median {median}, 90% interval {low} to {high} at the target; {chance(c.p_best)} to be the best, "
        f"{chance(c.p_within_1pct)} within 1% of it; expected regret {regret}"
    )


def title_of(selection: Selection, names: Mapping[str, str], point: str) -> str:
    """What to choose, for which task and target."""
    task = elide(clean(selection.task), 40)
    purpose = "" if task == "task" else f" for {task}"  # the reader's name for a table that names none
    return f"Choose {names[selection.recommended]}{purpose} at {point}"


def odds_of(selection: Selection, names: Mapping[str, str]) -> str:
    """The odds of the choice in a line."""
    best, models = selection.candidates[0], len(selection.candidates)
    if models == 1:
        return "The only candidate: there is nothing to choose"
    odds = (
        f"{chance(best.p_best)} to be the best of {models}, {chance(best.p_within_1pct)} to come within 1% of it  ·  "
        f"expected regret {fixed(best.expected_regret, decimals(best.loss_median))}"
    )
    if selection.tie_set:
        shown = ", ".join(names[model] for model in selection.tie_set[:3])
        more = f" and {len(selection.tie_set) - 3} more" if len(selection.tie_set) > 3 else ""
        odds += f"  ·  not clearly worse: {shown}{more}"
    return odds
