"""The sum of a normal and an exponential: what lies above something by an amount that varies, and scatters a little.

With r the value less its location, s the standard deviation of the normal and m the mean of the exponential,

    density = exp(s^2 / (2 m^2) - r / m) Phi(r / s - s / m) / m,    mean m, variance s^2 + m^2,

with Phi the standard normal distribution function: the exponentially modified Gaussian (Grushka 1972, Analytical
Chemistry 44, 1733).
"""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from scipy import stats

from bayeslaw.laws.base import Array

LEAST = 1e-300
"""Probabilities below it count as it, so that normal scores are finite."""


def log_density_above(residual: Array, sd: Array, mean: Array) -> Array:
    """Log density of the sum of a normal and an exponential.

    Parameters
    ----------
    residual : array
        Values less their location.
    sd : array
        Of the normal; positive.
    mean : array
        Of the exponential; positive.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    ratio = sd / mean
    return 0.5 * ratio**2 - residual / mean + log_ndtr(residual / sd - ratio) - jnp.log(mean)


def scores_above(residual: np.ndarray, sd: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Normal scores of residuals: standard normal if these are sums of a normal and an exponential.

    Parameters
    ----------
    residual, sd, mean : ndarray
        As for `log_density_above`.

    Returns
    -------
    ndarray
    """
    below, above = (
        np.clip(part(residual, mean / sd, scale=sd), LEAST, 1.0) for part in (stats.exponnorm.cdf, stats.exponnorm.sf)
    )
    return np.where(below < above, stats.norm.ppf(below), stats.norm.isf(above))
