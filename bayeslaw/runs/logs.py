"""Logs of training: rows of one step complete each other, and of a log that was resumed the later row counts."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.runs.units import is_blank, read_numbers

SHORTEST = 3
"""Rows of a log before it was resumed, from which on it is taken for one."""

ALIKE = 0.2
"""Logarithm of the ratio of two losses of one step, up to which they may be of one run that was resumed."""


PERIOD_MIN, ON_THE_GRID = 5, 0.7
"""Steps from evaluation to evaluation, from which on they tell whether steps are numbered from 0; and the share of them
that has to agree, for the last may come at any step."""

PROPORTIONAL = 0.01
"""Share by which what a step is worth may differ along a run, for counts of other steps to follow from it."""


def completed(cells: pd.DataFrame, count: str, steps: str, run: str | None) -> tuple[pd.DataFrame, int]:
    """Fill in the count of a row that has none, from rows of its run: of the same step, or by what a step is worth.

    Trackers write what is logged together in one row, so that a row of evaluation may lack the tokens that a row of
    training has.

    Parameters
    ----------
    cells : the table.
    count, steps : headings of the column that lacks cells, and of that of steps.
    run : heading of the column that names runs; None if all rows are of one.

    Returns
    -------
    The table, and how many cells were filled in.
    """
    values = read_numbers(cells[count], counts=True)
    at = read_numbers(cells[steps], counts=True).values
    names = cells[run].astype(str) if run is not None else pd.Series([""] * len(cells))
    filled = values.values.copy()
    for indices in names.groupby(names, sort=False).indices.values():
        rows = np.asarray(indices)
        known = rows[np.isfinite(values.values[rows]) & (at[rows] > 0) & (values.values[rows] > 0)]
        worth = values.values[known] / at[known]
        for row in rows[values.blank[rows] & np.isfinite(at[rows])]:
            same = known[at[known] == at[row]]
            if len(same):
                filled[row] = values.values[same[-1]]
            elif len(known) > 1 and np.ptp(worth) <= PROPORTIONAL * worth.max():
                filled[row] = np.median(worth) * at[row]
    changed = values.blank & np.isfinite(filled)
    if not changed.any():
        return cells, 0
    column = cells[count].astype(object).where(~changed, pd.Series(filled, index=cells.index, dtype=object))
    return cells.assign(**{count: column}), int(changed.sum())


def counts_from_zero(steps: NDArray[np.float64]) -> bool:
    """Whether steps are numbered from 0, as by Lightning and NeMo: 49, 99, 149, … where 50, 100, 150 are done.

    Told by what is usual between neighbours: one more than most of them is a multiple of it.

    Parameters
    ----------
    steps : shape (rows,).
    """
    values = np.unique(steps[np.isfinite(steps)])
    if len(values) < SHORTEST or not np.array_equal(values, np.round(values)):
        return False
    apart, often = np.unique(np.diff(values), return_counts=True)
    usual = apart[often.argmax()]
    return bool(usual >= PERIOD_MIN and np.mean((values[:-1] + 1) % usual == 0) >= ON_THE_GRID)


def carried(cells: pd.DataFrame, name: str, run: str | None) -> pd.DataFrame:
    """Fill in the cells of a setting that is logged with rows of training alone, from the row before in the same run.

    Parameters
    ----------
    cells : the table, in the order of the log.
    name : heading of the column that lacks cells.
    run : heading of the column that names runs; None if all rows are of one.
    """
    there = cells[name].where(~cells[name].map(is_blank).astype(bool))
    filled = there.ffill() if run is None else there.groupby(cells[run].astype(str), sort=False).ffill()
    return cells.assign(**{name: filled})


def superseded(table: pd.DataFrame, *, is_log: bool) -> NDArray[np.bool_]:
    """Find rows that were run again after a log was resumed.

    A run was resumed where its sizes, in the order of the file, fall back to one that was there and is not the first,
    and then go further than before. Runs that begin again at their first size are repeats of each other, and stay. So
    are two runs of one size, one below the other, unless the table is a log: there the last step was run again.

    Parameters
    ----------
    table : canonical runs, in the order of the source.
    is_log : whether the source has columns that only logs of training have.

    Returns
    -------
    bool array, one entry a row.
    """
    dropped = np.zeros(len(table), dtype=bool)
    keys = [name for name in ("task", "model", "params", "seed", "metric") if name in table]
    for positions in table.groupby(keys, sort=False, dropna=False).indices.values():
        sizes = table["data"].to_numpy(float)[positions]
        losses = table["loss"].to_numpy(float)[positions]
        steps = np.diff(sizes)
        starts = np.flatnonzero(steps <= 0 if is_log else steps < 0) + 1
        if len(starts) and _resumes(sizes, losses, starts, is_log=is_log):
            for start in starts:
                before = np.arange(start)[sizes[:start] >= sizes[start]]
                dropped[positions[before]] = True
    return dropped


def _resumes(
    sizes: NDArray[np.float64], losses: NDArray[np.float64], starts: NDArray[np.int64], *, is_log: bool
) -> bool:
    """Whether every part of a log takes up the one before it: overlaps with it, and goes further.

    Parts of a log may have no step in common, where evaluations come at other steps after it was resumed.
    """
    alike = _alike_between if is_log else _alike
    return all(
        before[0] < after[0] and before[-1] < after[-1] and alike(before, after, old, new)
        for (before, old), (after, new) in _pairs(sizes, losses, starts)
    )


def _pairs(sizes: NDArray[np.float64], losses: NDArray[np.float64], starts: NDArray[np.int64]) -> Iterator[tuple]:
    parts = list(zip(np.split(sizes, starts), np.split(losses, starts), strict=True))
    yield from pairwise(parts)


def _alike_between(
    before: NDArray[np.float64], after: NDArray[np.float64], old: NDArray[np.float64], new: NDArray[np.float64]
) -> bool:
    """As `_alike`, with losses between the steps of the part before where the two have none in common."""
    again = after <= before[-1]
    if len(np.intersect1d(before, after)) or not again.any() or len(before) < SHORTEST:
        return _alike(before, after, old, new)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.interp(np.log(after[again]), np.log(before), np.log(old))
        return bool(np.all(np.abs(np.log(new[again]) - between) < ALIKE))


def _alike(
    before: NDArray[np.float64], after: NDArray[np.float64], old: NDArray[np.float64], new: NDArray[np.float64]
) -> bool:
    _, here, there = np.intersect1d(before, after, return_indices=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.log(new[there] / old[here]))
    return len(here) > 0 and len(before) >= SHORTEST and bool(np.all(apart < ALIKE))
