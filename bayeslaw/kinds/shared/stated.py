"""Priors that users state in natural parameters, such as E = 1.7 ± 0.1, in place of a law's own.

A law is sampled in coordinates whose priors are normal. A statement about a coordinate or a scale takes the place of
its prior as it stands. A statement about a natural parameter is turned into a normal prior of the coordinate that
carries it (`bayeslaw.laws.base.Parameter.coordinate`): values of the parameter are drawn as stated, the coordinate is
solved for, with all other coordinates drawn from their priors, and a normal with the median and the central 68% of the
solutions is taken. Where a parameter depends on the level of the loss, that is taken from the runs nearest the
reference point.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import jax
import numpy as np
from scipy import stats

from bayeslaw.errors import PriorError
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.scales import LogNormal, Normal
from bayeslaw.laws.base import Coordinate, Law, Parameter

DRAWS = 801
"""Draws by which a statement is turned into a prior of a coordinate."""

SWEEPS, STEPS = 6, 60
"""Rounds over all stated parameters, and bisections of each."""

WIDEST = 40.0
"""Coordinates are looked for within so much of 0: logits and logarithms beyond it are as good as infinite."""

OUT_OF_REACH_MAX = 0.1
"""Share of stated values that no value of the coordinate gives, from which on a statement is refused."""

Statement = Normal | LogNormal


@dataclass(frozen=True)
class StatedPriors:
    """A law and scales with stated priors in their places.

    Attributes
    ----------
    law : Law
    scales : dataclass
    coordinates : mapping of str to (mean, sd)
        Normal priors of coordinates that were stated, or follow from what was.
    """

    law: Law
    scales: Any
    coordinates: Mapping[str, tuple[float, float]]


def with_coordinate_priors(law: Law, priors: Mapping[str, tuple[float, float]]) -> Law:
    """A law with other normal priors (mean, sd) of some of its coordinates."""

    def stated(c: Coordinate) -> Coordinate:
        return replace(c, mean=priors[c.name][0], sd=priors[c.name][1]) if c.name in priors else c

    return replace(law, coordinates=tuple(stated(c) for c in law.coordinates)) if priors else law


def state_priors(
    law: Law, layout: Layout, scales: Any, priors: Mapping[str, Statement], *, seed: int = 0
) -> StatedPriors:
    """Put stated priors in the place of a law's own.

    Parameters
    ----------
    law : Law
    layout : Layout
    scales : dataclass
        Priors of scales.
    priors : mapping of str to Normal or LogNormal
        By the name of a natural parameter, a coordinate or a scale.
    seed : int
        Of the draws by which statements about parameters are turned into priors of coordinates.

    Raises
    ------
    PriorError
        If a name is unknown, a statement is not one of such a quantity or contradicts the runs, or two statements are
        about one coordinate.
    """
    _require_statements(law, scales, priors)
    of_scales = {name: prior for name, prior in priors.items() if name in {f.name for f in fields(scales)}}
    coordinates = {c.name: (p.mean, p.sd) for c in law.coordinates if isinstance(p := priors.get(c.name), Normal)}
    parameters = {p.name: p for p in law.parameters if p.name in priors and p.name not in of_scales}
    found = with_coordinate_priors(law, coordinates)
    if parameters:
        coordinates |= _matched(found, layout, parameters, priors, np.random.default_rng(seed))
    return StatedPriors(with_coordinate_priors(law, coordinates), replace(scales, **of_scales), coordinates)


def _matched(
    law: Law,
    layout: Layout,
    parameters: Mapping[str, Parameter],
    priors: Mapping[str, Statement],
    rng: np.random.Generator,
) -> dict[str, tuple[float, float]]:
    """Normal priors of the coordinates that carry stated parameters."""
    quantiles = (np.arange(DRAWS) + 0.5) / DRAWS
    wanted = {name: rng.permutation(_quantile(priors[name], quantiles)) for name in parameters}
    values = {c.name: c.mean + c.sd * rng.standard_normal(DRAWS) for c in law.coordinates}
    level = np.full(DRAWS, _typical_level(layout))
    reference = {name: np.full(DRAWS, np.median(v)) for name, v in layout.reference.items()}

    def natural(name: str, coordinate: str, x: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(law.natural({**values, coordinate: x}, level, reference)[name])

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
            _refuse(name, priors[name], share, float(np.exp(level[0])))
    return {p.coordinate: _normal(values[p.coordinate]) for p in parameters.values()}


def _normal(values: np.ndarray) -> tuple[float, float]:
    """Median, and half of the central 68%."""
    low, median, high = np.quantile(values, stats.norm.cdf([-1.0, 0.0, 1.0]))
    return float(median), float(0.5 * (high - low))


def _quantile(prior: Statement, q: np.ndarray) -> np.ndarray:
    z = stats.norm.ppf(q)
    return prior.mean + prior.sd * z if isinstance(prior, Normal) else prior.median * np.exp(prior.sd * z)


def _typical_level(layout: Layout) -> float:
    """Median over curves of the outcome, on the scale of the link, at the run nearest the reference point."""
    distance = np.where(layout.weight > 0, np.abs(layout.axis), np.inf)
    return float(np.median(layout.y[np.arange(len(layout.y)), distance.argmin(axis=1)]))


def _require_statements(law: Law, scales: Any, priors: Mapping[str, Statement]) -> None:
    """Refuse names that are none, and statements that are not of such a quantity; all at once."""
    coordinates, parameters = {c.name for c in law.coordinates}, {p.name: p for p in law.parameters}
    of_scales = {f.name: getattr(scales, f.name) for f in fields(scales)}
    carried = {name: p.coordinate for name, p in parameters.items() if p.coordinate}
    known = [*carried, *coordinates, *of_scales]
    problems: list[str] = []
    about: dict[str, str] = {}
    for name, prior in priors.items():
        if not isinstance(prior, (Normal, LogNormal)):
            problems.append(f"{name}: found {prior!r}, expected Normal(mean, sd) or LogNormal(median, sd of the log).")
            continue
        if not (np.isfinite([*vars(prior).values()]).all() and prior.sd > 0 and getattr(prior, "median", 1.0) > 0):
            problems.append(f"{name}: found {prior}, expected finite numbers and a positive sd (and median).")
        if name in of_scales:
            if not isinstance(prior, type(of_scales[name])):
                problems.append(f"{name}: a scale, whose prior is a {type(of_scales[name]).__name__}, found {prior}.")
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
            close = difflib.get_close_matches(name, known, 1)
            nearest = f" Did you mean {close[0]!r}?" if close else ""
            problems.append(f"{name}: not of the {law.name} law, which has {', '.join(known)}.{nearest}")
    if problems:
        raise PriorError("Stated priors cannot be used. " + " ".join(problems))


def _refuse(name: str, prior: Statement, share: float, level: float) -> None:
    raise PriorError(
        f"{name} is stated as {prior}, but no law through these runs has {share:.0%} of such values: near the "
        f"reference point the outcome is {level:.4g}. State what the runs allow, in the units of the table."
    )
