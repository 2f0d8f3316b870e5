"""Losses that rise with more data: throughout, as scores do; or at the end of a curve that could be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from bayeslaw.runs.trajectories import Trajectory, scatter
from bayeslaw.verdicts import Check, Status, worst

RISE_MIN, LATE_MIN = 0.02, 0.05
"""Rises of log loss that matter: from the first sizes to the last, and from the lowest to the last."""

NET_ERRORS, LATE_ERRORS = 3.0, 4.0
"""Standard errors beyond which such rises are no noise; the lowest of many is low by chance, too."""

CONTENDS = 0.1
"""A model contends if its log loss ends at most so far above the lowest of its task: the others are not chosen."""

SHARE_MAX, THROUGHOUT = 0.25, 0.8
"""Share of models that may rise (classifiers do that learn nothing from more examples); and share of models, and of
steps from size to size, from which on losses rise throughout."""

ENDS, STEPS_MAX, ROUGH_MIN, RUNS_MIN = 3, 24, 6, 8
"""Sizes that are averaged at an end; sizes above which a curve is taken in bins; sizes from which on a curve tells its
own scatter; runs needed for a rank correlation."""

REMEDY = (
    "Laws describe losses that fall. If it is a score of which higher is better, say so with --as COLUMN=accuracy; if "
    "it is a loss, see whether the columns of sizes are in reverse order or belong to another table."
)


@dataclass(frozen=True)
class _Rise:
    """Of one curve: net rise, rise at the end, standard error of either, last level, share of steps that rise."""

    model: str
    net: float
    late: float
    error: float
    last: float
    steps: float
    sizes: int


def rise_check(table: pd.DataFrame, curves: Sequence[Trajectory], sizes: Sequence[str]) -> Check:
    """Judge whether losses rise with data beyond noise, and whether that matters for an answer.

    Parameters
    ----------
    table : DataFrame
    curves : sequence of Trajectory
        Of the table.
    sizes : sequence of str
        Columns of sizes; where models have one run each, losses have to fall in the product of all.
    """
    tasks = dict.fromkeys(curve.task for curve in curves)
    found = [_of_task(task, table, [c for c in curves if c.task == task], sizes) for task in tasks]
    return worst(found)


def _of_task(task: str, table: pd.DataFrame, curves: Sequence[Trajectory], sizes: Sequence[str]) -> Check:
    usual = scatter(curves, 3)
    rises = [_rise(curve, usual) for curve in curves if len(curve.size) > 1]
    if 2 * len(rises) < len(curves):
        return _of_single_runs(table[table["task"].astype(str) == task], sizes)
    up = [r for r in rises if r.net > max(RISE_MIN, NET_ERRORS * r.error)]
    share, lowest = len(up) / len(rises), min(r.last for r in rises)
    steps = float(np.average([r.steps for r in rises], weights=[r.sizes - 1 for r in rises]))
    of = f"{len(up)} of {len(rises)} models" + (f" on {task}" if len(rises) > 1 else f" ({rises[0].model})")
    if min(share, steps) >= THROUGHOUT and max(r.sizes for r in rises) > 2:
        sentence = f"Losses rise with data throughout: those of {of} end above where they began, beyond noise."
        return Check("rising_loss", "FAIL", share, SHARE_MAX, sentence, REMEDY)
    late = [r for r in rises if r.last - lowest <= CONTENDS and r.late > max(LATE_MIN, LATE_ERRORS * r.error)]
    if share > SHARE_MAX or late:
        most = max(late or up, key=lambda r: r.late)
        sentence = (
            f"The losses of {of} end above where they began, beyond noise; {most.model} ends {np.expm1(most.late):.0%} "
            "above its lowest" + (", and is among the best." if late else ".")
        )
        remedy = (
            "A curve that rises with more data is not one that a scaling law describes; look for bad runs or units."
        )
        return Check("rising_loss", "REVIEW", share, SHARE_MAX, sentence, remedy)
    sentence = f"The losses of {of} end above where they began, beyond noise, and none of the best rises at its end."
    return Check("rising_loss", "PASS", share, SHARE_MAX, sentence, "")


def _rise(curve: Trajectory, usual: float) -> _Rise:
    n = len(curve.size)
    m = max(1, min(ENDS, n // 2))
    means = np.convolve(curve.level, np.full(m, 1 / m), mode="valid")
    noise = max(float(np.median(curve.error)), scatter([curve], ROUGH_MIN), usual)
    level = curve.level
    if n > STEPS_MAX:
        level = np.array([part.mean() for part in np.array_split(level, STEPS_MAX // 2)])
    return _Rise(
        model=curve.model,
        net=float(means[-1] - means[0]),
        late=float(means[-1] - means.min()),
        error=noise * np.sqrt(2 / m),
        last=float(means[-1]),
        steps=float(np.mean(np.diff(level) > 0)),
        sizes=n,
    )


def _of_single_runs(table: pd.DataFrame, sizes: Sequence[str]) -> Check:
    """Models with one run each: loss has to fall in the product of all sizes, which is compute."""
    product = np.log(table[list(sizes)].to_numpy(float)).sum(axis=1)
    enough = len(table) >= RUNS_MIN and np.ptp(product) > 0 and table["loss"].nunique() > 1
    rank = float(spearmanr(product, table["loss"]).statistic) if enough else -1.0
    what = " and ".join(sizes)
    status: Status = "FAIL" if rank > 0.5 else "PASS"
    said = f"have a rank correlation of {rank:.2f} with {what} together" if enough else "are too few to tell a trend"
    return Check("rising_loss", status, max(rank, 0.0), 0.5, f"Losses of single runs {said}.", REMEDY * (rank > 0.5))
