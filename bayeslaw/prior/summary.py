"""Summaries of a prior: quantiles for a new task, and for the tasks that it knows."""

from typing import Any

import numpy as np
from scipy import optimize, special, stats

from bayeslaw.kinds.shared.borrowed import Entry
from bayeslaw.kinds.shared.hierarchy import PooledCoordinate
from bayeslaw.kinds.shared.scales import Foretold, LogNormal, Normal
from bayeslaw.laws.base import LEVELS, Coordinate
from bayeslaw.prior.prior import Prior

_QUANTILES = {"median": 0.5, "p05": 0.05, "p95": 0.95}
_NODES = 41
"""Nodes of the quadrature over the standard deviation between tasks."""


def coordinate_records(prior: Prior) -> list[dict[str, Any]]:
    """Prior quantiles of each coordinate of the law on a new task.

    Returns
    -------
    list of dict
        ``name``, ``meaning``, quantiles ``median``, ``p05`` and ``p95`` of the coordinate on a new task, and
        ``spreads``: the same of the standard deviation between groups, by level.
    """
    return [
        {
            "name": c.name,
            "meaning": c.meaning,
            **_new_task(prior, k, c),
            "spreads": {level: _spread(prior, c, level) for level in LEVELS if _has(prior, _spread_entry(c, level))},
        }
        for k, c in enumerate(prior.law.coordinates)
    ]


def scale_records(prior: Prior) -> list[dict[str, Any]]:
    """Quantiles of noise and discrepancy: of tasks that are not known (``task`` is None), then of each that is.

    Of a scale that all tasks have in common there is the former alone.
    """
    records = []
    for name, scale in vars(prior.borrowed.scales).items():
        if isinstance(scale, Foretold):  # by a table that is not known either
            scale = scale.without_statistic()
        if isinstance(scale, float) or scale.sd == 0:
            continue
        for task in (None, *prior.tasks):
            known = _has(prior, Entry(name, task))
            if known or task is None:
                moments = _moments(prior, name, task) if known else (0.0, 1.0)
                records.append({"name": name, "task": task, **_scale_quantiles(scale, *moments)})
    return records


def _scale_quantiles(scale: LogNormal | Normal, mean: float, sd: float) -> dict[str, float]:
    """Quantiles of a scale whose standardised value is normal with a mean and sd."""
    values = {key: mean + sd * float(stats.norm.ppf(q)) for key, q in _QUANTILES.items()}
    if isinstance(scale, Normal):
        return {key: scale.mean + scale.sd * value for key, value in values.items()}
    return {key: scale.median * float(np.exp(scale.sd * value)) for key, value in values.items()}


def _new_task(prior: Prior, k: int, c: Coordinate) -> dict[str, float]:
    """Quantiles of a coordinate on a new task.

    Location plus effect are normal given the sd between tasks, over which quadrature integrates.
    """
    place = prior.borrowed.entries.index
    both = [place(Entry("location", index=k)), place(_spread_entry(c, "task"))]
    mean, covariance = prior.borrowed.mean[both], prior.borrowed.covariance[np.ix_(both, both)]
    nodes, weights = special.roots_hermitenorm(_NODES)
    weights = weights / weights.sum()
    log_spread = mean[1] + covariance[1, 1] ** 0.5 * nodes
    location = mean[0] + covariance[0, 1] / covariance[1, 1] ** 0.5 * nodes
    variance = covariance[0, 0] - covariance[0, 1] ** 2 / covariance[1, 1]
    pooled = PooledCoordinate(c, ("task",))
    centre = c.mean + pooled.location_sd * location
    sd = np.hypot(pooled.location_sd * variance**0.5, pooled.spread_scale("task") * np.exp(log_spread))
    low, high = (centre - 10 * sd).min(), (centre + 10 * sd).max()
    return {
        key: float(optimize.brentq(lambda x, q=q: weights @ stats.norm.cdf(x, centre, sd) - q, low, high))
        for key, q in _QUANTILES.items()
    }


def _spread(prior: Prior, c: Coordinate, level: Any) -> dict[str, float]:
    entry = _spread_entry(c, level)
    mean, sd = _moments(prior, entry.name, None)
    return _scale_quantiles(LogNormal(PooledCoordinate(c, ("task",)).spread_scale(level), 1.0), mean, sd)


def _spread_entry(c: Coordinate, level: str) -> Entry:
    return Entry(f"spread.{c.name}.{level}")


def _has(prior: Prior, entry: Entry) -> bool:
    return entry in prior.borrowed.entries


def _moments(prior: Prior, name: str, task: str | None) -> tuple[float, float]:
    """Mean and standard deviation of an entry of the vector."""
    i = prior.borrowed.entries.index(Entry(name, task))
    return float(prior.borrowed.mean[i]), float(prior.borrowed.covariance[i, i] ** 0.5)
