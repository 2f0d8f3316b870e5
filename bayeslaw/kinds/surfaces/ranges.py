"""The range of the axis over which each model of a joint law was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.kinds.shared.layout import Layout


@dataclass(frozen=True, eq=False)
class MeasuredRange:
    """The range of the axis over which each of K models was measured, in e-folds from the reference.

    Attributes
    ----------
    middle : ndarray, shape (K,)
        Mean over the runs.
    low, high : ndarray, shape (K,)
        Ends of the range relative to the middle: of its runs, or of a typical model of its surface if further out.
    spread : ndarray, shape (K,)
        Mean square of the distance from the middle.
    """

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """Length of the range in e-folds, shape (K,)."""
        return self.high - self.low

    def along(self, t: np.ndarray) -> np.ndarray:
        """Distances of t from the middle, shape (K, A)."""
        return t - self.middle[:, None]

    def curving(self, t: np.ndarray) -> np.ndarray:
        """Basis function of curvature at t, shape (K, A): a parabola, continued by its tangents beyond the ends."""
        along = self.along(t)
        inside = np.clip(along, self.low[:, None], self.high[:, None])
        return 0.5 * (inside**2 - self.spread[:, None]) + inside * (along - inside)

    def of(self, models: np.ndarray) -> "MeasuredRange":
        """The ranges of some models, by index; repeats allowed."""
        return MeasuredRange(*(values[models] for values in self._values()))

    def typical(self, groups: Sequence[np.ndarray]) -> "MeasuredRange":
        """The range of a typical model of each group: means over its members."""
        return MeasuredRange(*(np.array([values[members].mean() for members in groups]) for values in self._values()))

    def unless(self, condition: np.ndarray, other: "MeasuredRange") -> "MeasuredRange":
        """These ranges, or those of ``other`` where the condition holds."""
        pairs = zip(other._values(), self._values(), strict=True)
        return MeasuredRange(*(np.where(condition, theirs, own) for theirs, own in pairs))

    def and_those_of(self, others: Sequence["MeasuredRange"]) -> "MeasuredRange":
        """These ranges and those of others, one after another."""
        return MeasuredRange(*map(np.concatenate, zip(*(r._values() for r in (self, *others)), strict=True)))

    def _values(self) -> tuple[np.ndarray, ...]:
        return self.middle, self.low, self.high, self.spread


def measured_ranges(layout: Layout) -> MeasuredRange:
    """The range of each model, widened to that of a typical model of its surface where that is wider."""
    seen = layout.weight > 0
    runs, members = seen.sum(axis=1), np.bincount(layout.family_of)
    middle = np.sum(layout.axis * seen, axis=1) / runs
    along = np.where(seen, layout.axis - middle[:, None], 0.0)
    own = along.min(axis=1), along.max(axis=1)
    low, high = ((np.bincount(layout.family_of, middle + end) / members)[layout.family_of] - middle for end in own)
    spread = np.sum(along**2, axis=1) / runs
    return MeasuredRange(middle, np.minimum(low, own[0]), np.maximum(high, own[1]), spread)
