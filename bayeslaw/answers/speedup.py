"""Effective speed-up: how many times the data, or the compute, one choice needs for the loss that another reaches.

Draw by draw, with the discrepancies of both: the loss of b at a size is looked up on the curve of a, and the ratio of
the two sizes is the factor by which b saves. Of families of a joint law whose model size is left open, both are taken
along their frontiers: at each budget, the size that spends it best. A speed-up at one scale is none at another, unless
the two curves are parallel and have the same floor; a curve may never reach the loss of the other, so the probability
of that is reported too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw import streams
from bayeslaw.answers.crossing import Lines
from bayeslaw.answers.optimum import REACH, along_budget, require_budget, require_tokens
from bayeslaw.answers.quantiles import QUANTILES, quantiles
from bayeslaw.answers.questions import require_two
from bayeslaw.errors import TargetError
from bayeslaw.kinds.reach import largest_compute, reach_check, reach_of
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import curves_on, require_covariates
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.runs import Runs
from bayeslaw.runs.units import FLOP_PER_TOKEN
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check

SPAN = 1e4
"""Factors are looked for up to this, and down to one over it."""

GRID = 257
"""Number of sizes, evenly spaced in log size, between which a size is interpolated; odd, so that one is the middle."""

KNOWN_MIN = 0.1
"""Share of draws in which one of the two gets there, below which there is no factor to tell."""

BUDGETS, PLACES = 9, 97
"""Budgets at which the best size of a model is found, and sizes tried; between them logarithms are interpolated."""


@dataclass(frozen=True, eq=False, repr=False)
class Speedup(Result):
    """How many times as much one choice needs as another for the same outcome.

    Attributes
    ----------
    a, b : str
        Models, or families of a joint law.
    kind : {"curve", "law"}
        Whether expected curves are compared, or laws as if they held exactly.
    of : str
        What is saved: the covariate along which sizes are compared, or ``compute``, along the frontiers of both.
    at : mapping
        Where: a size of b or an outcome that both are to reach, and other covariates.
    factor : dict
        Quantiles of what a needs over what b needs, where one of them gets there; above 1 b saves. Infinite where a
        never gets there; empty if neither does in almost all draws.
    loss : dict
        Quantiles of the outcome at which they are compared.
    p_saves : float
        Probability that b needs less than a.
    p_never_a, p_never_b : float
        Probability that the one does not reach the outcome with 10,000 times the size.
    factors, losses : ndarray, shape (S,)
        Draws; factors are not a number where neither reaches the outcome, 0 where only a does, infinite where only b
        does.
    chains : int
    outcome : Outcome
    checks : tuple of Check
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    a: str
    b: str
    kind: Lines
    of: str
    at: Mapping[str, float]
    factor: dict[str, float]
    loss: dict[str, float]
    p_saves: float
    p_never_a: float
    p_never_b: float
    factors: np.ndarray
    losses: np.ndarray
    chains: int
    outcome: Outcome
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """By what factor b saves, and how likely it is that it does."""
        level = f"{self.outcome.label} {self.loss['median']:.4g}"
        if given := self.outcome.in_given(self.loss):
            level += f" ({self.outcome.given} {given['median']:.4g})"
        if not self.factor:
            odds = "" if self.p_neither == 1 else f" in {self.p_neither:.1%} of draws; there is no factor to tell"
            return f"Neither {self.a} nor {self.b} reaches {level}{odds}."
        low, middle, high = (self.factor[name] for name in ("p05", "median", "p95"))
        told = (
            f"For {level}, {self.a} needs {middle:.3g} times the {self.of} of "
            f"{self.b} (90% interval {low:.3g} to {high:.3g}); {self.b} saves with probability {self.p_saves:.2f}"
        )
        never = [(name, p) for name, p in ((self.a, self.p_never_a), (self.b, self.p_never_b)) if p > 0]
        told += "".join(f"; {name} never gets there with probability {p:.2f}" for name, p in never)
        neither = f"; neither does with probability {self.p_neither:.2f}, and the factor is of the other draws"
        return f"{told}{neither if self.p_neither > 0 else ''}."

    @property
    def p_neither(self) -> float:
        """Probability that neither reaches the outcome with 10,000 times the size."""
        return float(np.isnan(self.factors).mean())

    @property
    def draws(self) -> xr.Dataset:
        """Draws of ``factor`` and of the outcome, dimensions (chain, draw)."""
        named = {"factor": self.factors, self.outcome.name: self.losses}
        return xr.Dataset({name: by_chain(values, self.chains, (), {}) for name, values in named.items()})

    def record(self) -> dict[str, Any]:
        """Factors and odds as plain values.

        Returns
        -------
        dict
        """
        names = ("a", "b", "kind", "of", "factor", "p_saves", "p_never_a", "p_never_b", "p_neither")
        found = {name: getattr(self, name) for name in names}
        level = {**self.loss, **self.outcome.given_quantiles(self.loss)}
        return {**found, "at": dict(self.at), self.outcome.name: level}

    def to_dict(self) -> dict[str, Any]:
        """The speed-up as plain values, with verdicts and provenance."""
        return {**self.provenance, **self.record(), **verdict(self.checks)}

    def to_frame(self) -> pd.DataFrame:
        """Quantiles of the factor and of the outcome, one row each; of the outcome in the unit of the source, too."""
        rows = {f"{self.of} of {self.a} over that of {self.b}": self.factor, self.outcome.name: self.loss}
        if given := self.outcome.in_given(self.loss):
            rows[self.outcome.given] = given
        return pd.DataFrame([{"what": what, **values} for what, values in rows.items()])


def speedup(
    posterior: Posterior,
    a: str,
    b: str,
    *,
    at: Mapping[str, float],
    task: str | None = None,
    kind: Lines = "curve",
    seed: int = 0,
) -> Speedup:
    """Find how many times the data, or the compute, of b another choice needs for the same outcome, draw by draw.

    Parameters
    ----------
    posterior : Posterior
    a, b : str
        Names of two models; of a joint law, of two models or of two families.
    at : mapping
        A size of b (``data``), or an outcome (``loss``), with the other covariates of the law where families are
        compared. Of families whose ``params`` are not given, a budget (``compute``) or an outcome, along the frontiers
        of both.
    task : str, optional
        Needed if the table has several.
    kind : {"curve", "law"}
        ``law`` compares the laws without any discrepancy, as if they held exactly at any distance.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If a name is not on the task, the two are one, or ``at`` is no such point; if ``kind`` is another.
    """
    require_speedup(posterior.runs, posterior.layout, posterior.law, (a, b), at, task=task, kind=kind)
    outcome, others = posterior.outcome, dict(at)
    frontier = _on_frontier(posterior.layout, posterior.law, (a, b), others)
    of = "compute" if frontier else posterior.law.axis
    wanted, size = others.pop(outcome.name, None), others.pop(of, None)
    largest = _largest(posterior.layout, posterior.law, of, task)
    sizes = (
        np.geomspace(size / SPAN, size * SPAN, GRID) if size else np.geomspace(largest / SPAN**2, largest * SPAN, GRID)
    )
    lines = (-1 if outcome.higher_is_better else 1) * _lines(
        posterior, (a, b), task, others, sizes, frontier, kind, seed
    )
    middle, logs = GRID // 2, np.log(sizes)
    if size is None:
        level = np.full(len(lines), float(outcome.link(np.array(wanted))) * (-1 if outcome.higher_is_better else 1))
        needs_b = _first_reached(lines[:, 1], level, logs)
        _require_not_passed(lines[:, :, 0], level, (a, b), outcome, f"{of}={sizes[0]:.3g}")
    else:
        level, needs_b = lines[:, 1, middle], np.full(len(lines), np.log(size))
    needs_a = _first_reached(lines[:, 0], level, logs)
    with np.errstate(invalid="ignore"):
        factors = np.where(np.isposinf(needs_a) & np.isposinf(needs_b), np.nan, np.exp(needs_a - needs_b))
    losses = outcome.inverse(-level if outcome.higher_is_better else level)
    known = factors[~np.isnan(factors)]
    reached = np.concatenate([needs[np.isfinite(needs)] for needs in (needs_a, needs_b)])
    return Speedup(
        a=a,
        b=b,
        kind=kind,
        of=of,
        at=dict(at),
        factor=_quantiles(known) if len(known) >= KNOWN_MIN * len(factors) else {},
        loss=quantiles(losses),
        p_saves=float((factors > 1).mean()),
        p_never_a=float(np.isposinf(needs_a).mean()),
        p_never_b=float(np.isposinf(needs_b).mean()),
        factors=factors,
        losses=losses,
        chains=posterior.chains,
        outcome=outcome,
        checks=(*posterior.checks, *_distance_check(posterior, of, largest, reached)),
        provenance=posterior.provenance(),
    )


def require_speedup(
    runs: Runs,
    layout: Layout,
    law: Law,
    names: tuple[str, str],
    at: Mapping[str, float],
    *,
    task: str | None = None,
    kind: Lines = "curve",
) -> None:
    """Refuse what cannot be compared, before anything is sampled; parameters as for `speedup`.

    Raises
    ------
    TargetError, TaskError, LawError, RunsError
        As `speedup`.
    """
    if kind not in get_args(Lines):
        raise TargetError(f"kind={kind!r} is none of what can be compared: {', '.join(get_args(Lines))}.")
    require_two(layout, law, names, task)
    outcome, others = kind_of(law).outcome, dict(at)
    frontier = _on_frontier(layout, law, names, others)
    of = "compute" if frontier else law.axis
    wanted, size = others.pop(outcome.name, None), others.pop(of, None)
    _require_one(outcome, of, wanted, size)
    if frontier:
        require_tokens(runs)
        require_budget(law, size or _largest(layout, law, of, task), others)
    else:
        require_covariates(law, others)


def _on_frontier(layout: Layout, law: Law, names: tuple[str, str], at: Mapping[str, float]) -> bool:
    """Whether sizes are budgets, each spent best: of families of a law in params and data, whose params are open."""
    covariates = {c.name for c in law.covariates}
    return {"params", "data"} <= covariates and "params" not in at and not {c.model for c in layout.curves} & set(names)


def _require_one(outcome: Outcome, of: str, wanted: float | None, size: float | None) -> None:
    """Check that there is a size or an outcome to compare at, and one only.

    Raises
    ------
    TargetError
        If there is not, or it is none.
    """
    given = {name: value for name, value in ((outcome.name, wanted), (of, size)) if value is not None}
    if len(given) != 1:
        hint = "; with params, data are what is saved, without, compute" if of in ("compute", "data") else ""
        raise TargetError(
            f"Speed-ups are at one {of} of the second choice or at one {outcome.name} of both, found "
            f"{' and '.join(given) or 'neither'}: give {of}=… or {outcome.name}=…{hint}."
        )
    ((name, value),) = given.items()
    with np.errstate(invalid="ignore", divide="ignore"):
        fine = np.isfinite(value) and (value > 0 if name == of else np.isfinite(outcome.link(np.array(value))))
    if not fine:
        raise TargetError(f"Speed-ups cannot be found at {name}={value:g}; expected a positive number.")


def _lines(
    posterior: Posterior,
    names: tuple[str, str],
    task: str | None,
    others: Mapping[str, float],
    sizes: np.ndarray,
    frontier: bool,
    kind: Lines,
    seed: int,
) -> np.ndarray:
    """Draws of the outcomes of both choices along sizes, on the scale of the link: shape (S, 2, GRID)."""
    predictor = posterior.predictor
    if frontier:
        targets = predictor.pair(names, task, {**others, "params": 1.0}, sizes)
        params = np.stack([_best_sizes(posterior, name, task, others, sizes) for name in names])
        spent = {"params": params, "data": sizes / (FLOP_PER_TOKEN * params)}
        targets = replace(targets, covariates={**targets.covariates, **spent})
    else:
        targets = predictor.pair(names, task, others, sizes)
    if kind == "law":
        return predictor.law_alone(targets)
    return predictor.expected(targets, generator(seed, streams.SPEEDUP), nearby=False)


def _best_sizes(
    posterior: Posterior, family: str, task: str | None, others: Mapping[str, float], budgets: np.ndarray
) -> np.ndarray:
    """Numbers of parameters that spend budgets best, by the median of the draws of the law of a family: (GRID,).

    Each to a tenth of an e-fold or better, which losses on the frontier do not feel.
    """
    layout = posterior.layout
    first = next(i for i in curves_on(layout, task) if layout.curves[i].family == family)
    law = posterior.predictor.law_of(first)
    some = np.geomspace(budgets[0], budgets[-1], BUDGETS)
    best = []
    for budget in some:
        grid = 0.5 * np.log(budget / FLOP_PER_TOKEN) + np.linspace(-REACH, REACH, PLACES)
        loss = law.at(along_budget(np.exp(grid[None, :]), float(budget), others))
        best.append(float(np.median(_lowest(loss, grid))))
    return np.exp(np.interp(np.log(budgets), np.log(some), best))


def _lowest(loss: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Places of the lowest points of curves (S, n) on an even grid, by parabolas through three points: shape (S,)."""
    j = np.clip(loss.argmin(axis=1), 1, len(grid) - 2)
    before, here, after = (loss[np.arange(len(loss)), j + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    with np.errstate(invalid="ignore", divide="ignore"):
        aside = np.where(bend > 0, 0.5 * (before - after) / bend, 0.0)
    return grid[j] + (grid[1] - grid[0]) * np.clip(aside, -1.0, 1.0)


def _first_reached(lines: np.ndarray, level: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Log of the least size at which lines (S, GRID) come down to a level (S,): infinite if they never do.

    The smallest size where a line is below the level from there on.
    """
    below = lines <= level[:, None]
    j = below.argmax(axis=1)
    after = np.maximum(j, 1)
    rows = np.arange(len(lines))
    upper, lower = lines[rows, after - 1], lines[rows, after]
    with np.errstate(invalid="ignore", divide="ignore"):
        between = logs[after - 1] + (logs[after] - logs[after - 1]) * (upper - level) / (upper - lower)
    return np.where(below.any(axis=1), np.where(j == 0, logs[0], between), np.inf)


def _require_not_passed(
    first: np.ndarray, level: np.ndarray, names: tuple[str, str], outcome: Outcome, smallest: str
) -> None:
    """Refuse an outcome that a choice has from the smallest size on, in most draws (S, 2) of what it has there.

    Raises
    ------
    TargetError
    """
    passed = [name for name, there in zip(names, (first <= level[:, None]).mean(axis=0), strict=True) if there > 0.5]
    if passed:
        harder = "higher" if outcome.higher_is_better else "lower"
        raise TargetError(
            f"{' and '.join(passed)} would have passed that {outcome.name} at the smallest size looked at "
            f"({smallest}), so there is nothing to save. Ask for a {harder} {outcome.name}."
        )


def _quantiles(values: np.ndarray) -> dict[str, float]:
    """Quantiles of draws some of which may be infinite: each is one of the draws; empty if there are none."""
    if not len(values):
        return {}
    return {name: float(np.quantile(values, q, method="inverted_cdf")) for name, q in QUANTILES.items()}


def _largest(layout: Layout, law: Law, of: str, task: str | None) -> float:
    """The largest size seen on a task."""
    here = curves_on(layout, task)
    if of == "compute" and of != law.axis:
        return largest_compute(layout, here)
    return float(layout.largest[here].max())


def _distance_check(posterior: Posterior, of: str, largest: float, reached: np.ndarray) -> list[Check]:
    """Judge how many times beyond the runs the choices are compared; none where neither gets there."""
    if not len(reached):
        return []
    factor = float(np.exp(np.quantile(reached, 0.5))) / largest
    sentence = f"The comparison is made at {factor:,.4g} times the largest {of} seen."
    return [reach_check(factor, sentence, reach_of(posterior.law, of))]
