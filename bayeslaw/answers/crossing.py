"""From what data size on one choice beats another: the posterior of where two curves cross, and of whether they do.

Published crossings are sizes computed from coefficients of two digits; a change in the last digit moves them by orders
of magnitude or removes them. That two curves may never cross is therefore an answer of its own here.

Where *curves* cross and where *laws* do are two questions. Nearly every crossing lies beyond the data of one of the
two, where curves may depart from their laws; a published crossing supposes that they do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from bayeslaw.answers.curves import only, seen_curves
from bayeslaw.answers.extrapolation import extrapolation_check
from bayeslaw.answers.prediction import complete_point, curve_log_loss
from bayeslaw.answers.quantiles import quantiles
from bayeslaw.answers.surfaces import draw, law_at, of_models, wandering
from bayeslaw.errors import TargetError
from bayeslaw.model.joint import stretch
from bayeslaw.posterior import Posterior
from bayeslaw.verdicts import Check, Status, overall

Lines = Literal["curve", "law"]
"""What crosses: expected losses with all that models and their departures add to the law, or laws alone."""

GRID = 257
"""Sizes, evenly spaced in their logarithm, between which a crossing is interpolated."""

SAME = 1e-9
"""Change of a difference of log loss along the sizes that is rounding."""

BEYOND = 100.0
"""Times the largest size seen, up to which a crossing is looked for unless the user says otherwise."""

NAMED = 12
"""Names at most in a message about one that is not there."""


@dataclass(frozen=True, eq=False)
class Crossing:
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
    checks : tuple of Check
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
    checks: tuple[Check, ...]

    @property
    def p_never(self) -> float:
        """Probability that the two do not cross within the range."""
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
    kind: Lines = "curve",
    seed: int = 0,
) -> Crossing:
    """Find the data size from which on one choice has the lower expected loss, draw by draw.

    Curves are those of the law with what is known of each model, and what may set in beyond the data; what both have in
    common cancels. The noise of single runs is not in them, nor, for joint laws, what runs near each other have in
    common: it is small, and gone within an e-fold.

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
        ``law`` takes both laws for exact at any distance, and leaves out what single models and all that is beyond the
        data have of their own.
    seed : int
        Of the draws beyond the data.

    Raises
    ------
    TargetError
        If a name is not on the task or on it twice, a covariate is missing, unknown or not a positive number, or
        ``low`` and ``high`` are no range; if ``kind`` is another, or laws are asked for that differ in level alone.
    """
    if kind not in get_args(Lines):
        raise TargetError(f"kind={kind!r} is none of what can cross: {', '.join(get_args(Lines))}.")
    design, law = posterior.design, posterior.law
    at, here = dict(at or {}), _curves_on(posterior, task)
    low = float(design.covariates[law.axis][here].min()) if low is None else low
    high = BEYOND * float(design.largest[here].max()) if high is None else high
    if not all(isinstance(limit, (int, float, np.number)) for limit in (low, high)) or not 0 < low < high < np.inf:
        raise TargetError(f"Crossings are looked for from low={low!r} to high={high!r}: give 0 < low < high.")
    if law.axis in at:
        raise TargetError(f"at gives {law.axis!r}, the size that is looked for. Narrow its range with low and high.")
    if a == b:
        raise TargetError(f"Both choices are {a!r}; name two.")
    points, rng = np.geomspace(low, high, GRID), np.random.default_rng([seed, 3])
    if law.strays == "surface":
        choices = [_choice(posterior, name, task) for name in (a, b)]
        curves = [curve for curve, _ in choices]
        difference = _between_surfaces(posterior, choices, at, points, kind, rng)
    else:
        curves = [_curve_named(posterior, name, task) for name in (a, b)]
        complete_point(design, law, {law.axis: low, **at})  # refuses what is no covariate
        difference = _between_curves(posterior, curves, points, kind, rng)
    if kind == "law" and np.ptp(difference, axis=1).max() < SAME:
        raise TargetError(
            f"The laws of {a!r} and {b!r} differ in level alone, as all their other parameters are one for the task, "
            "and so never cross. Their curves may: leave out kind='law'."
        )
    found = _summarise(difference, points)
    beyond = {name: value / float(design.covariates[name][here].max()) for name, value in at.items()}
    if found["size"]:
        beyond[law.axis] = found["size"]["median"] / float(design.largest[curves].min())
    checks = [*posterior.checks]
    if beyond:
        far = max(beyond, key=lambda name: beyond[name])
        sentence = f"The comparison is made at {beyond[far]:,.4g} times the largest {far} seen."
        remedy = "What laws leave out grows with distance; make runs in between."
        checks.append(extrapolation_check(beyond[far], sentence, remedy))
    return Crossing(a, b, kind, at, float(low), float(high), **found, checks=tuple(checks))


def _summarise(difference: np.ndarray, points: np.ndarray) -> dict[str, Any]:
    """Odds, and quantiles of the size, of draws (S, GRID) of log loss of one choice less that of the other."""
    better = difference < 0
    first, last = better[:, 0], better[:, -1]
    changes = better[:, 1:] != better[:, :-1]
    never = ~changes.any(axis=1)
    overtaken = {"b": first & ~last, "a": ~first & last}
    likelier = max(overtaken, key=lambda who: overtaken[who].mean())
    here = np.flatnonzero(overtaken[likelier])
    size = {}
    if len(here) >= 0.01 * len(better):
        j = changes.shape[1] - 1 - changes[here, ::-1].argmax(axis=1)
        before, after = difference[here, j], difference[here, j + 1]
        logs = np.log(points)
        where = logs[j] + (logs[j + 1] - logs[j]) * before / (before - after)
        size = {name: float(np.exp(value)) for name, value in quantiles(where).items()}
    return {
        "p_a_always": float((first & never).mean()),
        "p_b_always": float((~first & never).mean()),
        "p_b_overtakes": float(overtaken["b"].mean()),
        "p_a_overtakes": float(overtaken["a"].mean()),
        "p_returns": float(((first == last) & ~never).mean()),
        "size": size,
    }


def _between_curves(
    posterior: Posterior, curves: list[int], points: np.ndarray, kind: Lines, rng: np.random.Generator
) -> np.ndarray:
    """Expected log loss of one curve of a law of data alone, less that of another: shape (S, GRID)."""
    axis = posterior.law.axis
    if kind == "law":
        one, other = (law_at(posterior, curve, {axis: points[None]}) for curve in curves)
        return one - other
    both = curve_log_loss(posterior, only(seen_curves(posterior), curves), {axis: np.tile(points, (2, 1))}, rng)
    return both[:, 0] - both[:, 1]


def _between_surfaces(
    posterior: Posterior,
    choices: Sequence[tuple[int, bool]],
    at: Mapping[str, float],
    points: np.ndarray,
    kind: Lines,
    rng: np.random.Generator,
) -> np.ndarray:
    """Expected log loss of one model, or of a typical model of a family, less that of another; shape (S, GRID)."""
    design, law = posterior.design, posterior.law
    log_loss, logs = [], []
    for curve, is_model in choices:
        covariates = _along_axis(posterior, curve, at, points, whole=not is_model)
        expected = law_at(posterior, curve, {n: values[None] for n, values in covariates.items()})
        if is_model and kind == "curve":
            offset, tilt, curvature = (posterior.flat(name)[:, [curve]] for name in ("offset", "tilt", "curvature"))
            measured = stretch(design).of(np.array([curve]))
            t = np.log(points / design.reference[law.axis][curve])[None]
            expected += of_models(offset, tilt, curvature, measured, t)[:, 0]
            expected += wandering(posterior, design.task_of[[curve]], measured, t, rng)[:, 0]
        log_loss.append(expected)
        logs.append(np.column_stack([np.log(v / design.reference[n][0]) for n, v in covariates.items()]))
    difference = log_loss[0] - log_loss[1]
    return difference if kind == "law" else difference + _departures(posterior, [c for c, _ in choices], logs, rng)


def _departures(
    posterior: Posterior, curves: list[int], logs: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Draws of what sets in beyond the data for one model less that for another, at points (GRID, V): (S, GRID)."""
    of_model = posterior.design.family_of
    one, other = (int(of_model[curve]) for curve in curves)
    sd = posterior.flat("field_sd")
    if one == other:  # one departure for both, much of which cancels
        both = posterior.fields[one].departure(np.concatenate(logs))
        n = len(logs[0])
        covariance = both[:n, :n] + both[n:, n:] - both[:n, n:] - both[n:, :n]
        return draw(covariance, sd[:, [posterior.design.task_of[curves[0]]]], rng)
    first, second = (
        draw(posterior.fields[g].departure(at), sd[:, [posterior.design.task_of[curve]]], rng)
        for g, at, curve in zip((one, other), logs, curves, strict=True)
    )
    return first - second


def _along_axis(
    posterior: Posterior, curve: int, at: Mapping[str, float], points: np.ndarray, *, whole: bool
) -> dict[str, np.ndarray]:
    """Covariates of a model at the sizes (GRID,); ``whole`` if all but the size must be given."""
    design, law = posterior.design, posterior.law
    missing = [c.name for c in law.covariates if c.name not in at and c.name != law.axis]
    point = complete_point(design, law, {**at, law.axis: float(points[0])})
    if whole and missing:
        raise TargetError(f"To compare families, say at what {', '.join(missing)}: at {missing[0]}=….")
    covariates = {name: np.full(len(points), values[curve]) for name, values in point.items()}
    return {**covariates, law.axis: points}


def _choice(posterior: Posterior, name: str, task: str | None) -> tuple[int, bool]:
    """Index of a model named, or of the first model of a family named, which share a surface; and whether a model."""
    design, here = posterior.design, _curves_on(posterior, task)
    members = [i for i in here if design.curves[i].family == name]
    whole = any(design.families[design.family_of[i]][1] != design.curves[i].family for i in here)
    if name in {design.curves[i].model for i in here}:
        if not whole and any(design.curves[i].model != name for i in members):
            raise TargetError(f"{name!r} is both a model and a family of others. Give one of them another name.")
        return _curve_named(posterior, name, task), True
    if not members:
        families = () if whole else (design.curves[i].family for i in here)
        raise _unknown("model or family", name, [*(design.curves[i].model for i in here), *families])
    if whole:
        raise TargetError(f"Every family has one model, so that {name!r} has no law of its own. Name its model.")
    return members[0], False


def _curve_named(posterior: Posterior, name: str, task: str | None) -> int:
    """Index of the one model of that name."""
    curves, here = posterior.design.curves, _curves_on(posterior, task)
    found = [i for i in here if curves[i].model == name]
    if not found:
        raise _unknown("model", name, [curves[i].model for i in here])
    if len(found) > 1:
        families = ", ".join(curves[i].family for i in found)
        raise TargetError(f"Several families have a model {name!r}: {families}. Give them names of their own.")
    return found[0]


def _curves_on(posterior: Posterior, task: str | None) -> list[int]:
    design = posterior.design
    if task is None and len(design.tasks) > 1:
        raise TargetError(f"The table has several tasks; say which with task=…: {', '.join(design.tasks)}.")
    if task is not None and task not in design.tasks:
        raise TargetError(f"There is no task {task!r}. There are: {', '.join(design.tasks)}.")
    return [i for i, c in enumerate(design.curves) if task in (None, c.task)]


def _unknown(kind: str, name: str, known: Sequence[str]) -> TargetError:
    names = sorted(set(known))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return TargetError(f"There is no {kind} {name!r} on the task. There are: {', '.join(names[:NAMED])}{more}.")
