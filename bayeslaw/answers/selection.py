"""Selection of a candidate: the probability that each is best, and the expected regret of choosing it.

All numbers come from joint draws of *run predictions* at the target: what each candidate would measure there, with the
parameters and the discrepancy that candidates share drawn once for all of them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import TargetError
from bayeslaw.kinds.reach import target_check
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import complete_point, curves_on
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.sampling.diagnostics import convergence_checks
from bayeslaw.verdicts import Check, at_least

WITHIN = 1.01
"""A candidate is near the best if it falls short of it by at most WITHIN - 1 of its value."""

TAIL = 0.9
"""CVaR is the mean of the worst share 1 - TAIL of the draws of regret."""

TIE = 0.25
"""A candidate ties with the recommended one if it beats it with at least this probability."""


@dataclass(frozen=True)
class Candidate:
    """One candidate at the target; losses in the units of the table, quantiles of a run prediction."""

    model: str
    family: str
    loss_median: float
    loss_mean: float
    loss_p05: float
    loss_p25: float
    loss_p75: float
    loss_p95: float
    p_best: float
    p_within_1pct: float
    expected_regret: float
    cvar_regret_90: float


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Result):
    """A ranked choice.

    Attributes
    ----------
    target : mapping
        The point chosen for.
    task : str
    candidates : tuple of Candidate
        Ordered by expected regret.
    tie_set : tuple of str
        Models that beat the recommended one with probability .25 or more.
    values : ndarray, shape (S, candidates)
        Joint draws of the run predictions in the unit of the outcome, in the order of ``candidates``.
    outcome : Outcome
    chains : int
    checks : tuple of Check
        Of the fit, of the predictions at the target, and of the choice.
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    target: Mapping[str, float]
    task: str
    candidates: tuple[Candidate, ...]
    tie_set: tuple[str, ...]
    values: np.ndarray
    outcome: Outcome
    chains: int
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def recommended(self) -> str:
        """The model with the smallest expected regret."""
        return self.candidates[0].model

    @property
    def sentence(self) -> str:
        """The recommendation with its odds."""
        return _sentence(self.candidates, self.tie_set, self.target, self.outcome.name)

    @property
    def draws(self) -> xr.Dataset:
        """Joint draws of the run predictions, dimensions (chain, draw, model), under the name of the outcome."""
        coords = {"model": [c.model for c in self.candidates], "family": ("model", [c.family for c in self.candidates])}
        return xr.Dataset({self.outcome.name: by_chain(self.values, self.chains, ("model",), coords)})

    def to_frame(self) -> pd.DataFrame:
        """The candidates, one a row."""
        return pd.DataFrame(self.records())

    def records(self) -> list[dict[str, Any]]:
        """The candidates as plain mappings.

        Returns
        -------
        list of dict
        """
        return [asdict(c) for c in self.candidates]

    def to_dict(self) -> dict[str, Any]:
        """The choice as plain values, with verdicts and provenance."""
        return {
            **self.provenance,
            "target": dict(self.target),
            "task": self.task,
            "candidates": self.records(),
            "recommendation": {
                "model": self.recommended,
                "sentence": self.sentence,
                "tie_set": list(self.tie_set),
            },
            **verdict(self.checks),
        }


def select(posterior: Posterior, at: Mapping[str, float], *, task: str | None = None, seed: int = 0) -> Selection:
    """Rank the candidates of a task by expected regret at a target.

    Parameters
    ----------
    posterior : Posterior
    at : mapping
        Target: covariate names to values in the units of the table.
    task : str, optional
        Needed if the posterior has several.
    seed : int

    Raises
    ------
    TargetError
        If the target cannot be predicted at, or lies below what every candidate has already been measured at.
    TaskError
        If the task is unknown, or not given where there are several.
    """
    layout = posterior.layout
    task = require_target(layout, posterior.law, at, task)
    members = [i for i, curve in enumerate(layout.curves) if curve.task == task]
    runs, curve = predict(posterior, [at], kind="run", seed=seed), predict(posterior, [at], kind="curve", seed=seed)
    outcome = runs.outcome
    losses = outcome.inverse(runs.linked[:, members, 0])
    best = outcome.best(losses, axis=1)
    regret = outcome.shortfall(losses, best)
    expected = regret.mean(axis=0)
    order = np.argsort(expected, kind="stable")
    winners = np.bincount(regret.argmin(axis=1), minlength=len(members)) / len(losses)
    within = (regret <= (WITHIN - 1.0) * np.abs(best)).mean(axis=0)
    quantiles = np.quantile(losses, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    candidates = tuple(
        Candidate(
            model=layout.curves[members[j]].model,
            family=layout.curves[members[j]].family,
            loss_median=float(quantiles[2, j]),
            loss_mean=float(losses[:, j].mean()),
            loss_p05=float(quantiles[0, j]),
            loss_p25=float(quantiles[1, j]),
            loss_p75=float(quantiles[3, j]),
            loss_p95=float(quantiles[4, j]),
            p_best=float(winners[j]),
            p_within_1pct=float(within[j]),
            expected_regret=float(expected[j]),
            cvar_regret_90=conditional_value_at_risk(regret[:, j]),
        )
        for j in order
    )
    losses = losses[:, order]
    regret = regret[:, order]
    beats = (regret < regret[:, :1]).mean(axis=0)
    ties = tuple(c.model for c, p in zip(candidates, beats, strict=True) if p >= TIE)
    checks = (
        *posterior.checks,
        *_prediction_checks(posterior, curve.linked[:, members, 0], members),
        target_check(layout, posterior.law, at, task),
        at_least(
            "candidates", len(members), 2, 0, f"There are {len(members)} candidates to choose from.",
            "One candidate leaves nothing to choose; add runs of others.",
        ),
    )  # fmt: skip
    return Selection(
        target=dict(at),
        task=task,
        candidates=candidates,
        tie_set=ties,
        values=losses,
        outcome=outcome,
        chains=posterior.chains,
        checks=checks,
        provenance=posterior.provenance(),
    )


def conditional_value_at_risk(regret: np.ndarray, tail: float = TAIL) -> float:
    """Mean of the worst ``1 - tail`` of the draws of a regret (Rockafellar and Uryasev 2000), at least one draw."""
    worst = max(1, round(len(regret) * (1 - tail)))
    return float(np.sort(regret)[-worst:].mean())


def require_target(layout: Layout, law: Law, at: Mapping[str, float], task: str | None) -> str:
    """Check a target before anything is sampled, and find which task it is for.

    Raises
    ------
    TargetError, TaskError
        See ``select``.
    """
    tasks = layout.tasks
    task = layout.curves[curves_on(layout, task)[0]].task
    complete_point(layout, law, at)
    if kind_of(law).is_new_model(law, at):
        raise TargetError(
            f"The target gives every covariate of the {law.name} law, so that nothing tells the candidates apart. "
            f"Candidates keep the size they have: give {law.axis}=… alone."
        )
    seen = float(layout.largest[layout.task_of == tasks.index(task)].min())
    if at[law.axis] < seen * (1 - 1e-9):
        raise TargetError(
            f"The target {law.axis}={at[law.axis]:g} lies below the data: every candidate has been measured at "
            f"{law.axis}={seen:g} or beyond. Read the choice off the table, or give a larger target."
        )
    return task


def _prediction_checks(posterior: Posterior, linked: np.ndarray, members: list[int]) -> list[Check]:
    chains, draws = posterior.draws.sizes["chain"], posterior.draws.sizes["draw"]
    names = [posterior.layout.curves[i].model for i in members]
    dataset = xr.Dataset(
        {"prediction": (("chain", "draw", "model"), linked.reshape(chains, draws, -1))}, coords={"model": names}
    )
    return [
        Check(f"prediction_{c.name}", c.status, c.value, c.threshold, c.sentence, c.remedy)
        for c in convergence_checks(dataset)
    ]


def _sentence(candidates: tuple[Candidate, ...], ties: tuple[str, ...], at: Mapping[str, float], outcome: str) -> str:
    best = candidates[0]
    point = ", ".join(f"{name} = {value:,.0f}" for name, value in at.items())
    sentence = (
        f"At {point} choose {best.model}: it is the best of {len(candidates)} with probability {best.p_best:.2f} and "
        f"within 1% of the best with probability {best.p_within_1pct:.2f}; the choice is expected to cost "
        f"{best.expected_regret:.3f} in {outcome} against knowing the best, and {best.cvar_regret_90:.3f} in the worst "
        "tenth of cases."
    )
    if ties:
        shown = ", ".join(ties[:4]) + (f" and {len(ties) - 4} more" if len(ties) > 4 else "")
        sentence += f" Not clearly worse: {shown}."
    return sentence
