"""Losses of one model at one size that are two kinds of loss, and not repeated runs: asked about, never averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import MEASURES
from bayeslaw.runs.trajectories import MAD, departures

EXPLAINED_MIN, SHARE_EXPLAINED = 0.03, 0.8
"""Differences of log loss between the values of a column from which on they are no seeds' (which measure .002 to .02),
and the share of what differs within a model and size that the column has to explain."""

FEW_CELLS, FEW_MIN = 5, 0.4
"""With fewer repeated sizes a column may explain them by chance: then losses have to be half as large again."""

GAP_MIN, GAP_SCATTERS, CELLS_MIN, SHARE_REPEATED = 0.1, 8.0, 4, 0.5
"""Without such a column: the gap between the upper and the lower losses, in log loss and in scatters of either along
the sizes; at how many sizes, and at what share of all. Seeds have gaps of one to three scatters."""

VALUES_MAX = 20
"""A column with more values than this is a measurement, not a name of what was done."""


@dataclass(frozen=True)
class _Cells:
    """Rows that are repeated: positions, cell of each, log losses less the mean of the cell; and cells in all."""

    rows: np.ndarray
    cell: np.ndarray
    off: np.ndarray
    count: int


def require_one_kind(table: pd.DataFrame, source: str, axis: str, fixed: Sequence[str]) -> None:
    """Refuse a table in which one model and size has losses of two kinds.

    Parameters
    ----------
    table : DataFrame
        Of `bayeslaw.runs.Runs`.
    source : str
        Where it is from.
    axis : str
        Column of sizes along which a law describes the losses.
    fixed : sequence of str
        Further columns of the law.

    Raises
    ------
    RunsError
        If another column tells the losses apart, or they fall into two groups further apart than seeds would be. It
        names two rows, the column, and what to do.
    """
    keys = ["task", "family", "model", *(name for name in fixed if name in table), axis]
    cells = _repeated(table, keys)
    if not len(cells.rows):
        return
    column = _explaining(table, cells, [*keys, "row", "seed", *MEASURES])
    if column is not None:
        raise RunsError(f"{_two_losses(table, cells, source, axis)} {_name_apart(table, cells, column)}")
    if "seed" not in table and _two_groups(table, cells, axis):
        raise RunsError(
            f"{_two_losses(table, cells, source, axis)} So it is at {len(np.unique(cells.cell))} of {cells.count} "
            "models and sizes: the losses fall into two groups further apart than repeated runs would. If they are of "
            "two tasks, or of two ways of training, add a column 'task', or give the models other names; if they are "
            "repeated runs, add a column 'seed'."
        )


def _repeated(table: pd.DataFrame, keys: Sequence[str]) -> _Cells:
    cell = table.groupby(list(keys), sort=False, dropna=False).ngroup().to_numpy()
    values = np.log(table["loss"].to_numpy(float))
    count = np.bincount(cell)
    rows = np.flatnonzero(count[cell] > 1)
    mean = np.bincount(cell, values) / count
    return _Cells(rows, cell[rows], (values - mean[cell])[rows], len(count))


def _explaining(table: pd.DataFrame, cells: _Cells, known: Sequence[str]) -> str | None:
    """The column that explains most of what differs within cells, if one explains nearly all of it."""
    here = table.iloc[cells.rows]
    repeated = len(np.unique(cells.cell))
    best, most = None, SHARE_EXPLAINED
    for name in table.columns.drop([name for name in known if name in table]):
        codes = pd.factorize(here[name].astype(str))[0]
        if codes.max() < 1 or table[name].nunique() > VALUES_MAX:
            continue
        differs = here.groupby(cells.cell)[name].nunique(dropna=False).to_numpy() > 1
        if differs.mean() < 0.5:
            continue
        share, apart = _explained(codes, cells)
        enough = apart >= (FEW_MIN if repeated < FEW_CELLS else EXPLAINED_MIN)
        if enough and share > most:
            best, most = str(name), share
    return best


def _explained(codes: np.ndarray, cells: _Cells) -> tuple[float, float]:
    """Share of the squares within cells that effects of codes explain, and the sd of what they explain, twice."""
    shown = (codes[:, None] == np.arange(codes.max() + 1)).astype(float)
    _, cell = np.unique(cells.cell, return_inverse=True)
    count = np.bincount(cell)
    for j in range(shown.shape[1]):
        shown[:, j] -= (np.bincount(cell, shown[:, j]) / count)[cell]
    effect = shown @ np.linalg.lstsq(shown, cells.off, rcond=None)[0]
    total = float(np.sum(cells.off**2))
    return (float(np.sum(effect**2)) / total if total > 0 else 0.0), 2 * float(np.sqrt(np.mean(effect**2)))


def _two_groups(table: pd.DataFrame, cells: _Cells, axis: str) -> bool:
    """Whether losses of repeated cells fall into an upper and a lower group, each of them smooth along the sizes."""
    here = table.iloc[cells.rows]
    frame = pd.DataFrame({"cell": cells.cell, "y": np.log(here["loss"].to_numpy(float))})
    groups = {cell: np.sort(part.to_numpy()) for cell, part in frame.groupby("cell")["y"]}
    if len(groups) < CELLS_MIN or len(groups) < SHARE_REPEATED * cells.count:
        return False
    split = {cell: int(np.argmax(np.diff(y))) + 1 for cell, y in groups.items()}
    gaps = np.array([y[split[cell]] - y[split[cell] - 1] for cell, y in groups.items()])
    inside = np.concatenate([part - part.mean() for c, y in groups.items() for part in np.split(y, [split[c]])])
    found = [np.sqrt(np.mean(inside**2))]
    curve = here.assign(cell=cells.cell, size=np.log(here[axis].to_numpy(float)))
    names = [name for name in ("task", "family", "model", "params") if name in curve]
    for _, part in curve.groupby(names, sort=False, dropna=False):
        own = part.drop_duplicates("cell").groupby("size")["cell"].first()
        if len(own) > 2:
            for side in (0, 1):
                level = np.array([np.split(groups[c], [split[c]])[side].mean() for c in own])
                found.append(MAD * np.median(np.abs(departures(own.index.to_numpy(float), level))))
    if len(found) == 1:
        return False
    gap = float(np.median(gaps))
    return gap >= GAP_MIN and gap >= GAP_SCATTERS * max(found[0], float(np.median(found[1:])))


def _two_losses(table: pd.DataFrame, cells: _Cells, source: str, axis: str) -> str:
    """Name the two rows of one cell whose losses are furthest apart."""
    frame = pd.DataFrame({"cell": cells.cell, "off": cells.off})
    by_cell = frame.groupby("cell")["off"]
    widest = (by_cell.max() - by_cell.min()).idxmax()
    inside = cells.rows[cells.cell == widest]
    low, high = (table.iloc[inside[pick(cells.off[cells.cell == widest])]] for pick in (np.argmin, np.argmax))
    first, second = sorted((low, high), key=lambda row: row["row"])
    return (
        f"{source}, rows {first['row']} and {second['row']}: found the losses {first['loss']:.6g} and "
        f"{second['loss']:.6g} for the same model {first['model']!r} at {axis} = {first[axis]:.12g}, expected one kind "
        "of loss, for repeated runs are averaged."
    )


def _name_apart(table: pd.DataFrame, cells: _Cells, column: str) -> str:
    values = list(dict.fromkeys(table.iloc[cells.rows][column]))
    shown = ", ".join(map(repr, map(_plain, values[:4]))) + (", …" if len(values) > 4 else "")
    name = column if column.isidentifier() else f"`{column}`"
    chosen = f"{name} == {_plain(values[0])!r}"
    return (
        f'The column {column!r} tells them apart ({shown}). Choose one, such as --where "{chosen}"; or, if it is '
        "another task or way of training, name the column 'task', or make it part of the names of the models."
    )


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
