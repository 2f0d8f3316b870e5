"""The picture of replays: how good the choice or forecast is against what was spent, a line a policy."""

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayeslaw.evidence.replay.replay import Replay
from bayeslaw.views.names import clean
from bayeslaw.views.plots.page import padded
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    end_labels,
    head,
    label_x,
    label_y,
    logarithmic,
    new_axes,
    settle,
)

POINTS = 60


def plot(result: Replay, ax: Axes | None = None) -> Axes:
    """Draw the mean score of each policy against the share of the cost of all runs.

    Parameters
    ----------
    result : Replay
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, ax = ax is None, new_axes(ax, 8.5, 5.2)
    choose = result.goal == "choose"
    score, named = ("relative_regret", "regret of the choice") if choose else ("r2", "R² at the target")
    table = result.to_frame()
    low, high = float(table["share"].min()), float(table["share"].max())
    shares = np.geomspace(low, max(high, low * 1.01), POINTS)
    policies = list(dict.fromkeys(table["policy"]))
    ends = []
    for i, policy in enumerate(policies):
        line = _mean_at(table[table["policy"] == policy], score, shares)
        colour, dashes = COLOURS[i % len(COLOURS)], ("-", "--")[i // len(COLOURS) % 2]
        width = 2.2 if policy == "ours" else 1.4
        ax.step(shares, line, where="post", linewidth=width, zorder=3, color=colour, linestyle=dashes)
        ends.append(float(line[np.isfinite(line)][-1]) if np.isfinite(line).any() else 0.0)
    ax.set_xlim(*padded(low, max(high, low * 1.01), 0.02, 0.1))
    logarithmic(ax, "x", _percent)
    if choose:
        ax.yaxis.set_major_formatter(lambda value, _: _percent(value))
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(policies))]
    end_labels(ax, ax.get_xlim()[1], ends, ["bayeslaw" if name == "ours" else name for name in policies], colours)
    label_y(ax, f"{named}, as a share of the best loss" if choose else named)
    settle(ax, 7.0 if own else None)
    label_x(ax, f"spent, as a share of the cost of all runs ({clean(result.cost_unit)})", "means over tasks and seeds")
    title = f"{named[0].upper()}{named[1:]} against what was spent"
    head(ax, title, re.sub(r"\bours\b", "bayeslaw", result.sentence), result.status)
    return ax


def plot_replay(result: Replay) -> Figure:
    """The same on a figure of its own."""
    figure = Figure(figsize=(9.5, 6.0), layout="constrained", facecolor="white")
    plot(result, figure.add_subplot())
    return figure


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _mean_at(steps: pd.DataFrame, score: str, shares: np.ndarray) -> np.ndarray:
    """Mean over tasks and seeds of the score of the last step within each share; not a number before all have one."""
    lines = []
    for _, own in steps.groupby(["task", "seed"], sort=False):
        values = pd.to_numeric(own[score], errors="coerce").to_numpy(float)
        last = np.searchsorted(own["share"].to_numpy(float), shares * (1 + 1e-9), side="right") - 1
        lines.append(np.where(last >= 0, values[last.clip(min=0)], np.nan))
    return np.asarray(np.mean(lines, axis=0))
