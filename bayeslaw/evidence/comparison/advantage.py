"""What the best of several laws is worth at a target: by how much the others would have foretold something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.answers.prediction import Prediction, predict
from bayeslaw.evidence.comparison.compare import Comparison, point_for, require_alike


@dataclass(frozen=True)
class Advantage:
    """How far the curve of one law lies from that of the best law, at one point, for one model.

    Attributes
    ----------
    law, model, family, task : str
    at : mapping
    best : float
        Median of the expected outcome by the best law.
    median, p05, p95 : float
        Of the difference to it, in the unit of the outcome; positive where this law expects more.
    p_above : float
        Probability that it does.
    """

    law: str
    model: str
    family: str
    task: str
    at: Mapping[str, float]
    best: float
    median: float
    p05: float
    p95: float
    p_above: float


MIXTURE = "mixture"
"""In place of the name of a law: all of them, by their weights."""


def predicted_frame(prediction: Prediction, worth: Sequence[Advantage], best: str) -> pd.DataFrame:
    """What a comparison says of a point as one table, in long format.

    Parameters
    ----------
    prediction : Prediction
        Of the mixture of laws.
    worth : sequence of Advantage
    best : str
        Name of the best law.

    Returns
    -------
    DataFrame
        One row a model of the mixture, whose ``quantity`` is the outcome; then one a law but the best and model, whose
        ``quantity`` is the difference to the best law. ``p_above`` is of differences alone.
    """
    rows = [
        {"law": MIXTURE, "quantity": prediction.outcome.name, **{name: r[name] for name in ("model", "family", "task")},
         **r["at"], **{name: r[name] for name in ("p05", "median", "p95")}}
        for r in prediction.records()
    ]  # fmt: skip
    rows += [
        {"law": one.law, "quantity": f"difference to {best}", "model": one.model, "family": one.family,
         "task": one.task, **one.at, "p05": one.p05, "median": one.median, "p95": one.p95, "p_above": one.p_above}
        for one in worth
    ]  # fmt: skip
    return pd.DataFrame(rows)


def advantages(found: Comparison, at: Mapping[str, float], *, seed: int = 0) -> tuple[Advantage, ...]:
    """Differences of what laws expect at a point to what the best one expects (kind of prediction ``curve``).

    Draws of different laws are independent, as their fits are.

    Parameters
    ----------
    found : Comparison
    at : mapping
        A point, as for ``Comparison.predict``.
    seed : int

    Returns
    -------
    tuple of Advantage
        One a law but the best and model, laws in the order of the comparison.

    Raises
    ------
    TargetError
        If the point is not one for all of the laws.
    """
    laws = [fit.posterior.law for fit in found.fits.values()]
    require_alike(laws, [at])
    order = [score.law for score in found.laws]
    one_each = {
        name: predict(found.fits[name].posterior, [point_for(found.fits[name].posterior.law, laws, at)],
                      kind="curve", seed=seed + k)
        for k, name in enumerate(order)
    }  # fmt: skip
    first, *others = order
    best, told = one_each[first], []
    for name in others:
        other = one_each[name]
        draws = min(len(best.values), len(other.values))
        for k, label in enumerate(best.labels):
            top = best.values[:draws, k, 0]
            gap = other.values[:draws, other.labels.index(label), 0] - top
            p05, median, p95 = (float(v) for v in np.quantile(gap, [0.05, 0.5, 0.95]))
            middle, above = float(np.median(top)), float((gap > 0).mean())
            told.append(Advantage(name, *label, dict(at), middle, median, p05, p95, above))
    return tuple(told)
