"""The rectified law by least squares, candidate by candidate, and the intervals that resampled residuals give.

Shapes: ``M`` candidates, ``S`` data sizes (all above zero). ``zero_shot`` is the loss before any fine-tuning, which
enters as a point at exactly zero examples.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import leastsq

from bayeslaw.errors import RunsError
from bayeslaw.evidence.baselines.inputs import check_curves, per_candidate

Array = NDArray[np.float64]


def rectified_least_squares(
    sizes: ArrayLike, losses: ArrayLike, *, target: float, zero_shot: ArrayLike | None
) -> Array:
    """Fit the rectified law to each candidate by least squares of log loss.

    By Levenberg-Marquardt with an exact Jacobian, in logs of ``A - E``, ``E`` and ``beta``, so that all stay positive;
    the best of four starts. Unlike the published two steps
    (`bayeslaw.evidence.baselines.selection.rectified_point_fit`) it reaches an optimum, gives every candidate a
    prediction, and is some thirty times faster.

    Parameters
    ----------
    sizes : array_like, shape (S,)
        Data sizes, at least 4 of them, with that at zero examples.
    losses : array_like, shape (M, S)
        Test losses.
    target : float
        Data size to predict at.
    zero_shot : array_like, shape (M,), or None
        Loss without fine-tuning.

    Returns
    -------
    ndarray, shape (M,)
        Predicted loss.
    """
    lx, seen, ly = _points(sizes, losses, target, zero_shot, least=4)
    points = [_rectified_least_squares(lx, seen, row, _rectified_starts(lx[seen], row)) for row in ly]
    return np.exp([_at(point, target) for point in points])


def rectified_bootstrap(
    sizes: ArrayLike,
    losses: ArrayLike,
    *,
    target: float,
    zero_shot: ArrayLike | None,
    draws: int,
    rng: np.random.Generator,
) -> Array:
    """Residual bootstrap of the rectified law, candidate by candidate: the interval a point fit would report.

    The law is fitted as by `rectified_least_squares`, not by the published two steps, which neither reach an optimum
    nor are fast enough to repeat. Residuals, inflated by ``sqrt(n / (n - 4))`` for the four fitted parameters and
    centred, are resampled onto the fitted curve; each refit starts from the point fit. A resampled residual is added to
    each prediction.

    Parameters
    ----------
    sizes : array_like, shape (S,)
        Fine-tuning examples.
    losses : array_like, shape (M, S)
        Test losses.
    target : float
        Fine-tuning examples to predict at.
    zero_shot : array_like, shape (M,), or None
        Loss without fine-tuning; enters as a point at exactly zero examples.
    draws : int
        Bootstrap refits, B.
    rng : numpy.random.Generator
        Resamples the residuals.

    Returns
    -------
    ndarray, shape (B, M)
        Run predictions: losses that one new run at the target would measure.

    References
    ----------
    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 9.
    """
    lx, seen, ly = _points(sizes, losses, target, zero_shot, least=5)
    if draws < 1:
        raise RunsError(f"expected at least one bootstrap draw, found {draws}; 200 give a usable 90 % interval")
    out = np.empty((draws, len(ly)))
    n = lx.size
    for m, row in enumerate(ly):
        point = _rectified_least_squares(lx, seen, row, _rectified_starts(lx[seen], row))
        curve = _rectified_log_loss(point, lx, seen)
        residual = (row - curve) * np.sqrt(n / (n - 4))
        residual = residual - residual.mean()
        for b in range(draws):
            again = _rectified_least_squares(lx, seen, curve + rng.choice(residual, n), [point])
            out[b, m] = _at(again, target) + rng.choice(residual)
    return np.exp(out)


# --------------------------------------------------------------------------------------------------------------- pieces


def _points(
    sizes: ArrayLike, losses: ArrayLike, target: float, zero_shot: ArrayLike | None, *, least: int
) -> tuple[Array, NDArray[np.bool_], Array]:
    """Log sizes ``(S,)``, which of them are above zero, and log losses ``(M, S)``, zero examples first if known."""
    x, y = check_curves(sizes, losses, target, least=least - (zero_shot is not None))
    if zero_shot is not None:
        x = np.concatenate([[0.0], x])
        y = np.column_stack([per_candidate(zero_shot, y.shape[0], "zero-shot loss"), y])
    seen = x > 0
    return np.log(np.where(seen, x, 1.0)), seen, np.log(y)


def _at(p: Array, target: float) -> float:
    """Log loss at a data size above zero."""
    return float(_rectified_log_loss(p, np.array([np.log(target)]), np.ones(1, dtype=bool))[0])


def _rectified_terms(p: Array, lx: Array, seen: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Log loss, its reducible share, and sigmoid(b + beta log D), for p = (log(A - E), log E, b, log beta)."""
    beta = np.exp(np.clip(p[3], -12.0, 4.0))
    u = np.where(seen, p[2] + beta * lx, -np.inf)  # D = 0: Z is exactly zero
    reducible = p[0] - np.logaddexp(0.0, u)
    log_loss = np.logaddexp(p[1], reducible)
    return log_loss, np.exp(reducible - log_loss), np.exp(-np.logaddexp(0.0, -u))


def _rectified_log_loss(p: Array, lx: Array, seen: NDArray[np.bool_]) -> Array:
    return _rectified_terms(p, lx, seen)[0]


def _rectified_jacobian(p: Array, lx: Array, seen: NDArray[np.bool_]) -> Array:
    _, share, sigmoid = _rectified_terms(p, lx, seen)
    down = -share * sigmoid
    return np.column_stack([share, 1.0 - share, down, down * lx * np.exp(np.clip(p[3], -12.0, 4.0))])


def _rectified_starts(lx: Array, ly: Array) -> list[Array]:
    """Four starts: E small or most of the lowest loss, slow or fast decline, half way down mid-range."""
    high, low, middle = float(np.exp(ly.max())), float(np.exp(ly.min())), float(lx.mean())
    return [
        np.array([np.log(high - share * low), np.log(share * low), -beta * middle, np.log(beta)])
        for share in (0.2, 0.8)
        for beta in (0.2, 0.6)
    ]


def _rectified_least_squares(lx: Array, seen: NDArray[np.bool_], ly: Array, starts: list[Array]) -> Array:
    """Best least-squares fit of log loss over the starts."""
    residual: Callable[[Array], Array] = lambda p: _rectified_log_loss(p, lx, seen) - ly  # noqa: E731
    best, lowest = starts[0], np.inf
    for start in starts:
        with np.errstate(all="ignore"):  # on a flat curve the covariance that leastsq adds, unused here, overflows
            found = leastsq(residual, start, Dfun=lambda p: _rectified_jacobian(p, lx, seen), full_output=True)[0]
        error = float(np.sum(residual(found) ** 2))
        if error < lowest:
            best, lowest = found, error
    return best
