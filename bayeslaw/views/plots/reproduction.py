"""The picture of published numbers found again: each relative to what was published."""

from matplotlib.axes import Axes

from bayeslaw.evidence.reproduction.reproduce import NINETY, Reproduction
from bayeslaw.views.names import clean, elide
from bayeslaw.views.plots.page import INK
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    WIDTH,
    columns,
    head,
    interval,
    label_x,
    logarithmic,
    more_rows,
    name_rows,
    pitch,
    plain,
    row_axes,
    settle,
)

WIDEST = 10.0
"""Times what was published, and one over it, at which the picture ends."""


def plot(result: Reproduction, ax: Axes | None = None) -> Axes:
    """Draw medians and 90% intervals over published numbers, with least squares as a cross.

    Parameters
    ----------
    result : Reproduction
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, (ax, room) = ax is None, row_axes(ax, max(len(result.rows), 1), most=80)
    shown, places = result.rows[:room], list(range(min(room, len(result.rows))))
    inside = [
        value / row.published
        for row in shown
        for value in (row.p05, row.p95, row.least_squares or row.published)
        if value > 0
    ]
    most = min(max([1.2, *inside, *(1 / value for value in inside)]) * 1.05, WIDEST)
    ax.set_xlim(1 / most, most)
    logarithmic(ax, "x", plain)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    ax.axvline(1, color=INK, linewidth=0.8, zorder=1)
    size = min(0.4 * pitch(ax), 6)
    for y, row in zip(places, shown, strict=True):
        colour = COLOURS[0] if row.agrees else COLOURS[1]
        ends = [min(max(value / row.published, 1 / most), most) for value in (row.p05, row.p95)]
        if row.published_se is not None:
            half = NINETY * row.published_se / row.published
            ax.plot([max(1 - half, 1 / most), min(1 + half, most)], [y, y], color=GRID, linewidth=6, zorder=1.5)
        ax.plot(ends, [y, y], color=colour, linewidth=1.8, zorder=3)
        for value, marker in ((row.median, "o"), (row.least_squares, "x")):
            if value is not None and value > 0 and 1 / most <= value / row.published <= most:
                ax.plot([value / row.published], [y], marker=marker, markersize=size, color=colour, zorder=4)
    name_rows(ax, places, [elide(f"{clean(row.paper)}: {clean(row.quantity)}", 52) for row in shown])
    columns(
        ax,
        places,
        [
            ("published", [plain(row.published, 4) for row in shown]),
            ("median (90% interval)", [interval(row.median, row.p05, row.p95) for row in shown]),
        ],
    )
    settle(ax, WIDTH if own else None)
    key = "dot and line: median and 90% interval; cross: least squares; grey: published, 90% interval"
    label_x(ax, "times what was published", key, more_rows(len(shown), len(result.rows)))
    agreeing = sum(row.agrees for row in result.rows)
    gone = f"{len(result.missing)} tables are not here" if result.missing else ""
    head(ax, f"{agreeing} of {len(result.rows)} published numbers agree", gone, result.status)
    return ax
