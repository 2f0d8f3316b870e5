"""Reading a table of runs, from a file or a DataFrame."""

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.checks import (
    ReadColumn,
    check_metric,
    check_names,
    check_numbers,
    check_repeats,
    check_seeds,
    check_units,
    repeats,
)
from bayeslaw.runs.columns import ALIASES, CANONICAL, COUNTS, MEASURES
from bayeslaw.runs.files import read_cells, stem_of
from bayeslaw.runs.sheets import Sheet, tidy_sheet
from bayeslaw.runs.table import LeftOut, Runs, leave_out, not_selected, nothing_selected
from bayeslaw.runs.units import read_numbers, read_plain, read_texts
from bayeslaw.runs.where import matching_rows

NEGATIVE = (
    "Losses are negative, as of a model relative to another: laws of such losses are vocabulary, and others with "
    "link=identity in their names, as in 'vanilla(link=identity)'."
)


def read_runs(source: str | os.PathLike[str] | pd.DataFrame, *, where: str | None = None) -> Runs:
    """Read a table of finished training runs.

    The columns are found by the names that are usual in the field, whatever their case and punctuation; the table may
    be tidy (one row a run) or wide (one column for each data size).

    Parameters
    ----------
    source : a CSV, TSV, Parquet or JSON file (records in an array or one a line), also compressed with gzip; or a
        DataFrame, which is not changed.
    where : an expression that chooses rows, for instance ``"metric == 'loss:c4_val' and params < 1e9"``. Rows that it
        drops are not checked.

    Returns
    -------
    Runs
        The table under canonical names, with data in examples (or tokens), parameters and tokens as counts, and compute
        in FLOP; the rows that were left out; and notes on what was understood.

    Raises
    ------
    RunsError
        If the file or a cell in it cannot be used. The message names the place and the remedy.
    SelectionError
        If `where` is not understood, or no row matches it.

    Examples
    --------
    >>> runs = read_runs(pd.DataFrame({"model": ["gpt2", "gpt2"], "examples": ["200", "1k"], "eval_loss": [3.1, 2.9]}))
    >>> runs.table[["model", "data", "loss"]].values.tolist()
    [['gpt2', 200.0, 3.1], ['gpt2', 1000.0, 2.9]]
    """
    sheet, draft, name = _drafted(source, where)
    check_metric(draft.table, name)
    if sheet.is_wide:
        draft = draft.without_losses_not_measured()
    draft = draft.without((draft.table["data"] == 0).to_numpy(), "zero-shot loss is not on the fine-tuning curve")
    if not len(draft.table):
        reasons = Counter(left_out.reason for left_out in draft.left_out)
        counted = "; ".join(f"{count} rows: {reason}" for reason, count in reasons.most_common(3))
        raise RunsError(f"{name}: no run is left ({counted}), expected losses after some training. Add such runs.")
    check_units(draft.table, draft.read, name)
    check_numbers(draft.table, draft.read, name)
    check_names(draft.table, name)
    check_seeds(draft.table, name)
    check_repeats(draft.table, name)
    if (draft.table["loss"] <= 0).any():
        draft = replace(draft, notes=(*draft.notes, NEGATIVE))
    return draft.without_repeats().runs(name)


def read_zero_shot(
    source: str | os.PathLike[str] | pd.DataFrame, *, where: str | None = None
) -> dict[tuple[str, str], float]:
    """Read the losses before any training, which `read_runs` leaves out because they are on no curve.

    Parameters
    ----------
    source, where : as for `read_runs`.

    Returns
    -------
    dict from (task, model) to the loss at zero examples, the mean if there are several. Losses that are not numbers
    above zero are missing from it.

    Raises
    ------
    RunsError, SelectionError
        As `read_runs`, but cells are not checked.
    """
    table = _drafted(source, where)[1].table
    zero = table[(table["data"] == 0) & np.isfinite(table["loss"]) & (table["loss"] > 0)]
    means = zero.groupby(["task", "model"], sort=False)["loss"].mean()
    return {(str(task), str(model)): float(loss) for (task, model), loss in means.items()}


def _drafted(source: str | os.PathLike[str] | pd.DataFrame, where: str | None) -> tuple[Sheet, "_Draft", str]:
    """Read a source, keep the rows asked for, and name it; the cells are not checked yet."""
    if isinstance(source, pd.DataFrame):
        cells, name, task = source, "<DataFrame>", "task"
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        cells, name, task = read_cells(path), path.name, stem_of(path)
    else:
        raise RunsError(f"found a source of type {type(source).__name__}, expected the path of a file or a DataFrame.")
    sheet = tidy_sheet(cells, name)
    draft = _interpret(sheet, name, task)
    if where is not None:
        mask = matching_rows(draft.table, where, dict(draft.spelling))
        if not mask.any():
            raise nothing_selected(name, where, len(mask))
        draft = draft.without(~mask, not_selected(where))
    return sheet, draft, name


@dataclass(frozen=True, eq=False)
class _Draft:
    """A table under canonical names that is not yet checked, and the cells it was read from."""

    table: pd.DataFrame
    read: dict[str, ReadColumn]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    spelling: tuple[tuple[str, str], ...]

    def without(self, mask: NDArray[np.bool_], reason: str) -> "_Draft":
        """Leave out the rows where the mask is true."""
        if not mask.any():
            return self
        left_out = (*self.left_out, *leave_out(self.table.loc[mask, "row"], reason))
        return replace(self, table=self.table[~mask], left_out=left_out)

    def without_losses_not_measured(self) -> "_Draft":
        """Leave out the empty cells of a wide table, saying for each at which data size."""
        draft = self
        blank = self.read["loss"].numbers.blank[self.table.index]
        for size in sorted(self.table.loc[blank, "data"].unique()):
            here = draft.read["loss"].numbers.blank[draft.table.index] & (draft.table["data"] == size).to_numpy()
            draft = draft.without(here, f"no loss measured at data = {size:.12g}")
        return draft

    def without_repeats(self) -> "_Draft":
        """Leave out lines that a training log holds twice: one run counted twice would make a fit too sure."""
        first = repeats(self.table)
        if first.empty:
            return self
        rows = self.table.loc[first.index, "row"]
        pairs = zip(rows.tolist(), first.tolist(), strict=True)
        left_out = tuple(LeftOut(row, f"the same in every column as row {before}") for row, before in pairs)
        note = f"Left out for repeating another row in every column: {len(left_out)} of {len(self.table)} rows."
        return replace(
            self,
            table=self.table.drop(index=first.index),
            left_out=self.left_out + left_out,
            notes=(*self.notes, note),
        )

    def runs(self, source: str) -> Runs:
        left_out = tuple(sorted(self.left_out, key=lambda left_out: left_out.row))
        return Runs(self.table.reset_index(drop=True), left_out, self.notes, source, self.spelling)


def _interpret(sheet: Sheet, source: str, task: str) -> _Draft:
    """Read the cells of a sheet as canonical columns; nothing is checked yet, for ``where`` may drop bad rows."""
    cells, columns, notes = sheet.cells, sheet.columns, list(sheet.notes)
    for name, column in columns.items():
        if column.scale != 1:
            notes.append(f"Column {column.heading!r} read as {name}, times {column.scale:.0e}.")
        elif column.heading != name:
            notes.append(f"Column {column.heading!r} read as {name}.")
    numbers = {
        name: read_numbers(cells[columns[name].heading], counts=name in COUNTS)
        for name in (*COUNTS, *MEASURES)
        if name in columns
    }
    found: dict[str, pd.Series] = {"row": pd.Series(sheet.rows)}
    for name, column in columns.items():
        if name in numbers:
            found[name] = pd.Series(numbers[name].values * column.scale)
        elif name == "seed":
            found[name] = read_plain(cells[column.heading])
        else:
            found[name] = pd.Series(read_texts(cells[column.heading]))
    _derive_data(found, cells, notes, source)
    _derive_names(found, task, notes)

    taken = {column.heading for column in columns.values()}
    extras = [heading for heading in cells.columns if heading not in taken]
    if extras:
        notes.append(f"Kept under their own names: {', '.join(map(repr, extras))}.")
    ordered = {name: found[name] for name in ("row", *CANONICAL) if name in found}
    headings = {name: np.full(len(cells), column.heading, dtype=object) for name, column in columns.items()}
    headings["loss"] = sheet.loss_headings
    read = {
        name: ReadColumn(headings[name], cells[columns[name].heading], numbers[name], columns[name].scale)
        for name in numbers
    }
    return _Draft(
        table=pd.DataFrame({**ordered, **{heading: read_plain(cells[heading]) for heading in extras}}),
        read=read,
        left_out=sheet.left_out,
        notes=tuple(notes),
        spelling=tuple((column.heading, name) for name, column in columns.items()),
    )


def _derive_data(found: dict[str, pd.Series], cells: pd.DataFrame, notes: list[str], source: str) -> None:
    if "params" in found and found["params"].max() < 1000:
        notes.append("No model has 1000 parameters: write 7B or 7e9 if params are in billions.")
    if "data" in found:
        return
    if "tokens" not in found:
        if not {"compute", "params"} <= set(found):
            listed = ", ".join(map(repr, cells.columns[:30]))
            raise RunsError(
                f"{source}: found no column of data sizes among {listed}. Expected examples ({ALIASES['data']}), or "
                f"tokens ({ALIASES['tokens']}), or compute together with params. Rename the column to 'data'."
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            found["tokens"] = found["compute"] / (6 * found["params"])
        notes.append("There are no data sizes: tokens derived as compute / (6 params), and data are tokens.")
    else:
        notes.append("There are no examples: data are tokens.")
    found["data"] = found["tokens"]


def _derive_names(found: dict[str, pd.Series], task: str, notes: list[str]) -> None:
    count = len(found["row"])
    if "task" not in found:
        found["task"] = pd.Series([task] * count)
        notes.append(f"There is no column of tasks: all runs are of the task {task!r}.")
    if "model" not in found:
        parts = []
        if "family" in found:
            parts.append(found["family"].tolist())
        if "params" in found:
            parts.append([f"params={value:.12g}" for value in found["params"]])
        if parts:
            found["model"] = pd.Series([" ".join(names) for names in zip(*parts, strict=True)])
            notes.append("There is no column of models: runs of one family and number of parameters are one model.")
        else:
            found["model"] = found["task"]
            notes.append("There is no column of models: all runs of a task are of one model, named after the task.")
    if "family" not in found:
        found["family"] = found["model"]
        notes.append("There is no column of families: each model is its own family.")
    elif (found["family"] == "").any():
        found["family"] = found["family"].where(found["family"] != "", found["model"])
        notes.append("Models without a family are their own family.")
