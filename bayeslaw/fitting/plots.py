"""Pictures of a fit by name: ``fit.plot.residuals()``, ``fit.plot.select(data=…)``."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayeslaw.answers.crossing import Lines, crossing
from bayeslaw.answers.next_runs import next_runs
from bayeslaw.answers.optimum import optimum
from bayeslaw.answers.parameters import fit_checks, parameters
from bayeslaw.answers.prediction import PredictionKind, predict
from bayeslaw.answers.questions import Question
from bayeslaw.answers.replications import replications
from bayeslaw.answers.selection import select
from bayeslaw.answers.speedup import speedup
from bayeslaw.fitting.assemble import drawn_from_prior
from bayeslaw.posterior.posterior import Posterior


@dataclass(frozen=True, eq=False)
class Plots:
    """The pictures of a fit. Each draws onto ``ax``, or onto a figure of its own, and returns the axes.

    For trace and rank plots give ArviZ the draws: ``arviz.plot_trace(fit.to_datatree())``.

    Attributes
    ----------
    posterior : Posterior
    """

    posterior: Posterior

    def __call__(self, ax: Any = None) -> Any:
        """Draw the parameters with their intervals."""
        return parameters(self.posterior).plot(ax)

    def parameters(self, ax: Any = None, *, seed: int = 0) -> Any:
        """Draw the parameters beside what the prior says of them.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        seed : int
            Of the draws from the prior.

        Returns
        -------
        matplotlib Axes
        """
        return parameters(self.posterior, drawn_from_prior(self.posterior, seed)).plot(ax)

    def checks(self, ax: Any = None) -> Any:
        """Draw the verdicts on the fit.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
        """
        return fit_checks(self.posterior).plot(ax)

    def curves(
        self,
        ax: Any = None,
        *,
        task: str | None = None,
        models: Sequence[str] = (),
        to: float | None = None,
        at: Mapping[str, float] | None = None,
    ) -> Any:
        """Draw learning curves with bands of run predictions.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        task : str, optional
            Needed if the fit has several.
        models : sequence of str
            Which to draw in colour, six at most; the best unless named.
        to : float, optional
            The last size; four times the largest seen unless told.
        at : mapping, optional
            Covariates besides, where they vary along a curve.

        Returns
        -------
        matplotlib Axes
        """
        return _view("learning_curves").plot(self.posterior, ax, task=task, models=models, to=to, at=at)

    def priors(
        self, ax: Any = None, *, task: str | None = None, models: Sequence[str] = (), to: float | None = None,
        at: Mapping[str, float] | None = None, seed: int = 0,
    ) -> Any:  # fmt: skip
        """Draw learning curves as the prior has them, before any run is seen, beside the runs that were.

        Levels, whose prior may be flat, are the mean of the runs of a curve there.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        task : str, optional
            Needed if the fit has several.
        models : sequence of str
            Which to draw in colour, six at most; the best unless named.
        to : float, optional
            The last size; four times the largest seen unless told.
        at : mapping, optional
            Covariates besides, where they vary along a curve.
        seed : int
            Of the draws from the prior.

        Returns
        -------
        matplotlib Axes
        """
        believed = drawn_from_prior(self.posterior, seed)
        title = "What the prior has for learning curves"
        return _view("learning_curves").plot(believed, ax, task=task, models=models, to=to, at=at, title=title)

    def residuals(self, ax: Any = None, *, seed: int = 0) -> Any:
        """Draw how far measured runs lie from what the fit says of them.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        seed : int
            Of the replications of the runs.

        Returns
        -------
        matplotlib Axes
        """
        return _view("residuals").plot(replications(self.posterior, seed=seed), ax)

    def posterior_predictive(self, ax: Any = None, *, seed: int = 0) -> Any:
        """Draw where measured runs fall among replications of themselves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        seed : int
            Of the replications.

        Returns
        -------
        matplotlib Axes
        """
        return _view("posterior_predictive").plot(replications(self.posterior, seed=seed), ax)

    def select(self, ax: Any = None, *, at: Mapping[str, float], task: str | None = None, seed: int = 0) -> Any:
        """Draw the ranking of the candidates at a target.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        at : mapping
            The target.
        task : str, optional
        seed : int

        Returns
        -------
        matplotlib Axes
        """
        return select(self.posterior, at, task=task, seed=seed).plot(ax)

    def predict(
        self, ax: Any = None, *, at: Sequence[Mapping[str, float]], kind: PredictionKind = "run", seed: int = 0
    ) -> Any:
        """Draw predictions: bands where the points differ in one covariate alone, rows of intervals otherwise.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        at : sequence of mappings
        kind : {"run", "curve", "new-family", "law"}
        seed : int

        Returns
        -------
        matplotlib Axes
        """
        return predict(self.posterior, at, kind=kind, seed=seed).plot(ax)

    def optimum(self, ax: Any = None, *, compute: float, at: Mapping[str, float] | None = None, seed: int = 0) -> Any:
        """Draw where a budget is best spent.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        compute : float
            In FLOP.
        at : mapping, optional
        seed : int

        Returns
        -------
        matplotlib Axes
        """
        return optimum(self.posterior, compute, at=at, seed=seed).plot(ax)

    def crossing(
        self,
        a: str,
        b: str,
        ax: Any = None,
        *,
        at: Mapping[str, float] | None = None,
        task: str | None = None,
        kind: Lines = "curve",
        seed: int = 0,
    ) -> Any:
        """Draw by how much one choice is better than another along the size of the data, and where they cross.

        Parameters
        ----------
        a, b : str
        ax : matplotlib Axes, optional
        at : mapping, optional
        task : str, optional
        kind : {"curve", "law"}
        seed : int

        Returns
        -------
        matplotlib Axes
        """
        return crossing(self.posterior, a, b, at=at, task=task, kind=kind, seed=seed).plot(ax)

    def speedup(
        self,
        a: str,
        b: str,
        ax: Any = None,
        *,
        at: Mapping[str, float],
        task: str | None = None,
        kind: Lines = "curve",
        seed: int = 0,
    ) -> Any:
        """Draw how many times the data, or the compute, of one choice another needs for the same outcome.

        Parameters
        ----------
        a, b : str
        ax : matplotlib Axes, optional
        at : mapping
            A size of b or an outcome, as for ``fit.speedup``.
        task : str, optional
        kind : {"curve", "law"}
        seed : int

        Returns
        -------
        matplotlib Axes
        """
        return speedup(self.posterior, a, b, at=at, task=task, kind=kind, seed=seed).plot(ax)

    def next_runs(
        self,
        ax: Any = None,
        *,
        at: Mapping[str, float] | None = None,
        compute: float | None = None,
        crossing: tuple[str, str] | None = None,
        task: str | None = None,
        slots: int = 1,
        seed: int = 0,
    ) -> Any:
        """Draw what runs that could be made next are worth, against what they cost; for more, ``fit.next_runs``.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        at : mapping, optional
            The target, or, with ``compute`` or ``crossing``, the other covariates of the law.
        compute : float, optional
            A budget in FLOP whose split is wanted.
        crossing : pair of str, optional
            Two models or families whose crossing is wanted.
        task : str, optional
        slots : int
            Number of runs to be made at once.
        seed : int

        Returns
        -------
        matplotlib Axes
        """
        question = Question(dict(at or {}), compute, crossing, None, task)
        return next_runs(self.posterior, question, slots=slots, seed=seed).plot(ax)


def _view(name: str) -> Any:
    """A module that draws: views come last in the line, and need matplotlib, which nothing else does."""
    return importlib.import_module(f"bayeslaw.views.plots.{name}")
