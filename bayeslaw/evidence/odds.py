"""Odds of being best: from draws, and scores of them.

``M`` counts candidates, ``B`` draws; losses are positive and smaller is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayeslaw.errors import RunsError
from bayeslaw.evidence.scores import paired

Array = NDArray[np.float64]


def p_best(draws: ArrayLike) -> Array:
    """Share of draws ``(B, M)`` in which each candidate has the lowest loss; ties share the draw. Shape (M,)."""
    d = np.asarray(draws, dtype=float)
    if d.ndim != 2 or d.shape[0] < 1 or not np.isfinite(d).all():
        raise RunsError(f"expected finite draws of shape (B, M), found shape {d.shape} or something not finite in it")
    lowest = d == d.min(axis=1, keepdims=True)
    return np.asarray((lowest / lowest.sum(axis=1, keepdims=True)).mean(axis=0))


def expected_regret(draws: ArrayLike) -> Array:
    """Mean over draws ``(B, M)`` of each candidate's loss above the best one of the draw. Shape (M,)."""
    d = np.asarray(draws, dtype=float)
    return np.asarray((d - d.min(axis=1, keepdims=True)).mean(axis=0))


def _best(true: Array) -> Array:
    """One for the best candidate, shared among exact ties."""
    lowest = true == true.min()
    return np.asarray(lowest / lowest.sum())


def _odds(probability: ArrayLike, true: ArrayLike) -> tuple[Array, Array]:
    """Check odds of being best: in [0, 1] and summing to one."""
    p, t = paired(probability, true)
    if (p < 0).any() or abs(p.sum() - 1) > 1e-6:
        raise RunsError(
            f"expected odds of being best that sum to 1, found a sum of {p.sum():.6g} (least {p.min():.3g})"
        )
    return p, t


def brier_best(probability: ArrayLike, true: ArrayLike) -> float:
    """Brier score of the odds of being best, ``sum_m (p_m - [m is best])^2`` (0 is perfect, 2 surely wrong).

    Parameters
    ----------
    probability : array_like, shape (M,)
        Probability that each candidate is best; sums to 1.
    true : array_like, shape (M,)
        Loss reached at the target. Candidates that tie for best share the indicator.

    References
    ----------
    Brier 1950, equation 2, in its original form over all classes (uniform odds score ``1 - 1/M``).
    """
    p, t = _odds(probability, true)
    return float(np.sum((p - _best(t)) ** 2))


def log_score_best(probability: ArrayLike, true: ArrayLike, *, least: float = 0.0) -> float:
    """Log of the odds that were given to the best candidate (0 is perfect; larger is better).

    Parameters
    ----------
    probability : array_like, shape (M,)
        Probability that each candidate is best; sums to 1.
    true : array_like, shape (M,)
        Loss reached at the target. The odds of candidates that tie for best are added.
    least : float
        Odds below this count as this: the share that B draws cannot tell from none, ``1 / (B + 1)``. With 0, a winner
        that was given no chance scores minus infinity.
    """
    p, t = _odds(probability, true)
    with np.errstate(divide="ignore"):
        return float(np.log(max(float(p[t == t.min()].sum()), least)))


@dataclass(frozen=True)
class Reliability:
    """Stated odds against how often they came true, bin by bin; bins without candidates hold nan.

    Attributes
    ----------
    edges : ndarray, shape (K + 1,)
        Bin edges in probability; the last bin includes its upper edge.
    count : ndarray of int, shape (K,)
        Candidates in the bin.
    stated : ndarray, shape (K,)
        Their mean stated probability.
    observed : ndarray, shape (K,)
        Share of them that was best.
    """

    edges: Array
    count: NDArray[np.int64]
    stated: Array
    observed: Array


def reliability(
    probability: Sequence[ArrayLike],
    true: Sequence[ArrayLike],
    *,
    edges: Sequence[float] = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
) -> Reliability:
    """Reliability table of the odds of being best, pooled over choices.

    Parameters
    ----------
    probability, true : sequences of array_like, each shape (M_i,)
        For every choice made (a task at a budget): stated odds, and losses reached.
    edges : sequence of float
        Increasing bin edges that cover [0, 1]. Fine near zero, because most candidates of a pool are unlikely.
    """
    if len(probability) != len(true) or not len(true):
        raise RunsError(f"expected odds and losses for the same choices, found {len(probability)} and {len(true)}")
    pairs = [_odds(p, t) for p, t in zip(probability, true, strict=True)]
    p = np.concatenate([pair[0] for pair in pairs])
    hit = np.concatenate([_best(pair[1]) for pair in pairs])
    e = np.asarray(edges, dtype=float)
    if e.size < 2 or (np.diff(e) <= 0).any() or e[0] > 0 or e[-1] < 1:
        raise RunsError(f"expected increasing bin edges from 0 to 1, found {list(edges)}")
    k = np.clip(np.searchsorted(e, p, side="right") - 1, 0, e.size - 2)
    count = np.bincount(k, minlength=e.size - 1)
    safe = np.where(count > 0, count, 1)
    stated = np.where(count > 0, np.bincount(k, weights=p, minlength=e.size - 1) / safe, np.nan)
    observed = np.where(count > 0, np.bincount(k, weights=hit, minlength=e.size - 1) / safe, np.nan)
    return Reliability(edges=e, count=count, stated=stated, observed=observed)


def calibration_error(table: Reliability) -> float:
    """Mean distance of stated odds and the share that came true, over bins weighted by their count (0 is perfect)."""
    some = table.count > 0
    return float(np.average(np.abs(table.stated - table.observed)[some], weights=table.count[some]))
