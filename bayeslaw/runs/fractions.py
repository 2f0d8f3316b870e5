"""Columns that tell which part of a set of data runs were trained on, such as ``data_fraction``."""

import pandas as pd

from bayeslaw.runs.columns import meaning, words_in
from bayeslaw.runs.questions import Question
from bayeslaw.runs.units import in_percent, read_numbers

_PARTS = frozenset(["fraction", "fractions", "frac", "portion", "proportion", "percent", "percentage", "pct", "share"])
_OF_DATA = frozenset(
    ["data", "dataset", "train", "training", "token", "tokens", "example", "examples", "sample", "samples", "subset"]
)


def ask_about_fractions(cells: pd.DataFrame) -> Question | None:
    """Ask how much the whole is of which a column tells parts; None if there is no such column.

    Parameters
    ----------
    cells : the table, under its own headings, no column of which counts data.
    """
    for heading in cells.columns:
        words = set(words_in(heading))
        if meaning(heading) is not None or not (words & _PARTS and words & _OF_DATA):
            continue
        numbers = read_numbers(cells[heading], counts=False)
        values = numbers.values[~numbers.blank]
        if numbers.are_finite and ((values > 0) & (values <= 100)).all():
            return _how_much(heading, "1%" if in_percent(values) else "all")
    return None


def _how_much(heading: str, of: str) -> Question:
    whole = "ALL" if of == "all" else "ONE_PERCENT"
    return Question(
        heading,
        (f"{heading}=data:EXAMPLES_OF_{whole}", f"{heading}=tokens:TOKENS_OF_{whole}", f"{heading}=data"),
        f"Column {heading!r} tells which part of the data was used, and nothing says how much {of} of it is: give "
        "its number of examples or tokens, such as 'data:400000', or count in parts with 'data'.",
    )
