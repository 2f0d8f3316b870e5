"""Rules of a few lines that give odds of being best, to be beaten by whoever fits anything.

Shapes: ``M`` candidates, each with its own increasing data sizes and the losses there; ``B`` draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from bayeslaw.errors import RunsError

Array = NDArray[np.float64]

DEFAULT_TEMPERATURE = 0.1
"""Temperature where there are no other tasks; near the best for the tables of LCDB seen to 1/8 (.07) and 1/32 (.12)."""

_TEMPERATURES = np.geomspace(0.01, 10.0, 121)

_LAST = 5  # sizes that give a curve its slope
_OWN = 0.2  # how much of its distance from the mean slope a curve keeps
_GROWTH = 0.7  # power of the log distance with which errors grow
_SHARE = 0.8  # of the standard deviation of earlier errors
_FREEDOM = 5  # degrees of freedom of the draws


# ------------------------------------------------------------------------------------------------------ rolling origins


def rolling_origins(
    sizes: Sequence[Array], losses: Sequence[Array], *, target: float, draws: int, rng: np.random.Generator
) -> tuple[Array, Array | None]:
    """Extrapolate straight lines with shared slopes, and draw errors as wide as the same rule made before.

    The last five sizes give each curve a slope of log loss against log size by least squares. Slopes are drawn to their
    mean over candidates: each keeps a share lambda = 0.2 of its distance from it. From its last size on, a curve is
    straight.

    The rule is also applied at every earlier size with five sizes up to it, as if no larger one were known, and its
    errors at the larger ones are collected, over distances up to that of the target if there are any. For each pair of
    origin and size the mean over candidates is taken off, because it moves all of them alike. What is left is divided
    by (log distance in e-folds)^0.7 and pooled to one standard deviation s. Draws are of Student's t with 5 degrees of
    freedom about the prediction, independent between candidates, with the scale 0.8 s (log distance)^0.7. Intervals
    from them leave out what all candidates share.

    Lambda, the five sizes and the 0.8 were chosen on the tables of the Learning Curve Database (LCDB), so that scores
    on these flatter the rule.

    Parameters
    ----------
    sizes : sequence of ndarray, length M
        Increasing data sizes of each candidate. One with a single size gets the mean slope.
    losses : sequence of ndarray, length M
    target : float
        Data size to predict at.
    draws : int
        B.
    rng : numpy.random.Generator

    Returns
    -------
    predicted : ndarray, shape (M,)
        Predicted loss, the median of the draws' distribution.
    draws : ndarray, shape (B, M), or None
        Draws of the losses at the target; None without an earlier origin at which two candidates were measured, and
        again at a larger size.

    Raises
    ------
    RunsError
        If no candidate has two sizes.
    """
    lines = [_line(np.log(x), np.log(y)) for x, y in zip(sizes, losses, strict=True)]
    if all(np.isnan(line.slope) for line in lines):
        raise RunsError("found no candidate with two sizes, expected at least one: a slope needs two. Raise the budget")
    predicted = _extrapolated(lines, np.log(target))
    distances = np.log(target) - np.array([line.last for line in lines])
    errors = _earlier_errors(sizes, losses, float(distances.min()))
    if not errors.size:
        return np.exp(predicted), None
    scale = _SHARE * np.sqrt(np.mean(errors**2)) * distances**_GROWTH
    return np.exp(predicted), np.exp(predicted + scale * rng.standard_t(_FREEDOM, (draws, len(lines))))


@dataclass(frozen=True)
class _Line:
    """Last point of a curve, and its slope there, nan if it is the only point; logs of size and loss."""

    last: float
    level: float
    slope: float


def _line(lx: Array, ly: Array) -> _Line:
    dx = lx[-_LAST:] - lx[-_LAST:].mean()
    slope = float(dx @ ly[-_LAST:] / (dx @ dx)) if lx.size > 1 else np.nan
    return _Line(float(lx[-1]), float(ly[-1]), slope)


def _extrapolated(lines: Sequence[_Line], at: float) -> Array:
    """Log losses at a log size, shape (M,); at least one line has a slope."""
    slopes = np.array([line.slope for line in lines])
    mean = float(np.nanmean(slopes))
    shrunk = mean + _OWN * (np.where(np.isnan(slopes), mean, slopes) - mean)
    last, level = (np.array([getattr(line, name) for line in lines]) for name in ("last", "level"))
    return np.asarray(level + shrunk * (at - last))


def _earlier_errors(sizes: Sequence[Array], losses: Sequence[Array], needed: float) -> Array:
    """Errors from all earlier origins over log distances up to ``needed``, of any distance if none is so short.

    In units of an error over one e-fold, less their mean over candidates.
    """
    curves = [dict(zip(x.tolist(), np.log(y).tolist(), strict=True)) for x, y in zip(sizes, losses, strict=True)]
    steps = np.unique(np.concatenate(list(sizes)))
    found: list[tuple[float, Array]] = []
    for i, origin in enumerate(steps):
        known = [
            (m, _line(np.log(x[x <= origin]), np.log(y[x <= origin])))
            for m, (x, y) in enumerate(zip(sizes, losses, strict=True))
            if origin in x and np.sum(x <= origin) >= _LAST
        ]
        if not known:
            continue
        for later in steps[i + 1 :]:
            predicted = _extrapolated([line for _, line in known], np.log(later))
            again = [(curves[m][later], p) for (m, _), p in zip(known, predicted, strict=True) if later in curves[m]]
            if len(again) > 1:
                error = np.array([measured - p for measured, p in again])
                distance = float(np.log(later / origin))
                found.append((distance, (error - error.mean()) / distance**_GROWTH))
    near = [error for distance, error in found if distance <= needed * (1 + 1e-9)]
    return np.concatenate(near or [error for _, error in found] or [np.empty(0)])


# ------------------------------------------------------------------------------------------------------------- softmax


def softmax_odds(losses: Array, temperature: float) -> Array:
    """Odds of being best, ``softmax(-log(loss) / temperature)``: of losses as they are now. Shape (M,)."""
    return np.asarray(np.exp(log_softmax(-np.log(losses) / temperature)))


def best_temperature(known: Sequence[tuple[Array, Array]]) -> float:
    """Temperature at which `softmax_odds` gave the winners of choices that are known the highest mean log score.

    It is the best one in hindsight of these choices, to within 6% and between 0.01 and 10.

    Parameters
    ----------
    known : sequence of pairs of ndarray, each shape (M_i,)
        Of each choice, the losses now and those measured at the target. Choices of one candidate tell nothing; without
        others, `DEFAULT_TEMPERATURE` is given.
    """
    known = [(now, measured) for now, measured in known if now.size > 1]
    if not known:
        return DEFAULT_TEMPERATURE
    scores = np.zeros(_TEMPERATURES.size)
    for now, measured in known:
        log_odds = log_softmax(-np.log(now) / _TEMPERATURES[:, None], axis=1)
        scores += np.logaddexp.reduce(log_odds[:, measured == measured.min()], axis=1)
    return float(_TEMPERATURES[scores.argmax()])
