"""A fit as a tree of datasets in the layout of ArviZ, for either of its major versions."""

import numpy as np
import xarray as xr

from bayeslaw import streams
from bayeslaw.fitting.assemble import drawn_from_prior
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import by_chain
from bayeslaw.streams import generator


def to_datatree(posterior: Posterior, *, seed: int = 0) -> xr.DataTree:
    """The groups that ArviZ works on.

    Parameters
    ----------
    posterior : Posterior
    seed : int
        Of the draws from the prior and of the replicated runs.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``prior`` (chain, draw, ...; levels with a flat prior are fixed in the latter);
        ``posterior_predictive`` (replications of the runs, run predictions) and ``log_likelihood`` (of each run given
        everything else), (chain, draw, run), and ``observed_data`` (run,), under the name of the outcome and in its
        unit, densities on the scale of the link; ``sample_stats``. Runs that were averaged before the fit are one
        run each.
    """
    layout, predictor = posterior.layout, posterior.predictor
    seen = layout.weight > 0
    curve_of = np.nonzero(seen)[0]
    coords = {
        "model": ("run", [layout.curves[i].model for i in curve_of]),
        "task": ("run", [layout.curves[i].task for i in curve_of]),
        **{name: ("run", values[seen]) for name, values in layout.covariates.items()},
    }
    name, inverse, chains = predictor.outcome.name, predictor.outcome.inverse, posterior.chains

    def of_runs(values: np.ndarray) -> xr.Dataset:
        return xr.Dataset({name: by_chain(values[:, seen], chains, ("run",), coords)})

    return xr.DataTree.from_dict(
        {
            "posterior": posterior.draws,
            "prior": drawn_from_prior(posterior, seed).draws,
            "posterior_predictive": of_runs(inverse(predictor.replicated(generator(seed, streams.REPLICATION)))),
            "log_likelihood": of_runs(predictor.log_likelihood()),
            "observed_data": xr.Dataset({name: ("run", inverse(layout.y[seen]))}, coords=coords),
            "sample_stats": posterior.stats,
        }
    )
