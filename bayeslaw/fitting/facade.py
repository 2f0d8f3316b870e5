"""A fit: a posterior with the questions one asks of it."""

import importlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.answers.candidates import Charge
from bayeslaw.answers.compromise import compromise
from bayeslaw.answers.compromise_result import Compromise
from bayeslaw.answers.crossing import Crossing, Lines, crossing
from bayeslaw.answers.next_runs import NextRuns, next_runs
from bayeslaw.answers.optimum import Optimum, optimum
from bayeslaw.answers.parameters import Checks, Parameters, fit_checks, parameters
from bayeslaw.answers.prediction import Prediction, PredictionKind, predict
from bayeslaw.answers.questions import Question
from bayeslaw.answers.reliability import Reliability, reliability
from bayeslaw.answers.replications import Replications, replications
from bayeslaw.answers.risk import Risk
from bayeslaw.answers.selection import Selection, select
from bayeslaw.answers.speedup import Speedup, speedup
from bayeslaw.answers.thresholds import read_threshold
from bayeslaw.errors import PriorError, TargetError
from bayeslaw.fitting.assemble import assemble_given, drawn_from_prior
from bayeslaw.fitting.build import Built
from bayeslaw.fitting.datatree import to_datatree
from bayeslaw.fitting.plots import Plots
from bayeslaw.fitting.positions import read_positions, read_stats
from bayeslaw.lending.borrowing import Borrowing, borrowing
from bayeslaw.lending.lend import as_prior
from bayeslaw.posterior.file import save_posterior
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.prior.prior import Prior
from bayeslaw.results import Result
from bayeslaw.runs import Runs, read_runs
from bayeslaw.verdicts import Status, overall

Points = Mapping[str, float] | Sequence[Mapping[str, float]]
"""One point, or several: covariate names to values in the units of the table."""


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A posterior with the questions one asks of it.

    Attributes
    ----------
    posterior : Posterior
    """

    posterior: Posterior

    @classmethod
    def from_positions(
        cls,
        built: Built,
        positions: Mapping[str, np.ndarray],
        *,
        stats: Mapping[str, np.ndarray] | xr.Dataset | None = None,
        seed: int = 0,
    ) -> "Fit":
        """Make a fit of positions that another sampler drew from ``built.log_density``.

        Quantities that the density integrates out are drawn, chains are checked, and a fit is assembled as by
        `bayeslaw.fit`.

        Parameters
        ----------
        built : Built
            From `bayeslaw.build`.
        positions : mapping of str to ndarray, shapes (chain, draw, ...)
            The entries of ``built.sizes``; at least 4 draws of equal weight a chain.
        stats : mapping of str to ndarray, or Dataset, shapes (chain, draw), optional
            Statistics of the sampler, kept as ``posterior.stats``. Of these ``diverging``, ``energy`` and
            ``reached_max_treedepth`` are checked; what is not given is not checked.
        seed : int
            Of the draws of what is integrated out.

        Returns
        -------
        Fit

        Raises
        ------
        SamplingError
            If an entry is missing, unknown, of another shape or not finite; or a statistic is not of such a shape.
        """
        whole = read_positions(built.model, positions)
        given = read_stats(stats or {}, next(iter(whole.values())).shape[:2])
        return cls(
            assemble_given(
                built.runs, built.law, built.model, whole, seed, stats=given, prior=built.prior, stated=built.stated
            )
        )

    @property
    def status(self) -> Status:
        """The worst verdict of ``check()``."""
        return overall(self.posterior.checks)

    @property
    def checks(self) -> Checks:
        """Verdicts on sampler and table, as a result."""
        return fit_checks(self.posterior)

    def check(self) -> pd.DataFrame:
        """Verdicts on sampler and table: one row a check, with number, threshold, sentence and remedy.

        Returns
        -------
        pandas.DataFrame
        """
        return self.checks.to_frame()

    def parameters(self) -> Parameters:
        """Posterior of the law's parameters, of the population and of the scales.

        Returns
        -------
        bayeslaw.answers.parameters.Parameters
        """
        return parameters(self.posterior)

    def predict(
        self,
        *,
        data: float | Sequence[float] | np.ndarray | None = None,
        at: Points = (),
        kind: PredictionKind = "run",
        outcome: str | None = None,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Predict the outcome at one or more points, as a table of medians and intervals.

        Parameters
        ----------
        data : float or sequence of float, optional
            Short for ``at=[{"data": …}]``, in the unit that ``data`` has in the table.
        at : mapping or sequence of mappings
            Points: covariate names to values in the units of the table.
        kind : {"run", "curve", "new-family", "law"}
            ``run`` (default) is what one new run would measure, its noise included; see `predictions`.
        outcome : str, optional
            What to predict of several, such as ``accuracy:arc_easy``; all tasks unless given.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        pandas.DataFrame
            One row a model and point.

        Raises
        ------
        TargetError
            If a point cannot be predicted at, or the fit is of another outcome.
        TaskError
            If it has no such task.
        """
        return self.predictions(points_of(data, at), kind=kind, outcome=outcome, seed=seed).to_frame()

    def predictions(
        self, at: Points, *, kind: PredictionKind = "run", outcome: str | None = None, seed: int = 0
    ) -> Prediction:
        """As ``predict``, with the joint draws.

        Parameters
        ----------
        at : mapping or sequence of mappings
        kind : {"run", "curve", "new-family", "law"}
        outcome : str, optional
        seed : int
            All as for ``predict``.

        Returns
        -------
        Prediction
            Joint over models and points.
        """
        return predict(self.posterior, points_of(None, at), kind=kind, outcome=outcome, seed=seed)

    def select(
        self,
        *,
        data: float | None = None,
        at: Mapping[str, float] | None = None,
        task: str | None = None,
        risk: Risk = "mean",
        charge: Charge | None = None,
        where_final: str | None = None,
        seed: int = 0,
    ) -> Selection:
        """Rank the candidates at one point, by expected regret unless told; see `bayeslaw.answers.selection.select`.

        Parameters
        ----------
        data : float, optional
            Short for ``at={"data": …}``.
        at : mapping, optional
            The target: covariate names to values in the units of the table.
        task : str, optional
            Needed if the table has several.
        risk : {"mean", "cvar90", "median-regret", "probability"}
            By what candidates are ranked: expected regret, its mean in the worst tenth of cases, its median, or the
            odds of being best.
        charge : mapping or str, optional
            What candidates are charged beside their loss, in its unit: by model, or an expression of columns.
        where_final : str, optional
            A condition on what may be chosen, such as ``"params <= 8e9"``.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        Selection
            Of run predictions at the target.

        Raises
        ------
        TargetError
            If there is not one target, or it cannot be predicted at.
        TaskError
            If the task is unknown, or not given where there are several.
        """
        points = points_of(data, [at] if at else [])
        if len(points) != 1:
            raise TargetError("Give one target to choose for, such as select(data=1638400).")
        return select(
            self.posterior, points[0], task=task, risk=risk, charge=charge, where_final=where_final, seed=seed
        )

    def compromise(
        self,
        *,
        at: Mapping[str, float],
        weights: Mapping[str, float] | None = None,
        thresholds: Sequence[str] = (),
        risk: Risk = "mean",
        where_final: str | None = None,
        seed: int = 0,
    ) -> Compromise:
        """Rank the candidates by several tasks at one point; see `bayeslaw.answers.compromise.compromise`.

        Parameters
        ----------
        at : mapping
            The target. A point with every covariate of a law of several chooses among families, by a new model of each.
        weights : mapping, optional
            Of tasks, such as ``{"arc": 1, "hellaswag": 2}``: candidates are ranked by the weighted mean.
        thresholds : sequence of str
            Such as ``"accuracy:arc>=.5"``: the odds of reaching all; candidates are ranked by them if there are no
            weights.
        risk : {"mean", "cvar90", "median-regret", "probability"}
        where_final : str, optional
            A condition on what may be chosen, as for ``select``.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        bayeslaw.answers.compromise_result.Compromise

        Raises
        ------
        TargetError
            If weights, thresholds or the target cannot be used.
        TaskError
            If a task is unknown.
        """
        return compromise(
            self.posterior,
            at,
            weights=weights,
            thresholds=[read_threshold(text) for text in thresholds],
            risk=risk,
            where_final=where_final,
            seed=seed,
        )

    def optimum(self, *, compute: float, at: Mapping[str, float] | None = None, seed: int = 0) -> Optimum:
        """Split a budget over parameters and tokens; see `bayeslaw.answers.optimum.optimum`.

        Parameters
        ----------
        compute : float
            Budget in FLOP.
        at : mapping, optional
            Covariates of the law other than ``params`` and ``data``.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        Optimum
        """
        return optimum(self.posterior, compute, at=at, seed=seed)

    def crossing(
        self,
        a: str,
        b: str,
        *,
        at: Mapping[str, float] | None = None,
        task: str | None = None,
        low: float | None = None,
        high: float | None = None,
        kind: Lines = "curve",
        seed: int = 0,
    ) -> Crossing:
        """Find the data size where one choice overtakes another; see `bayeslaw.answers.crossing.crossing`.

        Parameters
        ----------
        a, b : str
            Two models; of a joint law, two models or two families.
        at : mapping, optional
            Covariates other than data.
        task : str, optional
            Needed if the table has several.
        low, high : float, optional
            Range of data sizes to look in; from the smallest seen to 100 times the largest if not given.
        kind : {"curve", "law"}
            What crosses: expected curves, or laws as if they held exactly at any distance.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        Crossing
        """
        return crossing(self.posterior, a, b, at=at, task=task, low=low, high=high, kind=kind, seed=seed)

    def next_runs(
        self,
        *,
        data: float | None = None,
        at: Mapping[str, float] | None = None,
        compute: float | None = None,
        crossing: tuple[str, str] | None = None,
        foretell: str | None = None,
        task: str | None = None,
        charge: Charge | None = None,
        where_final: str | None = None,
        candidates: "pd.DataFrame | str | os.PathLike[str] | None" = None,
        cost: str | None = None,
        continued: bool = False,
        budget: float | None = None,
        slots: int = 1,
        price: float | None = None,
        tolerance: float | None = None,
        seed: int = 0,
    ) -> NextRuns:
        """Rank the runs that could be made next by what they are worth; see `bayeslaw.answers.next_runs.next_runs`.

        Parameters
        ----------
        data : float, optional
            Short for ``at={"data": …}``.
        at : mapping, optional
            The target. Models of the table are chosen among there; of a joint law, a point with every covariate asks to
            foretell a run of each family. With ``compute`` or ``crossing``, the other covariates of the law.
        compute : float, optional
            A budget in FLOP whose split is wanted, in place of a target.
        crossing : pair of str, optional
            Two models or families whose crossing is wanted, in place of a target.
        foretell : str, optional
            The model, or family of a joint law, whose run at the target is to be foretold.
        task : str, optional
            Needed if the table has several.
        charge : mapping or str, optional
            What candidates are charged beside their loss, as for ``select``.
        where_final : str, optional
            A condition on what may be chosen, as for ``select``.
        candidates : path or DataFrame, optional
            The runs that could be made: models, of the table or new ones, and their sizes.
        cost : str, optional
            A column of the table, or an expression such as ``"params * data"``. Unless given, training FLOP, or
            parameters times examples where data are examples.
        continued : bool
            Whether runs go on from the last checkpoint of their model, and cost the difference.
        budget : float, optional
            Cost that all runs to be made at once may have together.
        slots : int
            Number of runs to be made at once.
        price : float, optional
            Units of cost that a unit of loss is worth.
        tolerance : float, optional
            Without a price, the expected regret (or width) below which measuring can stop.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        NextRuns

        Raises
        ------
        TargetError
            If not one goal is given, or it, a cost or a number cannot be used.
        """
        points = points_of(data, [at] if at else [])
        if len(points) > 1:
            raise TargetError("Give one target, as data or as at.")
        question = Question(points[0] if points else {}, compute, crossing, foretell, task, charge, where_final)
        return next_runs(
            self.posterior,
            question,
            candidates=candidates,
            cost=cost,
            continued=continued,
            budget=budget,
            slots=slots,
            price=price,
            tolerance=tolerance,
            seed=seed,
        )

    def speedup(
        self,
        a: str,
        b: str,
        *,
        at: Mapping[str, float],
        task: str | None = None,
        kind: Lines = "curve",
        seed: int = 0,
    ) -> Speedup:
        """Find how many times the data or compute of b a needs for one loss; see `bayeslaw.answers.speedup.speedup`.

        Parameters
        ----------
        a, b : str
            Two models; of a joint law, two models or two families.
        at : mapping
            A size of b or a loss of both, and other covariates.
        task : str, optional
            Needed if the table has several.
        kind : {"curve", "law"}
            Expected curves, or laws as if they held exactly at any distance.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        Speedup
        """
        return speedup(self.posterior, a, b, at=at, task=task, kind=kind, seed=seed)

    def as_prior(self, name: str) -> Prior:
        """Make a prior for new tables from this fit; see `bayeslaw.lending.lend.as_prior`.

        Parameters
        ----------
        name : str
            What the prior is to be called.

        Returns
        -------
        Prior
        """
        return as_prior(self.posterior, name)

    def borrowing(self, *, at: Mapping[str, float] | None = None, seed: int = 0) -> Borrowing:
        """How much was borrowed from the prior, one row per quantity; see `bayeslaw.lending.borrowing.borrowing`.

        Parameters
        ----------
        at : mapping, optional
            A point whose predictions are compared too.
        seed : int
            Of the draws from the prior.

        Returns
        -------
        Borrowing

        Raises
        ------
        PriorError
            If the fit had no prior.
        """
        if self.posterior.prior is None:
            raise PriorError("This fit borrowed nothing: it had no prior. Fit with prior=… to compare.")
        return borrowing(self.posterior, drawn_from_prior(self.posterior, seed), at)

    def to_datatree(self, *, seed: int = 0) -> xr.DataTree:
        """The groups that ArviZ works on; see `bayeslaw.fitting.datatree.to_datatree`.

        Parameters
        ----------
        seed : int
            Of the draws from the prior and of the replicated runs.

        Returns
        -------
        xarray.DataTree
        """
        return to_datatree(self.posterior, seed=seed)

    @property
    def plot(self) -> Plots:
        """Pictures by name, such as ``fit.plot.residuals()``; called, it draws the parameters.

        Answers have pictures of their own (``fit.select(…).plot()``).
        """
        return Plots(self.posterior)

    def residuals(self, *, seed: int = 0) -> Replications:
        """The runs beside replications of them; see `bayeslaw.answers.replications.replications`.

        Parameters
        ----------
        seed : int
            Of the replications.

        Returns
        -------
        Replications
        """
        return replications(self.posterior, seed=seed)

    def reliability(self, runs: Runs | pd.DataFrame | str | os.PathLike[str], *, seed: int = 0) -> Reliability:
        """Set predictions beside runs that the fit did not know; see `bayeslaw.answers.reliability.reliability`.

        Parameters
        ----------
        runs : Runs, DataFrame or path
            Of the tasks of the fit; of its models, or of others of their families.
        seed : int
            Of the draws beyond the data.

        Returns
        -------
        bayeslaw.answers.reliability.Reliability
        """
        return reliability(self.posterior, runs if isinstance(runs, Runs) else read_runs(runs), seed=seed)

    def report(self, path: str | os.PathLike[str], *answers: Result, seed: int = 0) -> None:
        """Write a report: one page of HTML that opens without a network and can be sent on, all or nothing.

        Parameters
        ----------
        path : path
            Ends in ``.html``.
        *answers : Result
            What the page is about, such as ``fit.select(data=…)``; the parameters if nothing is given.
        seed : int
            Of the draws from the prior and of the replications of runs.

        Raises
        ------
        OutputError
            If the suffix is another one or the file cannot be written.
        """
        page = importlib.import_module("bayeslaw.views.report.page")  # views come last in the line
        page.write_report(Path(path), answers or (self.parameters(),), self.posterior, seed=seed)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a netCDF file, all or nothing; ``bayeslaw.load`` reads it back.

        Parameters
        ----------
        path : path
        """
        save_posterior(self.posterior, path)

    def __repr__(self) -> str:
        posterior = self.posterior
        curves, tasks = posterior.layout.curves, posterior.layout.tasks
        shape = f"{posterior.chains} chains of {posterior.draws.sizes['draw']} draws"
        return (
            f"<Fit: {self.status}>\n{posterior.law.name} law: {posterior.law.formula}\n"
            f"{posterior.runs.source}: {len(posterior.runs.table)} runs, {len(curves)} models, "
            f"{len(tasks)} task{'s' if len(tasks) > 1 else ''}; {shape}\n{self.checks.sentence}"
        )

    def _repr_html_(self) -> str:
        return self.parameters()._repr_html_()


def points_of(data: float | Iterable[float] | np.ndarray | None, at: Points) -> list[Mapping[str, float]]:
    """Points from the two ways in which they are given."""
    points: list[Mapping[str, float]] = [at] if isinstance(at, Mapping) else list(at)
    for point in points:
        if not isinstance(point, Mapping):
            raise TargetError(f"A point is a mapping such as {{'data': 1638400}}, found {point!r}.")
    if data is None:
        return points
    several = isinstance(data, Iterable) and not isinstance(data, (str, bytes))
    sizes: list[Any] = np.ravel(np.asarray(data, dtype=object)).tolist() if several else [data]
    return [*({"data": size} for size in sizes), *points]
