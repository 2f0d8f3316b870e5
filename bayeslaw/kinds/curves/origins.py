"""Rolling origins: how far simple extrapolations inside a table went wrong, which foretells those beyond it.

From each earlier size, the origin, every curve is extrapolated in a straight line by its last sizes up to there, and
compared with what it measured later on. On 52 tasks of four sorts the size of these errors foretold that of errors
beyond the data with a correlation of .8 to .9 in logs, whatever the law; a likelihood alone does not see it, because a
law that is fitted to all sizes has absorbed their bends.

They tell, too, how much of the difference between the slope of a curve and those of its task persists. On fine-tuning
curves nearly all of it does, on learning curves of classifiers, whose error levels off, a third.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

LAST_SIZES = (4, 3)
"""Sizes that give a curve its slope; fewer where the table has too few sizes for the first."""
LEAST_DISTANCE = 0.6
"""In e-folds. Nearer to the origin, run-to-run noise is most of an error."""
ENOUGH = 10
"""Fewer errors than this say nothing."""
PERSISTENCE_WEIGHT = 2 / 3
"""Weight of the persistence that is found inside a table, against full persistence. With an estimation error of .1 to
.2 and a spread of .3 between tasks; from 1/2 to 1 choices among classifiers hardly differ."""

Curve = tuple[np.ndarray, np.ndarray]
"""Logs of the sizes of a curve and its log losses, in any order; repeats are allowed."""

_GRID = 0.1  # sizes whose logs differ by less are compared as if they were the same


def slope_error(curves: Sequence[Curve]) -> float:
    """Root mean square error of the slopes of the curves of a task, extrapolated from rolling origins.

    Errors are taken less their mean over the curves with the same origin and distance, as what all curves have in
    common says little about what they will have in common. Of a single curve they are taken less their mean over the
    origins at the same distance.

    Parameters
    ----------
    curves : sequence of (ndarray, ndarray)

    Returns
    -------
    float
        In log loss per e-fold; NaN where the table has too few sizes to tell.
    """
    for errors in _rolling(curves):
        for alike in (["origin", "distance"], ["distance"]):
            count, own = _own(errors, "error", alike)
            if len(own) >= ENOUGH:
                return float(np.sqrt(np.mean(own**2 * count / (count - 1))))
    return float("nan")


def persistence(curves: Sequence[Curve]) -> float:
    """Share of the difference between the slope of a curve and the mean slope of its task that lasts beyond the data.

    The coefficient of a regression of later slopes on those of the last sizes up to each origin, both less their means
    over the curves with the same origin and distance, held between 0 and 1 and averaged with full persistence (see
    `PERSISTENCE_WEIGHT`). Differences are not taken to grow, even where they did inside the table.

    Parameters
    ----------
    curves : sequence of (ndarray, ndarray)

    Returns
    -------
    float
        1 where the table has too few sizes to tell, or a single curve.
    """
    for errors in _rolling(curves):
        alike = ["origin", "distance"]
        _, slope = _own(errors, "slope", alike)
        _, error = _own(errors, "error", alike)
        if len(slope) >= ENOUGH and np.any(slope):
            found = 1.0 + float(slope @ error) / float(slope @ slope)
            return 1.0 - PERSISTENCE_WEIGHT * (1.0 - float(np.clip(found, 0.0, 1.0)))
    return 1.0


def _rolling(curves: Sequence[Curve]) -> Iterator[pd.DataFrame]:
    """Errors of all curves with slopes from ever fewer sizes."""
    for last in LAST_SIZES:
        found = np.concatenate([_errors(*by_size(t, y), last) for t, y in curves])
        yield pd.DataFrame(found, columns=["origin", "distance", "slope", "error"])


def _own(errors: pd.DataFrame, column: str, alike: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of groups of several rows, row by row, and values of a column less the mean of their group."""
    groups = errors.groupby(alike)[column]
    count = groups.transform("size").to_numpy()
    own = (errors[column] - groups.transform("mean")).to_numpy()
    return count[count > 1], own[count > 1]


def by_size(t: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean log loss at each distinct size, in order of size."""
    sizes, place = np.unique(np.round(t, 10), return_inverse=True)
    return sizes, np.bincount(place, y) / np.bincount(place)


def _errors(t: np.ndarray, y: np.ndarray, last: int) -> np.ndarray:
    """Origin and distance, in steps of the grid, slope and its error of each extrapolation of a curve: (E, 4)."""
    if len(t) <= last:
        return np.empty((0, 4))
    near_t, near_y = sliding_window_view(t[:-1], last), sliding_window_view(y[:-1], last)
    middle, level = near_t.mean(axis=1), near_y.mean(axis=1)
    centred = near_t - middle[:, None]
    slope = np.sum(centred * near_y, axis=1) / np.sum(centred**2, axis=1)
    origin = t[last - 1 : -1]
    ahead = t[None] - origin[:, None]
    error = (y - (level + slope * (origin - middle))[:, None]) / np.where(ahead > 0, ahead, 1.0) - slope[:, None]
    row, column = np.nonzero(ahead > LEAST_DISTANCE)
    place = np.round(np.column_stack([origin[row], ahead[row, column]]) / _GRID)
    return np.column_stack([place, slope[row], error[row, column]])
