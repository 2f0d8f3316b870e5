"""The picture of a posterior predictive check: where measured runs fall among replications of themselves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy.stats import binom

from bayeslaw.answers.replications import Replications
from bayeslaw.views.names import clean
from bayeslaw.views.plots.page import GREY, INK
from bayeslaw.views.plots.style import COLOURS, head, label_x, label_y, new_axes, settle, write

BINS = 10


def plot(result: Replications, ax: Axes | None = None) -> Axes:
    """Draw how many runs lie in each tenth of their replications; of a fit that is right about them, as many in each.

    Parameters
    ----------
    result : Replications
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, ax = ax is None, new_axes(ax, 8.5, 4.2)
    ranks = result.to_frame()["rank"].to_numpy(float)
    heights, edges = np.histogram(ranks, bins=BINS, range=(0.0, 1.0))
    low, high = binom.interval(0.95, len(ranks), 1 / BINS)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.3 * max(float(heights.max()), float(high), 1.0))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.bar(edges[:-1], heights, width=1 / BINS, align="edge", color=COLOURS[0], alpha=0.75, edgecolor="white", zorder=2)
    ax.axhspan(low, high, color=GREY, alpha=0.2, linewidth=0, zorder=1)
    ax.axhline(len(ranks) / BINS, color=INK, linewidth=1, linestyle=(0, (3, 2)), zorder=3)
    name = clean(result.outcome.name)
    for x, text, ha in ((0.0, f"measured {name} is lower", "left"), (1.0, f"measured {name} is higher", "right")):
        write(
            ax, text, (x, 1), (6 if ha == "left" else -6, -4), "axes fraction", {"ha": ha, "va": "top", "color": GREY}
        )
    label_y(ax, "runs")
    settle(ax, 7.2 if own else None)
    band = "grey: 95% of counts if each tenth were as likely; heaped in the middle: intervals wider than need be"
    label_x(ax, "share of replications below the measurement", band)
    head(ax, "Measured runs among their replications", result.sentence, result.status)
    return ax
