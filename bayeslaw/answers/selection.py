"""Selection of a candidate: the probability that each is best, and the expected regret of choosing it.

All numbers come from joint draws of *run predictions* at the target: what each candidate would measure there, with the
parameters and the discrepancy that candidates share drawn once for all of them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast, get_args

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.answers.candidates import Charge, charges
from bayeslaw.answers.candidates import members as candidates_among
from bayeslaw.answers.prediction import predict
from bayeslaw.answers.risk import MEANING, Risk, conditional_value_at_risk, orders, pairwise, shares_of_best, shortlist
from bayeslaw.answers.selection_checks import prediction_checks, require_choice
from bayeslaw.answers.value import winsorised
from bayeslaw.errors import TargetError
from bayeslaw.kinds.reach import target_check
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.numerics import exact
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.verdicts import Check, at_least

WITHIN = 1.01
"""A candidate is near the best if it falls short of it by at most WITHIN - 1 of its value."""

TIE = 0.25
"""A candidate ties with the recommended one if it beats it with at least this probability."""


@dataclass(frozen=True)
class Candidate:
    """One candidate at the target; losses in nats, or as the table has them, quantiles of a run prediction.

    Odds and regrets are of losses with what the candidate is charged beside its loss, ``charge``.
    """

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
    median_regret: float
    charge: float


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Result):
    """A ranked choice.

    Attributes
    ----------
    target : mapping
        The point chosen for.
    task : str
    risk : {"mean", "cvar90", "median-regret", "probability"}
        By what candidates are ordered.
    candidates : tuple of Candidate
        Ordered by the risk; by expected regret unless told.
    by_risk : mapping
        What each risk would choose.
    shortlist : tuple of str
        The smallest set that holds the best with probability 95%, the likeliest first.
    beats : ndarray, shape (candidates, candidates)
        Probability that the candidate of a row beats that of a column, in the order of ``candidates``.
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
    charge, where_final, seed
        As `select` was given them, so that the same can be asked at another target.
    """

    target: Mapping[str, float]
    task: str
    risk: Risk
    candidates: tuple[Candidate, ...]
    by_risk: Mapping[str, str]
    shortlist: tuple[str, ...]
    beats: np.ndarray
    tie_set: tuple[str, ...]
    values: np.ndarray
    outcome: Outcome
    chains: int
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]
    charge: Charge | None = None
    where_final: str | None = None
    seed: int = 0

    @property
    def recommended(self) -> str:
        """The model that is best by the risk: with the smallest expected regret, unless told."""
        return self.candidates[0].model

    @property
    def sentence(self) -> str:
        """The recommendation with its odds."""
        return _sentence(self)

    @property
    def draws(self) -> xr.Dataset:
        """Joint draws of the run predictions, dimensions (chain, draw, model), under the name of the outcome."""
        coords = {"model": [c.model for c in self.candidates], "family": ("model", [c.family for c in self.candidates])}
        return xr.Dataset({self.outcome.name: by_chain(self.values, self.chains, ("model",), coords)})

    def to_frame(self) -> pd.DataFrame:
        """The candidates, one a row."""
        return pd.DataFrame(self.records())

    def records(self) -> list[dict[str, Any]]:
        """The candidates as plain mappings, with quantiles in the unit of the source where losses were converted.

        Returns
        -------
        list of dict
        """
        return [{**asdict(c), **self.outcome.given_quantiles(_quantiles(c))} for c in self.candidates]

    def pairs(self) -> list[dict[str, Any]]:
        """Odds that one candidate beats another, for each pair of the shortlist.

        Returns
        -------
        list of dict
        """
        place = {c.model: j for j, c in enumerate(self.candidates)}
        return [
            {"model": a, "other": b, "p_better": float(self.beats[place[a], place[b]])}
            for i, a in enumerate(self.shortlist)
            for b in self.shortlist[i + 1 :]
        ]

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
                "risk": self.risk,
                "by_risk": dict(self.by_risk),
                "shortlist": list(self.shortlist),
                "pairwise": self.pairs(),
            },
            **verdict(self.checks),
        }


def select(
    posterior: Posterior,
    at: Mapping[str, float],
    *,
    task: str | None = None,
    risk: Risk = "mean",
    charge: Charge | None = None,
    where_final: str | None = None,
    seed: int = 0,
) -> Selection:
    """Rank the candidates of a task at a target, by expected regret or another risk.

    Parameters
    ----------
    posterior : Posterior
    at : mapping
        Target: covariate names to values in the units of the table.
    task : str, optional
        Needed if the posterior has several.
    risk : {"mean", "cvar90", "median-regret", "probability"}
        What is to be small: expected regret, its mean in the worst tenth of cases, its median; or to be large: the odds
        of being best.
    charge : mapping or str, optional
        What candidates are charged beside their loss, in the unit of the loss: by model, or an expression of columns
        such as ``"0.005 * log2(params)"``.
    where_final : str, optional
        A condition on candidates, such as ``"params <= 8e9"``; others tell of them, but are not chosen.
    seed : int

    Raises
    ------
    TargetError
        If the target cannot be predicted at, or lies below what every candidate has already been measured at; or if
        the risk is unknown, or charges cannot be used.
    SelectionError
        If ``where_final`` or an expression is not understood, or no candidate is left.
    TaskError
        If the task is unknown, or not given where there are several.
    """
    layout = posterior.layout
    task = require_choice(layout, posterior.law, posterior.outcome, at, task)
    if risk not in get_args(Risk):
        raise TargetError(f"risk={risk!r} is none of those known: {', '.join(get_args(Risk))}.")
    members = candidates_among(posterior.runs, layout, task, where_final)
    charged = charges(posterior.runs, layout, members, charge)
    runs, curve = predict(posterior, [at], kind="run", seed=seed), predict(posterior, [at], kind="curve", seed=seed)
    outcome = runs.outcome
    losses = outcome.inverse(runs.linked[:, members, 0])
    net = losses - charged if outcome.higher_is_better else losses + charged
    best = outcome.best(net, axis=1)
    regret = outcome.shortfall(net, best)
    cut = winsorised(net)
    averaged = outcome.shortfall(cut, outcome.best(cut, axis=1))
    by_risk = orders(regret, averaged)
    order = by_risk[risk]
    candidates = _summaries(posterior, members, losses, regret, averaged, np.abs(best), charged, order)
    losses = losses[:, order]
    regret = regret[:, order]
    beats = (regret < regret[:, :1]).mean(axis=0)
    named = [c.model for c in candidates]
    ties = tuple(c.model for c, p in zip(candidates, beats, strict=True) if p >= TIE)
    checks = (
        *posterior.checks,
        *prediction_checks(posterior, curve.linked[:, members, 0], members),
        target_check(layout, posterior.law, at, task),
        at_least(
            "candidates", len(members), 2, 0, f"There are {len(members)} candidates to choose from.",
            "One candidate leaves nothing to choose; add runs of others.",
        ),
    )  # fmt: skip
    return Selection(
        target=dict(at),
        task=task,
        risk=risk,
        candidates=candidates,
        by_risk={name: layout.curves[members[found[0]]].model for name, found in by_risk.items()},
        shortlist=tuple(named[j] for j in shortlist(np.array([c.p_best for c in candidates]))),
        beats=pairwise(regret),
        tie_set=ties,
        values=losses,
        outcome=outcome,
        chains=posterior.chains,
        checks=checks,
        provenance=posterior.provenance(),
        charge=dict(charge) if isinstance(charge, Mapping) else charge,
        where_final=where_final,
        seed=seed,
    )


def _summaries(
    posterior: Posterior,
    members: list[int],
    losses: np.ndarray,
    regret: np.ndarray,
    averaged: np.ndarray,
    best: np.ndarray,
    charged: np.ndarray,
    order: np.ndarray,
) -> tuple[Candidate, ...]:
    """Candidates in an order, from draws of losses and regret (S, J).

    ``averaged`` is the regret of which means are taken, of losses with their tails cut; ``best`` (S, 1) is the size of
    the best.
    """
    curves = posterior.layout.curves
    winners = shares_of_best(-regret)
    within = (regret <= (WITHIN - 1.0) * best).mean(axis=0)
    quantiles = np.quantile(losses, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    return tuple(
        Candidate(
            model=curves[members[j]].model,
            family=curves[members[j]].family,
            loss_median=float(quantiles[2, j]),
            loss_mean=float(losses[:, j].mean()),
            loss_p05=float(quantiles[0, j]),
            loss_p25=float(quantiles[1, j]),
            loss_p75=float(quantiles[3, j]),
            loss_p95=float(quantiles[4, j]),
            p_best=float(winners[j]),
            p_within_1pct=float(within[j]),
            expected_regret=float(averaged[:, j].mean()),
            cvar_regret_90=conditional_value_at_risk(averaged[:, j]),
            median_regret=float(np.median(regret[:, j])),
            charge=float(charged[j]),
        )
        for j in order
    )


def _quantiles(c: Candidate) -> dict[str, float]:
    """Quantiles of a candidate, by their names in predictions."""
    return {"p05": c.loss_p05, "p25": c.loss_p25, "median": c.loss_median, "p75": c.loss_p75, "p95": c.loss_p95}


def _sentence(found: Selection) -> str:
    best = found.candidates[0]
    point = ", ".join(f"{name} = {exact(value)}" for name, value in found.target.items())
    charged = ", charges included," if any(c.charge for c in found.candidates) else ""
    sentence = (
        f"At {point} choose {best.model}: it is the best of {len(found.candidates)} with probability "
        f"{best.p_best:.2f} and within 1% of the best with probability {best.p_within_1pct:.2f}; the choice is "
        f"expected to cost{charged} {best.expected_regret:.3f} in {found.outcome.label} against knowing the best, and "
        f"{best.cvar_regret_90:.3f} in the worst tenth of cases."
    )
    if found.tie_set:
        shown = ", ".join(found.tie_set[:4]) + (f" and {len(found.tie_set) - 4} more" if len(found.tie_set) > 4 else "")
        sentence += f" Not clearly worse: {shown}."
    others: dict[str, list[str]] = {}
    for risk, model in found.by_risk.items():
        if model != best.model:
            others.setdefault(model, []).append(MEANING[cast(Risk, risk)])
    told = [f"{model} by {' and '.join(why)}" for model, why in others.items()]
    return sentence + (f" One would choose {', '.join(told)}." if told else "")
