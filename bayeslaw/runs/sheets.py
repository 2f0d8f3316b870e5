"""From a table of cells to a tidy sheet: headings checked and recognised, wide tables unfolded."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import ALIASES, Column, recognise, sizes_in_headings
from bayeslaw.runs.table import LeftOut, leave_out
from bayeslaw.runs.units import is_blank, read_numbers


@dataclass(frozen=True, eq=False)
class Sheet:
    """A tidy table of cells, one row a run, not yet read as numbers.

    Attributes
    ----------
    cells : the cells under the headings of the source.
    rows : for each row of `cells`, the data row in the source, counted from 1.
    columns : from canonical name to the column that holds it.
    loss_headings : for each row of `cells`, the heading that its loss stands under.
    is_wide : whether the source has one column for each data size.
    left_out : rows that hold nothing.
    notes : what was understood.
    """

    cells: pd.DataFrame
    rows: NDArray[np.int64]
    columns: dict[str, Column]
    loss_headings: NDArray[np.object_]
    is_wide: bool
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def tidy_sheet(cells: pd.DataFrame, source: str) -> Sheet:
    """Bring a table of cells into tidy form.

    Raises
    ------
    RunsError
        If headings are missing, repeated or ambiguous, if there is no row, or if there is no column of losses.
    """
    cells, notes = _with_good_headings(cells, source)
    if not len(cells):
        raise RunsError(f"{source}: found a header only, expected one row a run below it.")
    empty = _empty_rows(cells)
    if empty.all():
        raise RunsError(f"{source}: every row is empty, expected one row a run.")
    left_out = leave_out(np.flatnonzero(empty) + 1, "the row is empty")
    rows = np.flatnonzero(~empty) + 1
    cells = cells[~empty].reset_index(drop=True)

    columns = recognise(list(cells.columns), source)
    sizes = sizes_in_headings([heading for heading in cells.columns if heading not in _headings(columns)])
    if "loss" not in columns and len(sizes) >= 2:
        return _unfold(Sheet(cells, rows, columns, np.array([]), True, left_out, notes), sizes, source)
    if "loss" not in columns:
        raise RunsError(
            f"{source}: found no column of losses among {_listed(cells)}. Expected one named {ALIASES['loss']}; "
            "or, in a wide table, one column for each data size, named 200, 400, … Rename the column to 'loss'."
        )
    loss_headings = np.full(len(cells), columns["loss"].heading, dtype=object)
    return Sheet(cells, rows, columns, loss_headings, False, left_out, notes)


def _unfold(wide: Sheet, sizes: dict[str, float], source: str) -> Sheet:
    """Give each loss of a wide table a row of its own."""
    if "data" in wide.columns:
        raise RunsError(
            f"{source}: found data sizes both in the column {wide.columns['data'].heading!r} and as the headings "
            f"{', '.join(sizes)}; expected one of the two. Name the column of losses 'loss', or drop a column."
        )
    seen: dict[float, str] = {}
    for heading, size in sizes.items():
        if size in seen:
            raise RunsError(
                f"{source}: the headings {seen[size]!r} and {heading!r} are the same data size, expected each once. "
                "Drop one of the columns."
            )
        seen[size] = heading
    count = len(wide.cells)
    headings = list(sizes)
    cells = wide.cells.drop(columns=headings).loc[np.repeat(np.arange(count), len(sizes))].reset_index(drop=True)
    cells["data"] = np.tile(list(sizes.values()), count)
    cells["loss"] = pd.Series(wide.cells[headings].astype(object).to_numpy().ravel(), dtype=object)
    return Sheet(
        cells=cells,
        rows=np.repeat(wide.rows, len(sizes)),
        columns={**wide.columns, "data": Column("data"), "loss": Column("loss")},
        loss_headings=np.tile(np.array(headings, dtype=object), count),
        is_wide=True,
        left_out=wide.left_out,
        notes=(
            *wide.notes,
            f"Wide table: {len(sizes)} data sizes from {min(sizes.values()):.12g} to {max(sizes.values()):.12g} "
            "are headings, the cells below them are losses.",
        ),
    )


def _with_good_headings(cells: pd.DataFrame, source: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if cells.columns.nlevels > 1:
        raise RunsError(
            f"{source}: the headings have {cells.columns.nlevels} levels, expected one. Flatten them first."
        )
    index_names = [name for name in cells.index.names if name is not None]
    # A named index holds data, as after groupby(); an unnamed one only counts rows.
    if index_names and not set(index_names) & set(cells.columns):
        cells = cells.reset_index(level=index_names)
    cells = cells.set_axis(pd.Index([str(name).strip() for name in cells.columns], dtype=object), axis=1)
    cells = cells.reset_index(drop=True)
    cells, notes = _without_unnamed(cells, source)
    if not len(cells.columns):
        raise RunsError(f"{source}: found no columns, expected a header and one row a run.")
    repeated = cells.columns[cells.columns.duplicated()]
    if len(repeated):
        raise RunsError(
            f"{source}: the column {repeated[0]!r} comes {list(cells.columns).count(repeated[0])} times, expected each "
            "heading once. Rename or drop the others."
        )
    if "row" in cells.columns:
        cells = cells.drop(columns="row")
        notes = (*notes, "Column 'row' is not used: `row` counts the rows of the source.")
    return cells, notes


def _without_unnamed(cells: pd.DataFrame, source: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Drop the row index that pandas writes as a first column without a name, and columns that are wholly empty."""
    notes = []
    named = np.ones(len(cells.columns), dtype=bool)
    for position, heading in enumerate(cells.columns):
        if heading and not (position == 0 and heading == "Unnamed: 0"):
            continue
        numbers = read_numbers(cells.iloc[:, position], counts=False)
        if numbers.blank.all():
            notes.append(f"Column {position + 1} has no name and no content, it is not used.")
        elif position == 0 and np.all(numbers.values == np.round(numbers.values)):
            notes.append("The first column has no name and holds whole numbers: a row index, it is not used.")
        else:
            raise RunsError(
                f"{source}: column {position + 1} has no name, expected one. Give it a heading, or drop it."
            )
        named[position] = False
    return cells.loc[:, named], tuple(notes)


def _empty_rows(cells: pd.DataFrame) -> NDArray[np.bool_]:
    empty = np.ones(len(cells), dtype=bool)
    for heading in cells.columns:
        # Only rows that are empty so far need a look, which after the first column are few.
        candidates = np.flatnonzero(empty)
        if not len(candidates):
            break
        column = cells[heading].iloc[candidates].astype(object).tolist()
        empty[candidates] = [is_blank(cell) for cell in column]
    return empty


def _headings(columns: dict[str, Column]) -> set[str]:
    return {column.heading for column in columns.values()}


def _listed(cells: pd.DataFrame) -> str:
    return ", ".join(repr(heading) for heading in cells.columns[:30])
