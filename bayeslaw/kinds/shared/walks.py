"""Random walks and changes of the log-log slope, and drawing from covariances that may be singular."""

from dataclasses import dataclass

import numpy as np


def integrated_walk(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Covariance of an integrated random walk of unit rate that starts at 0 with slope 0.

    ``m^2 (3 M - m) / 6`` with m and M the smaller and larger of the distances ``a`` and ``b``.
    """
    smaller, larger = np.minimum(a, b), np.maximum(a, b)
    return smaller**2 * (3 * larger - smaller) / 6


def changing_slope(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Covariance of the departure of a curve from a line whose slope it changes beyond the data, at unit rate.

    ``m sqrt(m (2 M - m))`` with m and M the smaller and larger of the distances ``a`` and ``b``. The departure at a
    distance has that standard deviation. Once it is known at ``a``, it is unknown at ``b`` by ``b - a``: as far as if
    measuring had begun there, for slopes go on changing. (One change for good would be known from the next run.)
    """
    smaller, larger = np.minimum(a, b), np.maximum(a, b)
    return np.asarray(smaller * np.sqrt(smaller * (2 * larger - smaller)))


@dataclass(frozen=True)
class IntegratedWalk:
    """The covariance `integrated_walk` as a dataclass, so that a layout can store it."""

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Covariance at distances a and b."""
        return integrated_walk(a, b)


def covariance_root(covariance: np.ndarray) -> np.ndarray:
    """A square root of a covariance that may be singular (points at knots have no remainder)."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.clip(values, 0.0, None))


def draw(covariance: np.ndarray, sd: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws with a covariance (n, n) that may be singular, times a standard deviation of each draw (S, 1): (S, n)."""
    return sd * (rng.standard_normal((len(sd), len(covariance))) @ covariance_root(covariance).T)
