"""How far points lie beyond the runs of a surface, and how joint laws miss there.

A joint law that fits the runs of a study to half a percent misses runs of ten times their compute by one or two. The
errors are large as soon as the data end, grow slowly with distance, and are alike for similar runs: beyond the data the
loss departs from the law by

    scale * growth(distance) * (unit Gaussian process - FALL in proportion to the growth along the frontier).

Distances are in e-folds, and are taken jointly: a run may lie well beyond the others in compute, or in its ratio of
tokens to parameters, where it lies hardly beyond them in either. How large errors are is foretold by those from rolling
origins inside the table (see ``origins``). The constants were chosen by eye on 12 studies of three collections (Marin,
FineWeb-C4, Chinchilla) with their largest runs hidden. Each of these says the same: more compute lowers the loss
further than fitted laws expect.
"""

import itertools

import numpy as np
from scipy.spatial.distance import cdist

GROWTH = 0.9
"""Growth of the error for each e-fold beyond the data, relative to its size at their edge."""
ONSET = 0.1
"""Distance, in e-folds, over which the error sets in."""
REACH = 1.5
"""Correlation length of errors beyond the data, in e-folds; along a budget they change smoothly."""
FALL = 0.4
"""Mean by which losses lie below the law, in units of the scale, along the frontier (see `along_frontier`)."""


def beyond(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Distance of points beyond the runs that were seen, in e-folds.

    The largest distance in any of the directions in which each covariate rises, falls or stays: for two, in either, in
    their product and in their ratio.

    Parameters
    ----------
    points : ndarray, shape (m, V)
        Logs of V covariates.
    seen : ndarray, shape (n, V)

    Returns
    -------
    ndarray, shape (m,)
        0 for points that do not lie beyond in any direction.
    """
    directions = np.array([d for d in itertools.product((-1.0, 0.0, 1.0), repeat=points.shape[1]) if any(d)])
    return np.maximum((points @ directions.T - (seen @ directions.T).max(axis=0)).max(axis=1), 0.0)


def along_frontier(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """E-folds by which the product of resources of points (m, V) exceeds that of all runs (n, V): shape (m,).

    Of parameters and tokens this is compute.
    """
    return np.maximum(points.sum(axis=1) - seen.sum(axis=1).max(), 0.0)


def growth(distance: np.ndarray) -> np.ndarray:
    """Size of the error at distances beyond the data in e-folds, in units of its scale; 0 within the data."""
    return -np.expm1(-distance / ONSET) * (1.0 + GROWTH * distance)


def mean_error(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean difference from the law at points (m, V), in units of the scale: shape (m,), never positive."""
    return -FALL * growth(along_frontier(points, seen))


def covariance_of_errors(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Covariance of the differences from the law at points (m, V), at unit scale: shape (m, m)."""
    size = growth(beyond(points, seen))
    return size[:, None] * size * np.exp(-0.5 * cdist(points, points, "sqeuclidean") / REACH**2)


def slope_sd(point: np.ndarray, direction: np.ndarray, seen: np.ndarray) -> float:
    """Standard deviation of the slope of the error at a point (V,) along a direction (V,), at unit scale.

    That of the unit Gaussian process, once the error has set in. It does not grow with distance: numbers of parameters
    that were best at ten times the compute were as far from those foretold as at twice the compute.
    """
    onset = -np.expm1(-beyond(point[None], seen)[0] / ONSET)
    return float(onset * np.linalg.norm(direction) / REACH)
