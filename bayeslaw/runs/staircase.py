"""Losses that all fall in steps: flat from one size to the next, then down."""

from collections.abc import Sequence

import numpy as np

from bayeslaw.runs.trajectories import Trajectory
from bayeslaw.verdicts import Check, at_most

CURVES_MIN, SLOPES_MIN = 3, 4
"""Curves and slopes between sizes that tell whether slopes go up and down together."""

UNEVEN, BEYOND_NOISE = 1.25, 4.0
"""Limits of the typical difference between a slope and the mean of those beside it: over the mean slope, and in
standard errors.

Of 206 published tables and parts of tables none exceeds both, nor does any of 880 simulated ones of other kinds; of
tables whose losses are flat over every two sizes all do, with about 2.0 times the mean slope.
"""


def steps_check(curves: Sequence[Trajectory]) -> Check:
    """Judge whether losses of all models of a task fall in steps, at the same sizes.

    Parameters
    ----------
    curves : sequence of Trajectory
        Those of a task that have the sizes which most of them have are compared.
    """
    worst, odd = 0.0, ""
    for task in dict.fromkeys(curve.task for curve in curves):
        uneven = _unevenness([curve for curve in curves if curve.task == task])
        if uneven > worst:
            worst, odd = uneven, task
    return at_most(
        "steps", worst, UNEVEN, np.inf,
        f"Losses on {odd} fall in steps: slopes differ from those beside them by {worst:.1f} times the mean slope."
        if worst > UNEVEN
        else "Losses do not fall in steps.",
        "Were neighbouring sizes measured on the same checkpoints, or on data that repeat? Keep one size of each step.",
    )  # fmt: skip


def _unevenness(curves: Sequence[Trajectory]) -> float:
    """Median difference between slopes common to all curves and those beside them, over the mean; 0 within noise."""
    sizes = [tuple(np.round(curve.size, 6)) for curve in curves]
    usual = max(sorted(set(sizes)), key=sizes.count)
    level = np.array([curve.level for curve, size in zip(curves, sizes, strict=True) if size == usual])
    apart = np.diff(usual)
    if len(level) < CURVES_MIN or len(apart) < SLOPES_MIN or apart.min() <= 0:
        return 0.0
    slopes = np.diff(level) / apart
    off = slopes[:, 1:-1] - (slopes[:, :-2] + slopes[:, 2:]) / 2
    error = np.maximum(off.std(axis=0, ddof=1) / np.sqrt(len(off)), 1e-12)
    common = np.abs(off.mean(axis=0))
    if np.median(common / error) < BEYOND_NOISE:
        return 0.0
    return float(np.median(common) / max(np.abs(slopes.mean(axis=0)).mean(), 1e-12))
