"""The runs of a table beside what a fit says that they would measure if they were made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw import streams
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the replications that are reported."""


@dataclass(frozen=True, eq=False, repr=False)
class Replications(Result):
    """Measured runs, and posterior predictive draws of each (Gelman, Meng and Stern 1996).

    Runs that were averaged before the fit are one run each. The draws know the runs, so that intervals hold more of
    them than they would of new ones.

    Attributes
    ----------
    runs : DataFrame, R rows
        ``model``, ``family``, ``task``, the covariates of the law, and ``measured``, the outcome in its unit.
    linked : ndarray, shape (S, R)
        Draws on the scale of the link, chains one after another.
    axis : str
        The covariate along which curves are extrapolated.
    outcome : Outcome
    chains : int
    checks : tuple of Check
        Of the fit.
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    runs: pd.DataFrame
    linked: np.ndarray
    axis: str
    outcome: Outcome
    chains: int
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """How many of the runs lie inside the 90% intervals of their replications."""
        inside = self.to_frame()["inside"]
        return (
            f"{int(inside.sum())} of {len(inside)} measured runs lie inside the 90% interval of what the fit says that "
            f"they would measure again ({inside.mean():.0%})."
        )

    @property
    def draws(self) -> xr.Dataset:
        """Draws in the unit of the outcome, dimensions (chain, draw, run), under its name."""
        coords = {name: ("run", self.runs[name].to_numpy()) for name in self.runs.columns}
        return xr.Dataset(
            {self.outcome.name: by_chain(self.outcome.inverse(self.linked), self.chains, ["run"], coords)}
        )

    def to_frame(self) -> pd.DataFrame:
        """The runs, one a row, with quantiles of their replications, and residuals on the scale of the link.

        ``residual`` is the outcome less the mean of its replications, ``standardized`` that in units of their standard
        deviation, ``rank`` the share of replications below the measurement.
        """
        measured = self.outcome.link(self.runs["measured"].to_numpy(float))
        quantiles = self.outcome.inverse(np.quantile(self.linked, LEVELS, axis=0))
        residual, sd = measured - self.linked.mean(axis=0), self.linked.std(axis=0, ddof=1)
        found = self.runs.assign(
            **{f"p{round(100 * level):02d}": q for level, q in zip(LEVELS, quantiles, strict=True)}
        )
        inside = (found["p05"] <= found["measured"]) & (found["measured"] <= found["p95"])
        standardized = np.divide(residual, sd, out=np.zeros_like(residual), where=sd > 0)
        rank = (self.linked < measured).mean(axis=0)
        return found.assign(inside=inside, residual=residual, standardized=standardized, rank=rank)

    def to_dict(self) -> dict[str, Any]:
        """The runs and their replications as plain values, with verdicts and provenance."""
        rows = [{str(k): v for k, v in row.items()} for row in self.to_frame().to_dict(orient="records")]
        return {**self.provenance, "runs": rows, **verdict(self.checks)}


def replications(posterior: Posterior, *, seed: int = 0) -> Replications:
    """Draw the runs of a table again.

    Parameters
    ----------
    posterior : Posterior
    seed : int

    Returns
    -------
    Replications
    """
    layout, predictor = posterior.layout, posterior.predictor
    seen = layout.weight > 0
    curve = np.nonzero(seen)[0]
    labels = {name: [getattr(layout.curves[i], name) for i in curve] for name in ("model", "family", "task")}
    covariates = {c.name: layout.covariates[c.name][seen] for c in posterior.law.covariates}
    measured = predictor.outcome.inverse(layout.y[seen])
    return Replications(
        runs=pd.DataFrame({**labels, **covariates, "measured": measured}),
        linked=predictor.replicated(generator(seed, streams.REPLICATION))[:, seen],
        axis=posterior.law.axis,
        outcome=posterior.outcome,
        chains=posterior.chains,
        checks=posterior.checks,
        provenance=posterior.provenance(),
    )
