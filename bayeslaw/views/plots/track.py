"""The picture of a run that is tracked: what it measured, and what its end was foretold to be after each checkpoint."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.thresholds import threshold_told
from bayeslaw.answers.track_result import Look, Track
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    STATUS_COLOURS,
    covariate_label,
    end_labels,
    head,
    label_x,
    label_y,
    logarithmic,
    new_axes,
    outcome_label,
    settle,
)

_BANDS = (("p05", "p95", 0.14), ("p25", "p75", 0.24))


def plot(result: Track, ax: Axes | None = None) -> Axes:
    """Draw what the end was foretold to be after each checkpoint, and what was measured there.

    Of losses and scores together the scores are drawn, of six tasks at most. Of a run without later checkpoints only
    the end is.

    Parameters
    ----------
    result : Track
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    outcome = result.history[0].outcome if result.history else result.reached[0].outcome
    looks = [look for look in result.history if look.outcome == outcome]
    now = {r.task: r for r in result.reached if r.outcome == outcome}
    tasks = list(looks[0].end if looks else now)[: len(COLOURS)]
    own, ax = ax is None, new_axes(ax, 9.0, 5.4)
    end = float(result.target[result.axis])
    x = np.array([look.at for look in looks] or [end / 2])
    ax.set_xlim(x[0] * 0.97, max(end, x[-1]) * 1.03)
    logarithmic(ax, "x", count)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    for colour, task in zip(COLOURS, tasks if looks else [], strict=False):
        _task(ax, looks, task, colour)
    for colour, task in zip(COLOURS, tasks, strict=False):
        r = now[task]
        ax.plot([end, end], [r.p05, r.p95], color=colour, linewidth=1.6, zorder=3)
        ax.plot([end], [r.median], marker="D", markersize=6, color=colour, zorder=3.2, clip_on=False)
    measured = next(p.outcome for p in result.ends if p.outcome.name == outcome)
    limits = sorted({threshold_told(text).limit(measured) for r in now.values() for text in r.thresholds})
    for value in limits:
        ax.axhline(value, color="#555555", linewidth=1.0, linestyle=(0, (1, 1.5)), zorder=1.5)
    warned = next((one for one in result.warnings if one.outcome == outcome and one.alarm), None)
    if warned is not None and warned.at is not None:
        ax.axvline(warned.at, color=STATUS_COLOURS["FAIL"], linewidth=1.6, zorder=2.8)
    names = short_names(tasks)
    end_labels(ax, ax.get_xlim()[1], [now[t].median for t in tasks], [names[t] for t in tasks], COLOURS)
    label_y(ax, outcome_label(measured))
    settle(ax, 6.2 if own else None)
    bands = "dots: measured; bands: the end as foretold after each checkpoint, 50% and 90%; diamond: now"
    key = bands if looks else "diamond: the end with its 90% interval; no later checkpoint tells how it changed"
    more = "dotted: thresholds" if limits else ""
    red = "" if warned is None else f"red: warning ({warned.false_alarms:.1%} of runs raise a false one)"
    label_x(ax, covariate_label(result.axis, result.provenance), key, "; ".join(part for part in (more, red) if part))
    head(ax, f"{clean(result.model)} on its way to {count(end)}", result.sentence, result.status)
    return ax


def _task(ax: Axes, looks: Sequence[Look], task: str, colour: str) -> None:
    x = np.array([look.at for look in looks])
    for low, high, alpha in _BANDS:
        below, above = ([look.end[task][name] for look in looks] for name in (low, high))
        ax.fill_between(x, below, above, color=colour, alpha=alpha, linewidth=0, zorder=1)
    ax.plot(x, [look.end[task]["median"] for look in looks], color=colour, linewidth=1.6, zorder=2)
    seen = [(look.at, look.measured[task]) for look in looks if task in look.measured]
    ax.plot(*np.reshape(seen, (-1, 2)).T, linestyle="none", marker="o", markersize=4, color=colour, zorder=2.5)
