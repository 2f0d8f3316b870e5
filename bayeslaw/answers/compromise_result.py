"""What is said of a choice by several metrics."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.answers.risk import Risk
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.numerics import exact
from bayeslaw.results import Result, by_chain, listed, verdict
from bayeslaw.verdicts import Check


@dataclass(frozen=True)
class Option:
    """One candidate: a model, or a new model of a family.

    Attributes
    ----------
    model, family : str
    metrics : mapping
        Quantiles of what it would measure, by task.
    p_best_on : mapping
        Probability of being the best, by task.
    p_best : float
        Of being the best compromise.
    value_median : float
        Of what is chosen by: the weighted mean of metrics, or the odds of reaching all thresholds, which are 0 or 1 in
        a draw.
    expected_regret, cvar_regret_90, median_regret : float
        Of choosing it, in the unit of what is chosen by.
    p_all : float or None
        Probability of reaching all thresholds, jointly; None if there are none.
    p_thresholds : mapping
        Probability of each threshold, by its text.
    """

    model: str
    family: str
    metrics: Mapping[str, Mapping[str, float]]
    p_best_on: Mapping[str, float]
    p_best: float
    value_median: float
    expected_regret: float
    cvar_regret_90: float
    median_regret: float
    p_all: float | None
    p_thresholds: Mapping[str, float]

    @property
    def name(self) -> str:
        """What it is called: the model, or of a new one its family."""
        return self.family if self.model == NEW_MODEL else self.model


@dataclass(frozen=True, eq=False, repr=False)
class Compromise(Result):
    """A choice by several metrics.

    Attributes
    ----------
    target : mapping
    weights : mapping
        Of each task, summing to 1; empty where thresholds alone decide.
    thresholds : tuple of str
    risk : {"mean", "cvar90", "median-regret", "probability"}
    candidates : tuple of Option
        Ordered by the risk.
    by_metric : mapping
        What would be chosen by each task alone.
    shortlist : tuple of str
        The smallest set that holds the best compromise with probability 95%.
    values : ndarray, shape (S, candidates, tasks)
        Joint draws of what will be measured, in the order of candidates and of ``tasks``.
    tasks : tuple of str
    outcome : Outcome
    chains : int
    checks : tuple of Check
    provenance : mapping
    """

    target: Mapping[str, float]
    weights: Mapping[str, float]
    thresholds: tuple[str, ...]
    risk: Risk
    candidates: tuple[Option, ...]
    by_metric: Mapping[str, str]
    shortlist: tuple[str, ...]
    values: np.ndarray
    tasks: tuple[str, ...]
    outcome: Outcome
    chains: int
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def recommended(self) -> str:
        """The best compromise."""
        return self.candidates[0].name

    @property
    def sentence(self) -> str:
        """The recommendation with its odds, and who would be chosen by single metrics."""
        best = self.candidates[0]
        at = ", ".join(f"{name} = {exact(value)}" for name, value in self.target.items())
        if self.weights:
            by = "the weighted mean of " + listed([f"{task} ({w:.2g})" for task, w in self.weights.items()], 6)
            cost = f"{best.expected_regret:.3g} in {self.outcome.label} against knowing the best"
            sentence = (
                f"At {at} choose {best.name} by {by}: it is the best of {len(self.candidates)} with probability "
                f"{best.p_best:.2f}; the choice is expected to cost {cost}."
            )
            if best.p_all is not None:
                sentence += f" It reaches {', '.join(self.thresholds)} with probability {best.p_all:.2f}."
        else:
            sentence = (
                f"At {at} choose {best.name}: it reaches {', '.join(self.thresholds)} with probability "
                f"{best.p_all:.2f}; with probability {best.expected_regret:.2f} another does and it does not."
            )
        others: dict[str, list[str]] = {}
        for task, name in self.by_metric.items():
            if name != best.name:
                others.setdefault(name, []).append(task)
        told = [f"{name} by {' and '.join(tasks)}" for name, tasks in others.items()]
        return sentence + (f" Single metrics would choose {', '.join(told)}." if told else "")

    @property
    def draws(self) -> xr.Dataset:
        """Joint draws of what will be measured, dimensions (chain, draw, model, task), under the outcome's name."""
        coords = {"model": [c.name for c in self.candidates], "task": list(self.tasks)}
        return xr.Dataset({self.outcome.name: by_chain(self.values, self.chains, ("model", "task"), coords)})

    def to_frame(self) -> pd.DataFrame:
        """The candidates, one a row, with columns for each metric."""
        return pd.DataFrame([_row(c) for c in self.candidates])

    def to_dict(self) -> dict[str, Any]:
        """The choice as plain values, with verdicts and provenance."""
        outcome = {name: getattr(self.outcome, name) for name in ("name", "unit", "higher_is_better")}
        return {
            **self.provenance,
            "target": dict(self.target),
            "outcome": outcome,
            "weights": dict(self.weights),
            "thresholds": list(self.thresholds),
            "candidates": [asdict(c) for c in self.candidates],
            "recommendation": {
                "model": self.recommended,
                "sentence": self.sentence,
                "risk": self.risk,
                "by_metric": dict(self.by_metric),
                "shortlist": list(self.shortlist),
            },
            **verdict(self.checks),
        }


def _row(c: Option) -> dict[str, Any]:
    """A candidate as a row of a table."""
    row: dict[str, Any] = {"model": c.model, "family": c.family}
    for task, values in c.metrics.items():
        row |= {f"{task}_{name}": values[name] for name in ("p05", "median", "p95")}
        row[f"p_best_{task}"] = c.p_best_on[task]
    names = ("value_median", "p_best", "expected_regret", "cvar_regret_90", "median_regret")
    row |= {name: getattr(c, name) for name in names}
    row |= {} if c.p_all is None else {"p_all": c.p_all}
    return row | {f"p({text})": p for text, p in c.p_thresholds.items()}
