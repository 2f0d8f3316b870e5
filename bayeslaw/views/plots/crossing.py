"""The picture of a crossing: by how much one choice is better than another, along the size of the data."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.crossing import Crossing
from bayeslaw.numerics import count
from bayeslaw.views.names import also_at, clean, short_names
from bayeslaw.views.numbers import chance
from bayeslaw.views.plots.page import GREY, INK
from bayeslaw.views.plots.style import (
    COLOURS,
    DOT,
    GRID,
    covariate_label,
    darker,
    head,
    interval,
    label_x,
    label_y,
    logarithmic,
    new_axes,
    settle,
    write,
)

_A, _B, _MARK = COLOURS[0], COLOURS[1], COLOURS[2]


def plot(result: Crossing, ax: Axes | None = None) -> Axes:
    """Draw the difference between two choices along the sizes, with its bands, and where one overtakes the other.

    Parameters
    ----------
    result : Crossing
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, ax = ax is None, new_axes(ax, 8.5, 5.2)
    names = short_names([result.a, result.b])
    a, b = names[result.a], names[result.b]
    p05, p25, p50, p75, p95 = np.quantile(result.difference, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    low, high = min(p05.min(), 0.0), max(p95.max(), 0.0)
    margin = 0.16 * (high - low) or 1.0
    ax.set_ylim(low - margin, high + margin)
    ax.set_xlim(result.low, result.high)
    logarithmic(ax, "x", count)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.fill_between(result.sizes, p05, p95, color=GREY, alpha=0.18, linewidth=0, zorder=2)
    ax.fill_between(result.sizes, p25, p75, color=GREY, alpha=0.35, linewidth=0, zorder=2.1)
    ax.plot(result.sizes, p50, color=INK, linewidth=1.8, zorder=3)
    ax.axhline(0, color=INK, linewidth=1, zorder=2.5)
    for y, text, colour, va in ((1, f"{b} better", _B, "top"), (0, f"{a} better", _A, "bottom")):
        style = {"va": va, "color": darker(colour), "fontweight": "bold"}
        write(ax, text, (0, y), (6, -5 if y else 5), "axes fraction", style)
    if result.size:
        _mark(ax, result, p50)
    label_y(ax, f"difference of {_linked(result)}")
    settle(ax, 7.0 if own else None)
    label_x(ax, covariate_label("data", result.provenance), "bands: 50% and 90% intervals; line: median")
    lines = "laws" if result.kind == "law" else "curves"
    odds = [
        (result.p_a_always, f"{a} is better throughout"),
        (result.p_b_always, f"{b} is better throughout"),
        (result.p_b_overtakes, f"{b} overtakes {a}"),
        (result.p_a_overtakes, f"{a} overtakes {b}"),
        (result.p_returns, "one overtakes the other and loses again"),
    ]
    likely = max(odds, key=lambda odd: odd[0])
    title = f"{likely[1]}: {chance(likely[0])}"
    rest = [f"{what} {chance(p)}" for p, what in odds if (p, what) != likely]
    span = f"Expected {lines} from {count(result.low)} to {count(result.high)}{also_at(result.at)}"
    head(ax, title, DOT.join([*rest, span]), result.status)
    return ax


def _linked(result: Crossing) -> str:
    """What differs: the outcome on the scale of its link."""
    outcome = result.outcome
    scale = {"log": "log ", "logit": "logit of ", "identity": ""}[outcome.link_name]
    return f"{scale}{clean(outcome.name)}"


def _mark(ax: Axes, result: Crossing, median: np.ndarray) -> None:
    """Mark the interval of the size of the likelier overtaking on the line of no difference, and write it out.

    The words stand on the side of that line on which the median of the differences is not.
    """
    size = result.size
    bar: dict[str, Any] = {"color": _MARK, "solid_capstyle": "butt", "zorder": 4}
    ax.plot([size["p05"], size["p95"]], [0, 0], linewidth=2.5, **bar)
    ax.plot([size["p25"], size["p75"]], [0, 0], linewidth=7, **bar)
    ax.plot([size["median"]], [0], marker="D", markersize=7, color=_MARK, markeredgecolor="white", zorder=5)
    text = f"crossing, if it happens: {interval(size['median'], size['p05'], size['p95'], count)}"
    (left, right), at = np.log(ax.get_xlim()), np.log(size["median"])
    ha = "left" if at < left + (right - left) / 3 else "right" if at > right - (right - left) / 3 else "center"
    box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.5}
    inside = (result.sizes >= size["p05"]) & (result.sizes <= size["p95"])
    below = np.mean(median[inside] if inside.any() else median) > 0
    style = {"ha": ha, "va": "top" if below else "bottom", "color": darker(_MARK), "bbox": box, "zorder": 6}
    write(ax, text, (size["median"], 0), (0, -9 if below else 9), "data", style)
