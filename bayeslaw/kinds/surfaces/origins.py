"""Rolling origins of joint laws: how far a law that is fitted to the smaller runs of a table misses its larger ones.

Runs are ordered by the product of their covariates, for parameters and tokens compute. On 12 studies of three
collections the errors inside foretold those beyond the largest runs to a quarter of their size.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from bayeslaw.laws.base import Law

SHARES = (0.4, 0.55, 0.7, 0.85)
"""Shares of the runs that the law is fitted to, smallest first."""
AHEAD = 2.0
"""E-folds of the product up to which larger runs are foretold."""
LEAST_RUNS = 10
"""Fewest runs that the law is fitted to, more where it has many coordinates; and fewest errors that say anything."""

_SAME = 0.05  # products that are nearer, in e-folds, are the same budget
_NOISE = 0.005  # log loss; errors well above it have less weight
_LEAST = 0.1  # of the errors, that is never taken for run-to-run noise


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
    errors, scatter = [], []
    for points, log_loss in surfaces:
        found = _errors_ahead(law, points, log_loss)
        if len(found):
            errors.append(found)
            scatter.append(log_loss - _fitted(law, points, log_loss)(points))
    if sum(map(len, errors)) < LEAST_RUNS:
        return float("nan")
    square = np.mean(_clipped(np.concatenate(errors)) ** 2)
    noise = (1.4826 * np.median(np.abs(np.concatenate(scatter)))) ** 2
    return float(np.sqrt(max(square - noise, _LEAST**2 * square)))


def _errors_ahead(law: Law, points: np.ndarray, log_loss: np.ndarray) -> np.ndarray:
    """Errors of all origins of a surface, one after another."""
    product, found = points.sum(axis=1), [np.empty(0)]
    enough = max(LEAST_RUNS, 2 * (len(law.coordinates) + 1))
    for end in np.unique(np.quantile(product, SHARES, method="lower")):
        before = product <= end + _SAME
        ahead = ~before & (product <= end + _SAME + AHEAD)
        if before.sum() >= enough and ahead.any():
            found.append(log_loss[ahead] - _fitted(law, points[before], log_loss[before])(points[ahead]))
    return np.concatenate(found)


def _fitted(law: Law, points: np.ndarray, log_loss: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The law fitted to runs by robust least squares, with the priors of its coordinates, as a function of points."""
    names = [c.name for c in law.coordinates]
    centre, spread = (np.array([getattr(c, part) for c in law.coordinates]) for part in ("mean", "sd"))
    middle = float(log_loss.mean())

    def predicted(position: np.ndarray, at: np.ndarray) -> np.ndarray:
        covariates = {c.name: jnp.exp(at[:, v]) for v, c in enumerate(law.covariates)}
        coordinates = dict(zip(names, centre + spread * position[1:], strict=True))
        return np.asarray(middle + position[0] + law.log_shape(coordinates, covariates, dict.fromkeys(covariates, 1.0)))

    def residuals(position: np.ndarray) -> np.ndarray:
        return np.concatenate([(log_loss - predicted(position, points)) / _NOISE, position[1:]])

    with jax.enable_x64(True):
        found = optimize.least_squares(residuals, np.zeros(1 + len(names)), loss="soft_l1", f_scale=2.0).x

    def law_at(at: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return predicted(found, at)

    return law_at


def _clipped(errors: np.ndarray) -> np.ndarray:
    """Errors held to three times the typical one."""
    limit = 3 * 1.4826 * float(np.median(np.abs(errors)))
    return np.clip(errors, -limit, limit)
