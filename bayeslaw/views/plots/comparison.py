"""The picture of a comparison of laws: how far each falls short of the best on runs hidden from it."""

import math

from matplotlib.axes import Axes

from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.views.names import clean, elide
from bayeslaw.views.numbers import chance
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    STATUS_COLOURS,
    WIDTH,
    columns,
    head,
    label_x,
    more_rows,
    name_rows,
    pitch,
    row_axes,
    settle,
)


def plot(result: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the log score of each law behind that of the best, with its standard error; weights beside it.

    Parameters
    ----------
    result : Comparison
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, (ax, rows) = ax is None, row_axes(ax, len(result.laws))
    shown, places = result.laws[:rows], list(range(min(rows, len(result.laws))))
    ax.axvline(0, color=COLOURS[0], linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    for y, score in zip(places, shown, strict=True):
        colour = COLOURS[0] if y == 0 else COLOURS[1]
        if math.isfinite(score.behind_se):
            ax.errorbar([score.behind], [y], xerr=[score.behind_se], color=colour, capsize=3, linewidth=1.6, zorder=2)
        ax.plot([score.behind], [y], marker="o", markersize=min(0.4 * pitch(ax), 7), color=colour, zorder=3)
    ax.margins(x=0.06)
    if len({score.behind for score in shown}) == 1:
        ax.set_xlim(-0.5, 1)
    name_rows(ax, places, [elide(clean(score.law), 34) for score in shown])
    columns(
        ax,
        places,
        [
            ("log score", [f"{score.log_score:.2f}" for score in shown]),
            ("behind", [_behind(score.behind, score.behind_se) for score in shown]),
            ("weight", [chance(score.weight) for score in shown]),
            ("in 90%", [chance(score.coverage_90) for score in shown]),
            ("checks", [score.status for score in shown]),
        ],
        [STATUS_COLOURS[score.status] if score.status == "FAIL" else "#222222" for score in shown],
    )
    settle(ax, WIDTH if own else None)
    runs = result.held_out.index.nunique()
    label_x(
        ax,
        "log score behind the best law (nats a run) ± standard error",
        "weight: in the best mixture; in 90%: runs inside 90% intervals",
        more_rows(len(shown), len(result.laws)),
    )
    title = f"The {clean(shown[0].law)} law foretells hidden runs best"
    head(ax, title, f"{runs} runs, the largest along {clean(result.along)}, hidden before the fit", result.status)
    return ax


def _behind(mean: float, error: float) -> str:
    return f"{mean:.2f} ± {error:.2f}" if math.isfinite(error) else f"{mean:.2f}"
