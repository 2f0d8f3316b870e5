"""The picture of learning curves: measured runs of the models of a task, and bands of what comes beyond them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.points import curves_on
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.verdicts import overall
from bayeslaw.views.names import also_at, clean, short_names
from bayeslaw.views.numbers import count
from bayeslaw.views.plots.bands import Bands, bands_of, limits, measured_of
from bayeslaw.views.plots.page import FAINT, GREY, padded
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    MARKERS,
    covariate_label,
    end_labels,
    head,
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

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TaskError, TargetError
        If the task or a model is not known, or a covariate is lacking.
    """
    members = curves_on(posterior.layout, task)
    task, own = posterior.layout.curves[members[0]].task, [posterior.layout.curves[i].model for i in members]
    unknown = [model for model in models if model not in own]
    if unknown:
        raise TargetError(f"There is no model {unknown[0]!r} on the task {task!r}. There are {', '.join(own[:12])}.")
    outcome, axis = posterior.predictor.outcome, posterior.law.axis
    measured = dict(zip(own, measured_of(posterior, task, own), strict=True))
    every = np.concatenate([sizes for sizes, _ in measured.values()])
    end = float(to or BEYOND * every.max())
    bands = bands_of(posterior, task, own, at or {}, float(min(every.min(), end)), end)
    order = np.argsort((-1 if outcome.higher_is_better else 1) * bands.quantiles[2, :, -1], kind="stable")
    lead = [own.index(m) for m in models][: len(COLOURS)] or [int(k) for k in order[: len(COLOURS)]]

    new, ax = ax is None, new_axes(ax, 9.0, 5.4)
    ax.set_xlim(bands.sizes[0] * (bands.sizes[0] / end) ** 0.02, end)
    logarithmic(ax, "x", count)
    outcomes = np.concatenate([values for _, values in measured.values()])
    low, high = limits(outcomes, Bands(bands.sizes, bands.quantiles[:, lead]))
    if outcome.link_name == "log":
        ax.set_ylim(*padded(low, high, 0.03, 0.002))
        logarithmic(ax, "y")
    else:
        ax.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    for k in set(range(len(own))) - set(lead):
        ax.plot(*measured[own[k]], color=FAINT, linestyle="none", marker=".", markersize=3, zorder=1.5)
    for rank, k in reversed(list(enumerate(lead))):
        _curve(ax, bands, k, rank, *measured[own[k]], alone=len(lead) <= 2)
    edge = float(every.max())
    if end > edge:
        ax.axvspan(edge, end, color="#F6F6F6", zorder=0, linewidth=0)
        ax.axvline(edge, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        write(ax, f"data end at {count(edge)}", (edge, 1), (-4, -4), ("data", "axes fraction"),
              {"ha": "right", "va": "top", "color": GREY, "fontsize": 9})  # fmt: skip
    names = short_names(own)
    end_labels(ax, end, [float(bands.quantiles[2, k, -1]) for k in lead], [names[own[k]] for k in lead], COLOURS)
    label_y(ax, outcome_label(outcome))
    settle(ax, 6.2 if new else None)
    grey = f"grey: the other {len(own) - len(lead)}, as measured" if len(own) > len(lead) else ""
    key = "bands: 50% and 90% intervals of one run; line: median; markers: measured"
    label_x(ax, covariate_label(axis, posterior.provenance()), key, grey)
    where = "" if task == "task" else f" on {clean(task)}"
    head(
        ax, f"Learning curves{where}{also_at(at or {})}", f"{clean(posterior.law.name)} law", overall(posterior.checks)
    )
    return ax


def _curve(ax: Axes, bands: Bands, k: int, rank: int, sizes: np.ndarray, values: np.ndarray, *, alone: bool) -> None:
    """One curve: bands from its smallest measured size on, the median, and what was measured."""
    seen = bands.sizes >= sizes.min() * (1 - 1e-9)
    x, colour, order, full = bands.sizes[seen], COLOURS[rank], 3 - rank / 10, rank == 0 or alone
    p05, p25, p50, p75, p95 = bands.quantiles[:, k, seen]
    ax.fill_between(x, p05, p95, color=colour, alpha=0.18 if full else 0.06, linewidth=0, zorder=order - 1)
    ax.fill_between(x, p25, p75, color=colour, alpha=0.26 if full else 0.12, linewidth=0, zorder=order - 1)
    for edge in () if full else (p05, p95):  # where many bands overlap, their edges still tell
        ax.plot(x, edge, color=colour, linewidth=0.6, alpha=0.7, zorder=order - 1)
    ax.plot(x, p50, color=colour, linewidth=1.8, zorder=order)
    ax.plot(sizes, values, linestyle="none", marker=MARKERS[rank], markersize=4.5, color=colour, zorder=order + 0.05,
            markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
