"""What is said of a run that is tracked: what it will reach, how that changed, and whether a warning is raised."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import xarray as xr

from bayeslaw.answers.prediction import Prediction
from bayeslaw.numerics import exact
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.verdicts import Check


@dataclass(frozen=True)
class Reached:
    """What a run will measure at the target in one outcome.

    Attributes
    ----------
    outcome, task : str
    last : float
        What was measured last.
    p05, p25, median, p75, p95 : float
        Of one run's measurement.
    thresholds : mapping
        The probability of each threshold, by its text.
    """

    outcome: str
    task: str
    last: float
    p05: float
    p25: float
    median: float
    p75: float
    p95: float
    thresholds: Mapping[str, float]

    @property
    def name(self) -> str:
        """Outcome and task."""
        return f"{self.outcome}:{self.task}"


@dataclass(frozen=True)
class Look:
    """What was believed after a checkpoint.

    Attributes
    ----------
    at : float
        The checkpoint, on the axis of the law.
    outcome : str
    measured : mapping
        By task.
    foretold : mapping
        Median and 90% interval of each measurement, once the checkpoints before were seen; by task.
    end : mapping
        Quantiles of the end, once this checkpoint is seen; by task.
    thresholds : mapping
        Probability of each threshold, by its text.
    evidence : float
        Log of the likelihood ratio of standing still since some checkpoint to going on as foretold.
    alarm : bool
        Whether it has come to a warning, at this checkpoint or before.
    """

    at: float
    outcome: str
    measured: Mapping[str, float]
    foretold: Mapping[str, Mapping[str, float]]
    end: Mapping[str, Mapping[str, float]]
    thresholds: Mapping[str, float]
    evidence: float
    alarm: bool


@dataclass(frozen=True)
class Warned:
    """Whether a warning is raised of one kind of outcome.

    Attributes
    ----------
    outcome : str
    alarm : bool
    at : float or None
        The checkpoint at which it was first raised.
    since : float or None
        The likeliest checkpoint since which the run has stood still, if a warning is raised.
    evidence, threshold : float
        The largest evidence so far, and above which a warning is raised.
    chance : float
        Share of runs that go as foretold whose evidence comes to as much at some checkpoint so far.
    false_alarms : float
        Share of them of which a warning is raised.
    looks : int
        Checkpoints compared with what was foretold.
    """

    outcome: str
    alarm: bool
    at: float | None
    since: float | None
    evidence: float
    threshold: float
    chance: float
    false_alarms: float
    looks: int


@dataclass(frozen=True, eq=False, repr=False)
class Track(Result):
    """Whether a run is on track.

    Attributes
    ----------
    model : str
    target : mapping
    axis : str
    reached : tuple of Reached
        One an outcome and task.
    p_all : float or None
        Probability that all thresholds are reached, jointly; None if there are none.
    history : tuple of Look
    warnings : tuple of Warned
        One a kind of outcome whose later checkpoints were compared with what was foretold.
    ends : tuple of Prediction
        Joint draws of what will be measured, one a kind of outcome.
    checks : tuple of Check
    provenance : mapping
    """

    model: str
    target: Mapping[str, float]
    axis: str
    reached: tuple[Reached, ...]
    p_all: float | None
    history: tuple[Look, ...]
    warnings: tuple[Warned, ...]
    ends: tuple[Prediction, ...]
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def alarm(self) -> bool:
        """Whether a warning is raised."""
        return any(one.alarm for one in self.warnings)

    @property
    def sentence(self) -> str:
        """What the run will reach, the odds of thresholds, and whether it is on track."""
        at = ", ".join(f"{name} = {exact(value)}" for name, value in self.target.items())
        told = [f"{r.name} {r.median:.4g} (90% interval {r.p05:.4g} to {r.p95:.4g})" for r in self.reached[:4]]
        more = f" and {len(self.reached) - 4} more" if len(self.reached) > 4 else ""
        sentence = f"At {at}, {self.model} will measure {', '.join(told)}{more}."
        odds = [f"{text} with probability {p:.2f}" for r in self.reached for text, p in r.thresholds.items()]
        if odds:
            sentence += f" It reaches {', '.join(odds[:4])}" + (f"; all with {self.p_all:.2f}." if odds[1:] else ".")
        for one in self.warnings:
            if one.since is not None:
                since = f"since {self.axis} = {exact(one.since)}"
                sentence += (
                    f" WARNING: its {one.outcome} stands still or falls behind what was foretold, most likely {since}; "
                    f"of runs that go as foretold, {one.false_alarms:.1%} raise such a warning at one of {one.looks} "
                    "checkpoints."
                )
            else:
                sentence += (
                    f" Its {one.outcome} goes as foretold at {one.looks} checkpoints (a warning would be false in "
                    f"{one.false_alarms:.1%} of runs)."
                )
        return sentence

    @property
    def draws(self) -> xr.Dataset:
        """Joint draws of what will be measured, by outcome, dimensions (chain, draw, task)."""
        parts = {
            p.outcome.name: by_chain(
                p.values[:, :, 0], p.chains, (f"{p.outcome.name}_task",),
                {f"{p.outcome.name}_task": [task for _, _, task in p.labels]},
            )
            for p in self.ends
        }  # fmt: skip
        return xr.merge([values.rename(name) for name, values in parts.items()], join="outer")

    def to_frame(self) -> pd.DataFrame:
        """What will be reached: one row an outcome and task, with a column a threshold."""
        return pd.DataFrame(
            [
                {
                    **{k: v for k, v in asdict(r).items() if k != "thresholds"},
                    **{f"p({t})": p for t, p in r.thresholds.items()},
                }
                for r in self.reached
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, with verdicts and provenance."""
        return {
            **self.provenance,
            "model": self.model,
            "target": dict(self.target),
            "outcomes": [asdict(r) for r in self.reached],
            "p_all": self.p_all,
            "history": [asdict(look) for look in self.history],
            "warnings": [asdict(one) for one in self.warnings],
            "alarm": self.alarm,
            "sentence": self.sentence,
            **verdict(self.checks),
        }
