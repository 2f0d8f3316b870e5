"""From what a method says of a cell to numbers: every score it can be given, and None for those it cannot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.evidence import scores

Array = NDArray[np.float64]

SCORES = (
    "rel_acc", "pear_corr", "kendall_tau", "regret", "rmsle", "are_median", "crps_log", "log_score", "coverage_50",
    "coverage_80", "coverage_90", "coverage_95", "width_90", "brier_p_best",
)  # fmt: skip
"""Names of the scores, in the order in which they are listed; `bayeslaw.evidence.scores` defines them."""

LEVELS = tuple(round(0.05 * k, 2) for k in range(1, 20))
"""Nominal levels at which observed coverage is kept, for the picture of coverage."""

_INTERVALS = {"coverage_50": 0.5, "coverage_80": 0.8, "coverage_90": 0.9, "coverage_95": 0.95}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method says of the M targets of a cell; None for what it does not say.

    Attributes
    ----------
    predicted : ndarray, shape (M,), optional
        Predicted losses.
    draws : ndarray, shape (B, M), optional
        Joint draws of the losses that runs at the targets would measure.
    feature : ndarray, shape (M,), optional
        Number held to go along with the loss, by which correlations are taken if there are no predicted losses.
    preference : ndarray, shape (M,), optional
        The lowest is chosen. Default: the predicted loss, or else the feature.
    odds : ndarray, shape (M,), optional
        Probability that each target is the best.
    status : {"PASS", "REVIEW", "FAIL"}, optional
        Verdict of the method on its own fit.
    checks : tuple of mappings
        What the verdict rests on.
    details : mapping
        What else is worth keeping; plain values.
    """

    predicted: Array | None = None
    draws: Array | None = None
    feature: Array | None = None
    preference: Array | None = None
    odds: Array | None = None
    status: str | None = None
    checks: tuple[Mapping[str, Any], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


def no_scores() -> dict[str, float | None]:
    """Scores of a method that gave no answer."""
    return dict.fromkeys(SCORES)


def choice_scores(answer: Answer, measured: Array) -> dict[str, float | None]:
    """Score an answer on candidates among which one is chosen.

    Correlations are of the predicted losses with the measured ones, the choice is the lowest `Answer.preference`. The
    CRPS of a point prediction is its absolute error in log loss; densities are estimated from draws by a kernel
    (`log_score_draws`).
    """
    found = distribution_scores(answer, measured)
    feature = answer.predicted if answer.predicted is not None else answer.feature
    preference = answer.preference if answer.preference is not None else feature
    if feature is not None:
        found["pear_corr"] = _number(lambda: scores.pear_corr(feature, measured))
        found["kendall_tau"] = _number(lambda: scores.kendall_tau(feature, measured))
    if preference is not None:
        found["rel_acc"] = _number(lambda: scores.rel_acc(preference, measured))
        found["regret"] = _number(lambda: scores.regret(preference, measured))
    odds = answer.odds
    if odds is not None:
        found["brier_p_best"] = _number(lambda: scores.brier_best(odds, measured))
    return found


def distribution_scores(answer: Answer, measured: Array) -> dict[str, float | None]:
    """Score an answer on targets among which nothing is chosen, such as the points of one curve."""
    found = no_scores()
    predicted, draws = answer.predicted, answer.draws
    if predicted is not None:
        found["rmsle"] = _number(lambda: scores.rmsle(predicted, measured))
        found["are_median"] = _number(lambda: scores.are_median(predicted, measured))
        found["crps_log"] = _number(lambda: float(np.mean(np.abs(np.log(predicted) - np.log(measured)))))
    if draws is not None:
        found["crps_log"] = _number(lambda: float(np.mean(scores.crps(draws, measured))))
        found["log_score"] = _number(lambda: float(np.mean(scores.log_score_draws(draws, measured))))
        intervals = scores.intervals(draws, measured, levels=tuple(_INTERVALS.values()))
        found.update({name: float(value) for name, value in zip(_INTERVALS, intervals.coverage, strict=True)})
        found["width_90"] = float(intervals.width[list(_INTERVALS).index("coverage_90")])
    return found


def coverage_at_levels(answer: Answer, measured: Array) -> list[float] | None:
    """Share of targets inside central intervals at `LEVELS`; None without draws."""
    if answer.draws is None:
        return None
    return [float(share) for share in scores.intervals(answer.draws, measured, levels=LEVELS).coverage]


def _number(score: Callable[[], float]) -> float | None:
    """Give a score, or None where it is not defined (one candidate, ties throughout) or not finite."""
    try:
        with np.errstate(all="ignore"):
            value = score()
    except RunsError:
        return None
    return value if np.isfinite(value) else None
