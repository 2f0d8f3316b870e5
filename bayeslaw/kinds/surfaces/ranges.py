"""Where along the axis the models of a joint law were measured, and how far a point lies from there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.kinds.shared.layout import Layout


@dataclass(frozen=True, eq=False)
class MeasuredRange:
    """Where along the axis each of K models was measured, in e-folds from the reference.

    Attributes
    ----------
    middle : ndarray, shape (K,)
        Mean over the runs.
    low, high : ndarray, shape (K,)
        Ends, from the middle: of its runs, or those of a typical model of its surface where these lie further out.
    spread : ndarray, shape (K,)
        Mean square of the distance from the middle.
    """

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """From one end to the other, shape (K,)."""
        return self.high - self.low

    def along(self, t: np.ndarray) -> np.ndarray:
        """Distances from the middle, of t of shape (K, A)."""
        return t - self.middle[:, None]

    def curving(self, t: np.ndarray) -> np.ndarray:
        """What a unit curvature adds at t, shape (K, A): a parabola, and beyond the ends its tangents."""
        along = self.along(t)
        inside = np.clip(along, self.low[:, None], self.high[:, None])
        return 0.5 * (inside**2 - self.spread[:, None]) + inside * (along - inside)

    def of(self, models: np.ndarray) -> "MeasuredRange":
        """That of some models, in another order or several times over."""
        return MeasuredRange(*(values[models] for values in self._values()))

    def typical(self, groups: Sequence[np.ndarray]) -> "MeasuredRange":
        """That of a typical model of each group."""
        return MeasuredRange(*(np.array([values[members].mean() for members in groups]) for values in self._values()))

    def unless(self, condition: np.ndarray, other: "MeasuredRange") -> "MeasuredRange":
        """Its own models, or the other's where a condition holds."""
        pairs = zip(other._values(), self._values(), strict=True)
        return MeasuredRange(*(np.where(condition, theirs, own) for theirs, own in pairs))

    def _values(self) -> tuple[np.ndarray, ...]:
        return self.middle, self.low, self.high, self.spread


def measured_ranges(layout: Layout) -> MeasuredRange:
    """Where each model was measured, or would have been if it had the runs of a typical one of its surface."""
    seen = layout.weight > 0
    runs, members = seen.sum(axis=1), np.bincount(layout.family_of)
    middle = np.sum(layout.axis * seen, axis=1) / runs
    along = np.where(seen, layout.axis - middle[:, None], 0.0)
    own = along.min(axis=1), along.max(axis=1)
    low, high = ((np.bincount(layout.family_of, middle + end) / members)[layout.family_of] - middle for end in own)
    spread = np.sum(along**2, axis=1) / runs
    return MeasuredRange(middle, np.minimum(low, own[0]), np.maximum(high, own[1]), spread)
