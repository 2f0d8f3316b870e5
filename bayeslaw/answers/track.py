"""Is a run on track? What it will reach, from its checkpoints so far and from other runs, and whether it stands still.

Two fits of each kind of outcome stand behind it: one of all that was measured, which says what the run will reach; and
one that knows of the run only its first checkpoints, from which the later ones are foretold (`bayeslaw.answers.watch`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw import streams
from bayeslaw.answers.prediction import Prediction, of_tasks, only, predict
from bayeslaw.answers.quantiles import QUANTILES, quantiles
from bayeslaw.answers.thresholds import Threshold, tasks_of_threshold, units_of
from bayeslaw.answers.track_result import Look, Reached, Track, Warned
from bayeslaw.answers.watch import FALSE_ALARMS, Foretold, Watched, watch
from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.layout import Curve
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_most

AGREE, AGREE_BADLY = 0.35, 1.0
"""Difference of the two medians of an end, in widths of its 90% interval, up to which they agree; and beyond which the
history is not to be believed."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """The two fits of one kind of outcome.

    Attributes
    ----------
    whole : Posterior
        Of all that was measured.
    early : Posterior or None
        Of other runs whole, and of the run its first checkpoints; None if there are no later ones.
    later : DataFrame
        The run's later checkpoints: ``task``, the axis, and the outcome; one row a task and checkpoint.
    """

    whole: Posterior
    early: Posterior | None
    later: pd.DataFrame


def track(
    evidence: Sequence[Evidence],
    model: str,
    at: Mapping[str, float],
    thresholds: Sequence[Threshold] = (),
    seed: int = 0,
) -> Track:
    """Say what a run will reach and whether it is on track.

    Parameters
    ----------
    evidence : sequence of Evidence
        One a kind of outcome.
    model : str
        The run's.
    at : mapping
        The target.
    thresholds : sequence of Threshold
    seed : int

    Raises
    ------
    TargetError
        If the target cannot be predicted at, or lies below what was measured; or a threshold is of no outcome.
    """
    require_thresholds(
        thresholds, [(one.whole.outcome, tasks_of_run(one.whole.layout.curves, model)) for one in evidence]
    )
    reached, history, warnings, ends, checks, met = [], [], [], [], [], []
    for one in evidence:
        whole = predict(one.whole, [at], seed=seed)
        end = only(whole, [k for k, label in enumerate(whole.labels) if label[0] == model])
        odds = _odds(end.values[:, :, 0], end, thresholds)
        for k, (_, _, task) in enumerate(end.labels):
            own = {text: float(hit.mean()) for text, on, hit in odds if on == task}
            last = _last(one.whole, model, task)
            reached.append(Reached(end.outcome.name, task, last, **quantiles(end.values[:, k, 0]), thresholds=own))
        met += [np.all([hit for _, _, hit in odds], axis=0)] if odds else []
        ends.append(end)
        checks += [(end.outcome.name, check) for check in end.checks]
        if one.early is not None and len(one.later):
            looks, warned, check = _watched(
                one.early, one.later, model, at, end, thresholds, FALSE_ALARMS / len(evidence), seed
            )
            history += looks
            warnings.append(warned)
            checks.append((end.outcome.name, check))
    several = len(evidence) > 1
    return Track(
        model=model,
        target=dict(at),
        axis=evidence[0].whole.law.axis,
        reached=tuple(reached),
        p_all=_all_met(met, generator(seed, streams.TRACK)),
        history=tuple(history),
        warnings=tuple(warnings),
        ends=tuple(ends),
        checks=tuple(
            Check(f"{of}_{c.name}" if several else c.name, c.status, c.value, c.threshold, c.sentence, c.remedy)
            for of, c in checks
        ),
        provenance={**evidence[0].whole.provenance(), "fits": [one.whole.provenance() for one in evidence]},
    )


def tasks_of_run(curves: Sequence[Curve], model: str) -> tuple[str, ...]:
    """Tasks on which a run was measured: other models may be on more."""
    return tuple(dict.fromkeys(curve.task for curve in curves if curve.model == model))


def require_thresholds(thresholds: Sequence[Threshold], of: Sequence[tuple[Outcome, Sequence[str]]]) -> None:
    """Refuse thresholds that are of no outcome.

    Raises
    ------
    TargetError, TaskError
        See `bayeslaw.answers.thresholds.tasks_of_threshold`.
    """
    for threshold in thresholds:
        if not any(tasks_of_threshold(threshold, outcome, tasks) for outcome, tasks in of):
            known = ", ".join(
                f"{unit}:{task}" for outcome, tasks in of for task in list(tasks)[:8] for unit in units_of(outcome)
            )
            raise TargetError(f"The threshold {threshold} is of no outcome of the run; there are: {known}.")


def _odds(values: np.ndarray, end: Prediction, thresholds: Sequence[Threshold]) -> list[tuple[str, str, np.ndarray]]:
    """Whether draws (S, K), in the unit of the outcome, reach thresholds: as each reads, its task, and shape (S,)."""
    tasks = [task for _, _, task in end.labels]
    return [
        (threshold.on(end.outcome, task), task, threshold.reached(values[:, tasks.index(task)], end.outcome))
        for threshold in thresholds
        for task in tasks_of_threshold(threshold, end.outcome, tasks)
    ]


def _all_met(met: Sequence[np.ndarray], rng: np.random.Generator) -> float | None:
    """Share of draws that reach all thresholds, from whether those (S,) of each fit reach its own.

    Fits of losses and of scores are independent, and of several lengths: their draws are paired at random, as the noise
    of both comes of one seed.
    """
    longest = max((len(hit) for hit in met), default=0)
    return float(np.all([np.resize(rng.permutation(hit), longest) for hit in met], axis=0).mean()) if met else None


def _last(posterior: Posterior, model: str, task: str) -> float:
    """The last measurement of a run on a task."""
    table = posterior.runs.table
    own = table[(table["model"] == model) & (table["task"] == task)].sort_values(posterior.law.axis)
    return float(own[posterior.outcome.name].iloc[-1])


def _watched(
    early: Posterior,
    later: pd.DataFrame,
    model: str,
    at: Mapping[str, float],
    end: Prediction,
    thresholds: Sequence[Threshold],
    false_alarms: float,
    seed: int,
) -> tuple[list[Look], Warned, Check]:
    """Later checkpoints of a run beside what the early fit foretold, on the tasks on which that knows the run."""
    outcome, axis = early.outcome, early.law.axis
    end = of_tasks(end, tasks_of_run(early.layout.curves, model))
    tasks = [task for _, _, task in end.labels]
    later = later[later["task"].isin(tasks)].sort_values([axis, "task"])
    places = np.unique(later[axis].to_numpy(float))
    foretold = foretell(early, model, tasks, later, at, seed)
    sign = 1.0 if outcome.higher_is_better else -1.0
    measured = later[outcome.name].to_numpy(float)
    found = watch(foretold, sign * outcome.link(measured), false_alarms)
    looks = [_look(j, place, found, foretold, measured, end, thresholds, outcome) for j, place in enumerate(places)]
    alarm, table = found.alarm, early.runs.table
    known = table.loc[table["model"] == model, axis].max()
    since = None if alarm is None else int(found.since[alarm])
    warned = Warned(
        outcome=outcome.name,
        alarm=alarm is not None,
        at=None if alarm is None else float(places[alarm]),
        since=None if since is None else float(places[since] if since >= 0 else known),
        evidence=float(found.evidence.max()),
        threshold=found.threshold,
        chance=found.chance,
        false_alarms=false_alarms,
        looks=len(places),
    )
    return looks, warned, _agreement(found, end, outcome)


def foretell(
    early: Posterior, model: str, tasks: Sequence[str], later: pd.DataFrame, at: Mapping[str, float], seed: int
) -> Foretold:
    """Joint draws of later checkpoints of a run, and of its end, by a fit that knows its first ones.

    Parameters
    ----------
    early : Posterior
    model : str
    tasks : sequence of str
    later : DataFrame
        In the order of the axis, then of tasks.
    at : mapping
        The target.
    seed : int
    """
    predictor, axis, outcome = early.predictor, early.law.axis, early.outcome
    rng = generator(seed, streams.TRACK)
    table = early.runs.table
    first = float(table.loc[table["model"] == model, axis].max())
    places = np.unique(later[axis].to_numpy(float))
    others = {name: value for name, value in at.items() if name != axis}
    points = [{**others, axis: place} for place in (first, *places, float(at[axis]))]
    whole = predictor.targets(points, "seen", rng)
    names = [(label[0], label[2]) for label in whole.labels]
    targets = predictor.together([(whole, np.array([names.index((model, task)) for task in tasks]))])
    sign = 1.0 if outcome.higher_is_better else -1.0
    expected = predictor.expected(targets, rng)
    measured = sign * predictor.measured(expected, targets, rng)
    expected = sign * expected
    k = np.array([tasks.index(task) for task in later["task"]])
    j = np.searchsorted(places, later[axis].to_numpy(float))
    return Foretold(
        start=expected[:, :, 0],
        expected=expected[:, k, j + 1],
        measured=measured[:, k, j + 1],
        end=measured[:, :, -1],
        look=j,
        outcome=k,
    )


def _look(
    j: int,
    place: float,
    found: Watched,
    foretold: Foretold,
    measured: np.ndarray,
    end: Prediction,
    thresholds: Sequence[Threshold],
    outcome: Outcome,
) -> Look:
    """What was believed after checkpoint j; ``outcome`` is on the scale of the early fit."""
    here = np.flatnonzero(foretold.look == j)
    tasks, sign = [task for _, _, task in end.labels], 1.0 if outcome.higher_is_better else -1.0
    values = _in_unit(outcome, sign * found.ends[j + 1])
    normal = {"p05": -1.645, "median": 0.0, "p95": 1.645}
    next_one = {
        tasks[foretold.outcome[p]]: {
            name: float(_in_unit(outcome, sign * (found.next_mean[p] + sign * z * found.next_sd[p])))
            for name, z in normal.items()
        }
        for p in here
    }
    return Look(
        at=float(place),
        outcome=outcome.name,
        measured={tasks[foretold.outcome[p]]: float(measured[p]) for p in here},
        foretold=next_one,
        end={task: quantiles(values[:, k]) for k, task in enumerate(tasks)},
        thresholds={text: float(hit.mean()) for text, _, hit in _odds(values, end, thresholds)},
        evidence=float(found.evidence[j]),
        alarm=found.alarm is not None and found.alarm <= j,
    )


def _in_unit(outcome: Outcome, linked: np.ndarray) -> np.ndarray:
    """Shifted draws in the unit of the outcome, within its range."""
    values = outcome.inverse(np.asarray(linked))
    return np.clip(values, 0.0, 1.0) if outcome.higher_is_better and outcome.link_name == "identity" else values


def _agreement(found: Watched, end: Prediction, outcome: Outcome) -> Check:
    """Verdict on whether the history ends where the fit of all that was measured does."""
    values = _in_unit(outcome, (1.0 if outcome.higher_is_better else -1.0) * found.ends[-1])
    whole = np.quantile(end.values[:, :, 0], list(QUANTILES.values()), axis=0)
    width = np.maximum(whole[4] - whole[0], np.finfo(float).tiny)  # 0 where all draws are the best score there is
    off = float(np.max(np.abs(np.median(values, axis=0) - whole[2]) / width))
    return at_most(
        "history_agrees", off, AGREE, AGREE_BADLY,
        f"The history ends {off:.2f} widths of a 90% interval from what a fit of all checkpoints says.",
        "How beliefs changed is worked out with the early fit; trust the end that is foretold, not the path to it.",
    )  # fmt: skip
