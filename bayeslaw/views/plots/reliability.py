"""The picture of reliability: how many measured runs lie below each predicted quantile, task by task."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from scipy.stats import binom

from bayeslaw.answers.reliability import Reliability
from bayeslaw.views.names import short_names
from bayeslaw.views.plots.page import GREY, INK
from bayeslaw.views.plots.style import COLOURS, GRID, end_labels, head, label_x, label_y, new_axes, settle

LEVELS = np.linspace(0.0, 1.0, 41)


def plot(result: Reliability, ax: Axes | None = None) -> Axes:
    """Draw the share of measured runs below each predicted quantile: a diagonal where predictions are reliable.

    Six tasks have lines of their own, those with the most runs; all runs together have a dark one.

    Parameters
    ----------
    result : Reliability
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    frame = result.to_frame()
    own, ax = ax is None, new_axes(ax, 7.0, 5.4)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.grid(color=GRID, linewidth=0.8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    low, high = binom.interval(0.9, len(frame), LEVELS[1:-1])
    ax.fill_between(LEVELS[1:-1], low / len(frame), high / len(frame), color=GREY, alpha=0.2, linewidth=0, zorder=1)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (3, 2)), zorder=1.5)
    tasks = frame["task"].value_counts().index[: len(COLOURS)].tolist()
    drawn = {"all": frame, **{task: frame[frame["task"] == task] for task in tasks if len(tasks) > 1}}
    colours = [INK, *COLOURS]
    for colour, rows in zip(colours, drawn.values(), strict=False):
        shares = [(rows["rank"] <= level).mean() for level in LEVELS]
        ax.plot(LEVELS, shares, color=colour, linewidth=2.2 if colour == INK else 1.2, zorder=3)
    names = short_names(list(drawn))
    middle = [float((rows["rank"] <= 0.9).mean()) for rows in drawn.values()]
    end_labels(ax, 1.0, middle, [names[name] for name in drawn], colours)
    label_y(ax, "share of measured runs below it")
    settle(ax, 5.2 if own else None)
    label_x(ax, "predicted quantile", "grey: where 90% of lines would lie at each place, of all runs together")
    head(ax, "Reliability on runs that the fit did not know", result.sentence, result.status)
    return ax
