"""Verdicts that need no sampling: whether a table suffices for curves, and whether their starts agree with a prior."""

import numpy as np
from scipy import stats

from bayeslaw.kinds.curves.layout import CurveLayout
from bayeslaw.kinds.shared.borrowed import CONFLICT_MIN, CONFLICT_REMEDY, TaskPath
from bayeslaw.verdicts import Check, at_least

POINTS_MIN = 3
CURVES_MIN = 2


def curve_checks(layout: CurveLayout) -> list[Check]:
    """Check whether a table has enough sizes and models for extrapolation."""
    seen = layout.weight > 0
    sizes = np.array([len(np.unique(axis[mask])) for axis, mask in zip(layout.axis, seen, strict=True)])
    thin = layout.curves[int(np.argmin(sizes))]
    curves = np.bincount(layout.task_of, minlength=len(layout.tasks))
    return [
        at_least(
            "sizes_per_model", sizes.min(), POINTS_MIN, 0,
            f"Every model was measured at {sizes.min()} or more sizes (fewest: {thin.model}).",
            "With one or two sizes a curve's bend cannot be seen and comes from the other models and the prior; "
            "measure the model at one more size.",
        ),
        at_least(
            "models_per_task", curves.min(), CURVES_MIN, 0,
            f"Each task has {curves.min()} or more models; models inform each other's exponents.",
            "With a single model everything that models share comes from the prior; add runs of other models.",
        ),
    ]  # fmt: skip


def height_checks(layout: CurveLayout) -> list[Check]:
    """Check, on tasks that a prior knows, whether curves start as high as those that the prior was made from."""
    paths = {} if layout.borrowed is None else layout.borrowed.paths
    several = [k for k, task in enumerate(layout.tasks) if task in paths and paths[task].models > 1]
    return [_of_heights(layout, k, paths[layout.tasks[k]]) for k in several]


def _of_heights(layout: CurveLayout, task: int, path: TaskPath) -> Check:
    """Two-sided t test of the starting height of the most extreme curve of a known task, corrected for their number."""
    members = np.flatnonzero(layout.task_of == task)
    t = layout.height[members] / path.height_sd / np.sqrt(1 + 1 / path.models)
    furthest = int(np.argmax(np.abs(t)))
    p = float(1 - (1 - 2 * stats.t.sf(np.abs(t[furthest]), path.models - 1)) ** len(members))
    return at_least(
        "prior_level", p, CONFLICT_MIN, 0.0,
        f"On {layout.tasks[task]}, {layout.curves[members[furthest]].model} starts furthest from the models behind the "
        f"prior, by {t[furthest]:+.1f} of their standard deviations; {p:.2g} of tables would have one as far off.",
        CONFLICT_REMEDY,
    )  # fmt: skip
