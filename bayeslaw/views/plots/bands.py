"""Measured curves of models, and bands of run predictions along the covariate on which they are extrapolated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayeslaw.answers.prediction import predict
from bayeslaw.posterior.posterior import Posterior

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)

_SIZES = 40
_DRAWN = 8_000_000
"""Predictions computed at most, over draws, curves and sizes; draws are thinned to that."""


@dataclass(frozen=True, eq=False)
class Bands:
    """Quantiles of run predictions of models along sizes.

    Attributes
    ----------
    sizes : ndarray, shape (A,)
    quantiles : ndarray, shape (5, models, A)
        Those of ``LEVELS``, in the unit of the outcome.
    """

    sizes: np.ndarray
    quantiles: np.ndarray


def bands_of(
    posterior: Posterior, task: str, models: Sequence[str], point: Mapping[str, float], start: float, end: float
) -> Bands:
    """Predict runs of models of a task from one size to another; ``point`` holds covariates besides.

    Raises
    ------
    TargetError
        If a covariate is lacking that varies along a curve.
    """
    layout, axis = posterior.layout, posterior.law.axis
    sizes = np.geomspace(start, end, _SIZES) if start < end * (1 - 1e-9) else np.array([end])
    sizes[-1] = end
    draws = posterior.draws.sizes["chain"] * posterior.draws.sizes["draw"]
    step = -(-draws * len(layout.curves) * len(sizes) // _DRAWN)
    thinned = replace(posterior, draws=posterior.draws.isel(draw=slice(None, None, step)))
    predicted = predict(thinned, [{**point, axis: float(size)} for size in sizes], kind="run")
    column = {(model, of): k for k, (model, _, of) in enumerate(predicted.labels)}
    quantiles = np.quantile(predicted.linked[:, [column[model, task] for model in models]], LEVELS, axis=0)
    return Bands(sizes, predicted.outcome.inverse(quantiles))


def measured_of(posterior: Posterior, task: str, models: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sizes and outcomes of the runs of models of a task."""
    table, outcome = posterior.runs.table, posterior.outcome.name
    table = table[table["task"] == task]
    groups = {
        str(model): (group[posterior.law.axis].to_numpy(float), group[outcome].to_numpy(float))
        for model, group in table.groupby("model", sort=False)
    }
    return [groups[model] for model in models]


def limits(measured: np.ndarray, bands: Bands) -> tuple[float, float]:
    """Lowest and highest of what is shown: every measurement, and the bands unless they run off by over four times."""
    low, middle, high = bands.quantiles[0], bands.quantiles[2], bands.quantiles[4]
    if measured.min() <= 0 or low.min() <= 0:
        return float(min(low.min(), measured.min())), float(max(high.max(), measured.max()))
    lowest = max(low.min(), min(measured.min(), middle.min()) / 4)
    highest = min(high.max(), max(measured.max(), middle.max()) * 4)
    return float(min(lowest, measured.min())), float(max(highest, measured.max()))
