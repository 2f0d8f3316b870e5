"""Scores of laws on the same held-out runs: differences to the best, and stacking weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from bayeslaw.evidence.comparison.leave_one_out import LeaveOneOut
from bayeslaw.evidence.scores import are_median
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.verdicts import Status

LEAST_WEIGHT = 1e-9
"""Lower bound of a weight, so that logarithms of mixture densities stay finite."""


@dataclass(frozen=True)
class LawScore:
    """Scores of one law; means over all held-out runs.

    Attributes
    ----------
    law : str
    log_score : float
        Mean log predictive density of the outcome on the scale of the link, in nats per run.
    behind, behind_se : float
        Difference of that to the best law, and its standard error, which treats models as independent; NaN if all
        held-out runs are of one model.
    weight : float
        Stacking weight: in the mixture of laws with the best log score.
    are_median : float
        Median absolute relative error of the medians.
    rmsle : float
        Root mean squared error on the scale of the link: of losses, of their logarithms.
    coverage_90, width_90 : float
        Share of runs inside their 90% intervals, and mean width of these on the scale of the link.
    loo : LeaveOneOut or None
        Leave-one-out in the fit of all runs; None if curves were averaged before the fit.
    status : {"PASS", "REVIEW", "FAIL"}
        The worst verdict of the law's fits.
    """

    law: str
    log_score: float
    behind: float
    behind_se: float
    weight: float
    are_median: float
    rmsle: float
    coverage_90: float
    width_90: float
    loo: LeaveOneOut | None
    status: Status


def stacking_weights(log_scores: np.ndarray) -> np.ndarray:
    """Weights of the mixture with the highest summed log density.

    Parameters
    ----------
    log_scores : ndarray, shape (n, K)
        Log density that each of K laws gave to n runs.

    Returns
    -------
    ndarray, shape (K,)
    """
    density = np.exp(log_scores - log_scores.max(axis=1, keepdims=True))
    laws = density.shape[1]
    found = optimize.minimize(  # convex, so that there is one minimum
        lambda w: -np.log(density @ w).mean(),
        np.full(laws, 1 / laws),
        jac=lambda w: -(density / (density @ w)[:, None]).mean(axis=0),
        method="SLSQP",
        bounds=[(LEAST_WEIGHT, 1.0)] * laws,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": np.ones_like},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return np.asarray(found.x / found.x.sum())


def law_scores(
    held_out: pd.DataFrame,
    laws: Sequence[str],
    loo: Mapping[str, LeaveOneOut | None],
    statuses: Mapping[str, Status],
    outcome: Outcome,
) -> tuple[LawScore, ...]:
    """Score laws on the runs held out, the best first.

    Parameters
    ----------
    held_out : pandas.DataFrame
        One row a law, fold and run, in one order for all laws; see ``Comparison``.
    laws : sequence of str
    loo, statuses : mapping
        By law.
    outcome : Outcome
        Column of ``held_out`` that was predicted.
    """
    by_law = {law: held_out[held_out["law"] == law] for law in laws}
    log_scores = np.column_stack([by_law[law]["log_score"] for law in laws])
    weights = stacking_weights(log_scores)
    best = log_scores.mean(axis=0).argmax()
    found = []
    for k, law in enumerate(laws):
        rows = by_law[law]
        gap = log_scores[:, best] - log_scores[:, k]
        true, median, low, high = (rows[name].to_numpy(float) for name in (outcome.name, "median", "p05", "p95"))
        error = outcome.link(median) - outcome.link(true)
        found.append(
            LawScore(
                law=law,
                log_score=float(log_scores[:, k].mean()),
                behind=float(gap.mean()),
                behind_se=_clustered_error(gap, rows[["task", "family", "model"]]),
                weight=float(weights[k]),
                are_median=are_median(median, true),
                rmsle=float(np.sqrt(np.mean(error**2))),
                coverage_90=float(np.mean((low <= true) & (true <= high))),
                width_90=float(np.mean(outcome.link(high) - outcome.link(low))),
                loo=loo[law],
                status=statuses[law],
            )
        )
    return tuple(sorted(found, key=lambda score: -score.log_score))


def _clustered_error(values: np.ndarray, labels: pd.DataFrame) -> float:
    """Standard error of a mean of values that depend on each other within groups."""
    group = pd.factorize(pd.MultiIndex.from_frame(labels))[0]
    sums = np.bincount(group, values - values.mean())
    groups = len(sums)
    return float(np.sqrt(groups / (groups - 1) * np.sum(sums**2)) / len(values)) if groups > 1 else float("nan")
