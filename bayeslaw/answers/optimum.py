"""How to spend a compute budget: the posterior of the best model size and data size at so many FLOP.

A run of N parameters on D tokens takes 6 N D FLOP (Kaplan et al. 2020), so that a budget leaves one choice, N. Each
draw of the law has its minimum of the loss along the budget; the posterior of that minimum gives the best split, and
the expected regret of a split is the mean excess loss over these minima. Beyond the data laws are missed by more at one
end of a budget than at the other: each draw tilts the loss by the slope of that error. What else the law depends on,
such as how many tokens there are before they repeat (Muennighoff et al. 2023, arXiv 2305.16264), is fixed.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw import streams
from bayeslaw.answers.prediction import predict
from bayeslaw.answers.quantiles import quantiles
from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.kinds.reach import JOINT, budget_check, reach_check
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import require_covariates
from bayeslaw.kinds.shared.prediction import ErrorAlong, LawDraws
from bayeslaw.laws.base import Law
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.runs import Runs, counts_tokens
from bayeslaw.runs.units import FLOP_PER_TOKEN
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_most, worst

GRID, STEPS = 129, 60
"""Points of the grid on which a minimum is bracketed, and bisections of its slope, to well within 1e-6."""

REACH = 12.0
"""E-folds of N, either way from the N at which N = D, within which a minimum is searched for."""


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Result):
    """The best use of a budget, for each family.

    Attributes
    ----------
    compute : float
        The budget, in FLOP.
    at : dict
        Covariates of the law other than params and data, at which it was split.
    families : tuple of FamilyOptimum
    best_params : ndarray, shape (S, families)
        Draws of the best number of parameters.
    chains : int
    outcome : Outcome
    checks : tuple of Check
        Of the fit, and on how far the budget, or the repetition of its data, extrapolates.
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    compute: float
    at: dict[str, float]
    families: tuple["FamilyOptimum", ...]
    best_params: np.ndarray
    chains: int
    outcome: Outcome
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """The best split, family by family."""
        told = [
            f"{f.family}: {count(f.recommended_params)} parameters on {count(f.recommended_data)} tokens (half the "
            f"odds {count(f.params['p25'])} to {count(f.params['p75'])} parameters), "
            f"{self.outcome.label} {self.outcome.told(f.loss)}"
            for f in self.families
        ]
        return f"Best split of {self.compute:.4g} FLOP. {'; '.join(told[:3])}{' …' if len(told) > 3 else ''}."

    @property
    def draws(self) -> xr.Dataset:
        """Draws of the best ``params``, ``data`` and ``tokens_per_param``, dimensions (chain, draw, family)."""
        coords = {"family": [f.family for f in self.families], "task": ("family", [f.task for f in self.families])}
        params = by_chain(self.best_params, self.chains, ("family",), coords)
        data = self.compute / (FLOP_PER_TOKEN * params)
        return xr.Dataset({"params": params, "data": data, "tokens_per_param": data / params})

    def records(self) -> list[dict[str, Any]]:
        """One plain mapping a family.

        Where losses were converted when they were read, their quantiles in the unit of the source stand among those of
        ``loss``: ``perplexity_p05``, ``bits_median``.

        Returns
        -------
        list of dict
        """
        found = [asdict(family) for family in self.families]
        return [{**one, "loss": {**one["loss"], **self.outcome.given_quantiles(one["loss"])}} for one in found]

    def to_dict(self) -> dict[str, Any]:
        """The split as plain values, with verdicts and provenance."""
        found = {"compute": self.compute, "at": self.at, "families": self.records()}
        return {**self.provenance, **found, **verdict(self.checks)}

    def to_frame(self) -> pd.DataFrame:
        """One row a family and quantity, quantiles in columns; the loss in the unit of the source, too."""
        given = self.outcome.given
        rows = []
        for f in self.families:
            found = {name: getattr(f, name) for name in ("params", "data", "tokens_per_param", "loss")}
            if given:
                found[given] = self.outcome.in_given(f.loss)
            rows += [{"family": f.family, "task": f.task, "quantity": name, **of} for name, of in found.items()]
        return pd.DataFrame(rows)


@dataclass(frozen=True)
class FamilyOptimum:
    """The best use of a budget within a family.

    Attributes
    ----------
    family, task : str
    params, data, tokens_per_param : dict
        Quantiles of where the law has its minimum along the budget.
    loss : dict
        Quantiles of the run prediction at the recommended point.
    recommended_params, recommended_data : float
        The point of least expected loss.
    expected_regret : float
        Mean excess of the law at that point over its minimum along the budget, in the unit of the loss.
    """

    family: str
    task: str
    params: dict[str, float]
    data: dict[str, float]
    tokens_per_param: dict[str, float]
    loss: dict[str, float]
    recommended_params: float
    recommended_data: float
    expected_regret: float


def optimum(posterior: Posterior, compute: float, *, at: Mapping[str, float] | None = None, seed: int = 0) -> Optimum:
    """Find the best N and D at a budget, draw by draw.

    Parameters
    ----------
    posterior : Posterior
        Of a law in ``params`` and ``data`` (tokens).
    compute : float
        Budget in FLOP; data then are compute / (6 params).
    at : mapping, optional
        Covariates of the law other than these two, such as ``unique_data``.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    LawError
        If the law is not one of model size and data, or has no best split of a budget.
    TargetError
        If the budget is not a positive number, or a covariate is missing, unknown or not a positive number.
    RunsError
        If data of the table are no tokens.
    """
    at = dict(at or {})
    require_budget(posterior.law, compute, at)
    require_tokens(posterior.runs)
    layout = posterior.layout
    found = [_family_optimum(posterior, group, compute, at, seed) for group in posterior.predictor.groups()]
    checks = [budget_check(layout, compute)]
    for name, value in at.items():
        often = float((layout.covariates["data"] / layout.covariates[name])[layout.weight > 0].max())
        passes = max(family.recommended_data for family, _ in found) / value
        told = f"The best split has {passes:.3g} times as much data as {name}; runs had up to {often:.3g}."
        checks.append(reach_check(passes / often, told, JOINT))
    return Optimum(
        compute=compute,
        at=at,
        families=tuple(family for family, _ in found),
        best_params=np.stack([params for _, params in found], axis=1),
        chains=posterior.chains,
        outcome=posterior.outcome,
        checks=(*posterior.checks, worst(checks), *tokens_check(posterior.runs)),
        provenance=posterior.provenance(),
    )


def tokens_check(runs: Runs) -> tuple[Check, ...]:
    """A check that says that data are taken for tokens, where no column tells; none where one does."""
    if counts_tokens(runs):
        return ()
    sentence = "No column says what data count; they are taken for tokens, on which a budget is spent."
    remedy = (
        "If they are tokens, head their column 'tokens', or say --as data=tokens; otherwise give a column of tokens."
    )
    return (at_most("data_are_tokens", 1, 0, np.inf, sentence, remedy),)


def require_budget(law: Law, compute: float, at: Mapping[str, float]) -> None:
    """Check a budget, and the covariates that are fixed along it, before anything is sampled.

    Raises
    ------
    LawError, TargetError
        See ``optimum``.
    """
    if not isinstance(compute, (int, float, np.number)) or not (np.isfinite(compute) and compute > 0):
        raise TargetError(f"compute={compute!r}: a budget must be a positive number of FLOP.")
    outcome = kind_of(law).outcome
    if outcome.higher_is_better:
        raise LawError(f"A budget is split for the least loss, and the {law.name} law is of {outcome.name}.")
    names = [c.name for c in law.covariates]
    if not {"params", "data"} <= set(names):
        raise LawError(
            f"The {law.name} law has no best split of a budget, which takes one of params and data: this is of "
            f"{', '.join(names)}. Fit chinchilla or overtraining."
        )
    others = [name for name in names if name not in ("params", "data")]
    require_covariates(law, at)
    for name in at:
        if name not in others:
            raise TargetError(f"at gives {name!r}, which the budget is split over. Leave it out.")
    for name in others:
        if name not in at:
            raise TargetError(
                f"The best split by the {law.name} law depends on {name!r}. Add at {name}=… to the budget (--at), or "
                "fit a law without it, such as chinchilla (--law)."
            )
    typical = {c.name: np.asarray(c.mean) for c in law.coordinates}
    grid = np.linspace(-REACH, REACH, GRID)
    along = along_budget(np.exp(grid), FLOP_PER_TOKEN, dict.fromkeys(others, 1.0))
    shape = elementwise(law.log_shape, typical, along, dict.fromkeys(names, 1.0))
    if int(np.argmin(shape)) in (0, GRID - 1):
        raise _no_best_split(law, compute)


def require_tokens(runs: Runs) -> None:
    """Refuse a table whose data are examples: budgets, in FLOP, are spent on tokens.

    Raises
    ------
    RunsError
        If ``data`` are not the ``tokens`` beside them, or were read from a column of examples or samples.
    """
    if "tokens" in runs.table and not counts_tokens(runs):
        raise RunsError(
            f"{runs.source}: a budget is spent on parameters and tokens, and laws of this table are of examples: it "
            "has data beside tokens. Take the column of data out of the table; tokens are then taken for data."
        )
    heading = next((there for there, here in runs.spelling if here == "data"), "")
    if re.search("example|sample", heading, re.IGNORECASE):
        raise RunsError(
            f"{runs.source}: a budget is spent on parameters and tokens, and the column {heading!r} counts no tokens. "
            "Give a column 'tokens' in its place."
        )


def _no_best_split(law: Law, compute: float) -> LawError:
    return LawError(
        f"The {law.name} law has no best split of {compute:.3g} FLOP: its loss goes on falling towards one end. "
        "Fit a law in which parameters and data both run out, such as chinchilla."
    )


def _family_optimum(
    posterior: Posterior, group: tuple[str, str, np.ndarray], compute: float, at: Mapping[str, float], seed: int
) -> tuple[FamilyOptimum, np.ndarray]:
    """The best split within a group of models, and draws of the best number of parameters (S,)."""
    family, task, models = group
    law = posterior.predictor.law_of(int(models[0]))
    error = error_along_budget(law, compute, at, seed)
    log_best = best_log_params(law, compute, at, error)
    params = np.exp(log_best)
    data = compute / (FLOP_PER_TOKEN * params)
    grid = np.quantile(log_best, np.linspace(0.01, 0.99, 99))
    inverse = posterior.outcome.inverse

    def loss_of(log_params: np.ndarray) -> np.ndarray:
        """Loss at logs of N that broadcast with (S, A), by each draw's law and its error along the budget: (S, A)."""
        return inverse(law.at(along_budget(np.exp(log_params), compute, at)) + error.at(log_params))

    loss, least = loss_of(grid[None, :]), loss_of(log_best[:, None])
    expected = (loss - least).mean(axis=0)
    chosen = int(np.argmin(expected))
    point = along_budget(float(np.exp(grid[chosen])), compute, at)
    prediction = predict(posterior, [point], seed=seed)
    here = [label[1:] for label in prediction.labels].index((family, task))
    split = FamilyOptimum(
        family=family,
        task=task,
        params=quantiles(params),
        data=quantiles(data),
        tokens_per_param=quantiles(data / params),
        loss=quantiles(prediction.values[:, here, 0]),
        recommended_params=point["params"],
        recommended_data=point["data"],
        expected_regret=float(expected[chosen]),
    )
    return split, params


def best_log_params(
    law: LawDraws, compute: float, at: Mapping[str, float], error: ErrorAlong | None = None
) -> np.ndarray:
    """Log of the best N of each draw of a law, shape (S,); with its error along the budget, if given.

    Raises
    ------
    LawError
        If the loss along the budget has no minimum within a factor of e^12 of an even split.
    """
    even = 0.5 * np.log(compute / FLOP_PER_TOKEN)
    grid = even + np.linspace(-REACH, REACH, GRID)
    error = error or ErrorAlong(np.zeros(1), 1.0)
    loss = law.at(along_budget(np.exp(grid[None, :]), compute, at)) + error.at(grid[None, :])
    lowest = loss.argmin(axis=1)
    if np.mean((lowest == 0) | (lowest == GRID - 1)) > 0.01:
        raise _no_best_split(law.law, compute)
    low, high = (grid[np.clip(lowest + side, 0, GRID - 1)] for side in (-1, 1))
    slope_at = law.slope(lambda n: along_budget(jnp.exp(n), compute, at))
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        rising = slope_at(middle) + error.slope_at(middle) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return 0.5 * (low + high)


def error_along_budget(law: LawDraws, compute: float, at: Mapping[str, float], seed: int) -> ErrorAlong:
    """By how much each draw of a law is missed along a budget, as a function of log N, from its typical best N."""
    centre = float(np.median(best_log_params(law, compute, at)))
    along, rng = {"params": 1.0, "data": -1.0}, generator(seed, streams.OPTIMUM)
    return replace(law.error_along(along_budget(np.exp(centre), compute, at), along, rng), start=centre)


def along_budget(params: Any, compute: float, at: Mapping[str, float]) -> dict[str, Any]:
    """Covariates along a budget: ``params``, the data that the budget allows, and ``at``; numpy or jax arrays."""
    return {"params": params, "data": compute / (FLOP_PER_TOKEN * params), **at}
