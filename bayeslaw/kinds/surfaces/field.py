"""The discrepancy that nearby runs share: a Gaussian process (field) over the logarithms of the covariates of a law.

Errors of a joint law are correlated between similar runs: in the published points of one law, residuals a fifth of an
e-fold apart have a correlation of .35, and if they are taken for independent, standard deviations of the exponents are
1.5 and 1.8 times too small. The covariance of the field is exponential, with correlation length ``REACH``. The field is
written on the leading principal components (patterns) of its covariance at the runs of the table; the rest is noise.

Alone it would imply that the law holds at any distance. Beyond the range of the data an integrated random walk along
each covariate is added, as for learning curves (see `bayeslaw.kinds.curves.walks`); within the data such a walk could
not be distinguished from the law.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from bayeslaw.kinds.shared.walks import integrated_walk

REACH = 0.4
"""Correlation length of the field, in e-folds."""

LEAST_SHARED = 3.0
"""Least variance of a pattern that is kept, in units of the variance of the field at one run."""

MAX_PATTERNS = 48

DEPARTURE = 2.0
"""Rate of the random walk of the slope beyond the data, in units of the sd of the field."""


@dataclass(frozen=True, eq=False)
class Field:
    """The field of one surface, at unit standard deviation.

    Attributes
    ----------
    points : ndarray, shape (n, V)
        Logs of the V covariates, relative to the reference, at the runs of the table.
    patterns : ndarray, shape (n, P)
        Basis functions at a point are its covariances with these runs times the patterns.
    reach : float
        Correlation length, in e-folds.
    rate : float
        Rate of the integrated random walk beyond the data, in units of the standard deviation of the field.
    """

    points: np.ndarray
    patterns: np.ndarray
    reach: float = REACH
    rate: float = DEPARTURE

    def functions(self, points: np.ndarray) -> np.ndarray:
        """Basis functions at points (m, V): shape (m, P), to be multiplied with standard normal coefficients."""
        return _covariance(points, self.points, self.reach) @ self.patterns

    def unexplained(self, points: np.ndarray) -> np.ndarray:
        """Conditional variance at points (m, V) given the patterns, shape (m,)."""
        return np.clip(1.0 - np.sum(self.functions(points) ** 2, axis=1), 0.0, None)

    def remainder(self, points: np.ndarray) -> np.ndarray:
        """Conditional covariance at points (m, V) given the patterns, shape (m, m); without walks beyond the data."""
        functions = self.functions(points)
        return _covariance(points, points, self.reach) - functions @ functions.T

    def departure(self, points: np.ndarray) -> np.ndarray:
        """Covariance at points (m, V) of the walks beyond the data: shape (m, m)."""
        total = np.zeros((len(points), len(points)))
        for beyond in self._beyond(points):
            total += self.rate**2 * integrated_walk(beyond[:, None], beyond[None])
        return total

    def unknown(self, points: np.ndarray) -> np.ndarray:
        """Conditional variance at points (m, V) given the patterns, with the walks beyond the data: shape (m,)."""
        departed = sum((integrated_walk(beyond, beyond) for beyond in self._beyond(points)), np.zeros(len(points)))
        return self.unexplained(points) + self.rate**2 * departed

    def _beyond(self, points: np.ndarray) -> Iterator[np.ndarray]:
        """Distances by which points lie beyond the data, along each covariate and either way."""
        for v, (low, high) in enumerate(zip(self.points.min(axis=0), self.points.max(axis=0), strict=True)):
            yield np.maximum(points[:, v] - high, 0.0)
            yield np.maximum(low - points[:, v], 0.0)


def surface_field(points: np.ndarray) -> Field:
    """The field of a surface that was measured at points (n, V)."""
    variance, patterns = np.linalg.eigh(_covariance(points, points, REACH))
    kept = np.flatnonzero(variance >= LEAST_SHARED)[::-1][:MAX_PATTERNS]
    return Field(points, patterns[:, kept] / np.sqrt(variance[kept]))


def _covariance(a: np.ndarray, b: np.ndarray, reach: float) -> np.ndarray:
    return np.exp(-cdist(a, b) / reach)
