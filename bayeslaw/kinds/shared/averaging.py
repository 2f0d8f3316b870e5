"""Averages of points with correlated errors: checkpoints of one run, or a smoothed curve at hundreds of sizes.

Counted as independent measurements, they would make posteriors far too narrow.
"""

import numpy as np
import pandas as pd

BIN = 0.25
"""Width of a bin in log(axis), counted back from the last point. Widths of .1 to .5 predict equally well."""


def condense(
    curve: pd.DataFrame, values: pd.DataFrame, weight: pd.Series, axis: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Average the points of each curve over bins of log size.

    Parameters
    ----------
    curve : DataFrame
        Labels of the curve of each point.
    values : DataFrame
        Quantities whose logarithms are averaged where they are positive, as ``axis`` is, with the same index.
    weight : Series
        Precision of each point.
    axis : str
        Name of the size.

    Returns
    -------
    curve, values, weight
        The same with one point per bin, in order of first appearance. A weight is the sum over its bin, divided by the
        largest such sum.
    """
    by_bin = bins(curve, values[axis])
    means = geometric_means(values, by_bin)
    total = weight.groupby(by_bin, sort=False).sum()
    kept = means.index.to_frame(index=False)[list(curve)]
    return kept, means.reset_index(drop=True), (total / total.max()).reset_index(drop=True)


def bins(curve: pd.DataFrame, sizes: pd.Series) -> list[pd.Series]:
    """The bin of each point: labels of its curve, and the number of the bin, counted back from its last point."""
    labels, logs = [curve[name] for name in curve], np.log(sizes)
    back = logs.groupby(labels).transform("max") - logs
    return [*labels, np.floor(back / BIN + 1e-9).rename("bin")]


def geometric_means(values: pd.DataFrame, by_bin: list[pd.Series]) -> pd.DataFrame:
    """Geometric means over bins, in order of first appearance; plain means of columns that are not all positive."""
    positive = {name: bool((values[name] > 0).all()) for name in values}
    moved = values.apply(lambda column: np.log(column) if positive[column.name] else column)
    means = moved.groupby(by_bin, sort=False).mean()
    means = means.apply(lambda column: np.exp(column) if positive[column.name] else column)
    lowest, highest = (values.groupby(by_bin, sort=False).agg(f) for f in ("min", "max"))
    return means.where(lowest != highest, lowest)  # constants are kept exactly, without rounding error
