"""The discrepancy that nearby runs share: a Gaussian process (field) over the logarithms of the covariates of a law.

Errors of a joint law are correlated between similar runs: in the published points of one law, residuals a fifth of an
e-fold apart have a correlation of .35, and if they are taken for independent, standard deviations of the exponents are
1.5 and 1.8 times too small. The covariance of the field is exponential, with correlation length ``REACH``. The field is
written on the leading principal components (patterns) of its covariance at the runs of the table; the rest is noise.

Alone it would imply that the law holds at any distance: see ``frontier`` for how laws miss beyond the data.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

REACH = 0.4
"""Correlation length of the field, in e-folds."""

LEAST_SHARED = 3.0
"""Least variance of a pattern that is kept, in units of the variance of the field at one run."""

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
        Correlation length, in e-folds.
    """

    points: np.ndarray
    patterns: np.ndarray
    reach: float = REACH

    def functions(self, points: np.ndarray) -> np.ndarray:
        """Basis functions at points (m, V): shape (m, P), to be multiplied with standard normal coefficients."""
        return _covariance(points, self.points, self.reach) @ self.patterns

    def unexplained(self, points: np.ndarray) -> np.ndarray:
        """Conditional variance at points (m, V) given the patterns, shape (m,)."""
        return np.clip(1.0 - np.sum(self.functions(points) ** 2, axis=1), 0.0, None)

    def remainder(self, points: np.ndarray) -> np.ndarray:
        """Conditional covariance at points (m, V) given the patterns, shape (m, m)."""
        functions = self.functions(points)
        return _covariance(points, points, self.reach) - functions @ functions.T


def surface_field(points: np.ndarray) -> Field:
    """The field of a surface that was measured at points (n, V)."""
    variance, patterns = np.linalg.eigh(_covariance(points, points, REACH))
    kept = np.flatnonzero(variance >= LEAST_SHARED)[::-1][:MAX_PATTERNS]
    return Field(points, patterns[:, kept] / np.sqrt(variance[kept]))


def _covariance(a: np.ndarray, b: np.ndarray, reach: float) -> np.ndarray:
    return np.exp(-cdist(a, b) / reach)
