"""What a table of benchmark scores must satisfy, what is asked about it, and what is said about scores below chance."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.checks import ReadColumn
from bayeslaw.runs.columns import plain
from bayeslaw.runs.questions import Question, written
from bayeslaw.runs.roles import Column
from bayeslaw.runs.scores import is_accuracy

BELOW = 2.0
"""Standard errors below chance, from which on a score is not there by noise."""

ERROR_MAX, QUESTIONS_MIN, QUESTIONS_MAX = 0.5, 10, 1e6
"""The largest standard error that a share can have; fewer or more questions no benchmark has."""

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


def score_problems(table: pd.DataFrame, read: Mapping[str, ReadColumn]) -> Iterator[str]:
    """Scores, errors or levels of chance in two units, benchmarks of one question, and tasks of two levels."""
    if "accuracy" not in read:
        return
    for name in ("accuracy", "chance"):
        if name in read:
            yield from _of_units(table, name, read[name])
    yield from _of_errors(table, read)
    if "questions" in read and (table["questions"] == 1).any():
        row = int(table.loc[table["questions"] == 1, "row"].iloc[0])
        yield (
            f"row {row}, column {read['questions'].headings[0]!r}: found one question, which is answered "
            "rightly or not, expected the share of several. Average over the questions of each task first."
        )
    levels = table.groupby("task", sort=False)["chance"].nunique() if "chance" in table else pd.Series(dtype=int)
    several = levels.index[levels > 1]
    if len(several):
        values = table.loc[table["task"] == several[0], "chance"].unique()[:4]
        yield (
            f"column 'chance': found {' and '.join(f'{value:g}' for value in values)} for the task "
            f"{several[0]!r}, expected one level a task. Correct it, or give the tasks names of their own."
        )


def _of_units(table: pd.DataFrame, name: str, column: ReadColumn) -> Iterator[str]:
    """Percent and shares in one column; 0 is both, and cells with the sign of percent say what they are."""
    if column.unit in ("share", "percent"):
        return
    values, bare = column.numbers.values[table.index], ~column.numbers.suffixed[table.index]
    low, high = bare & (values > 0) & (values <= 1), bare & (values > 1) & (values <= 100)
    odd, usual = (low, high) if column.scale != 1 else (high, low)
    if not odd.any() or not usual.any():
        return
    bad, other = table.index[odd][0], table.index[usual][0]
    cell = table.loc[bad]
    told = "in percent" if column.scale != 1 else "shares"
    heading = column.headings[bad]
    remedy = "Correct it, or write percent with its sign, such as 25%."
    if name == "accuracy" and column.unit != "error":
        unit = "percent" if column.scale != 1 else "share"
        answers = " ".join(f"--as {written(f'{h}=accuracy:{unit}')}" for h in dict.fromkeys(column.headings))
        remedy = f"Correct it; or, if that is what all of them are, say {answers}."
        if _is_a_part(odd | usual, odd):
            remedy += (
                " If they come from files in different units, save each as shares with bayeslaw read FILE -o NEW.csv, "
                "and give the new files."
            )
    yield (
        f"row {cell['row']}, column {heading!r}: found {column.numbers.values[bad]:g} ({cell['model']} on "
        f"{cell['task']}), where most numbers are {told}, such as {column.numbers.values[other]:g} in row "
        f"{table.loc[other, 'row']}; expected percent or shares in all {odd.sum() + usual.sum()} rows. {remedy}"
    )


def _is_a_part(all_rows: NDArray[np.bool_], some: NDArray[np.bool_]) -> bool:
    """Whether some of the rows are several in one stretch, as those that come from a file of their own."""
    there = np.flatnonzero(some[all_rows])
    return len(there) > 1 and len(there) == there[-1] - there[0] + 1


def _of_errors(table: pd.DataFrame, read: Mapping[str, ReadColumn]) -> Iterator[str]:
    """Standard errors that cannot be in the unit of the scores, by the number of questions they would be of."""
    if "accuracy_se" not in read:
        return
    errors, column = table["accuracy_se"], read["accuracy_se"]
    unknown = pd.Series(np.nan, index=table.index)
    derived = table["questions"] if "questions" in table and "questions" not in read else unknown
    few, many = (errors > ERROR_MAX) | (derived < QUESTIONS_MIN), derived > QUESTIONS_MAX
    bad = table.index[errors.notna() & (few | many)]
    if not len(bad):
        return
    told = f"errors of {derived[bad[0]]:,.0f} questions" if not errors[bad[0]] > ERROR_MAX else "more than 0.5"
    yield (
        f"row {table.loc[bad[0], 'row']}, column {column.headings[bad[0]]!r}: found "
        f"{column.numbers.values[bad[0]]:g}, which in the unit of the scores, "
        f"{'percent' if column.scale != 1 else 'shares'}, would be {told}; expected standard errors in that unit. "
        f"{'Divide them by 100, or write them with the sign %' if few[bad[0]] else 'Multiply them by 100'}; or drop "
        "the column."
    )


def ask_about_scores(column: Column, read: ReadColumn) -> list[Question]:
    """Ask about a column whose numbers don't go with its name.

    One that is called a score, and has numbers above 1: not all scores are of questions. Or one that names percent, and
    has none above 1.
    """
    heading, values = column.heading, read.numbers.values[np.isfinite(read.numbers.values)]
    if column.said or not len(values):
        return []
    largest = values.max()
    if plain(heading).removesuffix("s") == "score" and read.scale != 1:
        told = (
            f"has scores up to {largest:g}, and does not say of what: is it the percentage of questions that were "
            "answered rightly?"
        )
        return [Question(heading, (f"{heading}=accuracy:percent", f"{heading}=ignore"), f"Column {heading!r} {told}")]
    if "%" in heading and read.scale == 1 and not read.numbers.suffixed.any():
        told = f"is in percent by its name, and has no number above {largest:g}: are they percent, or shares?"
        options = (f"{heading}=accuracy:share", f"{heading}=accuracy:percent")
        return [Question(heading, options, f"Column {heading!r} {told}")]
    return []


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
