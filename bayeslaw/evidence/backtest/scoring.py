"""From what a method says of a cell to numbers: every score it can be given, and None for those it cannot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.evidence import odds, scores

Array = NDArray[np.float64]

SCORES = (
    "rel_acc", "pear_corr", "kendall_tau", "regret", "rmsle", "are_median", "crps_log", "log_score", "coverage_50",
    "coverage_80", "coverage_90", "coverage_95", "width_90", "brier_p_best",
)  # fmt: skip
"""Names of the scores, in the order in which they are listed; `bayeslaw.evidence.scores` defines them."""

SELECTION_SCORES = (*SCORES, "relative_regret", "expected_regret", "log_score_p_best", "crps")
"""Names of the scores of a backtest of selection; ``crps`` is ``crps_log`` under the shorter name."""

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
    note : str
        What it cannot say, and why.
    """

    predicted: Array | None = None
    draws: Array | None = None
    feature: Array | None = None
    preference: Array | None = None
    odds: Array | None = None
    status: str | None = None
    checks: tuple[Mapping[str, Any], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def ranking(self) -> Array | None:
        """What the choice is made by, shape (M,): the lowest is chosen. None if nothing is preferred."""
        if self.preference is not None:
            return self.preference
        return self.feature if self.predicted is None else self.predicted


def no_scores(names: Sequence[str] = SCORES) -> dict[str, float | None]:
    """Scores of a method that gave no answer."""
    return dict.fromkeys(names)


def choice_scores(answer: Answer, measured: Array) -> dict[str, float | None]:
    """Score an answer on candidates among which one is chosen.

    Correlations are of the predicted losses with the measured ones, the choice is the lowest `Answer.preference`. The
    CRPS of a point prediction is its absolute error in log loss; densities are estimated from draws by a kernel
    (`log_score_draws`).
    """
    found = distribution_scores(answer, measured)
    feature = answer.predicted if answer.predicted is not None else answer.feature
    preference = answer.ranking
    if feature is not None:
        found["pear_corr"] = _number(lambda: scores.pear_corr(feature, measured))
        found["kendall_tau"] = _number(lambda: scores.kendall_tau(feature, measured))
    if preference is not None:
        found["rel_acc"] = _number(lambda: scores.rel_acc(preference, measured))
        found["regret"] = _number(lambda: scores.regret(preference, measured))
    stated = answer.odds
    if stated is not None:
        found["brier_p_best"] = _number(lambda: odds.brier_best(stated, measured))
    return found


def selection_scores(answer: Answer, measured: Array) -> dict[str, float | None]:
    """Score an answer as `choice_scores` does, and with what was lost, what was promised and the winner's odds.

    ``expected_regret`` is the mean over joint draws of the chosen candidate's loss above the best one's, in units of
    loss as ``regret``. Odds below ``1 / (B + 1)``, where they rest on B draws, count as that in ``log_score_p_best``;
    where they rest on none, as the smallest positive number.
    """
    found = {**no_scores(SELECTION_SCORES), **choice_scores(answer, measured)}
    found["crps"] = found["crps_log"]
    preference, draws, stated = answer.ranking, answer.draws, answer.odds
    if preference is not None:
        found["relative_regret"] = _number(lambda: scores.relative_regret(preference, measured))
        if draws is not None:
            found["expected_regret"] = float(odds.expected_regret(draws)[preference.argmin()])
    if stated is not None:
        least = np.finfo(float).tiny if draws is None else 1 / (len(draws) + 1)
        found["log_score_p_best"] = _number(lambda: odds.log_score_best(stated, measured, least=least))
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
