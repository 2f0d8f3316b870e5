"""Rolling origins of joint laws: how far a law that is fitted to the smaller runs of a table misses its larger ones.

Runs are ordered by the product of their covariates, for parameters and tokens compute. On 12 studies of three
collections the errors inside foretold those beyond the largest runs to a quarter of their size.
"""

from collections.abc import Callable, Iterator
from functools import partial

import jax
import numpy as np
from scipy import optimize

from bayeslaw.laws.base import Law

SHARES = (0.7, 0.85)
"""Shares of the runs that the law is fitted to, smallest first. Errors of the small runs say little about large ones:
on a grid of over-trained models they are three times those at its largest runs, and beyond them."""
AHEAD = 2.0
"""E-folds of the product up to which larger runs are foretold."""
LEAST_RUNS = 10
"""Fewest runs that the law is fitted to; more where it has many coordinates."""
LEAST_ERRORS = 6
"""Fewer errors say nothing."""

_SAME = 0.05  # products that are nearer, in e-folds, are the same budget
_NOISE = 0.005  # log loss; residuals well above it have less weight in a fit
_LEAST = 0.1  # of the errors, that is never taken off


def misfit_error(law: Law, surfaces: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Root mean square error of the larger runs of a task, foretold from the smaller ones by least squares.

    The scatter of runs about a fit to all of them is taken off, in squares. Outliers count as three times the typical
    error.

    Parameters
    ----------
    law : Law
    surfaces : list of (ndarray, ndarray)
        Logs of the V covariates of the runs of a surface relative to the reference, shape (n, V), and their log losses,
        shape (n,).

    Returns
    -------
    float
        In log loss; NaN where the surfaces have too few runs to tell.
    """
    ahead, scatter = [np.empty(0)], [np.empty(0)]
    for points, log_loss in surfaces:
        for before, after in _origins(points.sum(axis=1), max(LEAST_RUNS, 2 * (len(law.coordinates) + 1))):
            fitted = _fitted(law, points[before], log_loss[before])
            ahead.append(log_loss[after] - fitted(points[after]))
        if len(log_loss):
            scatter.append(log_loss - _fitted(law, points, log_loss)(points))
    errors = np.concatenate(ahead)
    if len(errors) < LEAST_ERRORS:
        return float("nan")
    limit = 3 * _typical(errors)
    square = float(np.mean(np.clip(errors, -limit, limit) ** 2))
    return float(np.sqrt(max(square - _typical(np.concatenate(scatter)) ** 2, _LEAST**2 * square)))


def _origins(product: np.ndarray, enough: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks of the runs up to each origin, and of those a little beyond it, given the product of covariates."""
    if not len(product):
        return
    for end in np.unique(np.quantile(product, SHARES, method="lower")):
        before = product <= end + _SAME
        after = ~before & (product <= end + _SAME + AHEAD)
        if before.sum() >= enough and after.any():
            yield before, after


def _fitted(law: Law, points: np.ndarray, log_loss: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The law fitted to runs by robust least squares, with the priors of its coordinates: from points to log losses."""
    middle = float(log_loss.mean())

    def at(position: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Log loss for a level relative to the mean, and coordinates in standard deviations from their means."""
        covariates = {c.name: np.exp(points[:, v]) for v, c in enumerate(law.covariates)}
        values = {c.name: c.mean + c.sd * z for c, z in zip(law.coordinates, position[1:], strict=True)}
        with jax.enable_x64(True):
            shape = np.asarray(law.log_shape(values, covariates, dict.fromkeys(covariates, 1.0)))
        return np.asarray(middle + position[0] + shape)

    def residuals(position: np.ndarray) -> np.ndarray:
        return np.concatenate([(log_loss - at(position, points)) / _NOISE, position[1:]])

    found = optimize.least_squares(residuals, np.zeros(1 + len(law.coordinates)), loss="soft_l1", f_scale=2.0)
    return partial(at, found.x)


def _typical(errors: np.ndarray) -> float:
    """Standard deviation of errors about 0, from their median size."""
    return 1.4826 * float(np.median(np.abs(errors)))
