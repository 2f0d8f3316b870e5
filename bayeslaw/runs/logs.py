"""Logs of training that were resumed: of two rows of one step, the later counts."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHORTEST = 3
"""Rows of a log before it was resumed, from which on it is taken for one."""

ALIKE = 0.2
"""Logarithm of the ratio of two losses of one step, up to which they may be of one run that was resumed."""


def superseded(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Find rows that were run again after a log was resumed.

    A run was resumed where its sizes, in the order of the file, fall back to one that was there and is not the first,
    and then go further than before. Runs that begin again at their first size are repeats of each other, and stay.

    Returns
    -------
    bool array, one entry a row.
    """
    dropped = np.zeros(len(table), dtype=bool)
    keys = [name for name in ("task", "model", "params", "seed", "metric") if name in table]
    for positions in table.groupby(keys, sort=False, dropna=False).indices.values():
        sizes = table["data"].to_numpy(float)[positions]
        losses = table["loss"].to_numpy(float)[positions]
        starts = np.flatnonzero(np.diff(sizes) < 0) + 1
        if len(starts) and _resumes(sizes, losses, starts):
            for start in starts:
                before = np.arange(start)[sizes[:start] >= sizes[start]]
                dropped[positions[before]] = True
    return dropped


def _resumes(sizes: NDArray[np.float64], losses: NDArray[np.float64], starts: NDArray[np.int64]) -> bool:
    """Whether every part of a log takes up the one before it: overlaps with it, and goes further."""
    return all(
        before[0] < after[0] and before[-1] < after[-1] and _alike(before, after, old, new)
        for (before, old), (after, new) in _pairs(sizes, losses, starts)
    )


def _pairs(sizes: NDArray[np.float64], losses: NDArray[np.float64], starts: NDArray[np.int64]) -> Iterator[tuple]:
    parts = list(zip(np.split(sizes, starts), np.split(losses, starts), strict=True))
    yield from pairwise(parts)


def _alike(
    before: NDArray[np.float64], after: NDArray[np.float64], old: NDArray[np.float64], new: NDArray[np.float64]
) -> bool:
    _, here, there = np.intersect1d(before, after, return_indices=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.log(new[there] / old[here]))
    return len(here) > 0 and len(before) >= SHORTEST and bool(np.all(apart < ALIKE))
