"""Parameters that are counted in a way of their own: only those that are active, not zero, or outside of embeddings."""

import pandas as pd

from bayeslaw.runs.columns import CANONICAL
from bayeslaw.runs.headings import likely_answers
from bayeslaw.runs.questions import Question


def ask_about_sizes_of_models(table: pd.DataFrame) -> list[Question]:
    """Ask about columns that may count parameters in a way of their own, where one model has several values of them.

    Models of several sizes would else be one model, along whose data all their losses lie.

    Parameters
    ----------
    table : DataFrame
        Under canonical names, where it has a column for them.
    """
    if "params" in table:
        return []
    extras = [name for name in table.columns if name not in ("row", *CANONICAL)]
    for answer in likely_answers("params", table[extras]):
        name = answer.rpartition("=")[0]
        if (table.groupby(["task", "model"], sort=False)[name].nunique() > 1).any():
            return [_ask(name, list(map(str, table[name].drop_duplicates())))]
    return []


def _ask(name: str, values: list[str]) -> Question:
    shown = ", ".join(values[:4]) + (", …" if len(values) > 4 else "")
    return Question(
        name,
        (f"{name}=params", f"{name}=variant", f"{name}=ignore"),
        f"Runs of one model differ in column {name!r} ({shown}), which may count parameters: 'params' reads it so, "
        "'variant' makes models of their own of them, 'ignore' says that they are runs of one model.",
    )
