"""How runs near each other stray from a joint law together: a field over the logarithms of its covariates.

What a law of several covariates gets wrong, it gets wrong alike for runs that are alike: of the published points of one
law, residuals a fifth of an e-fold apart correlate by .35, and counted as independent they make standard deviations of
the exponents 1.5 and 1.8 times smaller. The field is exponentially correlated, with reach ``REACH``. It is written on
the patterns that runs of the table have in common, the principal components of its covariance; what a run does alone is
noise.

Alone it would say that the law holds at any distance. Beyond the range of the data the slope along each covariate
begins to wander as well, as for learning curves (see `bayeslaw.kinds.curves.walks`); within, nobody could tell such a
walk from the law.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from bayeslaw.kinds.shared.walks import DEPARTURE, integrated_walk

REACH = 0.4
"""E-folds of distance over which the field forgets."""

LEAST_SHARED = 3.0
"""Variance of a pattern, in units of that of one run, from which it counts as shared."""

MAX_PATTERNS = 48


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
        E-folds of distance over which the field forgets.
    rate : float
        Of the walk of the slope that begins beyond the data, in units of the standard deviation of the field.
    """

    points: np.ndarray
    patterns: np.ndarray
    reach: float = REACH
    rate: float = DEPARTURE

    def functions(self, points: np.ndarray) -> np.ndarray:
        """Basis functions at points (m, V): shape (m, P), to be multiplied with standard normal coefficients."""
        return _covariance(points, self.points, self.reach) @ self.patterns

    def unexplained(self, points: np.ndarray) -> np.ndarray:
        """Variance that the patterns leave open at points (m, V), shape (m,)."""
        return np.clip(1.0 - np.sum(self.functions(points) ** 2, axis=1), 0.0, None)

    def remainder(self, points: np.ndarray) -> np.ndarray:
        """Covariance at points (m, V) given the patterns, without departures beyond the data."""
        functions = self.functions(points)
        return _covariance(points, points, self.reach) - functions @ functions.T

    def departure(self, points: np.ndarray) -> np.ndarray:
        """Covariance at points (m, V) of what sets in beyond the data."""
        total = np.zeros((len(points), len(points)))
        for beyond in self._beyond(points):
            total += self.rate**2 * integrated_walk(beyond[:, None], beyond[None])
        return total

    def unknown(self, points: np.ndarray) -> np.ndarray:
        """Variance at each of the points (m, V), given the patterns: of remainder and departure, shape (m,)."""
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
