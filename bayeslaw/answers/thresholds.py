"""Thresholds that outcomes are to reach, as ``accuracy:arc_easy>=.6`` or ``loss<=2.5``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.runs.table import unknown_task

SHARE = "share of questions"
"""Unit of outcomes between 0 and 1."""

_FORM = re.compile(r"\s*(?P<name>[^<>=]{1,200}?)\s*(?P<sign>>=|<=|=>|=<|>|<|=)\s*(?P<value>[^<>=]{1,40}?)\s*")


@dataclass(frozen=True)
class Threshold:
    """A value that an outcome is to reach.

    Attributes
    ----------
    name : str
        Of the outcome, such as ``accuracy``; or of a task.
    task : str or None
        All tasks if not given.
    upwards : bool
        Whether values of at least this one reach it; else those of at most this one.
    value : float
        In the unit of the outcome.
    """

    name: str
    task: str | None
    upwards: bool
    value: float

    def reached(self, values: np.ndarray) -> np.ndarray:
        """Whether values reach it, same shape."""
        return values >= self.value if self.upwards else values <= self.value

    def on(self, outcome: str, task: str) -> str:
        """How it reads on one task of an outcome."""
        return f"{outcome}:{task}{'>=' if self.upwards else '<='}{self.value:g}"

    def __str__(self) -> str:
        name = self.name if self.task is None else f"{self.name}:{self.task}"
        return f"{name}{'>=' if self.upwards else '<='}{self.value:g}"


def read_threshold(text: str) -> Threshold:
    """Read a threshold, such as ``accuracy>=.6``, ``accuracy:arc_easy>=60%`` or ``loss<=2.5``.

    Raises
    ------
    TargetError
        If it is none.
    """
    found = _FORM.fullmatch(text)
    if found is None or found["sign"] == "=":
        raise TargetError(
            f"The threshold {text[:80]!r} is not understood. Expected an outcome, >= or <=, and a value, such as "
            "accuracy:arc_easy>=.6 or loss<=2.5."
        )
    number = found["value"].removesuffix("%")
    try:
        value = float(number) * (0.01 if found["value"].endswith("%") else 1.0)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise TargetError(f"The threshold {text[:80]!r}: {found['value']!r} is not a number, such as .6 or 60%.")
    name, _, task = found["name"].partition(":")
    return Threshold(name.strip(), task.strip() or None, ">" in found["sign"], value)


def tasks_of_threshold(threshold: Threshold, outcome: Outcome, tasks: Sequence[str]) -> tuple[str, ...]:
    """Tasks on which an outcome is to reach a threshold; none if it is of another outcome.

    Raises
    ------
    TaskError
        If there is no such task.
    TargetError
        If worse values than the threshold would reach it, or no value can be on its other side.
    """
    named = threshold.name if threshold.task is None and threshold.name in tasks else threshold.task
    if threshold.name != outcome.name and named != threshold.name:
        return ()
    if named is not None and named not in tasks:
        raise unknown_task(named, tuple(tasks))
    if threshold.upwards != outcome.higher_is_better:
        better, sign = ("Higher", ">=") if outcome.higher_is_better else ("Lower", "<=")
        raise TargetError(f"The threshold {threshold}: {better} {outcome.name} is better, expected {sign}.")
    if outcome.unit == SHARE and not 0 < threshold.value < 1:
        raise TargetError(
            f"The threshold {threshold}: {outcome.name} is a share of questions, expected a value between 0 and 1, "
            "such as .6 or 60%."
        )
    return tuple(tasks) if named is None else (named,)
