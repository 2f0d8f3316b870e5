"""Random walks along the axis of a score: straight between knots, with independent increments from knot to knot.

Between its first knot, where it is 0, and its last one a walk of rate 1 has standard normal coefficients; beyond the
last knot it goes on as a Brownian motion. Times are logs of the axis relative to its reference.
"""

from dataclasses import dataclass

import numpy as np

SPACING, KNOTS = 0.35, 8
"""Least distance of the knots of walks that models share, in e-folds, and how many there are at most."""

OWN_SPACING, OWN_KNOTS = 0.7, 4
"""The same of the walks of single models."""


@dataclass(frozen=True, eq=False)
class Walk:
    """A walk of rate 1.

    Attributes
    ----------
    start : float
        Where it is 0; before, too.
    knots : ndarray, shape (P,)
        In increasing order, after the start.
    """

    start: float
    knots: np.ndarray

    @property
    def end(self) -> float:
        """The last knot."""
        return float(self.knots[-1]) if len(self.knots) else self.start

    def functions(self, t: np.ndarray) -> np.ndarray:
        """Values of the basis functions at times t: shape (*t.shape, P); constant beyond the knots."""
        places = np.concatenate([[self.start], self.knots])
        steps = np.sqrt(np.diff(places))
        heights = np.tril(np.ones((len(places), len(self.knots))), -1) * steps  # of each basis function at the places
        at = np.clip(t, places[0], places[-1])
        found = np.zeros((*np.shape(t), len(self.knots)))
        for j in range(len(self.knots)):
            found[..., j] = np.interp(at, places, heights[:, j])
        return found

    def ahead(self, t: np.ndarray) -> np.ndarray:
        """How far times lie beyond the last knot, same shape."""
        return np.maximum(t - self.end, 0.0)


def walk_over(t: np.ndarray, spacing: float, most: int) -> Walk:
    """A walk over the range of times t, with knots at equal distances."""
    start, end = float(np.min(t)), float(np.max(t))
    count = min(most, int((end - start) / spacing))
    return Walk(start, np.round(start + (end - start) * np.arange(1, count + 1) / max(count, 1), 10))


def brownian(ahead: np.ndarray, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draws of one Brownian motion at times ahead of its start, of any shape: shape (draws, *ahead.shape)."""
    times, place = np.unique(ahead, return_inverse=True)
    steps = np.sqrt(np.diff(times, prepend=0.0)) * rng.standard_normal((draws, len(times)))
    return np.cumsum(steps, axis=1)[:, place.ravel()].reshape(draws, *ahead.shape)
