"""Crossings: the posterior of the data size from which one choice beats another, and of whether there is one.

Published crossings are computed from coefficients of two digits; a change in the last digit moves them by orders of
magnitude or removes them. The probability that two curves never cross is therefore reported too.

Crossings of *curves* and of *laws* differ. Nearly every crossing lies beyond the data of one of the two, where curves
may depart from their laws; published crossings assume that they do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw import streams
from bayeslaw.answers.quantiles import quantiles
from bayeslaw.answers.questions import require_two
from bayeslaw.errors import TargetError
from bayeslaw.kinds.reach import reach_check, reach_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import curves_on
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, by_chain, verdict
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check

Lines = Literal["curve", "law"]
"""What crosses: curves (expected outcomes, with the discrepancy), or laws alone."""

GRID = 257
"""Number of sizes, evenly spaced in log size, between which a crossing is interpolated."""

SAME = 1e-9
"""Largest change along the sizes of a difference (on the scale of the link) that counts as rounding error."""

BEYOND = 100.0
"""Default upper end of the range of sizes, as a multiple of the largest size in the table."""


@dataclass(frozen=True, eq=False, repr=False)
class Crossing(Result):
    """Where one of two choices overtakes the other.

    Attributes
    ----------
    a, b : str
        Models, or families of a joint law.
    kind : {"curve", "law"}
        What crosses.
    at : mapping
        Other covariates held fixed.
    low, high : float
        Range of data sizes looked at.
    p_a_always, p_b_always : float
        Probability that one is better throughout the range.
    p_b_overtakes, p_a_overtakes : float
        Probability that the one is worse at the low end and better at the high end.
    p_returns : float
        Probability that one overtakes the other within the range and loses again.
    size : dict
        Quantiles of the size where the more likely of the two overtakings happens, given that it does, for good; empty
        if neither has a probability of 1% or more.
    loss : dict
        Quantiles of the outcome that both have there; empty if ``size`` is.
    sizes : ndarray, shape (n,)
        Data sizes looked at.
    difference : ndarray, shape (S, n)
        Draws of the outcome of a less that of b there, on the scale of the link; with the sign reversed if higher is
        better, so that it is negative where a is better.
    chains : int
    outcome : Outcome
    checks : tuple of Check
    provenance : mapping
        Of the fit; see `bayeslaw.posterior.posterior.Posterior.provenance`.
    """

    a: str
    b: str
    kind: Lines
    at: Mapping[str, float]
    low: float
    high: float
    p_a_always: float
    p_b_always: float
    p_b_overtakes: float
    p_a_overtakes: float
    p_returns: float
    size: dict[str, float]
    loss: dict[str, float]
    sizes: np.ndarray
    difference: np.ndarray
    chains: int
    outcome: Outcome
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def p_never(self) -> float:
        """Probability that the two do not cross within the range."""
        return self.p_a_always + self.p_b_always

    @property
    def sentence(self) -> str:
        """Which overtaking is likelier, and where."""
        p, winner, loser = max((self.p_b_overtakes, self.b, self.a), (self.p_a_overtakes, self.a, self.b))
        never = f"they never cross between {_size(self.low)} and {_size(self.high)} with probability {self.p_never:.2f}"
        if not self.size:
            return f"Of {self.a} and {self.b}, {never}."
        median, p05, p95 = (_size(self.size[name]) for name in ("median", "p05", "p95"))
        where = f"{median} (90% interval {p05} to {p95})"
        level = f"{self.outcome.label} {self.outcome.told(self.loss)}"
        return f"{winner} overtakes {loser} with probability {p:.2f}, at {where} and {level} if it does; {never}."

    @property
    def draws(self) -> xr.Dataset:
        """Draws of ``difference``, dimensions (chain, draw, size)."""
        return xr.Dataset({"difference": by_chain(self.difference, self.chains, ("size",), {"size": self.sizes})})

    def record(self) -> dict[str, Any]:
        """Odds, sizes and the outcome there as plain values.

        Returns
        -------
        dict
        """
        names = ("a", "b", "kind", "at", "low", "high", "p_a_always", "p_b_always", "p_b_overtakes", "p_a_overtakes")
        found = {name: getattr(self, name) for name in (*names, "p_returns", "size")}
        level = {**self.loss, **self.outcome.given_quantiles(self.loss)}
        return {**found, "at": dict(self.at), "p_never": self.p_never, self.outcome.name: level}

    def to_dict(self) -> dict[str, Any]:
        """The crossing as plain values, with verdicts and provenance."""
        return {**self.provenance, **self.record(), **verdict(self.checks)}

    def to_frame(self) -> pd.DataFrame:
        """What can happen, one row each: its probability, and quantiles of the size of the likelier overtaking.

        And those of the outcome there, ``loss_p05``, in the unit of the source, too (``perplexity_p05``).
        """
        likelier = "b" if self.p_b_overtakes >= self.p_a_overtakes else "a"
        level = {f"{self.outcome.name}_{name}": value for name, value in self.loss.items()}
        there = {**self.size, **level, **self.outcome.given_quantiles(self.loss)}
        rows = {
            f"{self.a} is better throughout": (self.p_a_always, {}),
            f"{self.b} is better throughout": (self.p_b_always, {}),
            f"{self.b} overtakes {self.a}": (self.p_b_overtakes, there if likelier == "b" else {}),
            f"{self.a} overtakes {self.b}": (self.p_a_overtakes, there if likelier == "a" else {}),
            "one overtakes the other and loses again": (self.p_returns, {}),
        }
        return pd.DataFrame([{"what": what, "probability": p, **more} for what, (p, more) in rows.items()])


def crossing(
    posterior: Posterior,
    a: str,
    b: str,
    *,
    at: Mapping[str, float] | None = None,
    task: str | None = None,
    low: float | None = None,
    high: float | None = None,
    kind: Lines = "curve",
    seed: int = 0,
) -> Crossing:
    """Find the data size from which one choice has the better expected outcome, draw by draw.

    Curves are the law plus the discrepancy of each model, with its growth beyond the data; shared terms cancel. They
    include no run-to-run noise, nor, for joint laws, the discrepancy that nearby runs share, which is small and has a
    correlation length below one e-fold.

    Parameters
    ----------
    posterior : Posterior
    a, b : str
        Names of two models; of a joint law, of two models or of two families.
    at : mapping, optional
        Covariates other than data; needed where families are compared, each model's own where models are.
    task : str, optional
        Needed if the table has several.
    low, high : float, optional
        Range of data sizes; from the smallest seen on the task to 100 times the largest if not given.
    kind : {"curve", "law"}
        ``law`` compares the laws without any discrepancy, as if they held exactly at any distance.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If a name is not on the task or on it twice, a covariate is missing, unknown or not a positive number, or
        ``low`` and ``high`` are no range; if ``kind`` is another, or laws are asked for that differ in level alone.
    """
    law, layout, at = posterior.law, posterior.layout, dict(at or {})
    require_crossing(layout, law, (a, b), at, task=task, low=low, high=high, kind=kind)
    here = curves_on(layout, task)
    low, high = _range(layout, law, here, low, high)
    points, predictor = np.geomspace(low, high, GRID), posterior.predictor
    targets = predictor.pair((a, b), task, at, points)
    if kind == "law":
        lines = predictor.law_alone(targets)
    else:
        lines = predictor.expected(targets, generator(seed, streams.CROSSING), nearby=False)
    difference = lines[:, 0] - lines[:, 1]
    if predictor.outcome.higher_is_better:
        difference = -difference
    if kind == "law" and np.ptp(difference, axis=1).max() < SAME:
        raise TargetError(
            f"The laws of {a!r} and {b!r} differ in level alone, as all their other parameters are one for the task, "
            "and so never cross. Their curves may: leave out kind='law'."
        )
    found = _summarise(difference, points, lines[:, 0], predictor.outcome)
    beyond = {name: value / float(layout.covariates[name][here].max()) for name, value in at.items()}
    if found["size"]:
        beyond[law.axis] = found["size"]["median"] * float(targets.beyond[law.axis][:, 0].max()) / points[0]
    return Crossing(
        a=a,
        b=b,
        kind=kind,
        at=at,
        low=low,
        high=high,
        **found,
        sizes=points,
        difference=difference,
        chains=posterior.chains,
        outcome=posterior.outcome,
        checks=(*posterior.checks, *_distance_check(beyond, law)),
        provenance=posterior.provenance(),
    )


def require_crossing(
    layout: Layout,
    law: Law,
    names: tuple[str, str],
    at: Mapping[str, float],
    *,
    task: str | None = None,
    low: float | None = None,
    high: float | None = None,
    kind: Lines = "curve",
) -> None:
    """Refuse what cannot cross, before anything is sampled; parameters as for `crossing`.

    Raises
    ------
    TargetError, TaskError
        As `crossing`.
    """
    if kind not in get_args(Lines):
        raise TargetError(f"kind={kind!r} is none of what can cross: {', '.join(get_args(Lines))}.")
    _range(layout, law, curves_on(layout, task), low, high)
    if law.axis in at:
        raise TargetError(f"at gives {law.axis!r}, the size that is looked for. Narrow its range with low and high.")
    require_two(layout, law, names, task)


def _range(layout: Layout, law: Law, here: list[int], low: float | None, high: float | None) -> tuple[float, float]:
    """The data sizes between which a crossing is looked for; ``here`` are the curves of the task.

    Raises
    ------
    TargetError
        If they are no range.
    """
    low = float(layout.covariates[law.axis][here].min()) if low is None else low
    high = BEYOND * float(layout.largest[here].max()) if high is None else high
    if not all(isinstance(limit, (int, float, np.number)) for limit in (low, high)) or not 0 < low < high < np.inf:
        raise TargetError(f"Crossings are looked for from low={low!r} to high={high!r}: give 0 < low < high.")
    return float(low), float(high)


def _size(value: float) -> str:
    """A size in three digits, written out."""
    return f"{float(f'{value:.3g}'):,.12g}"


def _distance_check(beyond: Mapping[str, float], law: Law) -> list[Check]:
    """Judge how many times beyond the runs two choices are compared, by covariate; none where that is not known."""
    if not beyond:
        return []
    far = max(beyond, key=lambda name: beyond[name])
    sentence = f"The comparison is made at {beyond[far]:,.4g} times the largest {far} seen."
    return [reach_check(beyond[far], sentence, reach_of(law, far))]


def _summarise(difference: np.ndarray, points: np.ndarray, level: np.ndarray, outcome: Outcome) -> dict[str, Any]:
    """Probabilities, and quantiles of the size and the outcome there.

    From draws (S, GRID) of a difference, negative where a is better, and of the level of a on the scale of the link.
    """
    better = difference < 0
    first, last = better[:, 0], better[:, -1]
    changes = better[:, 1:] != better[:, :-1]
    never = ~changes.any(axis=1)
    overtaken = {"b": first & ~last, "a": ~first & last}
    likelier = max(overtaken, key=lambda who: overtaken[who].mean())
    here = np.flatnonzero(overtaken[likelier])
    size, loss = {}, {}
    if len(here) >= 0.01 * len(better):
        j = changes.shape[1] - 1 - changes[here, ::-1].argmax(axis=1)
        before, after = difference[here, j], difference[here, j + 1]
        logs = np.log(points)
        share = before / (before - after)
        where = logs[j] + (logs[j + 1] - logs[j]) * share
        there = level[here, j] + (level[here, j + 1] - level[here, j]) * share
        loss = quantiles(outcome.inverse(there))
        size = {name: float(np.exp(value)) for name, value in quantiles(where).items()}
    return {
        "p_a_always": float((first & never).mean()),
        "p_b_always": float((~first & never).mean()),
        "p_b_overtakes": float(overtaken["b"].mean()),
        "p_a_overtakes": float(overtaken["a"].mean()),
        "p_returns": float(((first == last) & ~never).mean()),
        "size": size,
        "loss": loss,
    }
