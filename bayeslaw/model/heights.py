"""How high each curve starts on its task, and the path that follows from it."""

import numpy as np

from bayeslaw.model.design import Design
from bayeslaw.model.relaxation import response

FIRST_SIZES = 3
"""Sizes of a curve over which its height is averaged: one run's noise should not count as height."""


def starting_heights(design: Design) -> np.ndarray:
    """Height of each curve's first sizes above the curves of its task, in log loss: shape (C,).

    Curves are compared at equal size. Where they were run at different ones, the shape that they are taken to share is
    a parabola in log size, fitted with a level of its own for each curve. On a task that a prior knows, heights are
    counted from the curves it was made from.
    """
    heights = np.zeros(len(design.curves))
    paths = {} if design.borrowed is None else design.borrowed.paths
    for k, task in enumerate(design.tasks):
        members = np.flatnonzero(design.task_of == k)
        seen = design.weight[members] > 0
        curve = np.nonzero(seen)[0]
        t, log_loss = design.axis[members][seen], design.log_loss[members][seen]
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


def first_sizes(design: Design) -> np.ndarray:
    """Log of the smallest size of each curve, relative to the reference size: shape (C,)."""
    return np.where(design.weight > 0, design.axis, np.inf).min(axis=1)


def relaxed(axis: np.ndarray, first: np.ndarray) -> np.ndarray:
    """What becomes of a unit of height of curves that set out at ``first`` (C,), at points ``axis`` (C, A).

    Counted from what is left of it at the reference size, where the level of a curve is defined.
    """
    return response(axis - first[:, None]) - response(-first)[:, None]
