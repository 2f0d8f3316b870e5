"""Priors that users state in natural parameters, such as E = 1.7 ± 0.1, in place of a law's own.

A law is sampled in coordinates whose priors are normal. A statement about a coordinate or a scale takes the place of
its prior as it stands. A statement about a natural parameter is turned into a normal prior of the coordinate that
carries it (`bayeslaw.laws.base.Parameter.coordinate`): values of the parameter are drawn as stated, the coordinate is
solved for, with all other coordinates drawn from their priors, and a normal with the median and the central 68% of the
solutions is taken. Where a parameter depends on the level of the loss, that is taken from the runs nearest the
reference point.

A name with a task after it, ``E@c4``, states a prior for that task alone: of the coordinate on that task, which then
takes nothing from what tasks have in common.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from scipy import stats

from bayeslaw import streams
from bayeslaw.errors import PriorError, did_you_mean
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import LOSS, outcome_of_reference
from bayeslaw.kinds.shared.points import NAMED
from bayeslaw.kinds.shared.scales import LogNormal, Normal
from bayeslaw.laws.base import Coordinate, Law, Parameter
from bayeslaw.streams import generator

DRAWS = 801
"""Draws from which the prior of a coordinate is computed."""

SWEEPS, STEPS = 6, 60
"""Rounds over all stated parameters, and bisections of each."""

WIDEST = 40.0
"""Coordinates are solved for between -WIDEST and WIDEST: logits and logarithms beyond are practically infinite."""

OUT_OF_REACH_MAX = 0.1
"""Share of stated values that no value of the coordinate can give, above which a statement is refused."""

IMPLIED_MAX = 1.4
"""Factor by which the spread that the coordinates imply for a parameter may differ from the one stated."""

Statement = Normal | LogNormal


def coordinate_priors(law: Law) -> dict[str, dict[str, Any]]:
    """Priors of the coordinates of a law as plain values, which `with_coordinate_priors` reads."""
    found: dict[str, dict[str, Any]] = {}
    for c in law.coordinates:
        found[c.name] = {"mean": c.mean, "sd": c.sd, "spread": c.spread}
        if c.of_tasks:
            found[c.name]["tasks"] = {task: {"mean": mean, "sd": sd} for task, mean, sd in c.of_tasks}
    return found


def with_coordinate_priors(law: Law, priors: Mapping[str, Mapping[str, Any]]) -> Law:
    """A law with other priors of some of its coordinates: ``mean``, ``sd``, ``spread`` and ``tasks`` of each."""

    def changed(c: Coordinate) -> Coordinate:
        own = priors.get(c.name, {})
        of_tasks = tuple((task, prior["mean"], prior["sd"]) for task, prior in own.get("tasks", {}).items())
        plain = {name: own.get(name, getattr(c, name)) for name in ("mean", "sd", "spread")}
        return replace(c, **plain, of_tasks=of_tasks or c.of_tasks)

    return replace(law, coordinates=tuple(map(changed, law.coordinates))) if priors else law


def state_priors(law: Law, layout: Layout, scales: Any, priors: Mapping[str, Statement]) -> tuple[Law, Any]:
    """Replace priors of a law and of scales by stated ones.

    Parameters
    ----------
    law : Law
    layout : Layout
    scales : dataclass
        Priors of scales.
    priors : mapping of str to Normal or LogNormal
        By the name of a natural parameter, a coordinate or a scale; for one task alone with ``@`` and the task after
        it.

    Returns
    -------
    law : Law
        With the priors of coordinates that were stated or follow from stated parameters.
    scales : dataclass
        With the priors that were stated.

    Raises
    ------
    PriorError
        If a name is unknown, a statement is not one of such a quantity or contradicts the runs, or two statements are
        about one coordinate.
    """
    of_all, of_tasks = _by_task(priors, layout.tasks)
    _require_statements(law, scales, of_all)
    for task, stated in of_tasks.items():
        _require_statements(law, scales, stated, task)
    of_scales = {name: prior for name, prior in of_all.items() if name in {f.name for f in fields(scales)}}
    others = {name: prior for name, prior in of_all.items() if name not in of_scales}
    law = with_coordinate_priors(law, _settled(law, layout, others, np.arange(len(layout.curves))))
    found: dict[str, dict[str, Any]] = {}
    for k, task in enumerate(layout.tasks):
        for name, prior in _settled(law, layout, of_tasks.get(task, {}), np.flatnonzero(layout.task_of == k)).items():
            found.setdefault(name, {"tasks": {}})["tasks"][task] = prior
    return with_coordinate_priors(law, found), replace(scales, **of_scales)


def _by_task(
    priors: Mapping[str, Statement], tasks: Sequence[str]
) -> tuple[dict[str, Statement], dict[str, dict[str, Statement]]]:
    """Statements for all tasks, and by task those for one; of a table of one task all are for all.

    Raises
    ------
    PriorError
        If there is no such task; all that are unknown are named at once.
    """
    of_all: dict[str, Statement] = {}
    of_tasks: dict[str, dict[str, Statement]] = {}
    problems = []
    for text, prior in priors.items():
        name, at, task = str(text).partition("@")
        if at and task not in tasks:
            close = difflib.get_close_matches(task, tasks, 1)
            nearest = f" Did you mean {name}@{close[0]}?" if close else ""
            listed = ", ".join(tasks[:NAMED]) + (f" and {len(tasks) - NAMED} more" if len(tasks) > NAMED else "")
            problems.append(f"{text}: there is no task {task!r}; there are {listed}.{nearest}")
            continue
        own = of_tasks.setdefault(task, {}) if at and len(tasks) > 1 else of_all
        if name in own:
            problems.append(f"{name} is stated twice of the one task {task or tasks[0]!r}; state it once.")
        own[name] = prior
    if problems:
        raise PriorError("Stated priors cannot be used. " + " ".join(problems))
    return of_all, of_tasks


def _settled(
    law: Law, layout: Layout, priors: Mapping[str, Statement], curves: np.ndarray
) -> dict[str, dict[str, float]]:
    """Priors of the coordinates that statements are about or that carry stated parameters, on some curves."""
    coordinates = {
        c.name: {"mean": p.mean, "sd": p.sd} for c in law.coordinates if isinstance(p := priors.get(c.name), Normal)
    }
    parameters = {p.name: p for p in law.parameters if p.name in priors}
    found = with_coordinate_priors(law, coordinates)
    if parameters:
        coordinates |= _matched(found, layout, parameters, priors, curves)
    return coordinates


def _matched(
    law: Law,
    layout: Layout,
    parameters: Mapping[str, Parameter],
    priors: Mapping[str, Statement],
    curves: np.ndarray,
) -> dict[str, dict[str, float]]:
    """Normal priors of the coordinates that carry stated parameters, for the levels of some curves."""
    rng = generator(0, streams.STATED)
    quantiles = (np.arange(DRAWS) + 0.5) / DRAWS
    wanted = {name: rng.permutation(_quantile(priors[name], quantiles)) for name in parameters}
    values = {c.name: c.mean + c.sd * rng.standard_normal(DRAWS) for c in law.coordinates}
    level = np.full(DRAWS, _typical_level(layout, curves))
    reference = {name: np.full(DRAWS, np.median(v[curves])) for name, v in layout.reference.items()}

    def natural(name: str, coordinate: str, x: np.ndarray) -> np.ndarray:
        return np.asarray(elementwise(law.natural, {**values, coordinate: x}, level, reference)[name])

    missed = dict.fromkeys(parameters, 0.0)
    for _ in range(SWEEPS if len(parameters) > 1 else 1):
        for name, parameter in parameters.items():
            c = parameter.coordinate
            low, high = np.full(DRAWS, -WIDEST), np.full(DRAWS, WIDEST)
            at_low, at_high = natural(name, c, low), natural(name, c, high)
            rising = at_high > at_low
            reach = (wanted[name] >= np.minimum(at_low, at_high)) & (wanted[name] <= np.maximum(at_low, at_high))
            missed[name] = 1.0 - float(reach.mean())
            for _ in range(STEPS):
                middle = 0.5 * (low + high)
                below = (natural(name, c, middle) < wanted[name]) == rising
                low, high = np.where(below, middle, low), np.where(below, high, middle)
            values[c] = np.where(reach, 0.5 * (low + high), np.nan)
            values[c] = np.where(reach, values[c], np.nanmedian(values[c]) if reach.any() else 0.0)
    for name, share in missed.items():
        if share > OUT_OF_REACH_MAX:
            outcome = outcome_of_reference(LOSS, law, layout.reference)
            _refuse(name, priors[name], share, float(outcome.inverse(level[0])))
    matched = {
        p.coordinate: dict(zip(("mean", "sd"), _normal(values[p.coordinate]), strict=True)) for p in parameters.values()
    }
    for own in with_coordinate_priors(law, matched).coordinates:
        values[own.name] = own.mean + own.sd * rng.standard_normal(DRAWS)
    for name, parameter in parameters.items():
        found = natural(name, parameter.coordinate, values[parameter.coordinate])
        _require_implied(law, name, priors[name], parameter.coordinate, found)
    return matched


def _require_implied(law: Law, name: str, prior: Statement, coordinate: str, found: np.ndarray) -> None:
    """Refuse a statement that independent normal priors of coordinates do not imply; ``found`` are draws from them."""
    logs = isinstance(prior, LogNormal)
    median, sd = _normal(np.log(found) if logs else found)
    wanted = float(np.log(prior.median)) if isinstance(prior, LogNormal) else prior.mean
    if not (abs(median - wanted) < 0.5 * prior.sd and 1 / IMPLIED_MAX < sd / prior.sd < IMPLIED_MAX):
        middle = np.exp(median) if logs else median
        raise PriorError(
            f"{name} is stated as {prior}, but depends on other coordinates than {coordinate!r} that are not known as "
            f"well: priors of coordinates would imply {middle:.3g} with an sd of {sd:.3g}{' of the log' * logs}. "
            f"State the others more narrowly as well ({', '.join(p.name for p in law.parameters if p.coordinate)}), or "
            f"state {coordinate!r} itself."
        )


def _normal(values: np.ndarray) -> tuple[float, float]:
    """Mean and sd of a normal with the median and the width of the central 68% of values."""
    low, median, high = np.quantile(values, stats.norm.cdf([-1.0, 0.0, 1.0]))
    return float(median), float(0.5 * (high - low))


def _quantile(prior: Statement, q: np.ndarray) -> np.ndarray:
    z = stats.norm.ppf(q)
    return prior.mean + prior.sd * z if isinstance(prior, Normal) else prior.median * np.exp(prior.sd * z)


def _typical_level(layout: Layout, curves: np.ndarray) -> float:
    """Median over some curves of the outcome, on the scale of the link, at the run nearest the reference point."""
    distance = np.where(layout.weight > 0, np.abs(layout.axis), np.inf)
    nearest = layout.y[np.arange(len(layout.y)), distance.argmin(axis=1)]
    return float(np.median(nearest[curves]))


def _require_statements(law: Law, scales: Any, priors: Mapping[str, Statement], task: str = "") -> None:
    """Refuse unknown names and unsuitable statements, all in one error; scales are not stated of a single task."""
    coordinates, parameters = {c.name for c in law.coordinates}, {p.name: p for p in law.parameters}
    of_scales = {f.name: getattr(scales, f.name) for f in fields(scales)}
    carried = {name: p.coordinate for name, p in parameters.items() if p.coordinate}
    statable = {name: type(value) for name, value in of_scales.items() if isinstance(value, (Normal, LogNormal))}
    known = [*carried, *coordinates, *statable]
    problems: list[str] = []
    about: dict[str, str] = {}
    for name, prior in priors.items():
        if not isinstance(prior, (Normal, LogNormal)):
            problems.append(f"{name}: found {prior!r}, expected Normal(mean, sd) or LogNormal(median, sd of the log).")
            continue
        values = vars(prior).values()
        if not all(isinstance(value, (int, float, np.number)) and np.isfinite(value) for value in values):
            problems.append(f"{name}: found {prior}, expected finite numbers.")
        elif not (prior.sd > 0 and getattr(prior, "median", 1.0) > 0):
            problems.append(f"{name}: found {prior}, expected a positive sd (and median).")
        if task and name in of_scales:
            problems.append(f"{name}@{task}: a scale, whose prior all tasks share; state {name}.")
        elif name in statable:
            if not isinstance(prior, statable[name]):
                problems.append(f"{name}: a scale, whose prior is a {statable[name].__name__}, found {prior}.")
        elif name in of_scales:
            problems.append(f"{name}: not sampled under a prior of its own; give fit the scales to change it.")
        elif name in carried or name in coordinates:
            coordinate = carried.get(name, name)
            if name in coordinates and isinstance(prior, LogNormal):
                problems.append(f"{name}: a coordinate that may be negative; state a Normal, found {prior}.")
            if coordinate in about:
                problems.append(f"{name} and {about[coordinate]}: both settle {coordinate!r}; state one of them.")
            about[coordinate] = name
        elif name in parameters:
            problems.append(f"{name}: follows from others; state one of {', '.join(carried)}.")
        else:
            nearest = did_you_mean(name, known)
            problems.append(f"{name}: not of the {law.name} law, which has {', '.join(known)}.{nearest}")
    if problems:
        raise PriorError("Stated priors cannot be used. " + " ".join(problems))


def _refuse(name: str, prior: Statement, share: float, level: float) -> None:
    raise PriorError(
        f"{name} is stated as {prior}, but no law through these runs has {share:.0%} of such values: near the "
        f"reference point the outcome is {level:.4g}. State what the runs allow, in the units of the table."
    )
