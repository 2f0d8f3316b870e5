"""What a report says of each kind of answer: the question, its odds in few numbers, and what would change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from bayeslaw.answers.advice import Advice
from bayeslaw.answers.compromise_result import Compromise
from bayeslaw.answers.crossing import Crossing
from bayeslaw.answers.next_runs import NextRuns
from bayeslaw.answers.optimum import Optimum
from bayeslaw.answers.parameters import Checks, Parameters
from bayeslaw.answers.prediction import Prediction
from bayeslaw.answers.selection import WITHIN, Selection, select
from bayeslaw.answers.speedup import Speedup
from bayeslaw.answers.track_result import Track
from bayeslaw.errors import TargetError
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.evidence.last_third import LastThird
from bayeslaw.evidence.reproduction.reproduce import Reproduction
from bayeslaw.evidence.sensitivity import SENSITIVE, Sensitivity
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, listed
from bayeslaw.verdicts import Check
from bayeslaw.views.names import also_at, clean
from bayeslaw.views.numbers import chance, decimals, factor, fixed
from bayeslaw.views.plots.style import point_text

TARGETS = (0.25, 4.0)
"""Other targets at which the choice is made again, in units of the one asked for."""

NAMED = 3
"""Rivals named at most."""

RIVAL = 0.1
"""Chance of being better than the recommended candidate from which on a candidate is named as a rival."""


@dataclass(frozen=True)
class Fact:
    """A number that belongs to the answer, and what it means."""

    value: str
    meaning: str


_TASKS = 3
"""Tasks whose predictions are among the first facts."""


@singledispatch
def question_of(result: Result) -> str:
    """What was asked."""
    return type(result).__name__


@singledispatch
def facts_of(result: Result) -> list[Fact]:
    """Odds and costs, the first ones to look at."""
    return []


@singledispatch
def changes_of(result: Result) -> list[str]:
    """What would change the answer, in sentences."""
    return []


@question_of.register
def _(result: Selection) -> str:
    return f"Which model to choose for {clean(result.task)} at {point_text(result.target)}?"


@facts_of.register
def _(result: Selection) -> list[Fact]:
    best, places = result.candidates[0], decimals(result.candidates[0].loss_median)
    name = clean(result.outcome.label)
    return [
        Fact(chance(best.p_best), f"to be the best of {len(result.candidates)}"),
        Fact(chance(best.p_within_1pct), f"to come within {WITHIN - 1:.0%} of the best"),
        Fact(fixed(best.expected_regret, places), f"{name} given away on average against knowing the best"),
        Fact(fixed(best.cvar_regret_90, places), "given away in the worst tenth of cases"),
        Fact(
            f"{fixed(best.loss_p05, places)} to {fixed(best.loss_p95, places)}",
            f"90% interval of the {name} that a run of it would measure",
        ),
    ]


def _given_fact(outcome: Outcome, quantiles: Mapping[str, float], of: str) -> list[Fact]:
    """A median in the unit of the source, where losses were converted from another."""
    median = outcome.in_given(quantiles).get("median")
    return [] if median is None else [Fact(fixed(median, decimals(median)), f"{outcome.given} {of}, median")]


@changes_of.register
def _(result: Selection) -> list[str]:
    chosen, rivals = clean(result.recommended), []
    for i, candidate in enumerate(result.candidates[1:], 1):
        odds, gained = float(result.beats[i, 0]), _gained(result, i)
        if odds >= RIVAL and (gained > 0).any():
            by = fixed(float(gained[gained > 0].mean()), decimals(candidate.loss_median))
            says = f"{clean(candidate.model)} would be better than {chosen} with a chance of {chance(odds)}"
            rivals.append((odds, f"{says}, and then by {by} on average{_charged(result)}."))
    if not rivals:
        return [f"No other candidate is better than {chosen} with a chance of {RIVAL:.0%} or more."]
    told = [says for _, says in sorted(rivals, key=lambda rival: -rival[0])]
    more = len(told) - NAMED
    return told[:NAMED] + ([f"So would {more} more, with smaller chances of {RIVAL:.0%} at least."] if more > 0 else [])


def _gained(result: Selection, i: int) -> np.ndarray:
    """Draws of what a candidate has over the recommended one, charges taken off: shape (S,)."""
    more = result.candidates[i].charge - result.candidates[0].charge
    return result.outcome.shortfall(result.values[:, 0], result.values[:, i]) - more


def _charged(result: Selection) -> str:
    """Words that say that charges are in a number, where there are any."""
    return ", charges included" if any(candidate.charge for candidate in result.candidates) else ""


@question_of.register
def _(result: Prediction) -> str:
    points = f"at {point_text(result.at[0])}" if len(result.at) == 1 else f"at {len(result.at)} points"
    return f"What {clean(result.outcome.label)} is to be expected {points}?"


@facts_of.register
def _(result: Prediction) -> list[Fact]:
    quantiles = np.quantile(result.values, [0.05, 0.5, 0.95], axis=0)
    medians = -quantiles[1] if result.outcome.higher_is_better else quantiles[1]
    tasks = list(dict.fromkeys(task for _, _, task in result.labels))
    facts = []
    for task in tasks[:_TASKS]:
        here = np.flatnonzero([label[2] == task for label in result.labels])
        j, a = np.unravel_index(int(np.argmin(medians[here])), medians[here].shape)
        low, middle, high = (float(q[here[j], a]) for q in quantiles)
        places, who = decimals(middle), clean(result.labels[here[j]][0])
        best = ", the best" if len(here) * len(result.at) > 1 else ""
        on = f" on {clean(task)}" if len(tasks) > 1 else ""
        facts.append(Fact(fixed(middle, places), f"median of {who}{on}{best}"))
        facts.append(Fact(f"{fixed(low, places)} to {fixed(high, places)}", "90% interval of it"))
    return [*facts, Fact(factor(float(result.extrapolation.max())), "beyond the data, where furthest")]


@question_of.register
def _(result: Optimum) -> str:
    return f"How to split {result.compute:.4g} FLOP over parameters and tokens{also_at(result.at)}?"


@facts_of.register
def _(result: Optimum) -> list[Fact]:
    family = result.families[0]
    params, places = family.params, decimals(family.loss["median"])
    of = "" if len(result.families) == 1 else f", {clean(family.family)}"
    name = clean(result.outcome.label)
    return [
        Fact(count(family.recommended_params), f"parameters{of}"),
        Fact(count(family.recommended_data), "tokens"),
        Fact(f"{count(params['p05'])} to {count(params['p95'])}", "90% interval of the best number of parameters"),
        Fact(fixed(family.loss["median"], places), f"{name} of one run there, median"),
        *_given_fact(result.outcome, family.loss, "of it"),
        Fact(fixed(family.expected_regret, places + 1), f"{name} given away on average against the unknown best split"),
    ]


@changes_of.register
def _(result: Optimum) -> list[str]:
    told = []
    for j, family in enumerate(result.families):
        below, above = (
            float(np.mean(found))
            for found in (
                result.best_params[:, j] < family.recommended_params / 2,
                result.best_params[:, j] > family.recommended_params * 2,
            )
        )
        told.append(
            f"{clean(family.family)}: the best number of parameters is less than half of the recommended with a "
            f"chance of {chance(below)}, and more than twice of it with {chance(above)}."
        )
    return told


@question_of.register
def _(result: Crossing) -> str:
    return f"From what data size on is {clean(result.b)} better than {clean(result.a)}, if ever{also_at(result.at)}?"


@facts_of.register
def _(result: Crossing) -> list[Fact]:
    a, b = clean(result.a), clean(result.b)
    odds = [
        Fact(chance(result.p_b_overtakes), f"{b} overtakes {a}"),
        Fact(chance(result.p_a_overtakes), f"{a} overtakes {b}"),
        Fact(chance(result.p_never), f"they never cross from {count(result.low)} to {count(result.high)}"),
    ]
    if result.size:
        where = f"{count(result.size['p05'])} to {count(result.size['p95'])}"
        odds.append(Fact(where, "90% interval of the size where the likelier overtaking happens, if it does"))
        median = result.loss["median"]
        odds.append(Fact(fixed(median, decimals(median)), f"{clean(result.outcome.label)} of both there, median"))
        odds += _given_fact(result.outcome, result.loss, "of both there")
    return odds


@question_of.register
def _(result: Parameters) -> str:
    return f"What does the {clean(result.posterior.law.name)} law say of these runs?"


@facts_of.register
def _(result: Parameters) -> list[Fact]:
    runs = result.posterior.runs
    return [
        Fact(f"{len(runs.table):,}", "runs"),
        Fact(f"{len(runs.models):,}", "models"),
        Fact(f"{len(runs.tasks):,}", "task" if len(runs.tasks) == 1 else "tasks"),
    ]


@question_of.register
def _(result: Comparison) -> str:
    return f"Which law foretells the largest runs in {clean(result.along)} best?"


@facts_of.register
def _(result: Comparison) -> list[Fact]:
    best = result.laws[0]
    return [
        Fact(clean(best.law), "foretells hidden runs best"),
        Fact(chance(best.weight), "its weight in the best mixture of laws"),
        Fact(chance(best.coverage_90), "of the hidden runs inside its 90% intervals"),
    ]


@singledispatch
def elsewhere(result: Result, posterior: Posterior) -> list[str]:
    """What the same question would be answered at other points."""
    return []


@elsewhere.register
def _(result: Selection, posterior: Posterior) -> list[str]:
    axis, told = posterior.law.axis, []
    for times in TARGETS:
        target = {**result.target, axis: result.target[axis] * times}
        try:
            other = select(
                posterior, target, task=result.task, risk=result.risk, charge=result.charge,
                where_final=result.where_final, seed=result.seed,
            )  # fmt: skip
        except TargetError:  # below what was measured
            continue
        choice, odds = clean(other.recommended), chance(other.candidates[0].p_best)
        same = "the choice would be the same" if other.recommended == result.recommended else f"choose {choice}"
        told.append(f"At {axis} = {count(target[axis])}, {factor(times)} the target, {same} ({odds} to be the best).")
    return told


def to_look_at(result: Result) -> list[str]:
    """Checks that did not pass, in a sentence; nothing if all did."""
    bad = [f"{clean(check.name)} ({check.status})" for check in result.checks if check.status != "PASS"]
    return [f"{len(bad)} of {len(result.checks)} checks ask for a look: {listed(bad)}."] if bad else []


@question_of.register
def _(result: NextRuns) -> str:
    return f"Which run to make next for {clean(result.task)}, and is any worth its cost?"


@facts_of.register
def _(result: NextRuns) -> list[Fact]:
    now, unit = result.now, clean(result.unit)
    facts = [
        Fact(
            f"{now.expected_regret:.3g}",
            f"{unit} now" if now.recommendation is None else f"expected regret in {unit} now",
        )
    ]
    if now.p_best == now.p_best:
        facts.append(Fact(chance(now.p_best), f"{clean(str(now.recommendation))}, chosen now, is the best"))
    if result.runs:
        facts.append(Fact(f"{result.runs[0].expected_gain:.3g}", f"{unit} that the best run is expected to gain"))
    return facts


@changes_of.register
def _(result: NextRuns) -> list[str]:
    return [clean(result.stop.sentence)]


@question_of.register
def _(result: Track) -> str:
    return f"Is {clean(result.model)} on track, and what will it reach at {point_text(result.target)}?"


@facts_of.register
def _(result: Track) -> list[Fact]:
    facts = []
    for one in result.reached[:_TASKS]:
        places, name = decimals(one.median), f"{one.outcome} on {clean(one.task)}"
        between = f"{fixed(one.p05, places)} to {fixed(one.p95, places)}"
        facts.append(Fact(fixed(one.median, places), f"{name} at the end, median (90% interval {between})"))
        facts += [Fact(chance(p), clean(text)) for text, p in one.thresholds.items()]
    facts += [Fact("behind" if one.alarm else "as foretold", f"how its {one.outcome} goes") for one in result.warnings]
    return facts


@question_of.register
def _(result: Compromise) -> str:
    return f"Which one model to choose for {len(result.tasks)} tasks at {point_text(result.target)}?"


@question_of.register
def _(result: Speedup) -> str:
    a, b, of = clean(result.a), clean(result.b), clean(result.of)
    return f"How many times the {of} of {b} does {a} need at {point_text(result.at)}?"


@facts_of.register
def _(result: Speedup) -> list[Fact]:
    a, b, of = clean(result.a), clean(result.b), clean(result.of)
    if not result.factor:
        return [Fact(chance(1.0), f"neither {a} nor {b} gets there")]
    low, middle, high = (f"{result.factor[name]:.3g}" for name in ("p05", "median", "p95"))
    median = result.loss["median"]
    facts = [
        Fact(middle, f"times the {of} of {b} that {a} needs, median; above 1 {b} saves"),
        Fact(f"{low} to {high}", "90% interval of it"),
        Fact(chance(result.p_saves), f"{b} saves"),
        Fact(fixed(median, decimals(median)), f"{clean(result.outcome.label)} at which they are compared, median"),
        *_given_fact(result.outcome, result.loss, "there"),
    ]
    never = [(name, p) for name, p in ((a, result.p_never_a), (b, result.p_never_b)) if p > 0]
    return facts + [Fact(chance(p), f"{name} never gets there") for name, p in never]


@changes_of.register
def _(result: Speedup) -> list[str]:
    saves = float((result.factors < 1).mean())
    return [f"{clean(result.a)} would be the one that saves with a chance of {chance(saves)}."] if result.factor else []


def _verdicts(checks: tuple[Check, ...]) -> list[Fact]:
    """How many checks there are of each verdict; none of those that have none."""
    counts = {status: sum(check.status == status for check in checks) for status in ("PASS", "REVIEW", "FAIL")}
    told = {"PASS": "pass", "REVIEW": "are to be looked at", "FAIL": "fail"}
    return [Fact(f"{found} of {len(checks)}", f"checks {told[status]}") for status, found in counts.items() if found]


@question_of.register
def _(result: Checks) -> str:
    return f"Can the fit to {clean(result.task)} be relied on?"


@facts_of.register
def _(result: Checks) -> list[Fact]:
    return _verdicts(result.checks)


@question_of.register
def _(result: Advice) -> str:
    law = f" the {clean(result.law)} law" if result.law else " a law"
    return f"Can {clean(result.source)} carry{law}, before it is fitted?"


@facts_of.register
def _(result: Advice) -> list[Fact]:
    return [Fact(f"{result.runs:,}", "runs that the law uses"), *_verdicts(result.checks)]


@changes_of.register
def _(result: Advice) -> list[str]:
    return [clean(suggestion) for suggestion in result.suggestions]


@question_of.register
def _(result: Sensitivity) -> str:
    if result.selection is None:
        return "How far do the parameters depend on the prior?"
    return f"How far do the parameters, and the choice at {point_text(result.selection.target)}, depend on the prior?"


@facts_of.register
def _(result: Sensitivity) -> list[Fact]:
    known = sum(p.prior >= SENSITIVE for p in result.parameters)
    facts = [Fact(f"{known} of {len(result.parameters)}", "parameters depend on the prior")]
    if result.parameters:
        most = result.parameters[0]
        of = f" of {clean(most.group)}" if most.group else ""
        facts.append(
            Fact(fixed(most.prior, 3), f"movement per doubling of the prior of {clean(most.name)}{of}, the most")
        )
    if result.selection is not None:
        chosen = clean(result.selection.recommended)
        facts.append(Fact(chance(result.selection.candidates[0].p_best), f"{chosen}, chosen as it is, is the best"))
    return facts


@changes_of.register
def _(result: Sensitivity) -> list[str]:
    told = []
    for held in result.held:
        assert result.selection is not None
        same = held.recommended == result.selection.recommended
        choice = "the choice would be the same" if same else f"choose {clean(held.recommended)}"
        odds = chance(held.p_best[held.recommended])
        told.append(f"With the prior held {factor(held.power)} as strongly, {choice} ({odds} to be the best).")
    return told


@question_of.register
def _(result: LastThird) -> str:
    return "Does the model foretell the largest runs of the table from the smaller ones?"


@facts_of.register
def _(result: LastThird) -> list[Fact]:
    inside = int(result.hidden["inside"].sum())
    return [
        Fact(f"{inside} of {len(result.hidden)}", "hidden runs inside their 90% interval"),
        Fact(str(result.seen), "smaller runs that the second fit saw"),
    ]


@question_of.register
def _(result: Reproduction) -> str:
    return "Are published numbers found again from the runs behind them?"


@facts_of.register
def _(result: Reproduction) -> list[Fact]:
    agreeing = sum(row.agrees for row in result.rows)
    facts = [
        Fact(f"{agreeing} of {len(result.rows)}", "published numbers agree with their runs"),
        Fact(f"{len({row.paper for row in result.rows}):,}", "papers"),
    ]
    return facts + ([Fact(f"{len(result.missing):,}", "tables are not here")] if result.missing else [])


@changes_of.register
def _(result: Reproduction) -> list[str]:
    return [f"{clean(paper)}: {clean(file)} is not here, and would add what it says." for paper, file in result.missing]
