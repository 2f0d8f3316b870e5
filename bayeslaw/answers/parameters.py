"""Posterior summaries of the parameters of a fit, each at the level at which it varies; and verdicts on the fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw._arviz import convergence
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, checks_sentence, verdict
from bayeslaw.verdicts import Check


@dataclass(frozen=True, eq=False, repr=False)
class Parameters(Result):
    """Posterior summaries of parameters, each at the level at which it varies.

    Attributes
    ----------
    records : tuple of dict
        See `parameter_records`.
    posterior : Posterior
    prior : Posterior or None
        The same with draws from the prior, if they are to stand beside.
    """

    records: tuple[dict[str, Any], ...]
    posterior: Posterior
    prior: Posterior | None = None

    @property
    def checks(self) -> tuple[Check, ...]:  # type: ignore[override]
        """Of the fit."""
        return self.posterior.checks

    @property
    def sentence(self) -> str:
        """The law, and how many numbers are reported."""
        law = self.posterior.law
        return f"{law.formula} ({law.name} law, {law.source}): posterior of {len(self.records)} numbers."

    @property
    def draws(self) -> xr.Dataset:
        """All draws of the posterior, from which this table is computed."""
        return self.posterior.draws

    def prior_interval(self, record: Mapping[str, Any]) -> tuple[float, float, float] | None:
        """The .05, .5 and .95 quantiles of the prior of a number.

        Parameters
        ----------
        record : mapping
            One of ``records``.

        Returns
        -------
        tuple of float, or None
            None where the prior is flat or was not drawn.
        """
        if self.prior is None:
            return None
        found = draws_of(self.prior, record)
        if np.ptp(found) == 0:
            return None
        low, middle, high = (float(value) for value in np.quantile(found, [0.05, 0.5, 0.95]))
        return low, middle, high

    def to_frame(self) -> pd.DataFrame:
        """One row per parameter and group at the level at which it varies; the prior beside, if it was drawn."""
        frame = pd.DataFrame(self.records)
        if self.prior is None:
            return frame
        nothing = (np.nan,) * 3
        beside = [self.prior_interval(record) or nothing for record in self.records]
        return frame.assign(**{f"prior_{q}": [b[i] for b in beside] for i, q in enumerate(("p05", "median", "p95"))})

    def to_dict(self) -> dict[str, Any]:
        """The summaries as plain values, with verdicts and provenance."""
        task = ", ".join(self.posterior.layout.tasks)
        found = {"task": task, "parameters": list(self.records)}
        return {**self.posterior.provenance(), **found, **verdict(self.checks)}


def parameters(posterior: Posterior, prior: Posterior | None = None) -> Parameters:
    """Summarise the parameters of a posterior; ``prior`` has draws from its prior in place of its own."""
    return Parameters(tuple(parameter_records(posterior)), posterior, prior)


@dataclass(frozen=True, eq=False, repr=False)
class Checks(Result):
    """The verdicts on a fit.

    Attributes
    ----------
    checks : tuple of Check
    task : str
    provenance : mapping
    """

    checks: tuple[Check, ...]
    task: str
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """How many checks passed, and which did not."""
        return checks_sentence(self.checks)

    def to_frame(self) -> pd.DataFrame:
        """One row a check, with number, threshold, sentence and remedy."""
        return pd.DataFrame([check.as_dict() for check in self.checks])

    def to_dict(self) -> dict[str, Any]:
        """The verdicts as plain values, with provenance."""
        return {**self.provenance, "task": self.task, **verdict(self.checks)}


def fit_checks(posterior: Posterior) -> Checks:
    """The verdicts on a fit as a result."""
    return Checks(posterior.checks, ", ".join(posterior.layout.tasks), posterior.provenance())


def parameter_records(posterior: Posterior) -> list[dict[str, Any]]:
    """Summaries of population quantities, noise, and the law's natural parameters.

    A natural parameter that is the same for all models of a task (or of a family) is reported once for the task (the
    family), otherwise model by model.

    Returns
    -------
    list of dict
        ``name, level, group, task, median, mean, sd, p05, p95, rhat, ess_bulk, ess_tail, unit``; ``level`` is one of
        population, task, family and model, and ``group`` names the member (None for the population).
    """
    draws, layout = posterior.draws, posterior.layout
    chosen: dict[str, xr.DataArray] = {}
    labels: dict[str, tuple[str, str, str | None, str | None, str]] = {}

    def keep(values: xr.DataArray, name: str, level: str, group: str | None, task: str | None, unit: str) -> None:
        if np.ptp(values.values) == 0:  # fixed, so that there is nothing to report
            return
        key = f"{len(chosen)}"
        chosen[key] = values.reset_coords(drop=True)
        labels[key] = (name, level, group, task, unit)

    for population in sorted(str(v) for v in draws.data_vars if str(v).startswith(("location_", "spread_"))):
        keep(draws[population], population, "population", None, None, "1")
    scales = {
        variable: (name, unit.replace("log loss", posterior.predictor.outcome.linked_unit))
        for variable, (name, unit) in posterior.predictor.scale_variables().items()
    }
    for variable, (name, unit) in scales.items():
        if "task" not in draws[variable].dims:  # one of all tasks
            keep(draws[variable], name, "population", None, None, unit)
    for k, task in enumerate(layout.tasks):
        for variable, (name, unit) in scales.items():
            if "task" in draws[variable].dims:
                keep(draws[variable].isel(task=k), name, "task", task, task, unit)
    for parameter in posterior.law.parameters:
        values = draws[parameter.name]
        for level, group, of_task, curve in groups_of(posterior, values.values):
            keep(values.isel(curve=curve), parameter.name, level, group, of_task, parameter.unit)
    found = convergence(xr.Dataset(chosen))
    records = []
    for key, (name, level, member, member_task, unit) in labels.items():
        flat = chosen[key].values.ravel()
        p05, median, p95 = np.quantile(flat, [0.05, 0.5, 0.95])
        with np.errstate(over="ignore", invalid="ignore"):  # draws of a scale without data may overflow
            mean, sd = float(flat.mean()), float(flat.std(ddof=1))
        records.append(
            {
                "name": name,
                "level": level,
                "group": member,
                "task": member_task,
                "median": float(median),
                "mean": mean,
                "sd": sd,
                "p05": float(p05),
                "p95": float(p95),
                **{statistic: float(found[statistic][key]) for statistic in ("rhat", "ess_bulk", "ess_tail")},
                "unit": unit,
            }
        )
    return records


def groups_of(posterior: Posterior, values: np.ndarray) -> list[tuple[str, str, str, int]]:
    """The coarsest (level, group, task, one of its curves) at which draws of shape (chain, draw, C) do not vary."""
    layout = posterior.layout
    by_task = ("task", layout.task_of, [(task, task) for task in layout.tasks])
    by_family = ("family", layout.family_of, [(family, task) for task, family in layout.families])
    for level, index, names in (by_task, by_family):
        first = np.array([np.flatnonzero(index == g)[0] for g in range(len(names))])
        if len(names) < len(layout.curves) and np.array_equal(values, values[..., first[index]]):
            return [(level, group, task, int(i)) for (group, task), i in zip(names, first, strict=True)]
    return [("model", curve.model, curve.task, i) for i, curve in enumerate(layout.curves)]


def draws_of(posterior: Posterior, record: Mapping[str, Any]) -> np.ndarray:
    """Draws of the number that a record summarises, in a posterior or in what was drawn from its prior."""
    name, level = record["name"], record["level"]
    draws, layout = posterior.draws, posterior.layout
    if level == "population":
        return draws[name].values.ravel()
    if name not in {p.name for p in posterior.law.parameters}:
        variable = next(v for v, (told, _) in posterior.predictor.scale_variables().items() if told == name)
        return draws[variable].isel(task=layout.tasks.index(record["task"])).values.ravel()
    curve = next(
        i for i, c in enumerate(layout.curves) if c.task == record["task"] and getattr(c, level) == record["group"]
    )
    return draws[name].isel(curve=curve).values.ravel()
