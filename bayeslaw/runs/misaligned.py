"""Models that do not compare with their fellows: sizes in another unit, a level far off, a last size off the trend."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from bayeslaw.runs.trajectories import Trajectory
from bayeslaw.verdicts import Check, at_least, at_most

FACTORS = (10.0, 100.0, 1000.0, 1024.0, 1e6, 1e9)
"""Factors by which sizes are off if their unit is."""

SIZES_MIN, FELLOWS_MIN = 3, 2
SAME, FEW = 0.8, 0.34
"""Shares of a model's sizes that are among its fellows' once multiplied, and at most as they stand."""

CURVES_MIN, SLOPES_MIN, SLOPES_MAX = 4, 4, 6
"""Curves that tell a trend in common, and how many slopes before the last step."""

OFF_TREND, OFF_OWN, OFF_MIN = 4.5, 3.0, 0.02
"""Limits of the last step: standard errors of the trend in common, those of the mean over curves, and log loss.

On 130 published tables and parts of tables, curves that bend in fact have come to 3.9, 4.7 and .12, never to all three.
"""

AHEAD_MIN, AHEAD_FELLOWS, AHEAD_SIZES, AHEAD_NOISE = 0.005, 4, 3, 0.002
"""Share of tables of models with normal levels in which one may be called far ahead; fellows and sizes in common that
it takes to tell; and spread of levels below which none is taken to be.

Of 51 published tasks (fine-tuning, image classification, language, classifiers) the model furthest ahead of the others
is so by 2.6 of their standard deviations. Of simulated tables that had no part in this, 30 of each kind of the zoo in
``tests/statistical/zoo``, 850 with right units raise no alarm; 30 of 30 with the units of one model 1,000 times off do,
and 24 of 30 with those 10 times off, all with the right model.
"""

BY_CHANCE = 0.04
"""Share of leading models that are at the level of the others and bend as they do with their sizes multiplied, though
nothing is wrong with them: 11 of 300 in simulated tables of the rectified law with floors up to .9."""

LEADERS, COMPARED = 3, 50
"""Models with the lowest last losses, which are looked at, and how many others each is compared with at most."""


def unit_check(curves: Sequence[Trajectory]) -> Check:
    """Name models whose sizes are those of their fellows times a power of ten."""
    odd = []
    for task in dict.fromkeys(curve.task for curve in curves):
        own = [curve for curve in curves if curve.task == task and len(curve.size) >= SIZES_MIN]
        odd += [(curve.model, factor) for curve in own if (factor := _factor_off(curve, own))]
    told = ", ".join(f"{model} (by {factor:g})" for model, factor in odd[:3]) + (" and more" if len(odd) > 3 else "")
    sentence = (
        f"Sizes of {told} are those of the other models but for a factor."
        if odd
        else "No model's sizes are those of the others times a power of ten."
    )
    return at_most(
        "units_of_sizes", len(odd), 0, np.inf, sentence,
        "If they are in another unit, such as thousands or batches, convert them; if they were meant so, all is well.",
    )  # fmt: skip


def _factor_off(curve: Trajectory, own: Sequence[Trajectory]) -> float:
    """The factor by which a curve's sizes are those of most of its fellows; 0 if they are not."""
    fellows = [other for other in own if other is not curve]
    if len(fellows) < FELLOWS_MIN:
        return 0.0
    sizes, times = np.unique(np.round(np.concatenate([f.size for f in fellows]), 6), return_counts=True)
    usual = sizes[2 * times >= len(fellows)]
    if _among(curve.size, usual) > FEW:
        return 0.0
    for factor in FACTORS:
        for sign in (1, -1):
            if _among(curve.size + sign * np.log(factor), usual) >= SAME:
                return factor
    return 0.0


def _among(sizes: np.ndarray, usual: np.ndarray) -> float:
    return float(np.mean(np.abs(sizes[:, None] - usual).min(axis=1) < 1e-3)) if len(usual) else 0.0


class _Ahead(NamedTuple):
    """How far a model is ahead: share of tables in which one would be, standard deviations, mean log loss."""

    p: float
    sds: float
    gap: float
    model: str
    times: float  # factor of its sizes by which it would be one among the others; 0 if none is


def ahead_check(table: pd.DataFrame, curves: Sequence[Trajectory]) -> Check:
    """Name a model that is too good to compare with the others, as with sizes in another unit: it would be chosen.

    The level of each leading model is held against those of the others at the same sizes (t test, corrected for the
    number of models). A model of more parameters than all others may be far ahead.

    Parameters
    ----------
    table : DataFrame
        Whose ``params``, if it has them, are asked.
    curves : sequence of Trajectory
        Of the table.
    """
    found = []
    for task in dict.fromkeys(curve.task for curve in curves):
        own = [curve for curve in curves if curve.task == task]
        leading = sorted(own, key=lambda curve: float(curve.level[-1]))[:LEADERS]
        found += [ahead for curve in leading if (ahead := _ahead(table, curve, own)) is not None]
    most = min(found, default=_Ahead(1.0, 0.0, 0.0, "", 0.0))
    told = f"{most.model} lies {-np.expm1(most.gap):.0%} below the other models, {-most.sds:.2g} of their sds"
    if most.p >= AHEAD_MIN:
        told = f"No model is far ahead of the others; {told}." if found else "Too few models to tell one far ahead."
    elif most.times:
        told += f"; were its sizes {most.times:g} times as large, it would be one among them."
    else:
        told += f", in at most {most.p:.2g} of tables by chance."
    return at_least(
        "far_ahead", most.p, AHEAD_MIN, 0.0, told,
        "See whether its sizes are in another unit, or its losses of another metric or on other data; if it is as good "
        "as that, all is well.",
    )  # fmt: skip


def _ahead(table: pd.DataFrame, curve: Trajectory, own: Sequence[Trajectory]) -> _Ahead | None:
    """How far a model is ahead of the others; None if they are too few, or its size explains it."""
    others = [other for other in own if other is not curve]
    if "params" in table and others:
        params = table["params"].to_numpy(float)
        if params[curve.rows[0]] > max(params[other.rows[0]] for other in others):
            return None
    others = others[:: -(-len(others) // COMPARED)] if others else []
    here = _apart(curve, others, 0.0)
    if here.fellows < AHEAD_FELLOWS:
        return None
    p = float(min(1.0, len(own) * stats.t.cdf(here.sds, here.fellows - 1)))
    moved = {factor: _apart(curve, others, np.log(factor)) for factor in FACTORS} if p * BY_CHANCE < AHEAD_MIN else {}
    near = {factor: one for factor, one in moved.items() if one.fellows >= AHEAD_FELLOWS and abs(one.sds) <= OFF_OWN}
    times = min(near, key=lambda factor: abs(near[factor].sds), default=0.0)
    if times and _is_as_moved(here, near[times]):
        p *= BY_CHANCE
    return _Ahead(p, here.sds, here.gap, curve.model, times)


class _Apart(NamedTuple):
    """How far a model lies from others: in their sds, in log loss, of how many, and at each of its sizes (or NaN).

    A standard deviation is one of the difference between a further model and the mean of the others.
    """

    sds: float
    gap: float
    fellows: int
    by_size: np.ndarray


def _apart(curve: Trajectory, others: Sequence[Trajectory], shift: float) -> _Apart:
    """How far a model, its log sizes shifted, lies from others where they overlap."""
    at, gaps = curve.size + shift, []
    for other in others:
        within = (at > other.size[0] - 1e-6) & (at < other.size[-1] + 1e-6)
        if within.sum() >= AHEAD_SIZES:
            gaps.append(np.where(within, curve.level - np.interp(at, other.size, other.level), np.nan))
    if len(gaps) < 2:
        return _Apart(0.0, 0.0, len(gaps), np.full(len(at), np.nan))
    means, there = np.nanmean(gaps, axis=1), ~np.isnan(gaps)
    by_size = np.where(there.any(axis=0), np.nansum(gaps, axis=0) / np.maximum(there.sum(axis=0), 1), np.nan)
    sd = max(float(np.std(means, ddof=1)), AHEAD_NOISE)
    return _Apart(float(means.mean()) / (sd * np.sqrt(1 + 1 / len(gaps))), float(means.mean()), len(gaps), by_size)


def _is_as_moved(here: _Apart, moved: _Apart) -> bool:
    """Whether a model, its sizes multiplied, is at the level of the others and bends as they do, and else does not."""
    seen = ~np.isnan(moved.by_size)
    both = seen & ~np.isnan(here.by_size)  # where it has no size that is theirs both ways, bends cannot be compared
    return bool(abs(moved.sds) <= 1 and both.any() and np.std(moved.by_size[seen]) <= 0.5 * np.std(here.by_size[both]))


def last_size_check(curves: Sequence[Trajectory]) -> Check:
    """Judge whether all curves of a task leave the trend of their slopes together in the step to the last size."""
    worst, told = 0.0, ""
    for task in dict.fromkeys(curve.task for curve in curves):
        off, moved = _off_trend([curve for curve in curves if curve.task == task])
        if off > worst:
            side = "below" if moved < 0 else "above"
            worst, told = off, f"At the last size losses on {task} lie {abs(moved):.1%} {side} the trend of all curves."
    return at_most(
        "last_size", worst, 1, np.inf, told if worst > 1 else "The last size continues the trend of all curves.",
        "Were those runs trained in another way, such as to the end of a learning-rate schedule, or measured on other "
        "data? Leave out either the last size or the others.",
    )  # fmt: skip


def _off_trend(curves: Sequence[Trajectory]) -> tuple[float, float]:
    """How far the last step is off, where 1 is the limit, and by how much log loss."""
    top = max(curve.size[-1] for curve in curves)
    curves = [c for c in curves if len(c.size) > SLOPES_MIN + 1 and abs(c.size[-1] - top) < 1e-6]
    n = min((len(c.size) for c in curves), default=0)
    if len(curves) < CURVES_MIN or not all(np.allclose(c.size[-n:], curves[0].size[-n:], atol=1e-6) for c in curves):
        return 0.0, 0.0
    size = curves[0].size[-n:]
    slopes = np.array([np.diff(c.level[-n:]) / np.diff(size) for c in curves])[:, -SLOPES_MAX - 1 :]
    place = ((size[1:] + size[:-1]) / 2)[-slopes.shape[1] :]
    before, k = place[:-1], slopes.shape[1] - 1
    line = np.polyfit(before, slopes[:, :-1].T, 1)  # one straight trend of slopes a curve
    off = slopes[:, -1] - (line[0] * place[-1] + line[1])
    common = slopes.mean(axis=0)[:-1] - (line[0].mean() * before + line[1].mean())
    lever = 1 + 1 / k + (place[-1] - before.mean()) ** 2 / np.sum((before - before.mean()) ** 2)
    of_trend = np.sqrt(np.sum(common**2) / (k - 2) * lever + 0.002**2)
    of_curves = max(float(off.std(ddof=1)) / np.sqrt(len(curves)), 1e-12)
    mean, step = abs(float(off.mean())), float(size[-1] - size[-2])
    found = min(mean / of_trend / OFF_TREND, mean / of_curves / OFF_OWN, mean * step / OFF_MIN)
    return float(found), float(off.mean()) * step
