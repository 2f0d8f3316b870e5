"""Averages of points that share their errors: checkpoints of one run, or a smoothed curve at hundreds of sizes.

Counting each of them as a measurement of its own is confidently wrong.
"""

import numpy as np
import pandas as pd

BIN = 0.25
"""Width of a bin in log(axis), counted back from the last point. .1 to .5 predict alike."""


def condense(
    curve: pd.DataFrame, values: pd.DataFrame, weight: pd.Series, axis: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Average the points of each curve over bins of log size.

    Parameters
    ----------
    curve : DataFrame
        Labels of the curve of each point.
    values : DataFrame
        Positive quantities whose logs to average, ``axis`` among them, with the same index.
    weight : Series
        Precision of each point.
    axis : str
        Name of the size.

    Returns
    -------
    curve, values, weight
        The same of one point a bin, in order of first appearance. A weight is the sum of those of the bin, in units of
        the largest such sum.
    """
    by_bin = bins(curve, values[axis])
    means = geometric_means(values, by_bin)
    total = weight.groupby(by_bin, sort=False).sum()
    kept = means.index.to_frame(index=False)[list(curve)]
    return kept, means.reset_index(drop=True), (total / total.max()).reset_index(drop=True)


def bins(curve: pd.DataFrame, sizes: pd.Series) -> list[pd.Series]:
    """The bin of each point: labels of its curve, and a number counted back from the last point of that."""
    labels, logs = [curve[name] for name in curve], np.log(sizes)
    back = logs.groupby(labels).transform("max") - logs
    return [*labels, np.floor(back / BIN + 1e-9).rename("bin")]


def geometric_means(values: pd.DataFrame, by_bin: list[pd.Series]) -> pd.DataFrame:
    """Means of logs over bins, as plain numbers, in order of first appearance."""
    means = values.apply(np.log).groupby(by_bin, sort=False).mean().apply(np.exp)
    lowest, highest = (values.groupby(by_bin, sort=False).agg(f) for f in ("min", "max"))
    return means.where(lowest != highest, lowest)  # what does not vary stays as it was, to the last bit
