"""Replay policies on studies, score them after every step, and compare them at shares of the cost of everything."""

import functools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayeslaw.errors import LawError, TargetError, did_you_mean
from bayeslaw.evidence import scores
from bayeslaw.evidence.replay.policies import POLICIES
from bayeslaw.evidence.replay.promises import promises
from bayeslaw.evidence.replay.purse import Bought, Purse, ReplaySettings
from bayeslaw.evidence.replay.studies import ReplayGoal, Study, read_studies
from bayeslaw.jobs.run import Job, Record, Report, run_jobs
from bayeslaw.jobs.store import code_version
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.results import Result, verdict
from bayeslaw.verdicts import Check, at_most

if TYPE_CHECKING:
    from bayeslaw.sampling.nuts import SamplerSettings

SCORED = ("rel_acc", "regret", "relative_regret", "promised_regret", "r2", "rmsle", "coverage_90")
"""Scores of each step; None where a goal or a policy has none."""

SHARES = (0.01, 0.05, 0.1)
RANDOM = ("random",)
"""Policies that differ from seed to seed even where nothing is sampled."""

PARTS = ("answers", "evidence/replay", "evidence/baselines", "kinds", "sampling", "laws", "fitting", "posterior")
"""Parts of the package whose text an answer depends on."""


@dataclass(frozen=True, eq=False, repr=False)
class Replay(Result):
    """What policies measured, and what they then knew.

    Attributes
    ----------
    goal : {"choose", "foretell"}
    steps : tuple of mappings
        One a step of a policy on a task with a seed: ``task``, ``policy``, ``seed``, ``step``, ``spent``, ``share`` (of
        the cost of all runs but those at the target), ``choice``, the scores `SCORED`, and of ours ``pareto_k`` of the
        weights, ``fits`` so far and the ``promised_gain`` of what it buys next.
    summary : tuple of mappings
        Means over seeds at each share asked for, of the last step within it: ``policy``, ``task``, ``share``; ``task``
        is None in means over tasks.
    cost_unit : str
    failures : tuple of str
        Replays that came to nothing, and why.
    reused : int
        Replays that had been made before.
    checks : tuple of Check
    settings : mapping
    """

    goal: ReplayGoal
    steps: tuple[Record, ...]
    summary: tuple[Record, ...]
    cost_unit: str
    failures: tuple[str, ...]
    reused: int
    checks: tuple[Check, ...]
    settings: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """Which policies were the best at each share."""
        choose = self.goal == "choose"
        told = []
        for share in dict.fromkeys(row["share"] for row in self.summary):
            rows = [row for row in self.summary if row["task"] is None and row["share"] == share]
            found = {row["policy"]: row["relative_regret" if choose else "r2"] for row in rows}
            found = {policy: value for policy, value in found.items() if value is not None}
            if found:
                best = (min if choose else max)(found.values())
                policies = ", ".join(policy for policy, value in found.items() if math.isclose(value, best))
                value = f"{best:.2%}" if choose else f"{best:.3f}"
                told.append(f"{value} at {100 * share:.3g}% ({policies})")
        score = "Least regret, as a share of the best loss" if choose else "Largest R²"
        return f"{score}, by cost spent: {'; '.join(told)}." if told else "No policy came within any of the shares."

    def to_frame(self) -> pd.DataFrame:
        """The steps, one a row."""
        return pd.DataFrame(list(self.steps))

    def to_dict(self) -> dict[str, Any]:
        """Steps, summary, and what was found of what was promised, as plain values."""
        return {
            "goal": self.goal,
            "cost": {"unit": self.cost_unit},
            "steps": list(self.steps),
            "summary": list(self.summary),
            "promises": promises(self.steps),
            "failures": list(self.failures),
            "settings": dict(self.settings),
            **verdict(self.checks),
        }


def replay(
    tables: Sequence[str | os.PathLike[str]],
    *,
    goal: ReplayGoal = "choose",
    start: str | None = None,
    split: str | None = None,
    law: str | Law = "rectified",
    cost: str | None = None,
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    first: int | None = None,
    shares: Sequence[float] = SHARES,
    policies: Sequence[str] | None = None,
    seeds: int = 1,
    sampler: "SamplerSettings | None" = None,
    workers: int = 1,
    folder: str | os.PathLike[str] | None = None,
    report: Report | None = None,
) -> Replay:
    """Replay policies on finished tables.

    Parameters
    ----------
    tables : sequence of paths
    goal : {"choose", "foretell"}
    start, split, cost, where, roles, first
        As for `bayeslaw.evidence.replay.studies.read_studies`.
    law : str or Law
    shares : sequence of float
        Shares of the cost of all runs at which policies are compared; nothing is bought beyond the largest.
    policies : sequence of str, optional
        All that there are for the goal, unless given.
    seeds : int
    sampler : SamplerSettings, optional
        How our policy samples.
    workers : int
        Processes; -1 for one a core.
    folder : path, optional
        Where finished replays are stored and found again.
    report : callable, optional
        Called before the first replay and after each.

    Raises
    ------
    LawError
        If the law or a policy is unknown.
    TargetError
        If a share is none, or a table has nothing to buy.
    """
    law = get_law(law) if isinstance(law, str) else law
    names = choose_policies(policies, goal)
    shares = sorted(shares)
    if not shares or not all(0 < share <= 1 for share in shares):
        raise TargetError(f"found the shares {list(shares)}, expected some numbers above 0 and up to 1.")
    if seeds < 1:
        raise TargetError(f"seeds={seeds}: expected 1 or more.")
    studies = read_studies(
        tables, law, goal=goal, start=start, split=split, cost=cost, where=where, roles=roles, first=first
    )
    versions = code_version(*PARTS)
    jobs = [
        _job(study, name, ReplaySettings(law, seed, float(shares[-1]), sampler), versions)
        for study in studies
        for name in names
        for seed in range(seeds if name in ("ours", *RANDOM) else 1)
    ]
    finished = run_jobs(jobs, None if folder is None else Path(folder), workers=workers, report=report)
    steps = tuple(step for cell in finished.cells for step in cell.get("steps", ()))
    failures = tuple(
        f"{cell['task']}, {cell['policy']}, seed {cell['seed']}: {cell['note']}"
        for cell in finished.cells
        if not cell.get("steps")
    )
    told = f"{len(failures)} of {len(finished.cells)} replays came to nothing."
    remedy = "See failures for the reasons."
    return Replay(
        goal=goal,
        steps=steps,
        summary=summarise(steps, shares),
        cost_unit=studies[0].cost_unit,
        failures=failures,
        reused=finished.reused,
        checks=(at_most("failed_replays", len(failures), 0, len(finished.cells) - 1, told, remedy),),
        settings={
            "law": law.name,
            "shares": shares,
            "policies": list(names),
            "seeds": seeds,
            "start": start,
            "cost": cost,
        },
    )


def choose_policies(policies: Iterable[str] | None, goal: ReplayGoal) -> tuple[str, ...]:
    """Names of policies for a goal; all, if none are given.

    Raises
    ------
    LawError
        If one is not known for the goal.
    """
    if goal not in POLICIES:
        raise TargetError(f"found the goal {goal!r}, expected one of {', '.join(POLICIES)}.")
    known = tuple(POLICIES[goal])
    names = known if policies is None else tuple(dict.fromkeys(policies))
    for name in names:
        if name not in known:
            raise LawError(
                f"found the policy {name!r}, expected some of {', '.join(known)} to {goal}.{did_you_mean(name, known)}"
            )
    return names


def _job(study: Study, policy: str, settings: ReplaySettings, versions: Mapping[str, str]) -> Job:
    head = {"task": study.name, "policy": policy, "seed": settings.seed}
    sampler = None if settings.sampler is None else asdict(settings.sampler)
    return Job(
        name=f"{study.name}-{policy}-{settings.seed}",
        depends_on={
            "kind": "replay", "head": head, "goal": study.goal, "runs": study.runs.content_hash,
            "start": [int(row) for row in study.table["row"][study.start]], "cost": study.cost_unit,
            "target": [int(row) for row in study.table["row"][study.target]],
            "law": settings.law.name, "law_fingerprint": law_fingerprint(settings.law), "most": settings.most,
            "sampler": sampler, "versions": dict(versions),
        },
        heads=(head,),
        work=functools.partial(_work, study, policy, settings),
        weight=50.0 if policy == "ours" else 1.0,
        lacking={"scores": {}},
    )  # fmt: skip


def _work(study: Study, policy: str, settings: ReplaySettings) -> list[Record]:
    """Replay one policy on one study."""
    purse, steps, spent = Purse(study, settings), [], 0.0
    for number, bought in enumerate(POLICIES[study.goal][policy](study, settings)):
        spent += float(study.cost[bought.rows].sum())
        steps.append(
            {
                "task": study.name,
                "policy": policy,
                "seed": settings.seed,
                "step": number,
                "spent": spent,
                "share": spent / study.whole_cost,
                **scored(purse, bought),
                **bought.details,
            }
        )
    return [{"scores": {}, "steps": steps}]


def scored(purse: Purse, bought: Bought) -> Record:
    """Score what is believed at the target against what was measured there."""
    found: Record = {"choice": None, **dict.fromkeys(SCORED)}
    rows = purse.targets
    if purse.study.goal == "choose":
        at_target = np.flatnonzero(purse.study.target)
        names = purse.models[rows]
        measured = np.array([purse.loss[at_target[purse.models[at_target] == name]].mean() for name in names])
        found["choice"] = str(names[bought.predicted.argmin()])
        found["rel_acc"] = scores.rel_acc(bought.predicted, measured) if np.ptp(measured) > 0 else None
        found["regret"] = scores.regret(bought.predicted, measured)
        found["relative_regret"] = scores.relative_regret(bought.predicted, measured)
        found["promised_regret"] = bought.promised_regret
    else:
        measured = purse.loss[rows]
        spread = float(np.sum((measured - measured.mean()) ** 2))
        found["r2"] = 1 - float(np.sum((bought.predicted - measured) ** 2)) / spread if spread > 0 else None
        found["rmsle"] = scores.rmsle(bought.predicted, measured)
    if bought.interval is not None:
        low, high = bought.interval
        found["coverage_90"] = float(np.mean((low <= measured) & (measured <= high)))
    return found


def summarise(steps: Sequence[Record], shares: Sequence[float]) -> tuple[Record, ...]:
    """Means over seeds, and then over tasks, of the last step of each replay within each share."""
    table = pd.DataFrame(list(steps))
    if table.empty:
        return ()
    rows: list[Record] = []
    for share in shares:
        within = table[table["share"] <= share * (1 + 1e-9)]
        last = within.sort_values("step").groupby(["policy", "task", "seed"], sort=False).tail(1)
        means = last.groupby(["policy", "task"], sort=False)[list(SCORED)].agg(_mean)
        over_tasks = means.groupby("policy", sort=False).agg(_mean)
        for by, found in ((("policy", "task"), means), (("policy",), over_tasks)):
            for row in found.reset_index().to_dict("records"):
                told = {name: row[name] for name in by} if len(by) == 2 else {"policy": row["policy"], "task": None}
                rows.append({**told, "share": share, **{name: row[name] for name in SCORED}})
    return tuple({k: None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()} for row in rows)


def _mean(values: pd.Series) -> float:
    known = pd.to_numeric(values, errors="coerce").dropna()
    return float(known.mean()) if len(known) else float("nan")
