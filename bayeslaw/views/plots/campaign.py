"""The picture of a campaign: the odds of each candidate, or what is left to know, against what was spent."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.campaign.history import Campaign
from bayeslaw.errors import CampaignError
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.numbers import chance
from bayeslaw.views.plots.style import COLOURS, GRID, end_labels, head, label_x, label_y, new_axes, settle

NAMED = len(COLOURS)
"""Candidates with a line of their own: those that were the likeliest to be the best at some step."""


def plot(result: Campaign, ax: Axes | None = None) -> Axes:
    """Draw the odds of being the best of the likeliest candidates after each step, against what was spent by then.

    Where nothing is chosen, the width of the interval that is foretold is drawn.

    Parameters
    ----------
    result : Campaign
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    CampaignError
        If there is no step yet.
    """
    if not result.steps:
        raise CampaignError(f"{result.folder}: there is no step to draw. {result.sentence}")
    own, ax = ax is None, new_axes(ax, 8.5, 4.8)
    spent, last = np.array([step["spent"] for step in result.steps]), result.steps[-1]
    lines = _odds(result) if last["odds"] else {"": np.array([step["expected_regret"] for step in result.steps])}
    for colour, values in zip(COLOURS, lines.values(), strict=False):
        ax.plot(spent, values, marker="o", markersize=5, linewidth=1.8, color=colour, zorder=3, clip_on=False)
    room = 0.06 * (float(np.ptp(spent)) or float(spent[0]))
    ax.set_xlim(spent.min() - room, spent.max() + room)
    ax.set_ylim(0, 1.05 if last["odds"] else None)
    ax.xaxis.set_major_formatter(lambda value, _: count(value))
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    if last["odds"]:
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        names, ends = short_names(list(lines)), [float(values[-1]) for values in lines.values()]
        told = [f"{names[name]}  {chance(end)}" for name, end in zip(lines, ends, strict=True)]
        end_labels(ax, ax.get_xlim()[1], ends, told, COLOURS)
    label_y(ax, "odds of being the best" if last["odds"] else f"expected, in {clean(last['unit'])}")
    settle(ax, 7.0 if own else None)
    label_x(ax, f"spent so far ({clean(last['cost_unit'])})", "one dot a step")
    title = f"Now: {clean(last['recommendation'])}" if last["recommendation"] else "What is left to know"
    head(ax, title, result.sentence, result.status)
    return ax


def _odds(result: Campaign) -> Mapping[str, np.ndarray]:
    """Odds after each step of the candidates that are drawn, the likeliest after the last step first."""
    odds = [{one["model"]: one["p_best"] for one in step["odds"]} for step in result.steps]
    highest = {model: max(of.get(model, 0.0) for of in odds) for of in odds for model in of}
    named = sorted(highest, key=lambda model: -highest[model])[:NAMED]
    named.sort(key=lambda model: -odds[-1].get(model, 0.0))
    return {model: np.array([of.get(model, np.nan) for of in odds]) for model in named}
