"""What the parameters of a fit are: a record for each, at the level at which it varies."""

from typing import Any

import numpy as np
import xarray as xr

from bayeslaw._arviz import convergence
from bayeslaw.posterior import Posterior

_WALKS = {
    "typical_noise": ("noise", "log loss"),
    "pull": ("pull", "1"),
    "own_drift": ("own_drift", "slope per root of log axis"),
    "shared_drift": ("shared_drift", "slope per root of log axis"),
}
_SCALES = {
    "slope": _WALKS,
    "level": _WALKS,
    "surface": {
        "noise": ("noise", "log loss"),
        "tail": ("tail", "degrees of freedom"),
        "field_sd": ("field_sd", "log loss"),
        "offset_sd": ("offset_sd", "log loss"),
        "tilt_sd": ("tilt_sd", "slope"),
        "curvature_sd": ("curvature_sd", "slope per e-fold"),
    },
}
"""What each task has beside the law, by the name of the variable: name and unit as reported."""


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
    draws, design = posterior.draws, posterior.design
    chosen: dict[str, xr.DataArray] = {}
    labels: dict[str, tuple[str, str, str | None, str | None, str]] = {}

    def keep(values: xr.DataArray, name: str, level: str, group: str | None, task: str | None, unit: str) -> None:
        if np.ptp(values.values) == 0:  # held at its prior, so that there is nothing to report
            return
        key = f"{len(chosen)}"
        chosen[key] = values.reset_coords(drop=True)
        labels[key] = (name, level, group, task, unit)

    for population in sorted(str(v) for v in draws.data_vars if str(v).startswith(("location_", "spread_"))):
        keep(draws[population], population, "population", None, None, "1")
    for k, task in enumerate(design.tasks):
        for variable, (name, unit) in _SCALES[posterior.law.strays].items():
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
        with np.errstate(over="ignore", invalid="ignore"):  # a scale that nothing tells may vary beyond all floats
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
    design = posterior.design
    by_task = ("task", design.task_of, [(task, task) for task in design.tasks])
    by_family = ("family", design.family_of, [(family, task) for task, family in design.families])
    for level, index, names in (by_task, by_family):
        first = np.array([np.flatnonzero(index == g)[0] for g in range(len(names))])
        if len(names) < len(design.curves) and np.array_equal(values, values[..., first[index]]):
            return [(level, group, task, int(i)) for (group, task), i in zip(names, first, strict=True)]
    return [("model", curve.model, curve.task, i) for i, curve in enumerate(design.curves)]
