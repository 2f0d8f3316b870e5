"""Predictive draws of the loss at points that were not run.

Three levels, told apart everywhere: the *curve* (expected log loss of a model at a point: law, level and discrepancy),
a *run* (what one new run there would measure: curve plus run noise), and a *new family* (a run of a model of a family
that has not been seen). Each is computed draw by draw and jointly over models, then summarised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from bayeslaw.answers.curves import Curves, law_shape, new_family, seen_curves
from bayeslaw.answers.quantiles import QUANTILES
from bayeslaw.answers.surfaces import (
    expected_log_loss,
    furthest,
    new_families,
    new_models,
    seen_models,
    with_noise,
)
from bayeslaw.errors import TargetError
from bayeslaw.laws.base import Law
from bayeslaw.model.design import Design
from bayeslaw.model.discrepancy import WalkBasis, covariance_root
from bayeslaw.model.heights import relaxed
from bayeslaw.posterior import Posterior

Kind = Literal["run", "curve", "new-family"]

CHUNK = 2000
"""Curves times sizes that are predicted at a time, where many are: each takes as many numbers as there are draws."""

_QUANTILES = {"p025": 0.025, **QUANTILES, "p975": 0.975}


@dataclass(frozen=True, eq=False)
class Prediction:
    """Joint predictive draws.

    Attributes
    ----------
    kind : {"run", "curve", "new-family"}
        Which predictive level this is.
    at : tuple of mapping
        The A points predicted at.
    labels : tuple of (model, family, task), length K
        What is predicted; a model that is not in the table is called ``<new model>``, a new family ``<new family>``.
    log_loss : ndarray, shape (S, K, A)
        Draws, joint over models and points; chains one after another.
    extrapolation : ndarray, shape (K, A)
        Factor by which the point lies beyond the largest size seen on the curve (for a new family: on its task). For a
        model that is not in the table, beyond the largest value on its surface of the covariate in which it lies
        furthest out.
    """

    kind: Kind
    at: tuple[Mapping[str, float], ...]
    labels: tuple[tuple[str, str, str], ...]
    log_loss: np.ndarray
    extrapolation: np.ndarray

    def records(self) -> list[dict[str, Any]]:
        """One plain mapping a model and point, with quantiles of the loss in the units of the table.

        ``mean`` and ``sd`` are not numbers for a new family, whose loss has heavier tails than would give it a mean.
        """
        loss = np.exp(self.log_loss)
        quantiles = np.quantile(loss, list(_QUANTILES.values()), axis=0)
        if self.kind == "new-family":  # the level is Student-t in log loss, so that the loss has no mean
            mean = sd = np.full(loss.shape[1:], np.nan)
        else:
            mean, sd = loss.mean(axis=0), loss.std(axis=0, ddof=1)
        return [
            {
                "model": model,
                "family": family,
                "task": task,
                "at": dict(point),
                **{name: float(quantiles[q, k, a]) for q, name in enumerate(_QUANTILES)},
                "mean": float(mean[k, a]),
                "sd": float(sd[k, a]),
                "extrapolation": float(self.extrapolation[k, a]),
            }
            for a, point in enumerate(self.at)
            for k, (model, family, task) in enumerate(self.labels)
        ]

    def summary(self) -> pd.DataFrame:
        """The records as a table; the points in columns of their own."""
        records = self.records()
        return pd.DataFrame([{**{k: v for k, v in r.items() if k != "at"}, **r["at"]} for r in records])


def predict(
    posterior: Posterior, at: Sequence[Mapping[str, float]], *, kind: Kind = "run", seed: int = 0
) -> Prediction:
    """Draw predictions at points, jointly.

    Parameters
    ----------
    posterior : Posterior
    at : sequence of mappings
        Points: covariate names to values in the units of the table. A covariate left out keeps the value that a curve
        has throughout. Points that give every covariate of a joint law ask for a model that is not in the table, one of
        each family.
    kind : {"run", "curve", "new-family"}
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If a point names an unknown covariate, lacks one, or is not a positive number; or if there is no second model
        from which to tell how far a new family may lie.
    """
    if kind not in get_args(Kind):
        raise TargetError(f"The kind of prediction is {kind!r}; it must be one of {', '.join(get_args(Kind))}.")
    if isinstance(at, Mapping):
        raise TargetError(f"at is one point, {dict(at)}: give a list of points, at=[{{…}}].")
    if not at:
        raise TargetError(f"No point to predict at. Give one, such as {posterior.law.axis}=1638400.")
    if posterior.law.strays == "surface":
        return _predict_on_surfaces(posterior, at, kind, np.random.default_rng([seed, 2]))
    points = [complete_point(posterior.design, posterior.law, point) for point in at]
    covariates = {c.name: np.stack([p[c.name] for p in points], axis=1) for c in posterior.law.covariates}  # (C, A)
    rng = np.random.default_rng([seed, 2])
    design = posterior.design
    curves = seen_curves(posterior)
    labels = tuple((c.model, c.family, c.task) for c in design.curves)
    largest = design.largest
    if kind == "new-family":
        labels = tuple(("<new family>", "<new family>", task) for task in design.tasks)
        first = [int(np.flatnonzero(design.task_of == k)[0]) for k in range(len(design.tasks))]
        covariates = {name: values[first] for name, values in covariates.items()}
        curves = new_family(posterior, covariates, rng)
        largest = np.array([largest[design.task_of == k].max() for k in range(len(design.tasks))])
    log_loss = curve_log_loss(posterior, curves, covariates, rng)
    if kind != "curve":
        log_loss += curves.noise[..., None] * rng.standard_normal(log_loss.shape)
    return Prediction(kind, tuple(at), labels, log_loss, covariates[posterior.law.axis] / largest[:, None])


def _predict_on_surfaces(
    posterior: Posterior, at: Sequence[Mapping[str, float]], kind: Kind, rng: np.random.Generator
) -> Prediction:
    law, design = posterior.law, posterior.design
    whole = [set(point) >= {c.name for c in law.covariates} for point in at]
    if any(whole) and not all(whole):
        raise TargetError(
            "Some points give every covariate and ask for models that are not in the table, others do not. "
            "Predict at one kind of points at a time."
        )
    points = [complete_point(design, law, point) for point in at]
    if whole[0]:
        covariates = {c.name: np.array([point[c.name][0] for point in points]) for c in law.covariates}
        find = new_families if kind == "new-family" else new_models
        places = find(posterior, covariates, rng)
    elif kind == "new-family":
        needed = ", ".join(c.name for c in law.covariates)
        raise TargetError(f"A new family is predicted at a whole point: give {needed}.")
    else:
        places = seen_models(posterior, {c.name: np.stack([p[c.name] for p in points], axis=1) for c in law.covariates})
    log_loss = expected_log_loss(posterior, places, rng)
    if kind != "curve":
        log_loss = with_noise(posterior, places, log_loss, rng)
    return Prediction(kind, tuple(at), places.labels, log_loss, furthest(places))


def curve_log_loss(
    posterior: Posterior, curves: Curves, covariates: Mapping[str, np.ndarray], rng: np.random.Generator | None
) -> np.ndarray:
    """Log loss without the noise of runs at covariates (K, A): law, height and walks, shape (S, K, A).

    What is not known of the walks, between and beyond their knots, is drawn; without ``rng`` it is left at its mean.
    """
    reference = {name: values[:, None] for name, values in curves.reference.items()}
    axis = np.log(covariates[posterior.law.axis] / reference[posterior.law.axis])
    coordinates = {name: values[..., None] for name, values in curves.coordinates.items()}
    log_loss = curves.level[..., None] + law_shape(posterior, coordinates, covariates, reference)
    return log_loss + curves.height[..., None] * relaxed(axis, curves.first) + _walks(posterior, curves, axis, rng)


def curve_log_loss_of_runs(
    posterior: Posterior, curve: np.ndarray, sizes: np.ndarray, rng: np.random.Generator | None
) -> np.ndarray:
    """As `curve_log_loss`, for n runs of these curves (n,) at these sizes (n,): shape (S, n).

    Runs are drawn one by one: not all of them jointly with each other.
    """
    curves, axis = seen_curves(posterior), posterior.law.axis
    distinct, index = np.unique(sizes, return_inverse=True)
    log_loss = np.empty((len(curves.level), len(sizes)))
    step = max(1, CHUNK // len(curves.task_of))
    for start in range(0, len(distinct), step):
        here = np.flatnonzero((index >= start) & (index < start + step))
        everywhere = {axis: np.tile(distinct[start : start + step], (len(curves.task_of), 1))}
        log_loss[:, here] = curve_log_loss(posterior, curves, everywhere, rng)[:, curve[here], index[here] - start]
    return log_loss


def _walks(posterior: Posterior, curves: Curves, axis: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
    """Discrepancy of each curve, its own and its task's, shape (S, K, A)."""

    def unknown(rate: np.ndarray, basis: WalkBasis, points: np.ndarray) -> Any:
        if rng is None:
            return 0.0
        return (rate * rng.standard_normal((len(rate), len(points)))) @ covariance_root(basis.remainder(points)).T

    own_rate, shared_rate = posterior.flat("own_drift"), posterior.flat("shared_drift")
    shared_walk = posterior.flat("shared_walk")
    total = np.zeros((*curves.level.shape, axis.shape[1]))
    for k, walks in enumerate(posterior.walks):
        members = np.flatnonzero(curves.task_of == k)
        for i in members:
            own = curves.own_walk[:, i, : len(walks.own.knots)] @ walks.own.functions(axis[i]).T
            total[:, i] = own + unknown(own_rate[:, [k]], walks.own, axis[i])
        if not len(members) or not shared_rate[:, k].any():  # laws that stray in level share no walk
            continue
        points, place = np.unique(axis[members], return_inverse=True)
        shared = shared_walk[:, k, : len(walks.shared.knots)] @ walks.shared.functions(points).T
        shared = shared + unknown(shared_rate[:, [k]], walks.shared, points)
        total[:, members] += shared[:, place.reshape(len(members), -1)]
    return total


def complete_point(design: Design, law: Law, point: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every covariate of the law at a point, curve by curve, shape (C,).

    Raises
    ------
    TargetError
        See ``predict``.
    """
    require_covariates(law, point)
    complete = {}
    for name in (c.name for c in law.covariates):
        values = design.covariates[name]
        if name in point:
            complete[name] = np.full(len(values), float(point[name]))
        elif name != law.axis and np.all(values == values[:, :1]):
            complete[name] = values[:, 0]
        else:
            raise TargetError(f"The point lacks {name!r}, which varies along a curve. Add {name}=… to it.")
    return complete


def require_covariates(law: Law, point: Mapping[str, float]) -> None:
    """Refuse what is no covariate of a law, or no possible value of one.

    Raises
    ------
    TargetError
        If a name is unknown, or a value is not a positive number.
    """
    known = [c.name for c in law.covariates]
    for name, value in point.items():
        if name not in known:
            raise TargetError(f"The {law.name} law has no covariate {name!r}; it has {', '.join(known)}.")
        if not isinstance(value, (int, float, np.number)):
            raise TargetError(f"{name}={value!r} cannot be predicted at; it must be a number, not text.")
        if not (np.isfinite(value) and value > 0):
            raise TargetError(f"{name}={value:g} cannot be predicted at; it must be a positive number.")
