"""Answers put together by hand, every number another one: what is shown of them can be told apart."""

import numpy as np
import pandas as pd

from bayeslaw.answers.chain import ChainPrediction
from bayeslaw.answers.compromise_result import Compromise, Option
from bayeslaw.answers.crossing import Crossing
from bayeslaw.answers.goals import Now
from bayeslaw.answers.next_runs import NextRun, NextRuns
from bayeslaw.answers.optimum import FamilyOptimum, Optimum
from bayeslaw.answers.prediction import Prediction
from bayeslaw.answers.reliability import Reliability
from bayeslaw.answers.replications import Replications
from bayeslaw.answers.selection import Candidate, Selection
from bayeslaw.answers.speedup import Speedup
from bayeslaw.answers.stopping import Stop
from bayeslaw.answers.track_result import Look, Reached, Track, Warned
from bayeslaw.evidence.comparison.law_scores import LawScore
from bayeslaw.evidence.replay.replay import SCORED, Replay
from bayeslaw.evidence.reproduction.reproduce import Reproduction, Row
from bayeslaw.evidence.sensitivity import Held, Sensitive, Sensitivity
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.verdicts import Check

CHECKS = (
    Check("fine", "PASS", 1.25, 2.5, "All is well.", ""),
    Check("near", "REVIEW", 3.25, 4.5, "It is close.", "Look at it."),
    Check("bad", "FAIL", 5.25, 6.5, "It is not well.", "Measure more."),
)


SCORE = Outcome("accuracy", "share of questions", higher_is_better=True, link_name="identity")


def quantiles(median, apart):
    """Quantiles of a number that lie ``apart``."""
    steps = {"p05": -2, "p25": -1, "median": 0, "p75": 1, "p95": 2}
    return {name: median + step * apart for name, step in steps.items()}


def candidate(model, median, p_best=0.1, charge=0.0):
    return Candidate(
        model, model, median, median + 0.01, median - 0.4, median - 0.2, median + 0.3, median + 0.5, p_best,
        p_best + 0.11, median / 100, median / 50, median / 200, charge,
    )  # fmt: skip


def selection(models="abcdef", odds=None, checks=CHECKS):
    """A choice of the first of these models; the others beat it with chances of .30, .29 and so on unless told."""
    count = len(models)
    odds = [0.3 - 0.01 * i for i in range(count - 1)] if odds is None else odds
    found = tuple(
        candidate(model, 2.0 + 0.1 * i, 0.61 if i == 0 else 0.02 + 0.01 * i) for i, model in enumerate(models)
    )
    beats = np.full((count, count), 0.5)
    beats[1:, 0] = odds
    values = np.tile([c.loss_median for c in found], (10, 1))
    values[0, 1:] = 1.0
    return Selection(
        {"data": 3200.0}, "flan", "mean", found, {"mean": models[0]}, tuple(models[:2]), beats, (), values, LOSS, 1,
        checks, {},
    )  # fmt: skip


def prediction(outcome=LOSS):
    """Two models at two points, the second of each the lower."""
    linked = np.log(np.linspace(0.9, 1.1, 101)[:, None, None] * np.array([[3.0, 2.5], [2.0, 1.5]]))
    labels = (("a", "a", "t"), ("<b>", "b", "t"))
    beyond = {"data": np.array([[2.0, 4.0], [2.0, 8.0]])}
    return Prediction("run", ({"data": 1e3}, {"data": 2e3}), labels, linked, beyond, outcome, 1, CHECKS, {})


def crossing(size=True):
    return Crossing(
        "full", "lora", "curve", {"params": 8e9}, 1e3, 1e6, 0.11, 0.12, 0.53, 0.24, 0.02,
        quantiles(5e4, 1e4) if size else {}, quantiles(2.0, 0.1) if size else {}, np.geomspace(1e3, 1e6, 5),
        np.zeros((4, 5)), 1, LOSS, CHECKS, {},
    )  # fmt: skip


def optimum(families=("dense", "moe")):
    found = tuple(
        FamilyOptimum(family, "t", quantiles(4e9, 1e9), quantiles(4e11, 1e11), quantiles(100.0, 20.0),
                      quantiles(2.0, 0.1), 4.5e9, 3.7e11, 0.0123)
        for family in families
    )  # fmt: skip
    best = np.repeat([1e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 9.5e9, 9.5e9, 9.5e9], len(families)).reshape(10, -1)
    return Optimum(1e22, {}, found, best, 1, LOSS, CHECKS, {})


def next_runs(goal="choose", slots=2, runs=3, price=None):
    """Runs of m0, m1, … at growing sizes, the best first, of which the first ``slots`` are to be made."""
    found = tuple(
        NextRun(f"m{i}", "f", {"data": 1000.0 * (i + 1)}, 7e6 * (i + 1), 0.031 / (i + 1), 0.004, 4e-9 / (i + 1),
                0.43 - 0.1 * i, i + 1 if i < slots else None, f"run {i} tells")
        for i in range(runs)
    )  # fmt: skip
    now = Now("m1", 0.0567, 0.61) if goal == "choose" else Now(None, 0.0567, float("nan"))
    stop = Stop("go on", 0.1, 0.2, "Go on, it pays.")
    return NextRuns(goal, "flan", {}, now, found, stop, "FLOP", "Cost is counted.", (), "loss", price,
                    "gain per cost" if price is None else "net", CHECKS, {})  # fmt: skip


def speedup(**changes):
    stated = {
        "a": "full", "b": "lora", "kind": "curve", "of": "data", "at": {"data": 800.0}, "factor": quantiles(5.0, 1.5),
        "loss": quantiles(2.0, 0.1), "p_saves": 0.81, "p_never_a": 0.07, "p_never_b": 0.0,
        "factors": np.array([0.5, 2.0, 3.0, 4.0]), "losses": np.ones(4), "chains": 1, "outcome": LOSS, "checks": CHECKS,
        "provenance": {},
    }  # fmt: skip
    return Speedup(**{**stated, **changes})


def law_score(law="rectified"):
    return LawScore(law, 1.5, 0.0, 0.0, 0.71, 0.03, 0.04, 0.83, 0.2, None, "PASS")


def sensitivity(chosen=True):
    """Three parameters, two of which depend on the prior, and a choice that is another with the prior held weakly."""
    of = [("noise", "g1", 0.31, 0.22), ("pull", "", 0.12, 0.41), ("slope", "g3", 0.01, 0.53)]
    parameters = tuple(Sensitive(name, group, "t", prior, likelihood) for name, group, prior, likelihood in of)
    held = tuple(
        Held(power, 0.23 + power, 90.0, who, {"a": 0.31, "b": 0.42}, {"a": 0.013, "b": 0.027})
        for power, who in ((0.5, "b"), (2.0, "a"))
    )
    return Sensitivity(parameters, selection("ab") if chosen else None, held if chosen else (), CHECKS)


def reproduction():
    rows = (
        Row("first2024", "alpha", 0.35, 0.02, 0.34, 0.3, 0.38, 0.36, True),
        Row("first2024", "beta", 0.45, None, 0.65, 0.6, 0.7, None, False),
        Row("second2025", "gamma", 0.55, None, 0.54, 0.5, 0.58, 0.56, True),
    )
    return Reproduction(rows, (("third2025", "table.csv"),), {}, CHECKS)


def replay(goal="choose", policies=("ours", "uniform")):
    """Each policy on two tasks, measured after .01, .03 and .09 of the cost; on the second all is .2 higher."""
    none = dict.fromkeys(SCORED)
    steps = tuple(
        {**none, "task": task, "policy": policy, "seed": 0, "step": i, "share": share, "spent": share, "choice": "m",
         "relative_regret": 0.5 - 0.1 * i - 0.05 * j + more, "r2": 0.4 + 0.1 * i + 0.05 * j + more}
        for j, policy in enumerate(policies)
        for task, more in (("t", 0.0), ("u", 0.2))
        for i, share in enumerate((0.01, 0.03, 0.09))
    )  # fmt: skip
    summary = tuple(
        {**none, "policy": policy, "task": None, "share": 0.09, "relative_regret": 0.3, "r2": 0.7}
        for policy in policies
    )
    return Replay(goal, steps, summary, "FLOP", ("uniform on t: it broke",), 0, CHECKS, {})


def replications():
    """Four runs: in the middle of their replications, above all, below all, and of a spread of nothing."""
    runs = pd.DataFrame(
        {"model": ["<a>", "b", "c", "d"], "family": "f", "task": "t", "data": [1e3, 2e3, 4e3, 4e3],
         "measured": [2.0, 4.0, 1.2, 1.0]}
    )  # fmt: skip
    linked = np.log(np.linspace(1.5, 2.5, 101))[:, None] * np.ones(4)
    linked[:, 3] = 0.0
    return Replications(runs, linked, "data", LOSS, 1, CHECKS, {})


def chained(tasks=("easy", "hard")):
    """Scores of a new model on some tasks, through its loss."""
    spread = np.linspace(-0.05, 0.05, 101)[:, None, None]
    labels = tuple(("<new model>", "f", task) for task in tasks)
    grid, at = np.geomspace(2.0, 4.0, 9), ({"params": 7e9, "data": 2e12},)
    middle = np.array([0.9 - 0.1 * k - 0.15 * (grid - 2) for k in range(len(tasks))])
    measured = pd.DataFrame(
        [
            (task, "f", f"m{i}", 2.4 + 0.3 * i, 0.8 - 0.1 * k - 0.05 * i)
            for k, task in enumerate(tasks)
            for i in range(5)
        ],
        columns=["task", "family", "model", "model_loss", "accuracy"],
    )
    losses = Prediction("run", at, (("<new model>", "f", "t"),), np.log(2.2 + spread), {"data": np.array([[3.0]])},
                        LOSS, 1, CHECKS, {"law": "chinchilla"})  # fmt: skip
    scores = np.concatenate([0.7 - 0.1 * k + spread for k in range(len(tasks))], axis=1)
    band = np.stack([middle + apart for apart in (-0.04, -0.02, 0.0, 0.02, 0.04)])
    return ChainPrediction("run", at, labels, scores, {"data": np.full((len(tasks), 1), 3.0)}, SCORE, 1, CHECKS,
                           {"law": "loss_to_score"}, losses, grid, band, measured)  # fmt: skip


def tracked(model="run", tasks=("easy", "hard"), alarm=True):
    """A run at three checkpoints, of which the last raises a warning."""
    at = (4e10, 8e10, 1.2e11)
    history = tuple(
        Look(x, "accuracy", {task: 0.4 + 0.05 * j + 0.1 * k for k, task in enumerate(tasks)},
             {task: quantiles(0.41 + 0.05 * j + 0.1 * k, 0.02) for k, task in enumerate(tasks)},
             {task: quantiles(0.6 + 0.1 * k, 0.05 - 0.01 * j) for k, task in enumerate(tasks)},
             {f"accuracy:{task}>=0.6": 0.3 + 0.01 * j for task in tasks}, 1.5 * j, alarm and j == 2)
        for j, x in enumerate(at)
    )  # fmt: skip
    reached = tuple(
        Reached("accuracy", task, 0.5, **quantiles(0.62 + 0.1 * k, 0.02), thresholds={f"accuracy:{task}>=0.6": 0.37})
        for k, task in enumerate(tasks)
    )
    warned = Warned("accuracy", alarm, at[2] if alarm else None, at[0] if alarm else None, 3.0, 2.5, 0.03, 0.05, 3)
    draws = np.full((8, len(tasks), 1), 0.62)
    end = Prediction("run", ({"data": 3e11},), tuple((model, "f", task) for task in tasks), draws,
                     {"data": np.full((len(tasks), 1), 2.5)}, SCORE, 1, CHECKS, {})  # fmt: skip
    return Track(
        model, {"data": 3e11}, "data", reached, 0.31, history, (warned,), (end,), CHECKS, {"law": "trajectory"}
    )


def compromise(models=("a", "b", "c"), tasks=("easy", "hard")):
    """A choice of the first of these models."""
    options = tuple(
        Option(model, "f", {task: quantiles(0.6 - 0.02 * j + 0.1 * k, 0.02) for k, task in enumerate(tasks)},
               dict.fromkeys(tasks, 0.5 - 0.1 * j), 0.6 - 0.1 * j, 0.65 - 0.02 * j, 0.01 + 0.01 * j, 0.05, 0.02,
               0.7, {})
        for j, model in enumerate(models)
    )  # fmt: skip
    weights = {task: 1 / len(tasks) for task in tasks}
    single = dict.fromkeys(tasks, models[0])
    return Compromise({"data": 3e11}, weights, ("accuracy:easy>=0.5",), "mean", options, single,
                      tuple(models[:2]), np.full((8, len(models), len(tasks)), 0.6), tuple(tasks), SCORE, 1, CHECKS,
                      {})  # fmt: skip


def reliability(tasks=("easy", "hard")):
    """Ten runs on each task, and what was predicted of them."""
    runs = pd.DataFrame(
        [(f"m{i}", "f", task, 1e11, 0.45 + 0.01 * i) for task in tasks for i in range(10)],
        columns=["model", "family", "task", "data", "measured"],
    )
    linked = np.linspace(0.4, 0.6, 101)[:, None] + np.zeros(len(runs))
    return Reliability(runs, linked, SCORE, 1, CHECKS, {"law": "trajectory"})
