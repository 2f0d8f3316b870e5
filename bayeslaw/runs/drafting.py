"""From a tidy sheet to a table under canonical names, which is not checked yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.runs.benchmarks import benchmark_in
from bayeslaw.runs.checks import OPTIONAL, ReadColumn, repeats
from bayeslaw.runs.columns import CANONICAL, COUNTS, MEASURES, RATIOS, SHARES, words_in
from bayeslaw.runs.logs import superseded
from bayeslaw.runs.naming import derive_names, read_params_in_names
from bayeslaw.runs.roles import Column
from bayeslaw.runs.scores import read_scores, with_known_tasks
from bayeslaw.runs.settings import best_settings
from bayeslaw.runs.sheets import Sheet, other_sizes
from bayeslaw.runs.table import LeftOut, Runs, leave_out
from bayeslaw.runs.units import (
    CONVERTED,
    FLOP_PER_TOKEN,
    Numbers,
    in_nats,
    read_numbers,
    read_plain,
    read_shares,
    read_texts,
)


@dataclass(frozen=True, eq=False)
class Draft:
    """A table under canonical names that is not yet checked, and the cells it was read from."""

    table: pd.DataFrame
    read: dict[str, ReadColumn]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    spelling: tuple[tuple[str, str], ...]
    scales: tuple[tuple[str, float], ...]
    source: str
    loss_given: str

    def without(self, mask: NDArray[np.bool_], reason: str) -> "Draft":
        """Leave out the rows where the mask is true."""
        if not mask.any():
            return self
        left_out = (*self.left_out, *leave_out(self.table.loc[mask, "row"], reason))
        return replace(self, table=self.table[~mask], left_out=left_out)

    def without_losses_not_measured(self) -> "Draft":
        """Leave out the empty cells of a wide table, saying for each of which benchmark, or at which data size."""
        draft, of_scores = self, "accuracy" in self.read
        measured = self.read["accuracy" if of_scores else "loss"].numbers
        by = "task" if of_scores else "data"
        for value in sorted(self.table.loc[measured.blank[self.table.index], by].unique()):
            here = measured.blank[draft.table.index] & (draft.table[by] == value).to_numpy()
            draft = draft.without(
                here, f"no score on {value}" if of_scores else f"no loss measured at data = {value:.12g}"
            )
        return draft

    def without_empty(self) -> "Draft":
        """Drop what may be missing, such as standard errors, if no row has it."""
        names = [name for name in ("loss_se", *OPTIONAL) if name in self.read]
        empty = [name for name in names if self.read[name].numbers.blank[self.table.index].all()]
        read = {name: column for name, column in self.read.items() if name not in empty}
        return replace(self, table=self.table.drop(columns=empty), read=read)

    def with_known_tasks(self) -> "Draft":
        """Say of scores how many questions each task has, and what guessing reaches, where that follows."""
        if "accuracy" not in self.table:
            return self
        accuracy = self.read["accuracy"]
        rounded = accuracy.scale != 1 or bool(accuracy.numbers.suffixed.any())
        table, notes = with_known_tasks(self.table, rounded)
        return replace(self, table=table, notes=(*self.notes, *notes))

    def without_repeats(self) -> "Draft":
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

    def under_names_here(self, headings: Sequence[str]) -> tuple[str, ...]:
        """The names that columns of the source have in the table, such as ``seed_as_found`` of ``seed``."""
        names = {heading: name for heading, name in self.spelling if name in self.table}
        return tuple(names.get(heading, heading) for heading in headings)

    def with_the_best(self, settings: Sequence[str], covariates: Sequence[str]) -> "Draft":
        """Keep of each model and size the runs at the best of the settings; see `best_settings`."""
        names = [name for name in settings if name in self.table]
        if not names:
            return self
        mask, note = best_settings(self.table, names, covariates)
        draft = self.without(~mask, f"at another {' and '.join(names)} this model and size is better")
        return replace(draft, notes=(*draft.notes, note))

    def without_superseded(self, *, is_log: bool) -> "Draft":
        """Leave out rows of a log that were run again after it was resumed; see `superseded`."""
        mask = superseded(self.table, is_log=is_log)
        if not mask.any():
            return self
        draft = self.without(mask, "run again after the log was resumed: the later row of a step counts")
        note = f"A log that was resumed: of two rows of one step the later counts, {mask.sum()} are left out."
        return replace(draft, notes=(*draft.notes, note))

    def runs(self) -> Runs:
        """The table of runs as it stands."""
        left_out = tuple(sorted(self.left_out, key=lambda left_out: left_out.row))
        sized = {"data", "tokens", "compute", *RATIOS} & set(self.read)
        table = self.table if sized else self.table.drop(columns="data")
        rows = table.reset_index(drop=True)
        return Runs(rows, left_out, self.notes, self.source, self.spelling, self.scales, self.loss_given)


def draft_of(sheet: Sheet, source: str, task: str) -> Draft:
    """Read the cells of a sheet as canonical columns; nothing is checked yet, for ``where`` may drop bad rows.

    Parameters
    ----------
    sheet : Sheet
    source : name of the source, for messages.
    task : what the task is called if the table does not say.
    """
    cells, columns, notes = sheet.cells, sheet.roles.columns, list(sheet.notes)
    columns = {role: column for role, column in columns.items() if RATIOS.get(role, role) in columns}
    notes += [note for name, column in columns.items() if (note := _note(name, column))]
    numbers = {name: _numbers(name, cells, columns[name]) for name in (*COUNTS, *MEASURES, *RATIOS) if name in columns}
    found: dict[str, pd.Series] = {"row": pd.Series(sheet.rows)}
    for name, column in columns.items():
        if name in numbers:
            found[name] = pd.Series(numbers[name].values * column.scale)
        elif name == "seed":
            found[name] = read_plain(cells[column.heading])
        else:
            found[name] = pd.Series(read_texts(cells[column.heading]))
    unit = columns["loss"].unit if "loss" in columns else ""
    if "accuracy" in columns:
        columns = {**columns, **read_scores(found, columns, numbers, notes)}
    else:
        _convert_losses(found, columns["loss"].unit)
    if {"accuracy", "tokens"} & set(found):
        read_params_in_names(found, notes)
    _derive_data(found, columns, notes)
    variants = [read_texts(cells[heading]) for heading in sheet.roles.several["variant"]]
    derive_names(found, variants, benchmark_in(sheet.roles.measured.heading) or task, notes)
    extras = _extras(sheet, notes)
    ordered = {name: found[name] for name in ("row", *CANONICAL) if name in found}
    headings = {name: np.full(len(cells), column.heading, dtype=object) for name, column in columns.items()}
    headings["accuracy" if "accuracy" in columns else "loss"] = sheet.loss_headings
    read = {
        name: ReadColumn(headings[name], cells[of.heading], numbers[name], of.scale, of.unit)
        for name, of in columns.items()
        if name in numbers
    }
    spelling = [(heading, name) for name, heading in extras.items() if name != heading]
    spelling += [(column.heading, name) for name, column in columns.items() if name not in RATIOS]
    return Draft(
        table=pd.DataFrame({**ordered, **{name: read_plain(cells[h]).array for name, h in extras.items()}}),
        read=read,
        left_out=sheet.left_out,
        notes=tuple(notes),
        spelling=tuple(spelling),
        scales=tuple((column.heading, column.scale) for column in columns.values() if column.scale != 1),
        source=source,
        loss_given="accuracy" if "accuracy" in columns else unit if unit in CONVERTED else "",
    )


def _numbers(name: str, cells: pd.DataFrame, column: Column) -> Numbers:
    of = cells[column.heading]
    if name not in SHARES:
        return read_numbers(of, counts=name in (*COUNTS, "questions"))
    # Standard errors without a sign are in the unit of the scores, which their own numbers do not tell.
    told = {"percent": True, "share": False}.get(column.unit) if name != "accuracy_se" else False
    return read_shares(of, percent=told)


def _note(name: str, column: Column) -> str | None:
    """How a column was read, unless it is as its name says."""
    converted = {
        "bits": "times ln 2, in nats",
        "perplexity": "its logarithm, in nats",
        "accuracy": "as 1 - accuracy, the error rate",
        "error": "as 1 less the share of wrong answers",
    }.get(column.unit)
    if converted:
        return f"Column {column.heading!r} read as {name}, {converted}."
    if column.scale != 1 and name in COUNTS:
        return f"Column {column.heading!r} read as {name}, times {column.scale:.6g}."
    return f"Column {column.heading!r} read as {name}." if column.heading != name else None


def _extras(sheet: Sheet, notes: list[str]) -> dict[str, str]:
    """Columns that are kept, from the name they get to their heading.

    A name that means something here is not left to a column that is something else.
    """
    roles = sheet.roles
    taken = {column.heading for role, column in roles.columns.items() if role not in RATIOS} | {
        *roles.several["ignore"],
        *roles.repeated,
    }
    kept = [heading for heading in sheet.cells.columns if heading not in taken]
    said = {heading for several in roles.several.values() for heading in several}
    sizes = other_sizes(sheet.cells)
    names: dict[str, str] = {}
    for heading in kept:
        name = heading
        if heading in CANONICAL:
            name = f"train_{heading}" if heading in roles.training else f"{heading}_as_found"
            name = f"{name}_" if name in kept else name
            notes.append(f"Column {heading!r} is not read as {heading}, and is called {name!r} here.")
        elif (size := sizes.get(heading, heading)) != heading:
            there = size in kept or size in names
            if there and heading not in said:
                notes.append(f"Left out: column {heading!r}, for {names.get(size, size)!r} is read as {size}.")
                continue
            if not there:
                name = size
                notes.append(f"Column {heading!r} read as {size}.")
        names[name] = heading
    own = [heading for name, heading in names.items() if name == heading]
    if own:
        notes.append(f"Kept under their own names: {', '.join(map(repr, own))}.")
    if ignored := roles.several["ignore"]:
        notes.append(f"Ignored, as was said: {', '.join(map(repr, ignored))}.")
    return names


def _convert_losses(found: dict[str, pd.Series], unit: str) -> None:
    """Bring losses and their standard errors to nats; what cannot be converted becomes no number."""
    losses = found["loss"].to_numpy(float)
    converted, slope = in_nats(losses, unit)
    found["loss"] = pd.Series(converted)
    if "loss_se" in found:
        found["loss_se"] = found["loss_se"] * slope


def _derive_data(found: dict[str, pd.Series], columns: Mapping[str, Column], notes: list[str]) -> None:
    """Count data in tokens if there are no examples; in compute or by a ratio if there is nothing else of the kind."""
    if "data" in found:
        return
    ratio = next((name for name in RATIOS if name in found), None)
    if ratio is not None:
        of = columns[RATIOS[ratio]].heading
        counted = "tokens" if ratio == "tokens_per_param" or "tokens" in words_in(of) else "data"
        found[counted] = found.pop(ratio) * found[RATIOS[ratio]]
        told = f"{columns[ratio].heading!r} times {of!r}"
        notes.append(f"There are no data sizes: {counted} derived as {told}.")
        if "data" in found:
            return
    elif "tokens" in found:
        notes.append("There are no examples: data are tokens.")
    elif {"compute", "params"} <= set(found):
        with np.errstate(divide="ignore", invalid="ignore"):
            found["tokens"] = found["compute"] / (FLOP_PER_TOKEN * found["params"])
        notes.append("There are no data sizes: tokens derived as compute / (6 params), and data are tokens.")
    elif "compute" in found:
        found["data"] = found["compute"]
        notes.append("There are no data sizes, only compute: laws are in compute, and data are FLOP.")
        return
    else:
        notes.append("There are no data sizes: only laws in the other columns can be fitted.")
        found["data"] = pd.Series(1.0, index=found["loss"].index)  # until the table is checked
        return
    found["data"] = found["tokens"]
