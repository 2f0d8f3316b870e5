"""Rolling origins of joint laws: how far a law that is fitted to some runs of a table misses those beyond them.

In each direction in which covariates may rise or fall together (see ``frontier``), runs are ordered by their place
along it, the law is fitted to the first ones, and foretells the next. Errors in one direction say little of those in
another: on a published grid of vocabularies they are 13 times larger beyond the largest vocabulary than beyond the
largest compute.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import optimize

from bayeslaw.kinds.surfaces.frontier import directions, excess, growth
from bayeslaw.laws.base import Law

SHARES = (0.7, 0.85)
"""Shares of the runs that the law is fitted to, the first ones. Errors of the small runs say little about large ones:
on a grid of over-trained models they are three times those at its largest runs, and beyond them."""
AHEAD = 2.0
"""E-folds up to which the next runs are foretold."""
LEAST_RUNS = 10
"""Fewest runs that the law is fitted to; more where it has many coordinates."""
LEAST_ERRORS = 6
"""Fewer errors say nothing."""
LEAST_BLOCK = 128
"""Runs that a compiled law takes at least; more by factors of two, so that tables of other lengths share a program."""

_SAME = 0.05  # places that are nearer, in e-folds, are the same
_NOISE = 0.005  # log loss, of the first fit; residuals well above it have less weight
_LEAST_NOISE = 0.003  # of the fits that follow, whose noise is the scatter about the first


def misfit_errors(
    law: Law, surfaces: list[tuple[np.ndarray, np.ndarray]], models: list[np.ndarray] | None = None
) -> "MisfitErrors":
    """Root mean square errors of runs foretold by least squares from those before them, in each direction.

    Each error counts in units of how errors grow with distance (`bayeslaw.kinds.surfaces.frontier.growth`); outliers
    count as three times the typical error.

    Parameters
    ----------
    law : Law
        Of V covariates.
    surfaces : list of (ndarray, ndarray)
        Logs of the covariates of the runs of a surface relative to the reference, shape (n, V), and their losses on
        the scale of the link, shape (n,).
    models : list of ndarray, optional
        Model of each run of a surface, shapes (n,), where models have offsets of their own, which are no errors of the
        law: each model's median distance from the law that is fitted to all runs is taken off.

    Returns
    -------
    MisfitErrors
    """
    ways = directions(len(law.covariates))
    enough = max(LEAST_RUNS, 2 * (len(law.coordinates) + 1))
    told = [
        sum(after.sum() for points, _ in surfaces for _, after in _origins(points @ way, enough)) >= LEAST_ERRORS
        for way in ways
    ]
    found = MisfitErrors(*np.full((2, len(ways)), np.nan))
    if not any(told):
        return found  # before anything is compiled
    with jax.enable_x64(True):
        fit = _fitter(law, max(len(log_loss) for _, log_loss in surfaces))
        residuals = [y - fit(points, y, np.ones(len(y), bool), _NOISE) for points, y in surfaces]
        offsets = [np.zeros(len(residual)) for residual in residuals]
        if models is not None:
            offsets = [_medians(residual, model) for residual, model in zip(residuals, models, strict=True)]
        noise = max(_LEAST_NOISE, _typical(np.concatenate(residuals) - np.concatenate(offsets)))
        for d in np.flatnonzero(told):
            errors, by_noise = np.concatenate(
                [
                    _errors(points, log_loss - offsets[k], *masks, fit, noise)
                    for k, (points, log_loss) in enumerate(surfaces)
                    for masks in _origins(points @ ways[d], enough)
                ],
                axis=1,
            )
            limit = 3 * _typical(errors)
            square = np.mean(np.clip(errors, -limit, limit) ** 2)
            found.size[d] = np.sqrt(square)
            found.beyond_noise[d] = np.sqrt(max(square - np.mean(by_noise**2), 0.0))
    return found


class MisfitErrors(NamedTuple):
    """Errors of a law in each of D directions, in the order of `bayeslaw.kinds.surfaces.frontier.directions`.

    On the scale of the link; NaN where there are too few runs to tell.
    """

    size: np.ndarray
    """Root mean square, noise included, shape (D,): noise taken off, it foretells errors beyond the data less well."""
    beyond_noise: np.ndarray
    """Its part that the scatter of runs about the law does not explain: root of the difference of squares, (D,)."""

    def overall(self) -> float:
        """Root mean square over the directions of which errors are known; NaN if there is none."""
        known = self.size[np.isfinite(self.size)]
        return float(np.sqrt(np.mean(known**2))) if len(known) else float("nan")

    def relative(self) -> np.ndarray:
        """Errors in each direction over `overall`, shape (D,); 1 where they are not known."""
        return np.where(np.isfinite(self.size), self.size / self.overall(), 1.0)

    def relative_fall(self, product: int | None) -> float:
        """Error beyond noise in one direction over `overall`; 1 where it is not known, or there is no direction."""
        if product is None or not np.isfinite(self.size[product]):
            return 1.0
        return float(self.beyond_noise[product] / self.overall())


Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]
"""From logs of covariates (n, V), log losses (n,), a mask of the runs to fit (n,), and the noise in log loss, to log
losses by the law at all runs, shape (n,)."""


def _errors(
    points: np.ndarray, log_loss: np.ndarray, before: np.ndarray, after: np.ndarray, fit: Fit, noise: float
) -> np.ndarray:
    """Errors of the n runs after an origin, and those by noise, over the growth of errors at their distance: (2, n)."""
    error = (log_loss - fit(points, log_loss, before, noise))[after]
    distance = excess(points[after], points[before]).max(axis=1)
    return np.stack([error, np.full(len(error), noise)]) / growth(np.maximum(distance, _SAME))


def _origins(place: np.ndarray, enough: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks of the runs up to each origin, and of those a little beyond it, given places along a direction."""
    if not len(place):
        return
    for end in np.unique(np.quantile(place, SHARES, method="lower")):
        before = place <= end + _SAME
        after = ~before & (place <= end + _SAME + AHEAD)
        if before.sum() >= enough and after.any():
            yield before, after


def _fitter(law: Law, rows: int) -> Fit:
    """Robust least squares of the law with the priors of its coordinates, for up to so many runs.

    Each fit starts where the last one ended.
    """
    size = len(law.coordinates)
    start = np.zeros(1 + size)
    block = 2 ** int(np.ceil(np.log2(max(rows, LEAST_BLOCK))))

    def fit(points: np.ndarray, log_loss: np.ndarray, used: np.ndarray, noise: float) -> np.ndarray:
        nonlocal start
        padded, n = np.pad(points, ((0, block - len(points)), (0, 0)), mode="edge"), len(points)
        middle, weight = float(log_loss[used].mean()), used / noise

        @functools.lru_cache(maxsize=1)
        def at(position: bytes) -> tuple[np.ndarray, np.ndarray]:
            slopes, law_there = _slopes_and_law(law, np.frombuffer(position), padded)
            return np.asarray(slopes)[:n], np.asarray(law_there)[:n]

        def residuals(position: np.ndarray) -> np.ndarray:
            return np.concatenate([weight * (log_loss - middle - at(position.tobytes())[1]), position[1:]])

        def slopes(position: np.ndarray) -> np.ndarray:
            return np.vstack([-weight[:, None] * at(position.tobytes())[0], np.eye(1 + size)[1:]])

        start = optimize.least_squares(residuals, start, jac=slopes, loss="soft_l1", f_scale=2.0).x
        return middle + at(start.tobytes())[1]

    return fit


@functools.partial(jax.jit, static_argnums=0)
def _slopes_and_law(law: Law, position: Any, points: Any) -> Any:
    """Slopes and log loss at points (n, V), given a level over the mean, and coordinates in sds from their means."""

    def at(position: Any) -> Any:
        covariates = {c.name: jnp.exp(points[:, v]) for v, c in enumerate(law.covariates)}
        values = {c.name: c.mean + c.sd * z for c, z in zip(law.coordinates, position[1:], strict=True)}
        found = position[0] + law.log_shape(values, covariates, dict.fromkeys(covariates, 1.0))
        return found, found

    return jax.jacfwd(at, has_aux=True)(position)


def _medians(residual: np.ndarray, model: np.ndarray) -> np.ndarray:
    """The median residual of the model of each run, shape (n,)."""
    return np.asarray(pd.Series(residual).groupby(model).transform("median"))


def _typical(errors: np.ndarray) -> float:
    """Standard deviation of errors about 0, from their median size."""
    return 1.4826 * float(np.median(np.abs(errors)))
