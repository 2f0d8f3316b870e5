"""The layout of curves that each have a level of their own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.heights import first_sizes, starting_heights
from bayeslaw.kinds.curves.origins import Curve, persistence, slope_error
from bayeslaw.kinds.curves.raw_noise import raw_noise
from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.curves.walks import TaskWalks
from bayeslaw.kinds.shared.averaging import condense
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.layout import LABELS, Layout, Points, largest_of_curves, lay_out, points_of_table
from bayeslaw.kinds.shared.outcome import LOSS, outcome_of_table
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs


@dataclass(frozen=True, eq=False)
class CurveLayout(Layout):
    """Curves as arrays, with the bases of the walks of their discrepancy.

    Coordinates are stated at the largest size: of the table, or for whole learning curves of each curve.

    Attributes
    ----------
    raw_noise : ndarray, shape (C,)
        Standard deviation of log loss of a run about a curve that was smoothed; NaN where that is not known.
    height : ndarray, shape (C,)
        Height of the first sizes of each curve above the curves of its task (see ``heights``), in log loss.
    first, last : ndarray, shape (C,)
        Logs of the smallest and largest size of each curve, relative to its reference.
    slope_error : ndarray, shape (T,)
        Errors of slopes that were extrapolated from rolling origins inside the table (see ``origins``), in log loss per
        e-fold; NaN where it has too few sizes.
    persistence : tuple of float, length T
        Share of the differences between slopes of curves that lasts beyond the data (see ``origins``); 1 for laws that
        follow whole curves, whose slopes beyond the data are those of the law.
    spring : Spring
        How differences in height decay along the axis.
    walks : tuple of TaskWalks, length T
    """

    raw_noise: np.ndarray
    height: np.ndarray
    first: np.ndarray
    last: np.ndarray
    slope_error: np.ndarray
    persistence: tuple[float, ...]
    spring: Spring
    walks: tuple[TaskWalks, ...]


def curve_layout(runs: Runs, law: Law, borrowed: Borrowed | None = None) -> CurveLayout:
    """Lay out a table of runs for a law; with a prior, relative to the reference point of the prior.

    Raises
    ------
    LawError
        If the table lacks a covariate of the law; the message names the laws that fit the table.
    """
    discrepancy = discrepancy_named(law.discrepancy)
    outcome = outcome_of_table(LOSS, law, runs.table, {} if borrowed is None else borrowed.reference)
    points = points_of_table(runs, law, outcome)
    largest = largest_of_curves(points, law.axis)
    noise = np.full(len(largest), np.nan)
    if discrepancy.whole_curves:
        by_curve = points.values.groupby([points.curve[label] for label in LABELS], sort=False)
        if outcome.link_name == "log":
            noise = np.array([raw_noise(own, law.axis) for _, own in by_curve], float)
        points = Points(*condense(*points, law.axis))

    def axis_reference(largest: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return largest if discrepancy.whole_curves else np.full(len(largest), largest.max())

    def family(labels: pd.DataFrame) -> pd.Series:
        return labels["family"]

    common = lay_out(
        points, law, outcome, largest=largest, axis_reference=axis_reference, family=family, borrowed=borrowed
    )
    plain, spring = Layout(**common), Spring()
    seen = plain.weight > 0
    paths = {} if plain.borrowed is None else plain.borrowed.paths
    by_task = [_curves_of_task(plain, law, k) for k in range(len(plain.tasks))]
    lasting = [1.0 if discrepancy.whole_curves else persistence(curves) for curves in by_task]
    here = {task: plain.task_of == k for k, task in enumerate(plain.tasks)}
    return CurveLayout(
        **common,
        raw_noise=noise,
        height=starting_heights(plain),
        first=first_sizes(plain),
        last=np.where(seen, plain.axis, -np.inf).max(axis=1),
        slope_error=np.round([slope_error(curves) for curves in by_task], 10),
        persistence=tuple(round(share, 10) for share in lasting),
        spring=spring,
        walks=tuple(
            discrepancy.walks(plain.axis[mask][seen[mask]], paths.get(task), spring) for task, mask in here.items()
        ),
    )


def _curves_of_task(layout: Layout, law: Law, task: int) -> list[Curve]:
    """Logs of the sizes of each curve of a task, relative to the largest of the task, and its log losses."""
    size = np.log(layout.covariates[law.axis])
    seen = {i: layout.weight[i] > 0 for i in np.flatnonzero(layout.task_of == task)}
    largest = max(size[i, own].max() for i, own in seen.items())
    return [(size[i, own] - largest, layout.y[i, own]) for i, own in seen.items()]
