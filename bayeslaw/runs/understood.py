"""What was understood of a source: the sheet that is shown before anything is fitted."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.runs.columns import meaning
from bayeslaw.runs.questions import Question
from bayeslaw.runs.roles import Column
from bayeslaw.runs.sheets import Sheet
from bayeslaw.runs.table import LeftOut

HEAD = 5


_SAID = {
    "variant": "said to tell models apart",
    "best": "said to be a setting, the best of which counts",
    "covariate": "said to be what a law depends on",
    "ignore": "said to be nothing",
}
"""Why a column is what it is, by what was said of it."""


@dataclass(frozen=True)
class UnderstoodColumn:
    """A column of the source.

    Attributes
    ----------
    source : its heading.
    role : what it was read as; None for one that is kept under its own name.
    unit : of its numbers in the source, in words; empty where there is none.
    why : what decided.
    """

    source: str
    role: str | None
    unit: str
    why: str


@dataclass(frozen=True, eq=False)
class Understood:
    """What was understood of a source.

    Attributes
    ----------
    source, format : its name, and what kind of file it is.
    rows : how many are used.
    columns : of the source, in order.
    left_out : rows that are not used.
    notes : in sentences.
    questions : what is open; no command goes on before they are answered.
    table : the runs under canonical names.
    """

    source: str
    format: str
    rows: int
    columns: tuple[UnderstoodColumn, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    questions: tuple[Question, ...]
    table: pd.DataFrame

    @property
    def head(self) -> pd.DataFrame:
        """The first rows."""
        return self.table.head(HEAD)

    def to_dict(self) -> dict[str, Any]:
        """The sheet as plain values."""
        return {
            "source": self.source,
            "format": self.format,
            "rows": self.rows,
            "columns": [asdict(column) for column in self.columns],
            "left_out": [{"row": out.row, "reason": out.reason} for out in self.left_out],
            "notes": list(self.notes),
            "questions": [question.to_dict() for question in self.questions],
            "head": [_plain_row(row) for row in self.head.to_dict("records")],
        }


def _plain_row(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def understood_columns(sheet: Sheet, values: str | None, percent: bool) -> tuple[UnderstoodColumn, ...]:
    """What each column of a source was read as, and why.

    Parameters
    ----------
    sheet : Sheet
    values : str or None
        What the cells of a wide table seem to be, where that is not what was read.
    percent : bool
        Whether scores came out to be in percent.
    """
    roles = sheet.roles
    if percent and not roles.measured.unit:
        columns = {**roles.columns, "accuracy": replace(roles.measured, unit="percent")}
        roles = replace(roles, columns=columns)
    by_heading = {column.heading: (name, column) for name, column in roles.columns.items()}
    found = []
    for heading in sheet.cells.columns:
        if heading in sheet.made:
            continue
        if heading in by_heading:
            name, column = by_heading[heading]
            found.append(UnderstoodColumn(heading, name, _unit(name, column), column.why))
        else:
            why = "kept under its own name"
            why = "a loss of training, beside that of an evaluation" if heading in roles.training else why
            why = "1 - accuracy" if heading in roles.repeated else why
            said = next((role for role, headings in roles.several.items() if heading in headings), "")
            role = said if said != "ignore" else ""
            found.append(UnderstoodColumn(heading, role or None, "", _SAID.get(said, why)))
    if sheet.is_wide:
        name = "accuracy" if "accuracy" in roles.columns else "loss"
        unit = values or _unit(name, roles.measured)
        named = {"model": "names a model", "task": "names a task", "seed": "names a repeat"}
        why = "a heading that " + next((said for name, said in named.items() if name in sheet.made), "is a size")
        found += [UnderstoodColumn(str(heading), name, unit, why) for heading in dict.fromkeys(sheet.loss_headings)]
    return tuple(found)


def _unit(name: str, column: Column) -> str:
    """The unit of a column in the source, in words."""
    if name in ("loss", "model_loss"):
        return column.unit or "nats"
    if name == "accuracy":
        return f"{column.unit or 'share'}, {'lower' if column.unit == 'error' else 'higher'} is better"
    counted = {
        "questions": "questions",
        "params": "parameters",
        "tokens": "tokens",
        "compute": "FLOP",
        "data": "examples",
        "unique_data": "data",
    }
    unit = counted.get(name, "")
    known = meaning(column.heading)
    if name == "data" and known is not None and known.role == "steps":
        return "steps"
    return f"{column.scale:.6g} {unit}" if unit and column.scale != 1 else unit
