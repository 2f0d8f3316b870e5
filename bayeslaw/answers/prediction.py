"""Predictive draws of the outcome at points that were not run.

There are four kinds of prediction: the *law* (as if it held exactly), the *curve* (expected outcome of a model
at a point: law, level and discrepancy), a *run* (what one new run there would measure: curve plus run noise), and a
*new family* (a run of a model of a family that has not been seen). Each is computed draw by draw and jointly over
models, then summarised.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, get_args

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw import streams
from bayeslaw.answers.quantiles import QUANTILES
from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import NEW_FAMILY, NEW_MODEL, Label, Predictor, T, Targets, Who
from bayeslaw.kinds.reach import below_data, distance_check
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.runs.table import unknown_task
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check

PredictionKind = Literal["run", "curve", "new-family", "law"]
"""What is predicted: see above."""

_QUANTILES = {"p025": 0.025, **QUANTILES, "p975": 0.975}


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Result):
    """Joint predictive draws.

    Attributes
    ----------
    kind : {"run", "curve", "new-family", "law"}
    at : tuple of mapping
        The A points predicted at.
    labels : tuple of (model, family, task), length K
        What is predicted; a model that is not in the table is called ``<new model>``, a new family ``<new family>``.
    linked : ndarray, shape (S, K, A)
        Draws on the scale of the link (log loss), joint over models and points; chains one after another.
    beyond : dict of ndarray, shape (K, A)
        Factors by which the point lies beyond the largest size seen on the curve (for a new family: on its task). For a
        model that is not in the table, beyond the largest value of each covariate on its surface. For laws of several
        covariates also that of their product, ``compute`` where they are parameters and data.
    outcome : Outcome
        What is predicted.
    chains : int
    checks : tuple of Check
        Of the fit, and of how far the points lie beyond the data.
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    kind: PredictionKind
    at: tuple[Mapping[str, float], ...]
    labels: tuple[Label, ...]
    linked: np.ndarray
    beyond: Mapping[str, np.ndarray]
    outcome: Outcome
    chains: int
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def extrapolation(self) -> np.ndarray:
        """Factor by which a point lies beyond the data where it lies furthest out: shape (K, A)."""
        return np.max(list(self.beyond.values()), axis=0)

    @property
    def values(self) -> np.ndarray:
        """Draws in the unit of the outcome, shape (S, K, A)."""
        return self.outcome.inverse(self.linked)

    @property
    def draws(self) -> xr.Dataset:
        """Draws in the unit of the outcome, dimensions (chain, draw, model, point), under the name of the outcome."""
        names = dict.fromkeys(name for point in self.at for name in point)
        coords = {
            **{what: ("model", [label[i] for label in self.labels]) for i, what in enumerate(("model", "family"))},
            "task": ("model", [label[2] for label in self.labels]),
            **{name: ("point", [point.get(name, np.nan) for point in self.at]) for name in names},
        }
        return xr.Dataset({self.outcome.name: by_chain(self.values, self.chains, ("model", "point"), coords)})

    @property
    def sentence(self) -> str:
        """What is predicted; for a single target, its median and 90% interval."""
        said = {
            "run": "what one new run would measure",
            "curve": "expected, without the noise of runs",
            "new-family": "what one run of a new family would measure",
            "law": "as if the law held exactly",
        }[self.kind]
        if len(self.labels) > 1 or len(self.at) > 1:
            several = {
                "of": (len({label[:2] for label in self.labels}), "model"),
                "on": (len({label[2] for label in self.labels}), "task"),
                "at": (len(self.at), "point"),
            }
            counted = [f"{how} {n} {what}{'s' * (n > 1)}" for how, (n, what) in several.items() if n > 1 or how != "on"]
            return f"Predicted {self.outcome.label} {' '.join(counted)} ({said}): medians and intervals."
        (r,) = self.records()
        at = ", ".join(f"{name}={value:g}" for name, value in r["at"].items())
        interval = self.outcome.told({name: r[name] for name in ("p05", "median", "p95")})
        return f"Predicted {self.outcome.label} of {r['model']} at {at} ({said}): {interval}."

    def records(self) -> list[dict[str, Any]]:
        """One plain mapping a model and point, with quantiles of the outcome in its unit.

        Where losses were converted when they were read, quantiles in the unit of the source stand beside them:
        ``perplexity_p05``, ``bits_median``.

        ``mean`` and ``sd`` are not numbers for a new family, whose loss has heavier tails than would give it a mean.

        Returns
        -------
        list of dict
        """
        values, extrapolation = self.values, self.extrapolation
        quantiles = np.quantile(values, list(_QUANTILES.values()), axis=0)
        if self.kind == "new-family":  # the level is Student-t in log loss, so that the loss has no mean
            mean = sd = np.full(values.shape[1:], np.nan)
        else:
            mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
        named = {
            (k, a): {name: float(quantiles[q, k, a]) for q, name in enumerate(_QUANTILES)}
            for k, a in np.ndindex(values.shape[1:])
        }
        return [
            {
                "model": model,
                "family": family,
                "task": task,
                "at": dict(point),
                **named[k, a],
                **self.outcome.given_quantiles(named[k, a]),
                "mean": float(mean[k, a]),
                "sd": float(sd[k, a]),
                "extrapolation": float(extrapolation[k, a]),
                "beyond": {name: float(factor[k, a]) for name, factor in self.beyond.items()},
            }
            for a, point in enumerate(self.at)
            for k, (model, family, task) in enumerate(self.labels)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The predictions as plain values, with verdicts and provenance."""
        outcome = {name: getattr(self.outcome, name) for name in ("name", "unit", "higher_is_better")}
        answer = {"kind": self.kind, "outcome": outcome, "predictions": self.records()}
        return {**self.provenance, **answer, **verdict(self.checks)}

    def to_frame(self) -> pd.DataFrame:
        """The records as a table; the points in columns of their own.

        Returns
        -------
        pandas.DataFrame
        """
        records = self.records()
        return pd.DataFrame([{**{k: v for k, v in r.items() if k not in ("at", "beyond")}, **r["at"]} for r in records])


P = TypeVar("P", bound=Prediction)


def predict(
    posterior: Posterior,
    at: Sequence[Mapping[str, float]],
    *,
    kind: PredictionKind = "run",
    outcome: str | None = None,
    seed: int = 0,
) -> Prediction:
    """Draw predictions at points, jointly.

    Parameters
    ----------
    posterior : Posterior
    at : sequence of mappings
        Points: covariate names to values in the units of the table. A covariate left out keeps the value that a curve
        has throughout. Points that give every covariate of a joint law ask for a model that is not in the table, one of
        each family.
    kind : {"run", "curve", "new-family", "law"}
    outcome : str, optional
        What to predict of several, such as ``accuracy:arc_easy``: the outcome of the fit, on one task. All tasks unless
        given; draws are the same.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If a point names an unknown covariate, lacks one, or is not a positive number; if there is no second model
        from which to estimate the spread of families; or if the fit is of another outcome.
    TaskError
        If it has no such task.
    """
    require_kind(kind)
    tasks = tasks_named(posterior.outcome.name, posterior.layout.tasks, outcome)
    if isinstance(at, Mapping):
        raise TargetError(f"at is one point, {dict(at)}: give a list of points, at=[{{…}}].")
    if not at:
        raise TargetError(f"No point to predict at. Give one, such as {posterior.law.axis}=1638400.")
    predictor, rng = posterior.predictor, generator(seed, streams.PREDICTION)
    who: Who = "new-family" if kind == "new-family" else "seen"
    targets = predictor.targets(at, who, rng)
    linked = draws_at(predictor, targets, kind, rng)
    whole = Prediction(
        kind=kind,
        at=tuple(at),
        labels=targets.labels,
        linked=linked,
        beyond=targets.beyond,
        outcome=posterior.outcome,
        chains=posterior.chains,
        checks=(*posterior.checks, _distance(posterior, targets)),
        provenance=posterior.provenance(),
    )
    return whole if outcome is None else of_tasks(whole, tasks)


def tasks_named(own: str, tasks: Sequence[str], outcome: str | None) -> tuple[str, ...]:
    """Tasks that the name of an outcome means, such as ``accuracy:arc_easy`` or ``accuracy``; all if none is given.

    Parameters
    ----------
    own : str
        Name of the outcome of the fit.
    tasks : sequence of str
    outcome : str or None

    Raises
    ------
    TargetError
        If the fit is of another outcome.
    TaskError
        If there is no such task.
    """
    if outcome is None:
        return tuple(tasks)
    name, colon, task = outcome.partition(":")
    if name != own:
        other = " A fit of losses and one of scores against model_loss make a chain, which predicts scores."
        raise TargetError(
            f"outcome={outcome!r}: the fit is of {own}. Ask for {own}, or for {own}:{tasks[0]}."
            + (other if own == LOSS.name else "")
        )
    if colon and task not in tasks:
        raise unknown_task(task, tuple(tasks))
    return (task,) if colon else tuple(tasks)


def of_tasks(prediction: P, tasks: Collection[str]) -> P:
    """A prediction of those of its models that are on some tasks."""
    return only(prediction, [k for k, (_, _, task) in enumerate(prediction.labels) if task in tasks])


def only(prediction: P, kept: Sequence[int]) -> P:
    """A prediction of some of its models, by their places."""
    return replace(
        prediction,
        labels=tuple(prediction.labels[k] for k in kept),
        linked=prediction.linked[:, list(kept)],
        beyond={name: factor[list(kept)] for name, factor in prediction.beyond.items()},
    )


def require_kind(kind: str) -> None:
    """Refuse what is no kind of prediction.

    Raises
    ------
    TargetError
    """
    if kind not in get_args(PredictionKind):
        raise TargetError(
            f"The kind of prediction is {kind!r}; it must be one of {', '.join(get_args(PredictionKind))}."
        )


def _distance(posterior: Posterior, targets: Targets) -> Check:
    """Verdict on the point that lies furthest beyond the data, or below it."""
    new = any(model in (NEW_MODEL, NEW_FAMILY) for model, _, _ in targets.labels)
    beyond = {name: float(factor.max()) for name, factor in targets.beyond.items()}
    below = below_data(posterior.layout, posterior.law, targets.labels, targets.covariates)
    return distance_check(beyond, below, posterior.law, new=new)


def draws_at(predictor: Predictor[T], targets: T, kind: PredictionKind, rng: np.random.Generator) -> np.ndarray:
    """Draws at targets on the scale of the link, shape (S, K, A): the one place where predictions are composed."""
    if kind == "law":
        return predictor.law_alone(targets)
    expected = predictor.expected(targets, rng)
    return expected if kind == "curve" else predictor.measured(expected, targets, rng)
