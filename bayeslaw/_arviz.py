"""The one place that calls ArviZ, whose two major versions differ."""

import warnings

import numpy as np
import xarray as xr

K_MAX = 0.7
"""Largest Pareto k at which smoothed weights can be relied on (Vehtari et al. 2024)."""


def convergence(draws: xr.Dataset) -> dict[str, xr.Dataset]:
    """R-hat and effective sample sizes of every variable with dimensions (chain, draw, ...).

    Rank-normalised split R-hat and bulk and tail ESS of Vehtari et al. 2021 (doi 10.1214/20-BA1221).

    Returns
    -------
    dict
        ``rhat``, ``ess_bulk``, ``ess_tail``: datasets without the chain and draw dimensions.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ 0.23 announces its successor at import
        import arviz as az
    with np.errstate(invalid="ignore", divide="ignore"):  # constant draws have no R-hat: not a number, which fails
        return {
            "rhat": _dataset(az.rhat(draws)),
            "ess_bulk": _dataset(az.ess(draws, method="bulk")),
            "ess_tail": _dataset(az.ess(draws, method="tail", prob=(0.05, 0.95))),
        }


def leave_one_out_weights(log_likelihood: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log weights that turn draws into draws without one observation, by Pareto-smoothed importance sampling.

    Vehtari et al. 2024, "Pareto Smoothed Importance Sampling" (JMLR 25:72).

    Parameters
    ----------
    log_likelihood : ndarray, shape (J, S)
        Of J observations at S draws.

    Returns
    -------
    log_weights : ndarray, shape (J, S)
        They sum to 1 for each observation.
    k : ndarray, shape (J,)
        Shape of the tail; above `K_MAX` the weights of that observation are not to be relied on.
    """
    return smoothed_weights(-log_likelihood)


def smoothed_weights(log_ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log importance weights whose largest are replaced by those of a Pareto distribution; as `leave_one_out_weights`.

    Parameters
    ----------
    log_ratios : ndarray, shape (J, S)
        Logs of J densities at S draws, over that of the draws.

    Returns
    -------
    log_weights : ndarray, shape (J, S)
    k : ndarray, shape (J,)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz as az

        if hasattr(az, "psislw"):
            log_weights, k = az.psislw(log_ratios)
        else:
            from arviz_stats.base import array_stats

            log_weights, k = array_stats.psislw(-log_ratios)
    return np.asarray(log_weights), np.asarray(k)


def _dataset(result: xr.Dataset) -> xr.Dataset:
    # 1.x may add a coordinate that names the statistic; drop what the input did not have
    return result.drop_vars([name for name in ("_rhat", "_ess") if name in result.coords])
