"""From what data size on one choice beats another: the posterior of where two curves cross, and of whether they do.

Published crossings are sizes computed from coefficients of two digits; a change in the last digit moves them by orders
of magnitude or removes them. That two curves may never cross is therefore an answer of its own here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bayeslaw.answers.prediction import complete_point, predict
from bayeslaw.answers.surfaces import draw, law_at
from bayeslaw.errors import TargetError
from bayeslaw.model.joint import middles, surfaces
from bayeslaw.posterior import Posterior
from bayeslaw.verdicts import Check, Status, overall

GRID = 257
"""Sizes, evenly spaced in their logarithm, between which a crossing is interpolated."""

BEYOND = 100.0
"""Times the largest size seen, up to which a crossing is looked for unless the user says otherwise."""

QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True, eq=False)
class Crossing:
    """Where one of two choices overtakes the other.

    Attributes
    ----------
    a, b : str
        Models, or families of a joint law.
    at : mapping
        Other covariates held fixed.
    low, high : float
        Range of data sizes looked at.
    p_a_always, p_b_always : float
        Probability that one is better at both ends of the range.
    p_b_overtakes, p_a_overtakes : float
        Probability that the one is worse at the low end and better at the high end.
    size : dict
        Quantiles of the size where the more likely of the two overtakings happens, given that it does; empty if
        neither has a probability of 1% or more.
    p_several : float
        Probability that the curves cross more than once; the last crossing counts.
    checks : tuple of Check
    """

    a: str
    b: str
    at: Mapping[str, float]
    low: float
    high: float
    p_a_always: float
    p_b_always: float
    p_b_overtakes: float
    p_a_overtakes: float
    size: dict[str, float]
    p_several: float
    checks: tuple[Check, ...]

    @property
    def p_never(self) -> float:
        """Probability that neither overtakes the other within the range."""
        return self.p_a_always + self.p_b_always

    @property
    def status(self) -> Status:
        """The worst verdict of the fit."""
        return overall(self.checks)

    def record(self) -> dict[str, Any]:
        """Plain values, without the checks."""
        return {**{k: v for k, v in asdict(self).items() if k != "checks"}, "p_never": self.p_never}


def crossing(
    posterior: Posterior,
    a: str,
    b: str,
    *,
    at: Mapping[str, float] | None = None,
    task: str | None = None,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
) -> Crossing:
    """Find the data size from which on one choice has the lower expected loss, draw by draw.

    Curves are those of the law with what is known of each model, and what may set in beyond the data; the noise of
    single runs is not in them.

    Parameters
    ----------
    posterior : Posterior
    a, b : str
        Names of two models; of a joint law, of two models or of two families.
    at : mapping, optional
        Covariates other than data; needed where families are compared.
    task : str, optional
        Needed if the table has several.
    low, high : float, optional
        Range of data sizes; from the smallest seen to 100 times the largest if not given.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If a name is not in the table or in it twice, a covariate is missing, or the range is empty.
    """
    design, law = posterior.design, posterior.law
    sizes = design.covariates[law.axis]
    low = float(sizes.min()) if low is None else low
    high = BEYOND * float(sizes.max()) if high is None else high
    if not 0 < low < high < np.inf:
        raise TargetError(f"Crossings are looked for from low={low:g} to high={high:g}: give 0 < low < high.")
    points = np.geomspace(low, high, GRID)
    find = _on_surface if law.strays == "surface" else _on_curve
    rng = np.random.default_rng([seed, 3])
    difference = find(posterior, a, at or {}, task, points, rng) - find(posterior, b, at or {}, task, points, rng)
    return _summarise(posterior, difference, points, a, b, at or {})


def _summarise(
    posterior: Posterior, difference: np.ndarray, points: np.ndarray, a: str, b: str, at: Mapping[str, float]
) -> Crossing:
    """Summarise draws (S, GRID) of log loss of ``a`` less that of ``b``."""
    better = difference < 0
    first, last = better[:, 0], better[:, -1]
    changes = better[:, 1:] != better[:, :-1]
    overtaken = {"b": first & ~last, "a": ~first & last}
    likelier = max(overtaken, key=lambda who: overtaken[who].mean())
    here = np.flatnonzero(overtaken[likelier])
    size = {}
    if len(here) >= 0.01 * len(better):
        j = changes.shape[1] - 1 - changes[here, ::-1].argmax(axis=1)
        before, after = difference[here, j], difference[here, j + 1]
        logs = np.log(points)
        where = logs[j] + (logs[j + 1] - logs[j]) * before / (before - after)
        size = {name: float(np.exp(np.quantile(where, q))) for name, q in QUANTILES.items()}
    return Crossing(
        a=a,
        b=b,
        at=dict(at),
        low=float(points[0]),
        high=float(points[-1]),
        p_a_always=float((first & last).mean()),
        p_b_always=float((~first & ~last).mean()),
        p_b_overtakes=float(overtaken["b"].mean()),
        p_a_overtakes=float(overtaken["a"].mean()),
        size=size,
        p_several=float((changes.sum(axis=1) > 1).mean()),
        checks=posterior.checks,
    )


def _on_curve(
    posterior: Posterior, name: str, at: Mapping[str, float], task: str | None, points: np.ndarray, rng: Any
) -> np.ndarray:
    """Expected log loss of a model of a law of single curves, shape (S, GRID)."""
    curve = _curve_named(posterior, name, task, "model")
    prediction = predict(
        posterior,
        [{posterior.law.axis: float(size), **at} for size in points],
        kind="curve",
        seed=int(rng.integers(2**31)),
    )
    return prediction.log_loss[:, curve]


def _on_surface(
    posterior: Posterior, name: str, at: Mapping[str, float], task: str | None, points: np.ndarray, rng: Any
) -> np.ndarray:
    """Expected log loss of a model, or of a typical model of a family, of a joint law; shape (S, GRID)."""
    design, law = posterior.design, posterior.law
    is_model = name in {c.model for c in design.curves}
    curve = _curve_named(posterior, name, task, "model" if is_model else "family")
    fixed = dict(at)
    if is_model:
        whole = complete_point(design, law, {**at, law.axis: points[0]})
        fixed = {n: float(values[curve]) for n, values in whole.items()}
    missing = [c.name for c in law.covariates if c.name not in fixed and c.name != law.axis]
    if missing:
        raise TargetError(f"To compare families, say at what {', '.join(missing)}: at={{{missing[0]!r}: …}}.")
    covariates = {n: np.full(len(points), value) for n, value in fixed.items()}
    covariates[law.axis] = points
    log_loss = law_at(posterior, curve, {n: v[None] for n, v in covariates.items()})
    if is_model:
        along = np.log(points / design.reference[law.axis][curve]) - middles(design)[curve]
        log_loss = log_loss + posterior.flat("offset")[:, curve, None] + posterior.flat("tilt")[:, curve, None] * along
    logs = np.column_stack([np.log(covariates[c.name] / design.reference[c.name][0]) for c in law.covariates])
    departure = posterior.fields[surfaces(design)[curve]].departure(logs)
    return log_loss + draw(departure, posterior.flat("field_sd")[:, [design.task_of[curve]]], rng)


def _curve_named(posterior: Posterior, name: str, task: str | None, label: str) -> int:
    """Index of the first curve of that name within a task."""
    design = posterior.design
    tasks = [task] if task is not None else list(design.tasks)
    if len(tasks) > 1:
        raise TargetError(f"The table has several tasks; say which with task=…: {', '.join(design.tasks)}.")
    found = [i for i, c in enumerate(design.curves) if c.task in tasks and getattr(c, label) == name]
    if not found:
        known = sorted({c.model for c in design.curves} | {c.family for c in design.curves})
        raise TargetError(f"There is no model or family {name!r}. There are: {', '.join(known[:12])}.")
    return found[0]
