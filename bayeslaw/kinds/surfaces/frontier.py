"""How far points lie beyond the runs of a surface, and how joint laws miss there.

A joint law that fits the runs of a study to half a percent misses runs of ten times their compute by one or two. The
errors are large as soon as the data end, grow slowly with distance, and are alike for similar runs: beyond the data the
loss departs from the law by

    scale * (size * unit Gaussian process - FALL in proportion to the size along the product of resources),
    size = the largest, over directions, of relative error * growth(distance in that direction).

Distances are in e-folds, and are taken jointly: a run may lie well beyond the others in compute, or in its ratio of
tokens to parameters, where it lies hardly beyond them in either. How large errors are in each direction is foretold by
those from rolling origins in that direction inside the table (see ``origins``). How they grow and how far they reach
was chosen by eye on 12 studies of three collections (Marin, FineWeb-C4, Chinchilla) with their largest runs hidden.
More compute lowers the loss further than fitted laws expect: of the collections whose dear runs have more of it (these,
parallel streams, repeated data, fine-tuning, over-training) all but over-training and half of Chinchilla's say so.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

GROWTH = 0.9
"""Growth of the error for each e-fold beyond the data, relative to its size at their edge."""
ONSET = 0.1
"""Distance, in e-folds, over which the error sets in."""
REACH = 1.0
"""Correlation length of errors beyond the data, in e-folds; along a budget they change smoothly."""
FALL = 0.4
"""Mean by which losses lie below the law along the product of resources, in units of the scale there."""


def directions(covariates: int) -> np.ndarray:
    """Directions in which each of V covariates rises, falls or stays: shape (3^V - 1, V), entries -1, 0 and 1.

    For two these are either, their product and their ratio, and the opposites.
    """
    return np.array([d for d in itertools.product((-1.0, 0.0, 1.0), repeat=covariates) if any(d)])


def product_of(covariates: int, spent: Sequence[int]) -> int | None:
    """Index of the direction in which the covariates with these numbers rise and no other changes; None of none."""
    rise = np.isin(np.arange(covariates), spent)
    return int(np.flatnonzero((directions(covariates) == rise).all(axis=1))[0]) if rise.any() else None


def growth(distance: np.ndarray) -> np.ndarray:
    """Size of the error at distances beyond the data in e-folds, in units of its scale; 0 within the data."""
    return -np.expm1(-distance / ONSET) * (1.0 + GROWTH * distance)


def excess(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Distances of points (m, V) beyond runs (n, V) in each of D directions, in e-folds: shape (m, D), 0 within."""
    ways = directions(points.shape[1])
    return np.maximum(points @ ways.T - (seen @ ways.T).max(axis=0), 0.0)


@dataclass(frozen=True, eq=False)
class Frontier:
    """The edge of the runs of a surface, and how large errors of a law are beyond it.

    Attributes
    ----------
    seen : ndarray, shape (n, V)
        Logs of V covariates of the runs.
    relative : ndarray, shape (D,)
        Size of errors in each of the `directions`, relative to the scale.
    spent : tuple of int
        Columns of the resources whose product is the size of a run: of parameters and tokens, compute.
    fall : float
        Size of errors along that product, relative to the scale, that noise does not explain.
    """

    seen: np.ndarray
    relative: np.ndarray
    spent: tuple[int, ...]
    fall: float = 1.0

    def size(self, points: np.ndarray) -> np.ndarray:
        """Size of the error at points (m, V), in units of the scale: shape (m,), 0 within the data."""
        return np.max(self.relative * growth(excess(points, self.seen)), axis=1)

    def mean(self, points: np.ndarray) -> np.ndarray:
        """Mean difference from the law at points (m, V), in units of the scale: shape (m,), never positive."""
        product = product_of(self.seen.shape[1], self.spent)
        if product is None:  # shares of a whole alone
            return np.zeros(len(points))
        return -FALL * self.fall * growth(excess(points, self.seen)[:, product])

    def covariance(self, points: np.ndarray) -> np.ndarray:
        """Covariance of the differences from the law at points (m, V), at unit scale: shape (m, m)."""
        size = self.size(points)
        return size[:, None] * size * np.exp(-0.5 * cdist(points, points, "sqeuclidean") / REACH**2)

    def slope_sd(self, point: np.ndarray, direction: np.ndarray) -> float:
        """Standard deviation of the slope of the error at a point (V,) along a direction (V,), at unit scale.

        That of the Gaussian process, once the error has set in. It does not grow with distance: numbers of parameters
        that were best at ten times the compute were as far from those foretold as at twice the compute.
        """
        onset = self.relative * -np.expm1(-excess(point[None], self.seen)[0] / ONSET)
        return float(onset.max() * np.linalg.norm(direction) / REACH)
