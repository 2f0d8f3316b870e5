"""Curves that were smoothed before they came here: how many points to believe, and what a raw run would scatter.

Learning curves of one training run are often handed over as running averages or monotone (isotonic) fits at
hundreds of sizes. Two things follow. Neighbouring points share their error, so that counting each as a measurement
is confidently wrong; `condense` averages them. And they scatter less than a new evaluation would; for monotone
curves, `raw_noise` says by how much.
"""

import numpy as np
import pandas as pd

BIN = 0.25
"""Width of a bin in log(axis), counted back from the last point. .1 to .5 predict alike."""

RECENT = 2.0
"""E-folds of the axis, before the last point, over which noise is judged."""

FEWEST = 8
"""Distinct values below which a curve says nothing about its noise."""

TIE = 1e-9
"""Log losses no further apart are one value repeated: a flat piece of the fit."""

RISES_MAX = 0.1
"""Share of steps that may rise on a curve that counts as monotone."""

LEAST_SLOPE = 1e-4
"""Of log loss in log size; a curve as good as flat still moves."""

CHERNOFF_SD = 0.51
"""Standard deviation of Chernoff's distribution (argmax of Brownian motion less t^2)."""

RAW_NOISE_LOG_SD = 0.3
"""Error of log `raw_noise`; sd of log(true / estimated) over 36 image-classification curves, mean .05."""


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


def raw_noise(curve: pd.DataFrame, axis: str) -> float | None:
    """Standard deviation of a raw evaluation about a curve that is given as a monotone fit to many of them.

    An isotonic fit to n evaluations an e-fold, of standard deviation sigma about a curve of slope b, is in error by
    ``(4 |b| sigma^2 / n)^(1/3)`` times a Chernoff variable (Brunk 1970). That error is seen as scatter about a cubic,
    and n follows from the smallest step between sizes, as evaluations are evenly spaced in training; so sigma.

    Parameters
    ----------
    curve : DataFrame
        Points of the curve: a column ``loss``, and one of sizes.
    axis : str
        Name of the column of sizes.

    Returns
    -------
    float or None
        None if the curve is not monotone, or too short to tell; then its scatter is its noise.
    """
    of_size = np.log(curve["loss"]).groupby(curve[axis]).mean()  # some repeat, where sizes are rounded
    log_size, log_loss = np.log(of_size.index.to_numpy(float)), of_size.to_numpy()
    block = np.concatenate([[0], np.cumsum(np.abs(np.diff(log_loss)) > TIE)])
    count = np.bincount(block)
    t, y = np.bincount(block, log_size) / count, np.bincount(block, log_loss) / count
    recent = t > t[-1] - RECENT
    if recent.sum() < FEWEST or np.mean(np.diff(y) > 0) > RISES_MAX:
        return None
    size = np.exp(t - t[-1])
    per_efold = size[recent].mean() / np.sort(np.diff(size))[:5].mean()  # the smallest steps are early ones
    t, y = t[recent], y[recent]
    fitted = np.polynomial.Polynomial.fit(t, y, 3)
    scatter = np.std(y - fitted(t)) * np.sqrt(len(t) / (len(t) - 4))
    slope = max(float(np.abs(fitted.deriv()(t)).mean()), LEAST_SLOPE)
    return float(max(np.sqrt((scatter / CHERNOFF_SD) ** 3 * per_efold / (4 * slope)), scatter))
