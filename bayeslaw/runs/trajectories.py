"""Losses of each model along its sizes, and how far each lies from the line through its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

MAD = 1.4826
"""Standard deviation of a normal over its median absolute deviation."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The losses of one model on one task, in order of size.

    Attributes
    ----------
    task, model : str
    rows : ndarray of int, shape (M,)
        Positions in the table.
    cell : ndarray of int, shape (M,)
        Which of the N sizes each row was measured at.
    values : ndarray, shape (M,)
        Log loss of each row.
    size : ndarray, shape (N,)
        Logs of the distinct sizes, rising.
    level : ndarray, shape (N,)
        Median log loss at each size.
    error : ndarray, shape (N,)
        Standard error of the level, of the table or by repeated runs; 0 where nothing is known.
    """

    task: str
    model: str
    rows: np.ndarray
    cell: np.ndarray
    values: np.ndarray
    size: np.ndarray
    level: np.ndarray
    error: np.ndarray


def trajectories(table: pd.DataFrame, axis: str, fixed: Sequence[str]) -> tuple[Trajectory, ...]:
    """Split a table into the trajectories of its models.

    Parameters
    ----------
    table : DataFrame
        Of `bayeslaw.runs.Runs`.
    axis : str
        Column of sizes along which losses fall.
    fixed : sequence of str
        Columns that are one value on a trajectory, beside its task, family and model.
    """
    names = ["task", "family", "model", *(name for name in fixed if name in table)]
    curve_of, labels = pd.factorize(pd.MultiIndex.from_frame(table[names]))
    size = np.log(table[axis].to_numpy(float))
    values = np.log(table["loss"].to_numpy(float))
    relative = np.nan_to_num(table["loss_se"].to_numpy(float)) / np.exp(values) if "loss_se" in table else 0 * values
    order = np.lexsort((size, curve_of))
    parts = np.split(order, np.flatnonzero(np.diff(curve_of[order])) + 1)
    return tuple(_trajectory(labels[i], rows, size[rows], values[rows], relative[rows]) for i, rows in enumerate(parts))


def _trajectory(label: Sequence[str], rows: np.ndarray, size: np.ndarray, values: np.ndarray, relative: np.ndarray
) -> Trajectory:  # fmt: skip
    sizes, first, cell, count = np.unique(size, return_index=True, return_inverse=True, return_counts=True)
    repeated = count.max() > 1
    level = np.array([np.median(part) for part in np.split(values, first[1:])]) if repeated else values
    given = np.sqrt(np.bincount(cell, relative**2) / count)
    error = np.maximum(given, _spread(cell, values) if repeated else 0.0) / np.sqrt(count)
    return Trajectory(str(label[0]), str(label[2]), rows, cell, values, sizes, level, error)


def _spread(cell: np.ndarray, values: np.ndarray) -> float:
    """Standard deviation of repeated runs, by the median over sizes, which one wrong loss does not move."""
    count = np.bincount(cell)
    mean = np.bincount(cell, values) / count
    free = count[count > 1] - 1
    variance = np.bincount(cell, (values - mean[cell]) ** 2)[count > 1] / free
    return float(np.sqrt(np.median(variance / (chi2.median(free) / free) if len(free) > 2 else variance)))


def expected(size: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Level at each size on the line through its neighbours, at the ends through the two next; shape (N,), N >= 3."""
    found = np.empty(len(size))
    share = (size[1:-1] - size[:-2]) / (size[2:] - size[:-2])
    found[1:-1] = level[:-2] * (1 - share) + level[2:] * share
    for end, near, next_ in ((0, 1, 2), (-1, -2, -3)):
        slope = (level[next_] - level[near]) / (size[next_] - size[near])
        found[end] = level[near] + slope * (size[end] - size[near])
    return found


def departures(size: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Departures of levels from what their neighbours say, shape (N,), N >= 3.

    Those of the ends are divided by the sum of the weights of the extrapolation, as they would be larger by that.
    """
    found = level - expected(size, level)
    for end, near, next_ in ((0, 1, 2), (-1, -2, -3)):
        found[end] /= 1 + abs((size[end] - size[near]) / (size[next_] - size[near]))
    return found


def scatter(curves: Sequence[Trajectory], least: int = 4) -> float:
    """Usual scatter of the levels of curves of ``least`` sizes or more about their neighbours; 0 if there are none."""
    found = [departures(curve.size, curve.level) for curve in curves if len(curve.size) >= least]
    return float(MAD * np.median(np.abs(np.concatenate(found)))) if found else 0.0
