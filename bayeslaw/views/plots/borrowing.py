"""The picture of what was borrowed: the share of each quantity that the runs left to the prior."""

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from bayeslaw.lending.borrowing import Borrowing
from bayeslaw.views.names import clean
from bayeslaw.views.numbers import chance
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    WIDTH,
    columns,
    grouped,
    head,
    label_x,
    more_rows,
    name_rows,
    row_axes,
    row_names,
    settle,
    steady,
    write_heading,
)


def plot(result: Borrowing, ax: Axes | None = None) -> Axes:
    """Draw the share borrowed of each quantity as a bar, with its spread before and after the runs beside it.

    Parameters
    ----------
    result : Borrowing
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    keys = [share.quantity for share in result.shares]
    groups = grouped(keys)
    lines = sum(1 + len(group.members) for group in groups)
    own, (ax, room) = ax is None, row_axes(ax, lines, most=lines)
    groups = grouped(keys, room)
    places = [place for group in groups for place in group.places]
    shown = [result.shares[i] for group in groups for i in group.members]
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.barh(places, 1.0, height=0.62, color=GRID, linewidth=0, zorder=1)
    ax.barh(places, [share.borrowed for share in shown], height=0.62, color=COLOURS[0], linewidth=0, zorder=2)
    tasks = len({share.task for share in result.shares}) > 1
    if shown:
        name_rows(ax, places, row_names([(share.group, share.task if tasks else "") for share in shown]))
    cells = [
        ("borrowed", [chance(share.borrowed) for share in shown]),
        ("prior sd", [steady(share.prior_sd) for share in shown]),
        ("posterior sd", [steady(share.posterior_sd) for share in shown]),
    ]
    columns(ax, places, cells)
    settle(ax, WIDTH if own else None)
    for group in groups:
        write_heading(ax, group, clean(group.key))
    label_x(ax, "share of the prior variance that the runs left", more_rows(len(shown), len(keys)))
    head(ax, "What was borrowed from the prior", clean(result.sentence), result.status)
    return ax
