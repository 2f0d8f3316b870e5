"""What a table of benchmark scores must satisfy, what is asked about it, and what is said about scores below chance."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.checks import ReadColumn
from bayeslaw.runs.columns import plain
from bayeslaw.runs.questions import Question, written
from bayeslaw.runs.roles import Column
from bayeslaw.runs.scores import is_accuracy

BELOW = 2.0
"""Standard errors below chance, from which on a score is not there by noise."""

QUESTIONS_UNKNOWN = 100
"""Questions that are taken for noise about chance where none are known."""


def check_metrics_are_scores(table: pd.DataFrame, source: str) -> None:
    """Refuse a table in which some tasks have accuracies and others something else.

    Raises
    ------
    RunsError
    """
    metrics = list(dict.fromkeys(map(str, table["metric"])))
    others = [metric for metric in metrics if not is_accuracy(metric)]
    if others:
        kept = [metric for metric in metrics if metric not in others]
        raise RunsError(
            f"{source}, column 'metric': found accuracies ({', '.join(map(repr, kept[:8]))}) and other measures "
            f"({', '.join(map(repr, others[:8]))}), expected scores or losses alone. Choose with where="
            f'"metric in {kept[:8]}".'
        )


def check_scores(table: pd.DataFrame, read: Mapping[str, ReadColumn], source: str) -> None:
    """Refuse scores in two units, benchmarks of one question, and tasks with several levels of chance.

    Raises
    ------
    RunsError
        It names the column, the row and the value.
    """
    if "accuracy" not in read:
        return
    _check_units(table, read["accuracy"], source)
    if "questions" in read and (table["questions"] == 1).any():
        row = int(table.loc[table["questions"] == 1, "row"].iloc[0])
        raise RunsError(
            f"{source}, row {row}, column {read['questions'].headings[0]!r}: found one question, which is answered "
            "rightly or not, expected the share of several. Average over the questions of each task first."
        )
    levels = table.groupby("task", sort=False)["chance"].nunique() if "chance" in table else pd.Series(dtype=int)
    several = levels.index[levels > 1]
    if len(several):
        values = table.loc[table["task"] == several[0], "chance"].unique()[:4]
        raise RunsError(
            f"{source}, column 'chance': found {' and '.join(f'{value:g}' for value in values)} for the task "
            f"{several[0]!r}, expected one level a task. Correct it, or give the tasks names of their own."
        )


def _check_units(table: pd.DataFrame, column: ReadColumn, source: str) -> None:
    """Refuse percent and shares in one column; 0 is both."""
    if column.unit in ("share", "percent"):
        return
    values = column.numbers.values[table.index]
    low, high = (values > 0) & (values <= 1), (values > 1) & (values <= 100)
    odd, usual = (low, high) if column.scale != 1 else (high, low)
    if not odd.any() or not usual.any():
        return
    bad, other = table.index[odd][0], table.index[usual][0]
    cell = table.loc[bad]
    told = "in percent" if column.scale != 1 else "shares"
    heading = column.headings[bad]
    unit = "percent" if column.scale != 1 else "share"
    answers = " ".join(f"--as {written(f'{h}=accuracy:{unit}')}" for h in dict.fromkeys(column.headings))
    raise RunsError(
        f"{source}, row {cell['row']}, column {heading!r}: found {column.numbers.values[bad]:g} ({cell['model']} on "
        f"{cell['task']}), where most scores are {told}, such as {column.numbers.values[other]:g} in row "
        f"{table.loc[other, 'row']}; expected percent or shares in all {odd.sum() + usual.sum()} rows. Correct it; or, "
        f"if that is what all of them are, say {answers}."
    )


def ask_about_scores(column: Column, read: ReadColumn) -> list[Question]:
    """Ask about a column that is called a score, and has numbers above 1: not all scores are of questions."""
    if column.said or plain(column.heading).removesuffix("s") != "score" or read.scale == 1:
        return []
    heading = column.heading
    return [
        Question(
            heading,
            (f"{heading}=accuracy:percent", f"{heading}=ignore"),
            f"Column {heading!r} has scores up to {np.nanmax(read.numbers.values):g}, and does not say of what: is it "
            "the percentage of questions that were answered rightly?",
        )
    ]


def below_chance(table: pd.DataFrame) -> list[str]:
    """Notes on tasks of which every score is below chance by more than noise."""
    if "chance" not in table:
        return []
    notes = []
    for task, rows in table.groupby("task", sort=False):
        chance, best = float(rows["chance"].iloc[0]), float(rows["accuracy"].max())
        asked = float(rows["questions"].median()) if "questions" in rows else np.nan
        asked = asked if np.isfinite(asked) else QUESTIONS_UNKNOWN
        if best < chance - BELOW * np.sqrt(chance * (1 - chance) / asked):
            notes.append(
                f"All {len(rows)} scores on {task} are below chance, {chance:.3g}: the best is {best:.3g}. Is that the "
                "level of chance, and is higher better? A column 'chance' gives another level; --as "
                "COLUMN=accuracy:error reads shares of wrong answers."
            )
    return notes
