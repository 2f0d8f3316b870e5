"""The picture of an answer on a page of its own: wider than on axes, with curves behind it where the fit is known."""

from functools import singledispatch

from matplotlib.figure import Figure

from bayeslaw.answers.optimum import Optimum
from bayeslaw.answers.selection import Selection
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result
from bayeslaw.views.plots.optimum import plot_optimum
from bayeslaw.views.plots.selection_page import plot_selection
from bayeslaw.views.plots.style import unshown


def figure_of(posterior: Posterior | None, result: Result) -> Figure:
    """The picture of an answer as a figure to be saved, that no display shows.

    Parameters
    ----------
    posterior : Posterior or None
        Of the fit that the answer came from; None of answers without one.
    result : Result

    Returns
    -------
    matplotlib Figure
    """
    if posterior is not None:
        return page_of(result, posterior)
    return alone(result)


@singledispatch
def page_of(result: Result, posterior: Posterior) -> Figure:
    """The picture of an answer with what the fit behind it knows; its own, unless it has another."""
    return alone(result)


@page_of.register
def _(result: Selection, posterior: Posterior) -> Figure:
    return plot_selection(posterior, result)


@page_of.register
def _(result: Optimum, posterior: Posterior) -> Figure:
    return plot_optimum(posterior, result)


def alone(result: Result) -> Figure:
    """The picture that an answer draws of itself."""
    return unshown(result.plot())
