"""Choosing by several metrics at once: a weighted mean of them, or the odds that all reach their thresholds.

The tasks of one fit are joint over its draws, so that what models have in common on all of them counts: the odds that
all thresholds are reached are not the product of the single ones.
"""

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np

from bayeslaw.answers.candidates import members
from bayeslaw.answers.compromise_result import Compromise, Option
from bayeslaw.answers.prediction import Prediction, only, predict
from bayeslaw.answers.quantiles import quantiles
from bayeslaw.answers.risk import Risk, conditional_value_at_risk, orders, shares_of_best, shortlist
from bayeslaw.answers.selection_checks import require_target
from bayeslaw.answers.thresholds import Threshold, tasks_of_threshold
from bayeslaw.answers.track import require_thresholds
from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import complete_point
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import listed
from bayeslaw.runs.table import unknown_task
from bayeslaw.verdicts import Check, at_least, at_most


def compromise(
    posterior: Posterior,
    at: Mapping[str, float],
    *,
    weights: Mapping[str, float] | None = None,
    thresholds: Sequence[Threshold] = (),
    risk: Risk = "mean",
    where_final: str | None = None,
    seed: int = 0,
) -> Compromise:
    """Rank candidates by several tasks of one fit at a target.

    Parameters
    ----------
    posterior : Posterior
    at : mapping
        The target. A point with every covariate of a law of several chooses among families, by a new model of each.
    weights : mapping, optional
        Of tasks, positive; they are scaled to sum to 1.
    thresholds : sequence of Threshold
        Without weights, candidates are ranked by the odds of reaching all of them.
    risk : {"mean", "cvar90", "median-regret", "probability"}
    where_final : str, optional
        A condition on candidates.
    seed : int

    Returns
    -------
    Compromise

    Raises
    ------
    TargetError
        If neither weights nor thresholds are given or they cannot be used, or the target cannot be predicted at.
    TaskError
        If a task is unknown.
    SelectionError
        If ``where_final`` is not understood, or leaves no candidate.
    """
    if risk not in get_args(Risk):
        raise TargetError(f"risk={risk!r} is none of those known: {', '.join(get_args(Risk))}.")
    layout, outcome = posterior.layout, posterior.outcome
    shares, tasks = require_compromise(layout, posterior.law, outcome, at, weights, thresholds, where_final)
    on = {t: tasks_of_threshold(t, outcome, layout.tasks) for t in thresholds}
    found, lacking = _candidates(posterior, at, tasks, where_final, seed)
    values = np.stack([p.values[:, :, 0] for p in found], axis=2)  # (S, J, T)
    reached = {
        t.on(outcome, task): t.reached(values[:, :, tasks.index(task)], outcome)
        for t, own in on.items()
        for task in own
    }
    every = np.all(list(reached.values()), axis=0) if reached else None
    if shares:
        sign = 1.0 if outcome.higher_is_better else -1.0
        worth = sign * np.einsum("sjt,t->sj", values, [shares.get(task, 0.0) for task in tasks])
    else:
        assert every is not None
        sign, worth = 1.0, every.astype(float)
    regret = worth.max(axis=1, keepdims=True) - worth
    order = orders(regret)[risk]
    winners = shares_of_best(worth)
    single = {
        task: shares_of_best((1 if outcome.higher_is_better else -1) * values[:, :, k]) for k, task in enumerate(tasks)
    }
    labels = found[0].labels
    options = tuple(
        Option(
            model=labels[j][0],
            family=labels[j][1],
            metrics={task: quantiles(values[:, j, k]) for k, task in enumerate(tasks)},
            p_best_on={task: float(p[j]) for task, p in single.items()},
            p_best=float(winners[j]),
            value_median=float(np.median(sign * worth[:, j])),
            expected_regret=float(regret[:, j].mean()),
            cvar_regret_90=conditional_value_at_risk(regret[:, j]),
            median_regret=float(np.median(regret[:, j])),
            p_all=None if every is None else float(every[:, j].mean()),
            p_thresholds={text: float(hit[:, j].mean()) for text, hit in reached.items()},
        )
        for j in order
    )
    names = [c.name for c in options]
    by_place = dict(zip(order.tolist(), names, strict=True))
    return Compromise(
        target=dict(at),
        weights=shares,
        thresholds=tuple(reached),
        risk=risk,
        candidates=options,
        by_metric={task: by_place[int(single[task].argmax())] for task in tasks},
        shortlist=tuple(names[j] for j in shortlist(winners[order])),
        values=values[:, order],
        tasks=tasks,
        outcome=outcome,
        chains=posterior.chains,
        checks=(*found[0].checks, *_choice_checks(len(options), lacking)),
        provenance=posterior.provenance(),
    )


def require_compromise(
    layout: Layout,
    law: Law,
    outcome: Outcome,
    at: Mapping[str, float],
    weights: Mapping[str, float] | None,
    thresholds: Sequence[Threshold],
    where_final: str | None = None,
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Refuse before anything is sampled what no choice can be made by, or at; thresholds name units of the outcome.

    Returns the weights, which sum to 1, and all tasks that are chosen by.

    Raises
    ------
    TargetError, TaskError
    """
    shares = require_metrics(layout.tasks, outcome, weights, thresholds)
    reached = [task for one in thresholds for task in tasks_of_threshold(one, outcome, layout.tasks)]
    tasks = tuple(dict.fromkeys([*shares, *reached]))
    if not kind_of(law).is_new_model(law, at):
        for task in tasks:
            require_target(layout, law, at, task)
        return shares, tasks
    complete_point(layout, law, at)
    if where_final is not None:
        raise TargetError(
            "--where-final chooses among models of the table, and the target asks for new ones. Leave it."
        )
    return shares, tasks


def require_metrics(
    tasks: Sequence[str], outcome: Outcome, weights: Mapping[str, float] | None, thresholds: Sequence[Threshold]
) -> dict[str, float]:
    """Weights that sum to 1, by task; refuses what no choice can be made by.

    Raises
    ------
    TargetError, TaskError
    """
    if not weights and not thresholds:
        raise TargetError("Nothing to choose by: give weights of tasks, thresholds, or both.")
    require_thresholds(thresholds, [(outcome, tasks)])
    shares: dict[str, float] = {}
    for name, weight in (weights or {}).items():
        task = name.removeprefix(f"{outcome.name}:")
        if task not in tasks:
            raise unknown_task(task, tuple(tasks))
        if task in shares:
            raise TargetError(f"The task {task!r} has two weights. Give one.")
        if not (np.isfinite(weight) and weight > 0):
            raise TargetError(
                f"The weight of {name}, {weight:g}, is not a positive number; leave out what counts nothing."
            )
        shares[task] = float(weight)
    total = sum(shares.values())
    return {task: weight / total for task, weight in shares.items()}


def _candidates(
    posterior: Posterior, at: Mapping[str, float], tasks: Sequence[str], where_final: str | None, seed: int
) -> tuple[list[Prediction], list[str]]:
    """Run predictions of the same candidates on each task, and the names of those that lack one.

    Raises
    ------
    TargetError
        If no candidate is on all tasks.
    """
    layout, allowed = posterior.layout, None
    if not kind_of(posterior.law).is_new_model(posterior.law, at):
        allowed = {
            (layout.curves[i].model, layout.curves[i].family)
            for task in tasks
            for i in members(posterior.runs, layout, task, where_final)
        }
    whole = predict(posterior, [at], seed=seed)
    place = {label: k for k, label in enumerate(whole.labels)}
    every = dict.fromkeys(label[:2] for label in whole.labels if label[2] in tasks)
    kept = [
        own for own in every if all((*own, task) in place for task in tasks) and (allowed is None or own in allowed)
    ]
    lacking = [
        family if model == NEW_MODEL else model
        for model, family in every
        if (model, family) not in kept and (allowed is None or (model, family) in allowed)
    ]
    if not kept and allowed is None:
        raise TargetError(
            f"No family has several models on each of {', '.join(tasks)}, so that none can be told apart by new ones. "
            f"Choose among the models of the table: give {posterior.law.axis}=… alone."
        )
    if not kept:
        raise TargetError(
            f"No candidate has measurements on all of {', '.join(tasks)}. Choose by tasks that models have in common."
        )
    return [only(whole, [place[(*own, task)] for own in kept]) for task in tasks], lacking


def _choice_checks(count: int, lacking: Sequence[str]) -> list[Check]:
    return [
        at_least(
            "candidates", count, 2, 0, f"There are {count} candidates to choose from.",
            "One candidate leaves nothing to choose; add runs of others.",
        ),
        at_most(
            "candidates_lacking_a_metric", len(lacking), 0, np.inf,
            f"{len(lacking)} candidates have no measurement on some task"
            + (f" and are left out: {listed(list(lacking))}." if lacking else "."),
            "Measure them there, or choose by tasks that all have in common.",
        ),
    ]  # fmt: skip
