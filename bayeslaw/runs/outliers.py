"""Losses that lie far off what their neighbours say, such as 33.02 among losses of 3."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from bayeslaw.runs.trajectories import MAD, Trajectory, departures, expected, scatter
from bayeslaw.verdicts import Check, Status

OFF_MAX = 20.0
"""Times the usual scatter that a loss may lie off its neighbours.

On 206 published tables and parts of tables (fine-tuning, image classification, language, classifiers, pretraining) no
loss is as far off and also by `FACTOR_MIN`; the learning curves of discriminant analysis come nearest, with real peaks.
"""

FACTOR_MIN, FACTOR_WRONG = 1.5, 3.0
"""Factors by which a loss has to be off to be named at all; and to be taken for wrong, or named at an end of a curve,
where a steep start looks the same."""

FLOOR = 0.002
"""Scatter of log loss below which no table is taken to be."""

ALONG, NEIGHBOURS, FEWEST = 4, 6, 8
"""Sizes of a model from which on its own curve tells; runs nearest to one that are asked otherwise, and how many runs a
task needs for it."""

NEAR_MAX = 10.0
"""As `OFF_MAX`, of runs of other models, whose scatter about each other is not noise alone."""

TRIED = 3


@dataclass(frozen=True)
class _Odd:
    """A row (its position in the table), the log loss expected there, how far off it is, and that over its limit."""

    row: int
    expected: float
    off: float
    times: float
    limit: float


def outlier_check(table: pd.DataFrame, curves: Sequence[Trajectory], sizes: Sequence[str]) -> Check:
    """Name the rows whose loss lies far off the curve of their model, or off the runs that are nearest in size.

    Parameters
    ----------
    table : DataFrame
    curves : sequence of Trajectory
        Of the table.
    sizes : sequence of str
        Columns in which runs are near each other; first the one along which losses fall.
    """
    found = []
    for task in dict.fromkeys(curve.task for curve in curves):
        own = [curve for curve in curves if curve.task == task]
        usual = scatter(own, ALONG)
        found += [_oddest(curve, usual) for curve in own if len(curve.size) >= ALONG]
        others = [curve.rows for curve in own if len(curve.size) < ALONG]
        if others:
            found += _odd_among(table.iloc[np.concatenate(others)], sizes, np.concatenate(others))
    bad = sorted((o for o in found if o.times >= o.limit and o.off >= np.log(FACTOR_MIN)), key=lambda o: -o.off)
    if not bad:
        most = max((odd.times for odd in found if odd.off >= np.log(FACTOR_MIN)), default=0.0)
        sentence = f"No loss is {FACTOR_MIN:g} times what its neighbours say and beyond their scatter."
        return Check("outlying_loss", "PASS", most, OFF_MAX, sentence, "")
    status: Status = "FAIL" if bad[0].off >= np.log(FACTOR_WRONG) else "REVIEW"
    told = "; ".join(_told(table, odd, sizes) for odd in bad[:3]) + (
        f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    )
    return Check(
        "outlying_loss", status, bad[0].times, bad[0].limit, f"{told}.",
        f"Correct {'it' if len(bad) == 1 else 'them'}, or leave out what is wrong: --where \"{_without(table, bad)}\".",
    )  # fmt: skip


def _oddest(curve: Trajectory, usual: float) -> _Odd:
    """The row of a curve without which the rest is smoothest for how far it is off."""
    rough = np.abs(curve.values - expected(curve.size, curve.level)[curve.cell])
    tried = np.argsort(-rough)[:TRIED]
    return max((_without_row(curve, int(i), usual) for i in tried), key=lambda odd: odd.times)


def _without_row(curve: Trajectory, i: int, usual: float) -> _Odd:
    """How far a row is off what the others of its curve say, and over their scatter near it."""
    cell, n = curve.cell[i], len(curve.size)
    others = curve.values[(curve.cell == cell) & (np.arange(len(curve.cell)) != i)]
    alone = len(others) == 0
    level = curve.level.copy()
    if alone:
        size, level = np.delete(curve.size, cell), np.delete(level, cell)
        there = expected(curve.size, curve.level)[cell]
    else:
        size = curve.size
        there = level[cell] = np.median(others)
    rest = np.abs(departures(size, level))
    near = rest[max(0, cell - 2) : cell + 2].max()
    typical = max(near, MAD * np.median(rest), usual, float(np.median(curve.error)), FLOOR)
    off = float(abs(curve.values[i] - there))
    at_end = alone and cell in (0, n - 1)
    times = off / typical if off >= np.log(FACTOR_WRONG) or not at_end else 0.0
    return _Odd(int(curve.rows[i]), float(there), off, float(times), OFF_MAX)


def _odd_among(table: pd.DataFrame, sizes: Sequence[str], positions: np.ndarray) -> list[_Odd]:
    """Rows of one task against the median of those nearest to them in the logarithms of sizes."""
    if len(table) < FEWEST:
        return []
    places = np.log(table[list(sizes)].to_numpy(float))
    spread = places.std(axis=0)
    places = places[:, spread > 0] / spread[spread > 0]
    values = np.log(table["loss"].to_numpy(float))
    if places.shape[1]:
        near = cKDTree(places).query(places, NEIGHBOURS + 1)[1]
        own = near == np.arange(len(table))[:, None]
        own[:, -1] |= ~own.any(axis=1)  # among many at one place a row may not be its own neighbour
        there = np.nanmedian(np.where(own, np.nan, values[near]), axis=1)
    else:
        there = np.full(len(values), np.median(values))
    off = np.abs(values - there)
    typical = max(MAD * float(np.median(off)), FLOOR)
    far = off >= np.log(FACTOR_WRONG)
    return [
        _Odd(int(positions[i]), float(there[i]), float(off[i]), float(off[i] / typical), NEAR_MAX)
        for i in np.flatnonzero(far)
    ]


def _told(table: pd.DataFrame, odd: _Odd, sizes: Sequence[str]) -> str:
    row, along = table.iloc[odd.row], sizes[0]
    return (
        f"Row {row['row']} ({row['model']}, {along} = {row[along]:.12g}): found a loss of {row['loss']:.6g}, where its "
        f"neighbours say about {np.exp(odd.expected):.3g}, {odd.times:.0f} times the usual scatter off"
    )


def _without(table: pd.DataFrame, bad: Sequence[_Odd]) -> str:
    """An expression that leaves rows out; a row of a wide table has losses at other sizes or of other models, too."""
    rows = table.iloc[[odd.row for odd in bad]]
    if table["row"].is_unique:
        return " and ".join(f"row != {row}" for row in rows["row"])
    return " and ".join(f"not (row == {row['row']} and {_cell_of(table, row)})" for _, row in rows.iterrows())


def _cell_of(table: pd.DataFrame, row: pd.Series) -> str:
    by_size = table.loc[table["row"] == row["row"], "data"].nunique() > 1
    return f"data == {row['data']:.12g}" if by_size else f"model == {row['model']!r}"
