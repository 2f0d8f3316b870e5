"""What a table of runs must satisfy before a law is fitted to it, and what is said when it does not.

What is wrong is told in sentences that begin with the place, all of a table at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import CANONICAL, COUNTS, NAMES, OTHER_SIZES, SHARES, plain, shares_among
from bayeslaw.runs.questions import written
from bayeslaw.runs.settings import settings_among
from bayeslaw.runs.units import Numbers

_POSITIVE, _NOT_NEGATIVE = "a positive number", "a number that is not negative"
NEGATIVE_MIN = 0.5
"""Share of negative losses above which they may be negative."""

_EXPECTED = {
    "data": "a number of examples, such as 200 or 1.6e6",
    "params": "a positive number of parameters, such as 124e6 or 124M",
    "tokens": "a positive number of tokens, such as 2e9 or 2B",
    "compute": "a positive number of FLOP, such as 1e19",
    "unique_data": "a positive number of tokens or examples, such as 2e9 or 2B",
    "tokens_per_param": "a positive number of tokens a parameter, such as 20",
    "epochs": "a positive number of epochs, such as 4",
    "loss": _POSITIVE,
    "loss_se": _NOT_NEGATIVE,
    "accuracy": "a share of questions from 0 to 1, or percent from 0 to 100",
    "accuracy_se": _NOT_NEGATIVE,
    "questions": "a whole number of questions, 2 or more",
    "chance": "the share of questions that guessing answers rightly, from 0 to below 1",
    "model_loss": "a number",
}
_EXPECTED_OF_LOSS = {
    "perplexity": "a perplexity, which is above 1",
    "accuracy": "a share of questions answered rightly, from 0 to below 1",
}
"""Of losses in another unit than nats or bits."""

OPTIONAL = ("accuracy_se", "questions", "chance", "model_loss")
"""Columns that may have empty cells."""

PROBLEMS = 8
"""Problems of a table that are told at most."""

ROWS_NAMED = 4
"""Rows at most that a condition leaves out one by one."""

SHOWN = 80
"""Characters of a cell that a message shows."""

_IDENTITY = (*NAMES, "metric", "seed", *COUNTS, *OTHER_SIZES)
"""Columns in which two rows of one run agree, with the shares of a mixture."""


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """A column of numbers with what is needed to explain a bad cell.

    Attributes
    ----------
    headings : for each cell the heading it stands under, shape (cells,).
    cells : the cells as found, shape (cells,).
    numbers : the cells as numbers, before scaling.
    scale : what the heading says the numbers are to be multiplied by.
    unit : of a loss or an accuracy, if it was said.
    """

    headings: NDArray[np.object_]
    cells: pd.Series
    numbers: Numbers
    scale: float
    unit: str = ""


def check_metric(table: pd.DataFrame, source: str) -> None:
    """Refuse a task measured in several metrics: their values are not on one curve."""
    if "metric" not in table:
        return
    for task, rows in table.groupby("task", sort=False):
        metrics = list(dict.fromkeys(rows["metric"]))
        if len(metrics) > 1:
            shown = ", ".join(map(repr, metrics[:8])) + (", …" if len(metrics) > 8 else "")
            raise RunsError(
                f"{source}, column 'metric': found {len(metrics)} metrics for the task {task!r} ({shown}), expected "
                f'one: a law describes one kind of loss. Choose one with where="metric == {metrics[0]!r}".'
            )


def refuse(source: str, problems: Iterable[str]) -> None:
    """Refuse a table with all that is wrong with it.

    Raises
    ------
    RunsError
        If there is a problem.
    """
    by_place: dict[str, str] = {}
    for one in problems:
        by_place.setdefault(one.partition(": ")[0], one)  # the first tells most
    told = list(by_place.values())
    if len(told) == 1:
        raise RunsError(f"{source}, {told[0]}")
    if told:
        shown = " ".join(f"({i}) {one}" for i, one in enumerate(told[:PROBLEMS], 1))
        more = f" And {len(told) - PROBLEMS} more." if len(told) > PROBLEMS else ""
        raise RunsError(f"{source}: found {len(told)} problems. {shown}{more}")


def unit_problems(table: pd.DataFrame, read: dict[str, ReadColumn]) -> Iterator[str]:
    """Columns in which the numbers are not in one unit."""
    for heading in table.columns:
        if plain(heading) in ("unit", "units") and table[heading].nunique() > 1:
            units = ", ".join(repr(unit) for unit in table[heading].unique()[:8])
            yield (
                f"column {heading!r}: mixed units ({units}), expected one. Convert the numbers to one unit, "
                f"or choose one with where=\"{heading} == '…'\"."
            )
    for name, column in read.items():
        values = column.numbers.values[table.index]
        suffixed = column.numbers.suffixed[table.index]
        if name in SHARES or not suffixed.any():  # cells such as 25% were brought to the unit of the others
            continue
        if column.scale != 1:
            written = table.index[suffixed][0]
            yield (
                f"{_place(table, column, written)}: mixed units, found {_found(column, written)} under "
                "a heading that names a unit, expected one of the two. Drop the suffix, or the unit in the heading."
            )
            continue
        # A fraction of an example is no count, no model has three parameters, and none beside others of millions of
        # tokens was trained on so few: such numbers lack their suffix.
        few = name == "params" or (name == "tokens" and np.nanmin(values[suffixed]) >= 1e6)
        odd = ~suffixed & (values < 1000) & (values != 0) & ((values != np.round(values)) | few)
        if odd.any():
            bare, written = table.index[odd][0], table.index[suffixed][0]
            yield (
                f"{_place(table, column, bare)}: mixed units, found {_found(column, bare)} beside "
                f"{_found(column, written)} (row {_row(table, written)}), expected one unit. "
                "Write the suffix everywhere, or nowhere."
            )


def number_problems(table: pd.DataFrame, read: dict[str, ReadColumn]) -> Iterator[str]:
    """Cells that are not the numbers their column needs, the first of each; see `may_be_negative` for losses."""
    for name, column in read.items():
        values = column.numbers.values[table.index]
        blank = column.numbers.blank[table.index]
        good = (np.isfinite(values) & _in_range(name, values, column)) | (blank & (name in OPTIONAL))
        if good.all():
            continue
        bad = table.index[~good]
        others = f" (and so in {len(bad) - 1} more row{'s' * (len(bad) > 2)})" if len(bad) > 1 else ""
        yield (
            f"{_place(table, column, bad[0])}: found {_found(column, bad[0])}, "
            f"expected {_expected(name, column.unit)}{others}. {_remedy(name, column, bad, table)}"
        )


def _expected(name: str, unit: str) -> str:
    return _EXPECTED_OF_LOSS.get(unit, _EXPECTED[name]) if name == "loss" else _EXPECTED[name]


def _in_range(name: str, values: NDArray[np.float64], column: ReadColumn) -> NDArray[np.bool_]:
    shares = values * column.scale
    with np.errstate(invalid="ignore"):
        match name:
            case "loss_se" | "accuracy_se":
                return values >= 0
            case "accuracy":
                return (shares >= 0) & (shares <= 1)
            case "chance":
                return (shares >= 0) & (shares < 1)
            case "loss" if column.unit == "perplexity":
                return values > 1
            case "loss" if column.unit == "accuracy":
                return (values >= 0) & (values < 1)
            case "questions":
                return (values >= 1) & (values == np.round(values))
            case "model_loss":
                return np.ones(len(values), bool)
            case "loss" if may_be_negative(values):
                return np.ones(len(values), bool)
            case _:
                return values > 0


def may_be_negative(losses: NDArray[np.float64]) -> bool:
    """Whether losses are of a sort that may be negative, such as relative to another model: most of them are.

    A few that are not positive among others that are will be mistakes.
    """
    return bool(np.mean(losses < 0) > NEGATIVE_MIN)


def name_problems(table: pd.DataFrame) -> Iterator[str]:
    """Runs without a model or a task, and models in two families."""
    for name in ("model", "task"):
        nameless = table["row"][table[name] == ""]
        if len(nameless):
            yield (
                f"row {nameless.iloc[0]}, column {name!r}: found an empty cell, expected the name of "
                f"a {name}. Fill it in, or leave the row out with where=\"{name} != ''\"."
            )
    first = table.groupby(["task", "model"], sort=False)[["family", "row"]].transform("first")
    other = table["family"] != first["family"]
    if other.any():
        row, before = table[other].iloc[0], first[other].iloc[0]
        yield (
            f"row {row['row']}, column 'family': the model {row['model']!r} is in the family "
            f"{row['family']!r}, but in {before['family']!r} in row {before['row']}; expected one family a model. "
            "Correct one of the two; if these are two ways of tuning one model, name them apart, such as "
            f"{row['model']} {row['family']}."
        )


def seed_problems(table: pd.DataFrame, read: Mapping[str, ReadColumn]) -> Iterator[str]:
    """Two losses for one seed: one run has one loss."""
    if "seed" not in table:
        return
    seeded = table[table["seed"].notna() & (table["seed"].astype(str) != "")]
    others = (*shares_among(table.columns), *settings_among(table))
    identity = [name for name in dict.fromkeys((*_IDENTITY, *others)) if name in table]
    first = seeded.groupby(identity, sort=False, dropna=False)[["loss", "row"]].transform("first")
    other = seeded["loss"] != first["loss"]
    if other.any():
        row, before = seeded[other].iloc[0], first[other].iloc[0]
        sizes = "".join(
            f", {name} = {row[name]:.12g}"
            for name in identity
            if name in read or (name in OTHER_SIZES and pd.api.types.is_number(row[name]))
        )
        yield (
            f"rows {before['row']:.0f} and {row['row']}: found the losses {before['loss']:g} and "
            f"{row['loss']:g} for the same model {row['model']!r}{sizes} and seed {row['seed']}, "
            "expected one loss a seed. Correct the seed, empty it if it is unknown, or choose one row with where."
        )


LOG_POINTS = 20
"""A table whose models were mostly measured at more sizes than this is a training log, which may hold a step twice."""


def repeat_problems(table: pd.DataFrame) -> Iterator[str]:
    """A row that repeats another in every column, unless it comes from a training log."""
    first = repeats(table)
    if first.empty:
        return
    if table.groupby(["task", "model"], sort=False)["data"].nunique().median() > LOG_POINTS:
        return
    position = first.index[0]
    more = f" (and {len(first) - 1} more such rows)" if len(first) > 1 else ""
    yield (
        f"row {_row(table, position)}: the same in every column as row {first.iloc[0]}{more}, expected each "
        "run once. Remove the copy; if they are repeated runs that happened to agree, add a column 'seed'."
    )


def repeats(table: pd.DataFrame) -> pd.Series:
    """Find the rows that repeat an earlier one in every column.

    Returns
    -------
    The row of the source that is repeated, indexed as those rows of the table that repeat it.
    """
    everything = list(table.columns.drop("row"))
    few = [name for name in CANONICAL if name in table]
    alike = table[few].duplicated(keep=False)  # where there are many columns, few rows need a look at all
    if not alike.any():
        return table.loc[alike, "row"]
    table = table[alike]
    repeated = table.duplicated(everything)
    if not repeated.any():
        return table.loc[repeated, "row"]
    return table.groupby(everything, sort=False, dropna=False)["row"].transform("first")[repeated]


def _row(table: pd.DataFrame, position: int) -> int:
    return int(table["row"].loc[position])


def _place(table: pd.DataFrame, column: ReadColumn, position: int) -> str:
    return f"row {_row(table, position)}, column {column.headings[position]!r}"


def _found(column: ReadColumn, position: int) -> str:
    cell = column.cells[position]
    if isinstance(cell, str):
        return repr(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…") if cell.strip() else "an empty cell"
    return "an empty cell" if cell is None else str(cell)


def _remedy(name: str, column: ReadColumn, bad: pd.Index, table: pd.DataFrame) -> str:
    """What to do about cells; a condition that is offered leaves out the first of them, or all where it can."""
    position, several = bad[0], len(bad) > 1
    value = column.numbers.values[position]
    found = _found(column, position)
    if name == "loss" and column.unit == "accuracy" and value > 1:
        answer = written(f"{column.headings[position]}=accuracy:percent")
        return f"If these are percent, divide them by 100; --as {answer} reads them as scores."
    if name == "loss" and column.unit not in _EXPECTED_OF_LOSS and value <= 0:
        return f'Where most losses are above zero, all must be: correct it, or drop such rows with where="{name} > 0".'
    if np.isnan(value) and "," in found:
        return "Write decimals with a point."
    optional = "" if name in ("loss", "accuracy", "data") else ", drop the column"
    if name == "loss" and several and not np.isfinite(column.numbers.values[bad]).any():
        return (
            "Correct them, or leave out all rows without a finite loss, as of runs that diverged, with "
            'where="loss < 1e9".'
        )
    rows = " and ".join(f"row != {_row(table, at)}" for at in (bad if len(bad) <= ROWS_NAMED else bad[:1]))
    return f'Correct it{optional}, or leave the row out with where="{rows}".'
