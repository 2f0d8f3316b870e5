"""Starting heights: how far each curve starts above the other curves of its task."""

import numpy as np

from bayeslaw.kinds.shared.layout import Layout

FIRST_SIZES = 3
"""Number of sizes over which the height of a curve is averaged, which reduces run-to-run noise in it."""


def starting_heights(layout: Layout) -> np.ndarray:
    """Height of each curve's first sizes above the curves of its task, in log loss: shape (C,).

    Curves are compared at equal size by a shared parabola in log size, fitted by least squares with a level for each
    curve; heights are residuals from it, centred on the task. On a task that a prior knows, heights are measured from
    the curves that the prior was made from.
    """
    heights = np.zeros(len(layout.curves))
    paths = {} if layout.borrowed is None else layout.borrowed.paths
    for k, task in enumerate(layout.tasks):
        members = np.flatnonzero(layout.task_of == k)
        seen = layout.weight[members] > 0
        curve = np.nonzero(seen)[0]
        t, log_loss = layout.axis[members][seen], layout.y[members][seen]
        if task in paths:
            above = log_loss - paths[task].typical_at(t)
        else:
            levels = (curve[:, None] == np.arange(len(members))).astype(float)
            columns = np.column_stack([levels, t, t**2])
            above = log_loss - columns[:, -2:] @ np.linalg.lstsq(columns, log_loss, rcond=None)[0][-2:]
        heights[members] = [first_mean(t[curve == j], above[curve == j]) for j in range(len(members))]
        if task not in paths:
            heights[members] -= heights[members].mean()
    return np.round(heights, 10)


def first_mean(t: np.ndarray, above: np.ndarray) -> float:
    """Mean over the first sizes of a curve."""
    return float(np.mean(above[t <= np.unique(t)[:FIRST_SIZES][-1]]))


def first_sizes(layout: Layout) -> np.ndarray:
    """Log of the smallest size of each curve, relative to the reference size: shape (C,)."""
    return np.where(layout.weight > 0, layout.axis, np.inf).min(axis=1)
