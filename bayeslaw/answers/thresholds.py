"""Thresholds that outcomes are to reach, as ``accuracy:arc_easy>=.6`` or ``loss<=2.5``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.runs.columns import TRAINING, meaning, words_in
from bayeslaw.runs.table import unknown_task
from bayeslaw.runs.units import CONVERTED, in_nats

SHARE = "share of questions"
"""Unit of outcomes between 0 and 1."""

_FORM = re.compile(r"\s*(?P<name>[^<>=]{1,200}?)\s*(?P<sign>>=|<=|=>|=<|>|<|=)\s*(?P<value>[^<>=]{1,40}?)\s*")


@dataclass(frozen=True)
class Threshold:
    """A value that an outcome is to reach.

    Attributes
    ----------
    name : str
        Of the outcome, such as ``accuracy``; of a unit of it, such as ``perplexity``; or of a task.
    task : str or None
        All tasks if not given.
    upwards : bool
        Whether values of at least this one reach it; else those of at most this one.
    value : float
        In the unit that it names; else in that of the outcome.
    """

    name: str
    task: str | None
    upwards: bool
    value: float

    def limit(self, outcome: Outcome) -> float:
        """The value in the unit of an outcome."""
        if outcome.given and self.called(outcome) == outcome.given:
            return float(in_nats(np.array([self.value]), outcome.given)[0][0])
        return self.value

    def reached(self, values: np.ndarray, outcome: Outcome) -> np.ndarray:
        """Whether values of an outcome, in its unit, reach it; same shape."""
        limit = self.limit(outcome)
        return values >= limit if outcome.higher_is_better else values <= limit

    def on(self, outcome: Outcome, task: str) -> str:
        """How it reads on one task of an outcome."""
        name = self.called(outcome)
        name = name if name in units_of(outcome) else outcome.name
        return f"{name}:{task}{self.sign}{self.value:g}"

    def called(self, outcome: Outcome) -> str:
        """What it names by the words of an outcome: ``perplexity`` of ``ppl`` and ``wikitext_ppl``; not of training."""
        known = meaning(self.name)
        if self.name in units_of(outcome) or known is None or known.rank >= TRAINING:
            return self.name
        if known.role == "loss" and known.unit in CONVERTED:
            return known.unit
        return known.role if known.role in units_of(outcome) else self.name

    @property
    def sign(self) -> str:
        """The sign between the name and the value."""
        return ">=" if self.upwards else "<="

    def __str__(self) -> str:
        name = self.name if self.task is None else f"{self.name}:{self.task}"
        return f"{name}{self.sign}{self.value:g}"


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


def threshold_told(text: str) -> Threshold:
    """The threshold that reads so on one task, as of `Threshold.on`: names of tasks may have any signs in them."""
    name, _, rest = text.partition(":")
    task, sign, value = max((rest.rpartition(sign) for sign in (">=", "<=")), key=lambda parts: len(parts[0]))
    return Threshold(name, task, sign == ">=", float(value))


def tasks_of_threshold(threshold: Threshold, outcome: Outcome, tasks: Sequence[str]) -> tuple[str, ...]:
    """Tasks on which an outcome is to reach a threshold; none if it is of another outcome.

    Raises
    ------
    TaskError
        If there is no such task.
    TargetError
        If worse values than the threshold would reach it, no value can be on its other side, or it does not say in
        which unit it is of losses that were converted.
    """
    named = threshold.name if threshold.task is None and threshold.name in tasks else threshold.task
    units, called = units_of(outcome), threshold.called(outcome) if named != threshold.name else threshold.name
    named = _task_in(threshold.name, tasks) if named is None and called != threshold.name else named
    _require_no_perplexity_of_nats(threshold, called, outcome)
    if called not in (outcome.name, *units) and named != threshold.name:
        return ()
    if named is not None and named not in tasks:
        raise unknown_task(named, tuple(tasks))
    if outcome.given and called not in units:
        task = "" if named is None else f":{named}"
        either = " or ".join(f"'{unit}{task}{threshold.sign}{threshold.value:g}'" for unit in units)
        raise TargetError(
            f"The threshold {threshold}: the table has its losses as {outcome.given}, and they are fitted as "
            f"{outcome.unit}. Say which the threshold is of: {either}."
        )
    is_share = outcome.unit == SHARE or outcome.given == "accuracy"
    higher_is_better = outcome.higher_is_better or (outcome.given == called == "accuracy")
    name = called if called in units else outcome.name
    if threshold.upwards != higher_is_better:
        better, sign = ("Higher", ">=") if higher_is_better else ("Lower", "<=")
        raise TargetError(f"The threshold {threshold}: {better} {name} is better, expected {sign}.")
    if is_share and not 0 < threshold.value < 1:
        raise TargetError(
            f"The threshold {threshold}: {name} is a share of questions, expected a value between 0 and 1, "
            "such as .6 or 60%."
        )
    return tuple(tasks) if named is None else (named,)


def _task_in(name: str, tasks: Sequence[str]) -> str | None:
    """The one task whose words are all in a name, as those of ``arc_easy`` are in ``arc_easy_acc``; the longest."""
    words = {task: set(words_in(task)) for task in tasks}
    found = [task for task in tasks if words[task] and words[task] <= set(words_in(name))]
    longest = [task for task in found if len(words[task]) == max(len(words[one]) for one in found)]
    return longest[0] if len(longest) == 1 else None


def _require_no_perplexity_of_nats(threshold: Threshold, called: str, outcome: Outcome) -> None:
    """Refuse a perplexity where losses are in nats already, and say which loss it is.

    Raises
    ------
    TargetError
    """
    if called == "perplexity" and outcome.name == "loss" and not outcome.given and threshold.value > 1:
        task = "" if threshold.task is None else f":{threshold.task}"
        raise TargetError(
            f"The threshold {threshold}: the table has losses in nats, and not perplexities. A perplexity of "
            f"{threshold.value:g} is a loss of {np.log(threshold.value):.4g}: 'loss{task}{threshold.sign}"
            f"{np.log(threshold.value):.4g}'."
        )


def units_of(outcome: Outcome) -> tuple[str, ...]:
    """What a threshold can name: the outcome, or the units that it was converted from and to."""
    return (outcome.given, outcome.unit) if outcome.given else (outcome.name,)
