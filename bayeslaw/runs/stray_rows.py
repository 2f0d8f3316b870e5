"""Rows that are no runs: empty ones, headings that come again, and names of columns one below the other."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.units import cells_of, is_blank, read_numbers

_SUMMARIES: Mapping[str, Callable[[NDArray[np.float64]], np.float64]] = {
    **dict.fromkeys(("mean", "average", "avg", "avg."), np.mean),
    "median": np.median,
    **dict.fromkeys(("sum", "total"), np.sum),
}
ROUNDING = 5e-3
"""Relative difference up to which a number is one computed from the rows above, and rounded."""


def summary_rows(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """The last row, if it is called a mean, a median or a sum and all its numbers are those of the rows above."""
    found = np.zeros(len(cells), dtype=bool)
    if len(cells) < 3:
        return found
    last = [cell.strip().lower() for cell in cells.iloc[-1] if isinstance(cell, str)]
    summary = next((_SUMMARIES[word] for word in last if word in _SUMMARIES), None)
    if summary is None:
        return found
    columns = [read_numbers(cells.iloc[:, position], counts=True).values for position in range(cells.shape[1])]
    pairs = [
        (float(summary(values[:-1][np.isfinite(values[:-1])])), float(values[-1]))
        for values in columns
        if np.isfinite(values[-1]) and np.isfinite(values[:-1]).any()
    ]
    found[-1] = bool(pairs) and all(abs(value - expected) <= ROUNDING * abs(expected) for expected, value in pairs)
    return found


def require_names_above(cells: pd.DataFrame, source: str) -> None:
    """Refuse a table on its side: the names of its columns stand one below the other, from the first heading on.

    Raises
    ------
    RunsError
    """
    first = str(cells.columns[0])
    names = [first, *(cell.strip() for cell in cells_of(cells.iloc[:, 0]) if isinstance(cell, str))]
    roles = [known.role for known in map(meaning, names) if known is not None]
    above = [known for known in map(meaning, cells.columns[1:]) if known is not None]
    if len(roles) == len(names) == len(cells) + 1 >= 2 and len({*roles}) > 1 and "loss" in roles and not above:
        raise RunsError(
            f"{source}: names of columns stand in the first column ({', '.join(map(repr, names[:4]))}), expected them "
            "in the first row, and one row a run below. Transpose the table."
        )


def headings_again(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that repeat the headings, as of files that were written one after the other."""
    again = np.ones(len(cells), dtype=bool)
    for position, heading in enumerate(cells.columns):
        candidates = np.flatnonzero(again)
        if not len(candidates):
            break
        column = cells_of(cells.iloc[candidates, position])
        again[candidates] = [isinstance(cell, str) and cell.strip() == heading for cell in column]
    return again


def empty_rows(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that hold nothing."""
    empty = np.ones(len(cells), dtype=bool)
    for heading in cells.columns:
        # Only rows that are empty so far need a look, which after the first column are few.
        candidates = np.flatnonzero(empty)
        if not len(candidates):
            break
        column = cells[heading].iloc[candidates].astype(object).tolist()
        empty[candidates] = [is_blank(cell) for cell in column]
    return empty
