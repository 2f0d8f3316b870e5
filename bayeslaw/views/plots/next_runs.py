"""The picture of the runs that could be made: what each is expected to gain against what it costs."""

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.next_runs import NextRun, NextRuns
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.plots.hover import tell_of
from bayeslaw.views.plots.page import INK, SMALL, padded
from bayeslaw.views.plots.style import (
    COLOURS,
    DOT,
    GRID,
    OTHERS,
    end_labels,
    head,
    label_x,
    label_y,
    logarithmic,
    new_axes,
    settle,
    write,
)

NAMED = 5
"""Runs whose names are written, the best."""

FAR = 1000.0
"""Times the largest gain, or as many times smaller, beyond which what pays for a run is not shown."""

LEAST = 1e-3
"""Runs that gain a smaller share of what the best gains lie on the floor of the picture."""


def plot(result: NextRuns, ax: Axes | None = None) -> Axes:
    """Draw expected gain against cost, the best runs named, and with a price the line above which a run pays.

    Parameters
    ----------
    result : NextRuns
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, ax = ax is None, new_axes(ax, 8.5, 5.2)
    runs = result.runs
    cost = np.array([run.cost for run in runs])
    most = max(run.expected_gain for run in runs) or 1.0
    gain = np.maximum([run.expected_gain for run in runs], LEAST * most)
    ax.set_xlim(*padded(cost.min(), cost.max(), 0.06, 0.5))
    ends = np.array(ax.get_xlim())
    low, high = _gains_shown(0.7 * gain.min(), 2.0 * most, None if result.price is None else ends / result.price)
    ax.set_ylim(low, high)
    logarithmic(ax, "x", count)
    logarithmic(ax, "y")
    ax.grid(color=GRID, linewidth=0.8)
    ax.plot(cost, gain, linestyle="none", marker="o", markersize=4.5, color=OTHERS, alpha=0.7, zorder=2)
    if result.price is not None:
        ax.plot(ends, ends / result.price, color=INK, linewidth=1, zorder=2.5)
        halfway = result.price * np.sqrt(low * high)  # up the axes, so that the label is clear of the title
        where = float(np.clip(halfway, ends[0] * 1.05, ends[1] / 1.5))
        if low < where / result.price < high:
            write(ax, "above: pays for itself", (where, where / result.price), (4, 3), "data", {"fontsize": SMALL - 1})
    _name_best(ax, result, gain)
    for run, place in zip(runs, gain, strict=True):
        (dot,) = ax.plot([run.cost], [place], linestyle="none", marker="", zorder=5)
        tell_of(dot, clean(run.sentence))
    label_y(ax, f"expected gain ({clean(result.unit)})")
    settle(ax, 7.0 if own else None)
    label_x(ax, f"cost ({clean(result.cost_unit)})", "one dot a run that could be made; named: the best, in order")
    best = runs[0]
    names = short_names(list(dict.fromkeys(run.model for run in runs)))
    title = f"{result.opening}: {names[best.model]} at {_place(best)}"
    head(ax, title, DOT.join([best.sentence, result.stop.sentence]), result.status)
    return ax


def _gains_shown(low: float, high: float, paying: np.ndarray | None) -> tuple[float, float]:
    """Limits of the gains, so that what pays for the cheapest and the dearest run is seen if it is not far off."""
    if paying is None or not high / FAR < paying[0] < FAR * high:
        return low, high
    return min(low, paying[1] / 3.0), max(high, 3.0 * paying[0])


def _name_best(ax: Axes, result: NextRuns, gain: np.ndarray) -> None:
    """Colour the best runs, and write their names at the right end."""
    names = short_names(list(dict.fromkeys(run.model for run in result.runs)))
    best = result.runs[:NAMED]
    for i, run in enumerate(best):
        colour = COLOURS[i % len(COLOURS)]
        ax.plot([run.cost], [gain[i]], marker="o", markersize=10, color=colour, markeredgecolor="white", zorder=4)
    told = [f"{i + 1}  {names[run.model]}, {_place(run)}" for i, run in enumerate(best)]
    end_labels(ax, ax.get_xlim()[1], gain[: len(best)].tolist(), told, COLOURS)


def _place(run: NextRun) -> str:
    return ", ".join(f"{clean(name)} {count(value)}" for name, value in run.at.items())
