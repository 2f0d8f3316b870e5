"""The picture of scores that are predicted through losses: the map with its band, the scores behind it, and targets."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.chain import MODEL_LOSS, ChainPrediction
from bayeslaw.answers.quantiles import quantiles
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.plots.page import FAINT
from bayeslaw.views.plots.prediction import WHAT
from bayeslaw.views.plots.style import (
    COLOURS,
    DOT,
    GRID,
    end_labels,
    head,
    label_x,
    label_y,
    new_axes,
    outcome_label,
    point_text,
    settle,
)


def plot(result: ChainPrediction, ax: Axes | None = None) -> Axes:
    """Draw scores against losses, best to the right: bands of the map, measured scores, and predicted ones as crosses.

    The arms of a cross are the 90% intervals of the loss and of the score. Six tasks are drawn at most.

    Parameters
    ----------
    result : ChainPrediction
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    every = list(dict.fromkeys(task for _, _, task in result.labels))
    tasks = every[: len(COLOURS)]
    measured = result.measured[result.measured["task"].isin(tasks)]
    own, ax = ax is None, new_axes(ax, 9.0, 5.4)
    x = np.concatenate([measured[MODEL_LOSS].to_numpy(float), result.grid])
    low, high = float(x.min()), float(x.max())
    ax.set_xlim(high + 0.02 * (high - low), low)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ends = []
    for colour, task in zip(COLOURS, tasks, strict=False):
        here = measured[measured["task"] == task]
        ax.plot(here[MODEL_LOSS], here[result.outcome.name], linestyle="none", marker="o", markersize=3.5, color=colour,
                alpha=0.55, zorder=2)  # fmt: skip
        rows = [k for k, label in enumerate(result.labels) if label[2] == task]
        p05, p25, p50, p75, p95 = result.band[:, rows[0]]
        ax.fill_between(result.grid, p05, p95, color=colour, alpha=0.16, linewidth=0, zorder=1)
        ax.fill_between(result.grid, p25, p75, color=colour, alpha=0.24, linewidth=0, zorder=1.1)
        ax.plot(result.grid, p50, color=colour, linewidth=1.8, zorder=2.5)
        for k in rows:
            _cross(ax, result, k, colour)
        ends.append(float(p50[0]))
    names = short_names(tasks)
    end_labels(ax, low, ends, [names[task] for task in tasks], COLOURS)
    label_y(ax, outcome_label(result.outcome))
    settle(ax, 6.2 if own else None)
    more = f"and {len(every) - len(tasks)} more tasks: to_frame() has all" if len(every) > len(tasks) else ""
    key = "bands: the map, 50% and 90%; dots: measured; crosses: predicted, arms of 90%"
    label_x(ax, f"loss of the model ({clean(result.losses.outcome.unit)}), better to the right", key, more)
    same = result.at[0] if len(result.at) == 1 else {}
    told = f"{WHAT[result.kind]}{DOT}through losses of the {clean(result.losses.provenance['law'])} law"
    head(ax, f"Predicted {clean(result.outcome.name)}" + (f" at {point_text(same)}" if same else ""), told,
         result.status)  # fmt: skip
    return ax


def _cross(ax: Axes, result: ChainPrediction, k: int, colour: str) -> None:
    """Draw what is predicted of one model on one task, at each point."""
    models = [label[:2] for label in result.losses.labels]
    of = models.index(result.labels[k][:2])
    for a in range(len(result.at)):
        loss, score = quantiles(result.losses.values[:, of, a]), quantiles(result.values[:, k, a])
        style: dict[str, Any] = {"color": colour, "linewidth": 1.4, "zorder": 3, "solid_capstyle": "butt"}
        ax.plot([loss["p05"], loss["p95"]], [score["median"]] * 2, **style)
        ax.plot([loss["median"]] * 2, [score["p05"], score["p95"]], **style)
        ax.plot([loss["median"]], [score["median"]], marker="D", markersize=5, color=colour, markeredgecolor=FAINT,
                zorder=3.1)  # fmt: skip
