"""The one place that calls ArviZ, whose two major versions differ."""

import warnings

import numpy as np
import xarray as xr


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


def _dataset(result: xr.Dataset) -> xr.Dataset:
    # 1.x may add a coordinate that names the statistic; drop what the input did not have
    return result.drop_vars([name for name in ("_rhat", "_ess") if name in result.coords])
