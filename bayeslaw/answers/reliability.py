"""Predictions beside runs that a fit does not know: whether intervals hold as many of them as they say, by task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw import streams
from bayeslaw.answers.quantiles import QUANTILES
from bayeslaw.errors import TargetError
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.runs import Runs
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_most


@dataclass(frozen=True, eq=False, repr=False)
class Reliability(Result):
    """Measured runs, and what a fit that does not know them says of each.

    Attributes
    ----------
    runs : DataFrame, R rows
        ``model``, ``family``, ``task``, the covariates of the law, and ``measured``.
    linked : ndarray, shape (S, R)
        Draws of run predictions on the scale of the link, each run by itself.
    outcome : Outcome
    chains : int
    checks : tuple of Check
        Of the fit, and of whether the runs are new to it.
    provenance : mapping
    """

    runs: pd.DataFrame
    linked: np.ndarray
    outcome: Outcome
    chains: int
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """How far off medians are, and how many runs lie inside intervals."""
        frame = self.to_frame()
        inside, half = (self._inside(frame, low, high) for low, high in (("p05", "p95"), ("p25", "p75")))
        error = (frame["measured"] - frame["median"]).abs().median()
        return (
            f"{int(inside.sum())} of {len(frame)} runs that the fit did not know lie inside their 90% interval "
            f"({inside.mean():.0%}), {half.mean():.0%} inside the 50% one; the median error is "
            f"{error:.3g} in {self.outcome.label}."
        )

    @property
    def draws(self) -> xr.Dataset:
        """Draws in the unit of the outcome, dimensions (chain, draw, run), under its name."""
        coords = {name: ("run", self.runs[name].to_numpy()) for name in self.runs.columns}
        values = self.outcome.inverse(self.linked)
        return xr.Dataset({self.outcome.name: by_chain(values, self.chains, ["run"], coords)})

    def to_frame(self) -> pd.DataFrame:
        """The runs, one a row, with quantiles of what was predicted, and ``rank``, the share of draws below."""
        values = self.outcome.inverse(self.linked)
        found = dict(zip(QUANTILES, np.quantile(values, list(QUANTILES.values()), axis=0), strict=True))
        measured = self.runs["measured"].to_numpy(float)
        rank = (values < measured).mean(axis=0) + 0.5 * (values == measured).mean(axis=0)
        return self.runs.assign(**found, rank=rank)

    def by_task(self) -> list[dict[str, Any]]:
        """Runs, median absolute error and shares inside intervals, by task.

        Returns
        -------
        list of dict
        """
        return [
            {
                "task": task,
                "runs": len(own),
                "median_abs_error": float((own["measured"] - own["median"]).abs().median()),
                "inside_50": float(self._inside(own, "p25", "p75").mean()),
                "inside_90": float(self._inside(own, "p05", "p95").mean()),
            }
            for task, own in self.to_frame().groupby("task", sort=False)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The runs with their predictions as plain values, with verdicts and provenance."""
        rows = [{str(k): v for k, v in row.items()} for row in self.to_frame().to_dict(orient="records")]
        return {**self.provenance, "tasks": self.by_task(), "runs": rows, **verdict(self.checks)}

    @staticmethod
    def _inside(frame: pd.DataFrame, low: str, high: str) -> pd.Series:
        return (frame["measured"] >= frame[low]) & (frame["measured"] <= frame[high])


def reliability(posterior: Posterior, runs: Runs, *, seed: int = 0) -> Reliability:
    """Predict runs that a fit does not know, and set what was measured beside it.

    Parameters
    ----------
    posterior : Posterior
    runs : Runs
        Of tasks that the fit knows; of its models, or others of their families.
    seed : int

    Returns
    -------
    Reliability

    Raises
    ------
    TargetError
        If the table lacks the outcome or a covariate of the law, has no run of which all are known, or has tasks or
        families that the fit does not know.
    """
    law, table, outcome = posterior.law, runs.table, posterior.outcome
    covariates = [c.name for c in law.covariates]
    lacking = [name for name in (outcome.name, *covariates) if name not in table]
    if lacking:
        raise TargetError(f"{runs.source}: expected {', '.join(lacking)}, which the {law.name} law is of; found none.")
    unknown = [task for task in runs.tasks if task not in posterior.layout.tasks]
    if unknown:
        raise TargetError(
            f"{runs.source}: the fit knows nothing of the task {unknown[0]!r}; it knows "
            f"{', '.join(posterior.layout.tasks[:12])}."
        )
    whole = table.dropna(subset=[outcome.name, *covariates])
    if whole.empty:
        raise TargetError(
            f"{runs.source}: no run has {', '.join((outcome.name, *covariates))} all known, as the {law.name} law "
            "needs. Fill in what is blank."
        )
    rows = kind_of(law).condense(whole, whole, covariates).reset_index(drop=True)
    rng = generator(seed, streams.HOLDOUT)
    predictor = posterior.predictor
    targets = predictor.rows(rows, rng)
    linked = predictor.measured(predictor.expected(targets, rng), targets, rng)[:, :, 0]
    keys = ["task", "model", *covariates]
    known = rows.merge(posterior.runs.table[keys].drop_duplicates(), on=keys)
    return Reliability(
        runs=rows[["model", "family", "task", *covariates]].assign(measured=rows[outcome.name]),
        linked=linked,
        outcome=outcome,
        chains=posterior.chains,
        checks=(
            *posterior.checks,
            at_most(
                "known_runs", len(known), 0, np.inf,
                f"{len(known)} of {len(rows)} runs are among those that were fitted.",
                "Intervals hold more of the runs that a fit knows than of others: leave these out.",
            ),
        ),
        provenance=posterior.provenance(),
    )  # fmt: skip
