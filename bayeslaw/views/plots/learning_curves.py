"""The picture of learning curves: measured runs of the models of a task, and bands of what comes beyond them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import curves_on
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.verdicts import overall
from bayeslaw.views.names import also_at, clean, short_names
from bayeslaw.views.plots.bands import Bands, bands_of, limits, measured_of
from bayeslaw.views.plots.hover import tell_of
from bayeslaw.views.plots.page import FAINT, GREY, padded
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    MARKERS,
    covariate_label,
    end_labels,
    head,
    interval,
    label_x,
    label_y,
    logarithmic,
    new_axes,
    outcome_label,
    settle,
    write,
)

BEYOND = 4.0
"""Times the largest size seen, out to which curves are drawn unless told."""


def plot(
    posterior: Posterior,
    ax: Axes | None = None,
    *,
    task: str | None = None,
    models: Sequence[str] = (),
    to: float | None = None,
    at: Mapping[str, float] | None = None,
    title: str = "Learning curves",
) -> Axes:
    """Draw curves with bands of run predictions; of many models, six in colour and the others as measured.

    Parameters
    ----------
    posterior : Posterior
    ax : matplotlib Axes, optional
    task : str, optional
        Needed if the posterior has several.
    models : sequence of str
        Which to draw in colour; those that are best at the last size unless named.
    to : float, optional
        The last size; four times the largest seen unless told.
    at : mapping, optional
        Covariates besides, where they vary along a curve.
    title : str

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TaskError, TargetError
        If the task or a model is not known, or a covariate is lacking.
    """
    shown = _shown(posterior, task, models, to, at or {})
    outcome, names = posterior.outcome, short_names(shown.models)
    new, ax = ax is None, new_axes(ax, 9.0, 5.4)
    _limit(ax, shown, outcome)
    for k in set(range(len(shown.models))) - set(shown.lead):
        ax.plot(*shown.measured[k], color=FAINT, linestyle="none", marker=".", markersize=3, zorder=1.5)
    for rank, k in reversed(list(enumerate(shown.lead))):
        low, middle, high = shown.bands.quantiles[[0, 2, 4], k, -1]
        told = f"median (90% interval) at {count(shown.end)} {interval(middle, low, high)}"
        inner = _curve(ax, shown.bands, k, rank, *shown.measured[k], alone=len(shown.lead) <= 2)
        tell_of(inner, f"{names[shown.models[k]]}: {told}")
    _mark_edge(ax, shown)
    ends = [float(shown.bands.quantiles[2, k, -1]) for k in shown.lead]
    end_labels(ax, shown.end, ends, [names[shown.models[k]] for k in shown.lead], COLOURS)
    label_y(ax, outcome_label(outcome))
    settle(ax, 6.2 if new else None)
    others = len(shown.models) - len(shown.lead)
    key = "bands: 50% and 90% intervals of one run; line: median; markers: measured"
    grey = f"grey: the other {others}, as measured" if others else ""
    label_x(ax, covariate_label(posterior.law.axis, posterior.provenance()), key, grey)
    where = "" if shown.task == "task" else f" on {clean(shown.task)}"  # the reader's name where none is given
    law = f"{clean(posterior.law.name)} law"
    head(ax, f"{title}{where}{also_at(at or {})}", law, overall(posterior.checks))
    return ax


@dataclass(frozen=True, eq=False)
class _Shown:
    """The curves of a task: measured and foretold, and which of them are in colour."""

    task: str
    models: list[str]
    measured: list[tuple[np.ndarray, np.ndarray]]
    bands: Bands
    lead: list[int]
    edge: float
    end: float


def _shown(
    posterior: Posterior, task: str | None, models: Sequence[str], to: float | None, at: Mapping[str, float]
) -> _Shown:
    members = curves_on(posterior.layout, task)
    task, own = posterior.layout.curves[members[0]].task, [posterior.layout.curves[i].model for i in members]
    unknown = [model for model in models if model not in own]
    if unknown:
        raise TargetError(f"There is no model {unknown[0]!r} on the task {task!r}. There are {', '.join(own[:12])}.")
    measured = measured_of(posterior, task, own)
    every = np.concatenate([sizes for sizes, _ in measured])
    edge = float(every.max())
    end = float(to or BEYOND * edge)
    bands = bands_of(posterior, task, own, at, float(min(every.min(), end)), end)
    sign = -1 if posterior.outcome.higher_is_better else 1
    best = np.argsort(sign * bands.quantiles[2, :, -1], kind="stable")
    lead = [own.index(model) for model in models] or [int(k) for k in best]
    return _Shown(task, own, measured, bands, lead[: len(COLOURS)], edge, end)


def _limit(ax: Axes, shown: _Shown, outcome: Outcome) -> None:
    first = shown.bands.sizes[0]
    ax.set_xlim(first * (first / shown.end) ** 0.02, shown.end)
    logarithmic(ax, "x", count)
    values = np.concatenate([values for _, values in shown.measured])
    low, high = limits(values, Bands(shown.bands.sizes, shown.bands.quantiles[:, shown.lead]))
    if outcome.link_name == "log":
        ax.set_ylim(*padded(low, high, 0.03, 0.002))
        logarithmic(ax, "y")
    else:
        ax.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    ax.grid(axis="y", color=GRID, linewidth=0.8)


def _mark_edge(ax: Axes, shown: _Shown) -> None:
    if shown.end > shown.edge:
        ax.axvspan(shown.edge, shown.end, color="#F6F6F6", zorder=0, linewidth=0)
        ax.axvline(shown.edge, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        style = {"ha": "right", "va": "top", "color": GREY, "fontsize": 9}
        write(ax, f"data end at {count(shown.edge)}", (shown.edge, 1), (-4, -4), ("data", "axes fraction"), style)


def _curve(ax: Axes, bands: Bands, k: int, rank: int, sizes: np.ndarray, values: np.ndarray, *, alone: bool) -> Artist:
    """One curve: bands from its smallest measured size on, of which the narrower is returned; median; measurements."""
    seen = bands.sizes >= sizes.min() * (1 - 1e-9)
    x, colour, order, full = bands.sizes[seen], COLOURS[rank], 3 - rank / 10, rank == 0 or alone
    p05, p25, p50, p75, p95 = bands.quantiles[:, k, seen]
    ax.fill_between(x, p05, p95, color=colour, alpha=0.18 if full else 0.06, linewidth=0, zorder=order - 1)
    inner = ax.fill_between(x, p25, p75, color=colour, alpha=0.26 if full else 0.12, linewidth=0, zorder=order - 1)
    for edge in () if full else (p05, p95):  # where many bands overlap, their edges still tell
        ax.plot(x, edge, color=colour, linewidth=0.6, alpha=0.7, zorder=order - 1)
    ax.plot(x, p50, color=colour, linewidth=1.8, zorder=order)
    ax.plot(sizes, values, linestyle="none", marker=MARKERS[rank], markersize=4.5, color=colour, zorder=order + 0.05,
            markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
    return inner
