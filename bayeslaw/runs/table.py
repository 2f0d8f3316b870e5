"""The table of runs: what was read, what was left out and why, and what was understood."""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import SelectionError, TaskError, did_you_mean
from bayeslaw.runs.columns import CANONICAL, NAMES, plain
from bayeslaw.runs.where import matching_rows

_QUOTED = re.compile("\"([^\"]*)\"|'([^']*)'")
"""Texts in an expression."""


@dataclass(frozen=True)
class LeftOut:
    """A row of the file that is not used.

    Attributes
    ----------
    row : the data row in the file, counted from 1; the header is not counted.
    reason : why the row is not used.
    """

    row: int
    reason: str


@dataclass(frozen=True, eq=False)
class Runs:
    """Finished training runs, one a row, under canonical column names.

    Attributes
    ----------
    table : the runs. Always has ``row`` (the data row in the file), ``model``, ``family``, ``task`` and ``loss``; and
        ``data`` (training examples; tokens if the source has no examples), unless runs are told apart by other sizes
        alone. Has ``params``, ``tokens``, ``compute`` (FLOP), ``loss_se``, ``seed`` and ``metric`` if the source gives
        them, and its further columns. A table of benchmark scores has ``accuracy``, of which ``loss`` is 1 less it,
        and may have ``accuracy_se``, ``questions``, ``chance`` and ``model_loss``.
    left_out : the rows that are not used, each with the reason.
    notes : what was understood about the source, in sentences.
    source : the file name, or ``<DataFrame>``.
    spelling : pairs of the name that a column had in the source and the name it has here, so that `where` can use
        either.
    scales : pairs of a heading of the source and what one of its counts is worth here, where that is not 1: 1e6 of a
        column of millions, 32 of steps of 32 examples.
    loss_given : unit that losses have in the source, where they were converted: perplexity, bits or accuracy; else
        empty.
    """

    table: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    source: str
    spelling: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    scales: tuple[tuple[str, float], ...] = field(default=(), repr=False)
    loss_given: str = field(default="", repr=False)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in order of first appearance."""
        return _in_order(self.table["task"])

    @property
    def models(self) -> tuple[str, ...]:
        """The models, in order of first appearance."""
        return _in_order(self.table["model"])

    @property
    def families(self) -> tuple[str, ...]:
        """The model families, in order of first appearance."""
        return _in_order(self.table["family"])

    def where(self, expression: str) -> "Runs":
        """Keep the rows that match an expression.

        Parameters
        ----------
        expression : for instance ``"params < 3e9 and family not in ['T5', 'BART']"``. Columns can be named as in this
            table or as in the source; names with spaces go in backticks.

        Returns
        -------
        Runs
            The others are among ``left_out``.

        Raises
        ------
        SelectionError
            If the expression is not understood, or no row matches it.
        """
        mask = matching_rows(self.table, expression, dict(self.spelling))
        if not mask.any():
            raise nothing_selected(self.source, expression, self.table)
        return self.where_rows(mask, not_selected(expression))

    def for_task(self, name: str) -> "Runs":
        """Keep the rows of one task.

        Parameters
        ----------
        name : str

        Returns
        -------
        Runs

        Raises
        ------
        TaskError
            If there is no such task.
        """
        mask = (self.table["task"] == name).to_numpy(dtype=bool)
        if not mask.any():
            raise unknown_task(name, self.tasks)
        return self.where_rows(mask, f"not of the task {name!r}")

    @property
    def content_hash(self) -> str:
        """Fingerprint of the runs, SHA-256 in hexadecimal.

        It does not depend on the order of rows, on the name or format of the file, or on how columns are spelled. The
        name of a single task does not count, because it may come from the file name.
        """
        own = repr(self.tasks[0]) if len(self.tasks) == 1 else None
        columns = []
        for name in self.table.columns.drop("row"):
            cells = _written(self.table[name])
            if name in NAMES:  # a table without models or families has the name of the task there
                cells = ["" if cell == own else cell for cell in cells]
            columns.append((name if name in CANONICAL else f"+{plain(name)}", name, cells))
        columns.sort(key=lambda column: column[:2])
        header = "\t".join(key for key, _, _ in columns)
        lines = sorted(map("\t".join, zip(*(cells for _, _, cells in columns), strict=True)))
        return hashlib.sha256("\n".join([header, *lines]).encode("utf-8", "surrogatepass")).hexdigest()

    def where_rows(self, mask: NDArray[np.bool_], reason: str) -> "Runs":
        """Keep the rows of a mask; the others are left out for a reason.

        Parameters
        ----------
        mask : ndarray of bool
            One value a row of the table.
        reason : str

        Returns
        -------
        Runs
        """
        return replace(
            self,
            table=self.table[mask].reset_index(drop=True),
            left_out=(*self.left_out, *leave_out(self.table.loc[~mask, "row"], reason)),
        )


def unknown_task(name: str | None, tasks: Sequence[str]) -> TaskError:
    """The error about a task that is not there, or is not named where there are several."""
    if name is None:
        return TaskError(f"The table has {len(tasks)} tasks: {', '.join(tasks)}. Name one with task=… (--task).")
    nearest = did_you_mean(name, tasks)
    return TaskError(f"There is no task {name!r} among the runs.{nearest} The tasks are: {', '.join(tasks)}.")


def whole_tasks(table: pd.DataFrame) -> frozenset[str]:
    """Tasks that are one family, as each of the families that they name has a single model."""
    models = table.groupby(["task", "family"])["model"].nunique().groupby("task").max()
    return frozenset(models.index[models == 1])


def families_of(table: pd.DataFrame, whole: Collection[str] | None = None) -> pd.Series:
    """The family of each run: its task, of tasks that are one family (those of the table, unless told)."""
    whole = whole_tasks(table) if whole is None else whole
    return table["family"].mask(table["task"].isin(whole), table["task"])


def leave_out(rows: Iterable[int], reason: str) -> tuple[LeftOut, ...]:
    """Record rows that are left out for one reason."""
    return tuple(LeftOut(int(row), reason) for row in rows)


def not_selected(expression: str) -> str:
    """Word the reason for leaving out a row that does not match an expression."""
    return f"not selected by where: {expression}"


def nothing_selected(source: str, expression: str, table: pd.DataFrame) -> SelectionError:
    """Build the error for an expression that no row of a table matches, with names that are much like its texts."""
    texts = [text for name in table.select_dtypes(exclude="number") for text in table[name].astype(str).unique()]
    quoted = [one or other for one, other in _QUOTED.findall(expression)]
    near = next(filter(None, (did_you_mean(text, texts) for text in quoted if text not in texts)), "")
    return SelectionError(
        f"{source}: none of the {len(table):,} rows matches where: {expression}.{near} Loosen it, or check the "
        "spelling of values."
    )


def _in_order(names: pd.Series) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.tolist()))


def _written(cells: pd.Series) -> list[str]:
    """Write cells so that equal ones are equal as text, whatever their storage type."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return [repr(cell) for cell in cells.to_numpy(dtype=np.float64).tolist()]
    return [repr(cell) for cell in cells.tolist()]
