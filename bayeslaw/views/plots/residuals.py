"""The picture of residuals: how far measured runs lie from what the fit says of them, along the size of the data."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayeslaw.answers.replications import Replications
from bayeslaw.numerics import count
from bayeslaw.views.names import short_names
from bayeslaw.views.plots.page import FAINT, GREY, INK, padded
from bayeslaw.views.plots.style import (
    COLOURS,
    covariate_label,
    head,
    label_x,
    label_y,
    logarithmic,
    new_axes,
    settle,
    write,
)

INSIDE = 1.645
"""Standard deviations that hold 90% of a normal distribution."""

FAR = 3.0
"""Standard deviations from which on a run is named."""

NAMED = 6
"""Runs named at most, the furthest."""


def plot(result: Replications, ax: Axes | None = None) -> Axes:
    """Draw standardized residuals against the size, with their mean at each size, and name the runs that lie far off.

    Parameters
    ----------
    result : Replications
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, ax = ax is None, new_axes(ax, 8.5, 4.2)
    frame = result.to_frame()
    x, z = frame[result.axis].to_numpy(float), frame["standardized"].to_numpy(float)
    reach = max(1.12 * float(np.abs(z).max(initial=0.0)), FAR)
    ax.set_ylim(-reach, reach)
    ax.set_xlim(*padded(float(x.min()), float(x.max()), 0.04, 0.2))
    logarithmic(ax, "x", count)
    ax.axhspan(-INSIDE, INSIDE, color=COLOURS[0], alpha=0.08, linewidth=0, zorder=0)
    ax.axhline(0, color=FAINT, linewidth=1, zorder=1)
    ax.plot(x, z, linestyle="none", marker="o", markersize=4, color=COLOURS[0], alpha=0.65, markeredgewidth=0, zorder=3)
    means = pd.Series(z).groupby(x).mean()
    if 2 < len(means) <= len(x) / 2:
        ax.plot(means.index, means, color=INK, linewidth=1.4, zorder=4)
        box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1}
        style = {"color": INK, "va": "bottom", "ha": "right", "fontsize": 9, "bbox": box, "zorder": 5}
        write(ax, "mean at a size", (float(means.index[-1]), float(means.iloc[-1])), (0, 5), "data", style)
    write(ax, "90%", (1, INSIDE), (4, 0), ("axes fraction", "data"), {"color": GREY, "va": "center", "fontsize": 9})
    _name_far(ax, frame, x, z)

    label_y(ax, "residual (sd of one run)")
    settle(ax, 7.2 if own else None)
    label_x(ax, covariate_label(result.axis, result.provenance))
    head(ax, "Residuals of the measured runs", result.sentence, result.status)
    return ax


def _name_far(ax: Axes, frame: pd.DataFrame, x: np.ndarray, z: np.ndarray) -> None:
    """Name the models of the runs that lie furthest off."""
    names = short_names(list(dict.fromkeys(frame["model"].astype(str))))
    left, right = np.log(ax.get_xlim())
    for i in [int(i) for i in np.argsort(-np.abs(z))[:NAMED] if abs(z[i]) >= FAR]:
        ha = "right" if np.log(x[i]) > (left + right) / 2 else "left"
        style = {"ha": ha, "va": "center", "fontsize": 9, "color": GREY}
        write(ax, names[str(frame["model"].iloc[i])], (x[i], z[i]), (-6 if ha == "right" else 6, 0), "data", style)
