"""Pictures of a budget: loss against model size along it, and the posterior of where it is best spent."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bayeslaw.answers.optimum import FamilyOptimum, Optimum, along_budget
from bayeslaw.answers.prediction import predict
from bayeslaw.kinds.shared.outcome import OF_THE_TABLE, Outcome
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.runs.units import FLOP_PER_TOKEN
from bayeslaw.views.names import also_at, clean
from bayeslaw.views.plots.hover import tell_of
from bayeslaw.views.plots.page import GREY, INK, darker, padded, tick
from bayeslaw.views.plots.style import (
    COLOURS,
    DOT,
    GRID,
    TINY,
    WIDTH,
    columns,
    head,
    interval,
    interval_row,
    label_x,
    label_y,
    logarithmic,
    more_rows,
    name_rows,
    new_axes,
    outcome_label,
    pitch,
    row_axes,
    row_names,
    settle,
    write,
)

POINTS = 41
WITHIN = 0.1
"""Runs are shown beside a budget if their compute, and what is held, lies within this many e-folds of it."""

SMALLER = (1e-2, 1e-4)
"""Further budgets shown, in units of the one asked for, where runs reach them."""

RIDGES = 12
"""Families up to which the posterior is drawn as a hill over its intervals."""

MARGIN = 0.15
"""Inches around each panel of the page of a budget."""

_BINS = 40


def plot(result: Optimum, ax: Axes | None = None) -> Axes:
    """Draw the posterior of the best number of parameters of each family, and the point recommended.

    Parameters
    ----------
    result : Optimum
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    families = result.families
    own, (ax, rows) = ax is None, row_axes(ax, len(families), step=0.6 if len(families) <= RIDGES else 0.0)
    shown, places = families[:rows], list(range(min(rows, len(families))))
    reach = [value for f in shown for value in (f.params["p05"], f.params["p95"], f.recommended_params)]
    ax.set_xlim(*padded(min(reach), max(reach), 0.08, 0.2))
    logarithmic(ax, "x", count)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    for y, family in zip(places, shown, strict=True):
        colour, of = COLOURS[y % len(COLOURS)], family.params
        if len(families) <= RIDGES:
            _hill(ax, y, result.best_params[:, y], colour)
        interval_row(ax, y, (of["p05"], of["p95"]), (of["p25"], of["p75"]), of["median"], colour)
        ax.plot([family.recommended_params], [y], marker="D", markersize=min(0.4 * pitch(ax), 8), color=INK, zorder=4,
                markerfacecolor="none", markeredgewidth=1.4, linestyle="none")  # fmt: skip
    name_rows(ax, places, row_names([(f.family, f.task) for f in shown]), [COLOURS[y % len(COLOURS)] for y in places])
    cells = [
        ("best params (90%)", [interval(f.params["median"], f.params["p05"], f.params["p95"], count) for f in shown]),
        ("recommended", [count(f.recommended_params) for f in shown]),
        ("on tokens", [count(f.recommended_data) for f in shown]),
        (
            f"{outcome_label(result.outcome)}, 90%",
            [interval(f.loss["median"], f.loss["p05"], f.loss["p95"]) for f in shown],
        ),
    ]
    columns(ax, places, cells)
    settle(ax, WIDTH if own else None)
    key = "bars: 50% and 90% intervals; dot: median; diamond: recommended"
    label_x(ax, "parameters at which the law is lowest along the budget", key, more_rows(len(shown), len(families)))
    told = "tokens are what is left of it; loss: what one run at the recommended point would measure"
    head(ax, f"How to spend {count_flop(result.compute)}{also_at(result.at)}", told, result.status)
    return ax


def count_flop(compute: float) -> str:
    """Write a budget."""
    return f"{compute:.3g} FLOP".replace("e+", "e")


def _hill(ax: Axes, y: float, params: np.ndarray, colour: str) -> None:
    """Histogram of draws in their logarithm, standing on a row."""
    low, high = (float(np.log(limit)) for limit in ax.get_xlim())
    heights, edges = np.histogram(np.log(params), np.linspace(low, high, _BINS + 1))
    if heights.max() > 0:
        top = y - 0.42 * np.repeat(heights / heights.max(), 2)
        ax.fill_between(np.exp(np.repeat(edges, 2)[1:-1]), np.full(len(top), float(y)), top, color=colour, alpha=0.2,
                        linewidth=0, zorder=1.5)  # fmt: skip


def plot_optimum(posterior: Posterior, best: Optimum) -> Figure:
    """Draw isoFLOP curves with bands: run predictions along the budget and along smaller ones that runs reach.

    Parameters
    ----------
    posterior : Posterior
    best : Optimum

    Returns
    -------
    matplotlib.figure.Figure
        One panel a family, under it the tokens that the budget leaves; all have one scale of losses. Bands hold 50% and
        90%; the strip on the axis is the 90% interval of the best size, the diamond the point recommended.
    """
    families = best.families
    across = min(len(families), 3)
    down = -(-len(families) // across)
    layout = ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN)
    figure = Figure(figsize=(max(5.6 * across, 7.0), 5.2 * down), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axis in axes[len(families) :]:
        axis.remove()
    for family, axis in zip(families, axes, strict=False):
        _panel(axis, posterior, best, family)
    for axis in axes[: len(families) : across]:
        label_y(axis, _with_unit(posterior.outcome))
    settle(axes[0])
    for family, axis in zip(families, axes, strict=False):  # titles last: they are broken to the width that is left
        title = f"{clean(family.family)}: how to spend {count_flop(best.compute)}{also_at(best.at)}"
        head(axis, title, _recommended(best, family), best.status)
    return figure


def _recommended(best: Optimum, family: FamilyOptimum) -> str:
    params = interval(family.recommended_params, family.params["p05"], family.params["p95"], count)
    loss = interval(family.loss["median"], family.loss["p05"], family.loss["p95"])
    if given := best.outcome.in_given(family.loss):
        loss += f", {best.outcome.given} {interval(given['median'], given['p05'], given['p95'])}"
    name = outcome_label(best.outcome)
    return f"{params} parameters on {count(family.recommended_data)} tokens{DOT}{name} of a run there {loss}"


def _panel(axis: Axes, posterior: Posterior, best: Optimum, family: FamilyOptimum) -> None:
    new_axes(axis, 0, 0)
    spent = FLOP_PER_TOKEN * posterior.layout.covariates["params"] * posterior.layout.covariates["data"]
    budgets = [best.compute, *(b for s in SMALLER if spent.min() < (b := s * best.compute) < 3 * spent.max())]
    for k, compute in enumerate(budgets):
        _budget(axis, posterior, best, family, compute, COLOURS[k])
        _runs(axis, posterior, family, compute, best.at, COLOURS[k])
    axis.axvspan(family.params["p05"], family.params["p95"], ymax=0.03, color=COLOURS[0], alpha=0.6, linewidth=0)
    axis.axvline(family.recommended_params, color=GREY, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    axis.plot([family.recommended_params], [family.loss["median"]], marker="D", markersize=8, color=INK, zorder=4,
              markerfacecolor="white", markeredgewidth=1.4, linestyle="none")  # fmt: skip
    axis.set_xscale("log")
    axis.grid(axis="y", color=GRID, linewidth=0.8)

    def both(params: float) -> str:
        return f"{count(params)}\n{count(best.compute / (FLOP_PER_TOKEN * params))}"

    tick(axis, "x", both, most=6)
    label_x(axis, "parameters; below, tokens that the budget leaves", "bands: 50% and 90% intervals of one run")


def _with_unit(outcome: Outcome) -> str:
    """Name of an outcome with its unit, also where that is whatever the table has."""
    return (
        f"{outcome_label(outcome)}, in the unit of the table"
        if outcome.unit == OF_THE_TABLE
        else outcome_label(outcome)
    )


def _budget(
    axis: Axes, posterior: Posterior, best: Optimum, family: FamilyOptimum, compute: float, colour: str
) -> None:
    """The band along one budget, named at its left end."""
    middle = family.params["median"] * (compute / best.compute) ** 0.5
    params = middle * np.geomspace(1 / 12, 12, POINTS)
    prediction = predict(posterior, [along_budget(float(n), compute, best.at) for n in params])
    here = [label[1:] for label in prediction.labels].index((family.family, family.task))
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    low, quarter, median, three, high = np.quantile(prediction.values[:, here], levels, axis=0)
    axis.fill_between(params, low, high, color=colour, alpha=0.15, linewidth=0)
    inner = axis.fill_between(params, quarter, three, color=colour, alpha=0.3, linewidth=0)
    best_at = int(np.argmin(median))
    told = f"least median {outcome_label(best.outcome)} {interval(median[best_at], low[best_at], high[best_at])}"
    tell_of(inner, f"{count_flop(compute)}: {told} at {count(float(params[best_at]))} parameters")
    axis.plot(params, median, color=colour, linewidth=1.8)
    style = {"ha": "left", "va": "bottom", "color": darker(colour), "fontweight": "bold", "fontsize": TINY}
    write(axis, count_flop(compute), (float(params[0]), float(median[0])), (3, 4), "data", style)


def _runs(
    axis: Axes, posterior: Posterior, family: FamilyOptimum, compute: float, at: Mapping[str, float], colour: str
) -> None:
    """Runs of the family near a budget and what is held along it."""
    layout = posterior.layout
    own = (family.family, family.task)
    (members,) = (models for *name, models in posterior.predictor.groups() if tuple(name) == own)
    params, data = (layout.covariates[name][members] for name in ("params", "data"))
    near = (layout.weight[members] > 0) & (np.abs(np.log(FLOP_PER_TOKEN * params * data / compute)) < WITHIN)
    for name, value in at.items():
        near &= np.abs(np.log(layout.covariates[name][members] / value)) < WITHIN
    if near.any():
        measured = posterior.outcome.inverse(layout.y[members][near])
        axis.plot(params[near], measured, "o", color=colour, markersize=4, alpha=0.7)
