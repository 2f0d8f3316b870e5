"""The picture of a budget: loss against model size along it, with what is not known."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayeslaw.answers.optimum import FLOP_PER_TOKEN, FamilyOptimum, Optimum, along_budget
from bayeslaw.answers.prediction import predict
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.views.names import also_at, clean, elide
from bayeslaw.views.numbers import count, readable_ticks

POINTS = 41
WITHIN = 0.1
"""Runs are shown beside a budget if their compute, and what is held, lies within this many e-folds of it."""

SMALLER = (1e-2, 1e-4)
"""Further budgets shown, in units of the one asked for, where runs reach them."""


def plot_optimum(posterior: Posterior, best: Optimum) -> Figure:
    """Draw isoFLOP curves with bands: run predictions along the budget and along smaller ones that runs reach.

    Parameters
    ----------
    posterior : Posterior
    best : Optimum

    Returns
    -------
    matplotlib.figure.Figure
        One panel a family. Bands hold 50% and 90%; the shaded strip on the axis is the 90% interval of the best size.
    """
    families = best.families
    figure = Figure(figsize=(5.2 * min(len(families), 3), 4.2 * -(-len(families) // 3)), layout="constrained")
    axes = figure.subplots(-(-len(families) // 3), min(len(families), 3), squeeze=False).ravel()
    for axis in axes[len(families) :]:
        axis.remove()
    for family, axis in zip(families, axes, strict=False):
        _panel(axis, posterior, best, family)
    return figure


def _panel(axis: Axes, posterior: Posterior, best: Optimum, family: FamilyOptimum) -> None:
    spent = FLOP_PER_TOKEN * posterior.layout.covariates["params"] * posterior.layout.covariates["data"]
    budgets = [best.compute, *(b for s in SMALLER if spent.min() < (b := s * best.compute) < 3 * spent.max())]
    for k, compute in enumerate(budgets):
        colour = f"C{k}"
        middle = family.params["median"] * (compute / best.compute) ** 0.5
        params = middle * np.geomspace(1 / 12, 12, POINTS)
        points = [along_budget(float(n), compute, best.at) for n in params]
        prediction = predict(posterior, points)
        here = [label[1:] for label in prediction.labels].index((family.family, family.task))
        low, quarter, median, three, high = np.quantile(
            prediction.values[:, here], [0.05, 0.25, 0.5, 0.75, 0.95], axis=0
        )
        axis.fill_between(params, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.fill_between(params, quarter, three, color=colour, alpha=0.3, linewidth=0)
        axis.plot(params, median, color=colour, label=f"{compute:.2g} FLOP")
        _runs(axis, posterior, family, compute, best.at, colour)
    axis.axvspan(family.params["p05"], family.params["p95"], ymax=0.03, color="C0", alpha=0.6, linewidth=0)
    axis.axvline(family.recommended_params, color="C0", linewidth=1, linestyle=":")
    axis.set_xscale("log")
    axis.set_xticks(readable_ticks(*axis.get_xlim()), minor=False)
    axis.xaxis.set_major_formatter(lambda value, _: count(value))
    axis.minorticks_off()
    axis.set_xlabel("parameters")
    axis.set_ylabel("loss")
    axis.set_title(elide(clean(family.family), 40) + also_at(best.at), fontsize=10)
    axis.legend(frameon=False, fontsize=8)


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
        measured = posterior.predictor.outcome.inverse(layout.y[members][near])
        axis.plot(params[near], measured, "o", color=colour, markersize=4, alpha=0.7)
