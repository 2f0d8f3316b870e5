"""What a choice may go by: the mean of its regret, its tail, its median, or the odds of being best."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

Risk = Literal["mean", "cvar90", "median-regret", "probability"]
"""By what the recommended candidate is the best."""

TAIL = 0.9
"""CVaR is the mean of the worst share 1 - TAIL of the draws of regret."""

SHORTLIST = 0.95
"""Probability with which a shortlist holds the best candidate."""

MEANING: Mapping[Risk, str] = {
    "mean": "expected regret",
    "cvar90": "the worst tenth of regret",
    "median-regret": "median regret",
    "probability": "the odds of being best",
}


def conditional_value_at_risk(regret: np.ndarray, tail: float = TAIL) -> float:
    """Mean of the worst ``1 - tail`` of the draws of a regret (Rockafellar and Uryasev 2000), at least one draw."""
    worst = max(1, round(len(regret) * (1 - tail)))
    return float(np.sort(regret)[-worst:].mean())


def orders(regret: np.ndarray, averaged: np.ndarray | None = None) -> dict[Risk, np.ndarray]:
    """Candidates from best to worst by each risk, from draws of regret (S, J); ties go by expected regret.

    ``averaged`` is that of which means are taken, if it is another: of losses with their tails cut.
    """
    averaged = regret if averaged is None else averaged
    expected = averaged.mean(axis=0)
    scores: dict[Risk, np.ndarray] = {
        "mean": expected,
        "cvar90": np.array([conditional_value_at_risk(own) for own in averaged.T]),
        "median-regret": np.median(regret, axis=0),
        "probability": -shares_of_best(-regret),
    }
    return {risk: np.lexsort((expected, score)) for risk, score in scores.items()}


def shares_of_best(worth: np.ndarray) -> np.ndarray:
    """Probability of being the best, from draws of worth (S, J); those who share the best share the probability."""
    best = worth == worth.max(axis=1, keepdims=True)
    return np.asarray((best / best.sum(axis=1, keepdims=True)).mean(axis=0))


def shortlist(p_best: np.ndarray) -> list[int]:
    """The smallest set that holds the best candidate with probability `SHORTLIST`, the likeliest first."""
    order = np.argsort(-p_best, kind="stable")
    needed = int(np.searchsorted(np.cumsum(p_best[order]), SHORTLIST - 1e-9)) + 1
    return order[:needed].tolist()


def pairwise(regret: np.ndarray) -> np.ndarray:
    """Probability that the candidate of a row beats that of a column, from draws of regret (S, J); ties are halved."""
    better = np.array([(own[:, None] < regret).mean(axis=0) for own in regret.T])
    return np.asarray(0.5 * (1.0 + better - better.T))
