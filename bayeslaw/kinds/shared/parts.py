"""Draws taken in parts of one size, so that what is compiled for a part serves any number of draws."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from bayeslaw.kinds.shared.population import Position

PART = 250
"""Draws of a part. What is computed of them takes several times the memory of what is kept."""


def parts(positions: Position) -> Iterator[tuple[slice, Position]]:
    """Cut positions, each entry (S, ...), into parts of `PART` draws; the last is filled up with the last draw.

    Yields
    ------
    slice
        Those of the S draws that the part begins with; what fills it up comes after them.
    dict of ndarray, shapes (PART, ...)
    """
    total = len(next(iter(positions.values())))
    for start in range(0, total, PART):
        rows = np.minimum(np.arange(start, start + PART), total - 1)
        yield slice(start, min(start + PART, total)), {n: np.asarray(values)[rows] for n, values in positions.items()}


def in_parts(evaluate: Callable[[Position], Any], positions: Position) -> Any:
    """What a function of positions gives, a pytree of arrays (S, ...), worked out part by part."""
    found = []
    for rows, some in parts(positions):
        found.append(jax.tree.map(lambda a, count=rows.stop - rows.start: np.asarray(a)[:count], evaluate(some)))
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *found)
