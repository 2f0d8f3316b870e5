"""Rolling origins of joint laws: how far a law that is fitted to the smaller runs of a table misses its larger ones.

Runs are ordered by the product of their covariates, for parameters and tokens compute. On 12 studies of three
collections the errors inside foretold those beyond the largest runs to a quarter of their size.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
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
    enough = max(LEAST_RUNS, 2 * (len(law.coordinates) + 1))
    origins = [
        (points, log_loss, before, after)
        for points, log_loss in surfaces
        for before, after in _origins(points.sum(axis=1), enough)
    ]
    if sum(after.sum() for *_, after in origins) < LEAST_ERRORS:
        return float("nan")  # before anything is compiled
    with jax.enable_x64(True):
        fit = _fitter(law, max(len(log_loss) for _, log_loss in surfaces))
        ahead = [(log_loss - fit(points, log_loss, before))[after] for points, log_loss, before, after in origins]
        scatter = [y - fit(points, y, np.ones(len(y), bool)) for points, y in surfaces if len(y)]
    errors = np.concatenate(ahead)
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


def _fitter(law: Law, rows: int) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Robust least squares of the law with the priors of its coordinates, compiled once for up to so many runs.

    Returns
    -------
    callable
        From logs of covariates (n, V), log losses (n,) and a mask of the runs to fit (n,), to log losses by the law at
        all runs, shape (n,).
    """

    @jax.jit
    def law_at(position: Any, points: Any) -> Any:
        """Log loss for a level relative to the mean, and coordinates in standard deviations from their means."""
        covariates = {c.name: jnp.exp(points[:, v]) for v, c in enumerate(law.covariates)}
        values = {c.name: c.mean + c.sd * z for c, z in zip(law.coordinates, position[1:], strict=True)}
        return position[0] + law.log_shape(values, covariates, dict.fromkeys(covariates, 1.0))

    derivatives = jax.jit(jax.jacfwd(law_at))
    size = len(law.coordinates)

    def fit(points: np.ndarray, log_loss: np.ndarray, used: np.ndarray) -> np.ndarray:
        padded, n = np.pad(points, ((0, rows - len(points)), (0, 0)), mode="edge"), len(points)
        middle, weight = float(log_loss[used].mean()), used / _NOISE

        def residuals(position: np.ndarray) -> np.ndarray:
            return np.concatenate(
                [weight * (log_loss - middle - np.asarray(law_at(position, padded))[:n]), position[1:]]
            )

        def slopes(position: np.ndarray) -> np.ndarray:
            return np.vstack([-weight[:, None] * np.asarray(derivatives(position, padded))[:n], np.eye(1 + size)[1:]])

        found = optimize.least_squares(residuals, np.zeros(1 + size), jac=slopes, loss="soft_l1", f_scale=2.0)
        return middle + np.asarray(law_at(found.x, padded))[:n]

    return fit


def _typical(errors: np.ndarray) -> float:
    """Standard deviation of errors about 0, from their median size."""
    return 1.4826 * float(np.median(np.abs(errors)))
