"""Noise of a single evaluation about a curve that is given as a monotone fit to many evaluations.

Points of such a curve scatter less than a new evaluation would.
"""

import numpy as np
import pandas as pd

RECENT = 2.0
"""E-folds of the axis, before the last point, over which noise is estimated."""

FEWEST = 8
"""Number of distinct values below which the noise of a curve is not estimated."""

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
