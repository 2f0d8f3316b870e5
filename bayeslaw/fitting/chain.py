"""``chain``: scores of runs through their losses, from a fit of losses and a fit of scores against losses."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.answers.chain import ChainPrediction, require_chain
from bayeslaw.answers.chain import chain as predict_through
from bayeslaw.answers.prediction import PredictionKind
from bayeslaw.fitting.facade import Fit, Points, points_of
from bayeslaw.posterior.posterior import Posterior


@dataclass(frozen=True, eq=False)
class Chain:
    """A fit of losses and a fit of scores against losses, which together predict scores.

    Attributes
    ----------
    loss, score : Posterior
    task : str or None
        Of the losses, where their fit has several.
    """

    loss: Posterior
    score: Posterior
    task: str | None

    def predict(
        self,
        *,
        data: float | Iterable[float] | np.ndarray | None = None,
        at: Points = (),
        kind: PredictionKind = "run",
        outcome: str | None = None,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Predict scores at one or more points of the law of losses, as a table of medians and intervals.

        Parameters
        ----------
        data : float or sequence of float, optional
            Short for ``at=[{"data": …}]``.
        at : mapping or sequence of mappings
            Points: covariates of the law of losses, in the units of its table.
        kind : {"run", "curve", "new-family", "law"}
            ``run`` (default) is what one new run would score in a test of as many questions; see `predictions`.
        outcome : str, optional
            What to predict of several, such as ``accuracy:arc_easy``; all tasks unless given.
        seed : int
            Of the pairing of draws, and of the draws beyond the data.

        Returns
        -------
        pandas.DataFrame
            One row a model, task and point.

        Raises
        ------
        TargetError
            If a point cannot be predicted at, or the families of the two fits do not match.
        TaskError
            If there is no such task.
        """
        return self.predictions(points_of(data, at), kind=kind, outcome=outcome, seed=seed).to_frame()

    def predictions(
        self, at: Points, *, kind: PredictionKind = "run", outcome: str | None = None, seed: int = 0
    ) -> ChainPrediction:
        """As ``predict``, with the joint draws, the losses, and the map.

        Parameters
        ----------
        at : mapping or sequence of mappings
        kind : {"run", "curve", "new-family", "law"}
        outcome : str, optional
        seed : int
            All as for ``predict``.

        Returns
        -------
        bayeslaw.answers.chain.ChainPrediction
            Joint over models, tasks and points.
        """
        points = points_of(None, at)
        return predict_through(self.loss, self.score, points, kind=kind, outcome=outcome, task=self.task, seed=seed)


def chain(loss_fit: Fit, score_fit: Fit, *, task: str | None = None) -> Chain:
    """Chain a fit of losses and a fit of scores against losses, so that scores can be predicted of runs not made.

    Parameters
    ----------
    loss_fit : Fit
        Of losses, such as of the law ``chinchilla``.
    score_fit : Fit
        Of the law ``loss_to_score`` or ``loss_to_error``, of scores beside losses of the same evaluation.
    task : str, optional
        Of the losses, needed if their fit has several.

    Returns
    -------
    Chain

    Raises
    ------
    TargetError
        If the fits are not of losses and of scores against losses.

    Examples
    --------
    >>> chained = bl.chain(bl.load("losses.nc"), bl.load("scores.nc"))  # doctest: +SKIP
    >>> chained.predict(at={"params": 7e9, "data": 2e12}, outcome="accuracy:arc_easy")  # doctest: +SKIP
    """
    require_chain(loss_fit.posterior.law, score_fit.posterior.law)
    return Chain(loss_fit.posterior, score_fit.posterior, task)
