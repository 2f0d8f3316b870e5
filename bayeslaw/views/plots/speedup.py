"""The picture of a speed-up: how many times as much one choice needs as another."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.speedup import SPAN, Speedup
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.numbers import chance, factor
from bayeslaw.views.plots.page import GREY, INK
from bayeslaw.views.plots.style import (
    COLOURS,
    DOT,
    darker,
    head,
    label_x,
    logarithmic,
    new_axes,
    point_text,
    settle,
    write,
)

BINS = 40
"""Bars of the histogram."""


def plot(result: Speedup, ax: Axes | None = None) -> Axes:
    """Draw the draws of the factor, on a logarithmic scale, with those at which neither saves.

    Parameters
    ----------
    result : Speedup
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, ax = ax is None, new_axes(ax, 7.0, 3.6)
    names = short_names([result.a, result.b])
    a, b = names[result.a], names[result.b]
    shown = result.factors[(result.factors > 1 / SPAN) & (result.factors < SPAN)]
    low, high = (min(shown.min(), 0.8), max(shown.max(), 1.25)) if len(shown) else (0.5, 2.0)
    ax.set_xlim(low / 1.15, high * 1.15)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    counts, _, _ = ax.hist(shown, bins=np.geomspace(low, high, BINS).tolist(), color=GREY, alpha=0.5, zorder=2)
    ax.set_ylim(0, 1.35 * max(np.max(counts), 1))
    logarithmic(ax, "x", factor)
    ax.axvline(1, color=INK, linewidth=1, zorder=2.5)
    if result.factor:
        bar: dict[str, Any] = {"color": COLOURS[0], "solid_capstyle": "butt", "zorder": 4}
        top = 1.12 * max(np.max(counts), 1)
        ax.plot([max(result.factor["p05"], low), min(result.factor["p95"], high)], [top] * 2, linewidth=2.5, **bar)
        ax.plot([max(result.factor["p25"], low), min(result.factor["p75"], high)], [top] * 2, linewidth=7, **bar)
    for x, text, colour, ha in ((1, f"{b} saves", COLOURS[1], "right"), (0, f"{a} saves", COLOURS[0], "left")):
        style = {"ha": ha, "va": "top", "color": darker(colour), "fontweight": "bold"}
        write(ax, text, (x, 1), (-4 if x else 4, -4), "axes fraction", style)
    settle(ax, 6.0 if own else None)
    label_x(ax, f"{clean(result.of)} that {a} needs over that of {b}", "thick and thin: 50% and 90% intervals")
    never = [
        f"{name} never gets there: {chance(p)}" for name, p in ((a, result.p_never_a), (b, result.p_never_b)) if p > 0
    ]
    head(ax, f"{b} saves: {chance(result.p_saves)}", DOT.join([f"at {point_text(result.at)}", *never]), result.status)
    return ax
