"""Parameters that are counted in a way of their own: only those that are active, not zero, or outside of embeddings."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from bayeslaw.runs.brackets import behind
from bayeslaw.runs.columns import CANONICAL, meaning, words_in
from bayeslaw.runs.headings import likely_answers
from bayeslaw.runs.naming import SAME_SIZE
from bayeslaw.runs.questions import Question
from bayeslaw.runs.stated import role_text
from bayeslaw.runs.units import read_numbers

LAW_OF_BOTH = "active_params"
"""The name of a law, and of its column beside ``params``: tables with these names are made for it."""
_ACTIVE = frozenset(["active", "activated", "activating"])
_PARAMS = frozenset(["param", "params", "parameter", "parameters"])


def ask_about_active_params(cells: pd.DataFrame, params: str | None, said: Collection[str]) -> list[Question]:
    """Ask which parameters count, where another column has those that are active, as of mixtures of experts.

    Parameters
    ----------
    cells : the table, under its own headings.
    params : heading of the column that is read as params; None if none is.
    said : headings of which the user said what they are.
    """
    if params is None or params in said or {"params", LAW_OF_BOTH} <= set(cells.columns):
        return []
    known = meaning(params)
    by = known.scale if known is not None else 1.0
    for heading in cells.columns:
        words = set(words_in(heading))
        if heading in said or heading == params or not (words & _ACTIVE and words & _PARAMS):
            continue
        unit = behind(heading)
        scale = unit.scale if unit is not None else 1.0
        active, every = (read_numbers(cells[h], counts=True).values for h in (heading, params))
        active, every = active * scale, every * by
        both = np.isfinite(active) & np.isfinite(every)
        if both.any() and not np.allclose(active[both], every[both], rtol=SAME_SIZE):
            return [_ask_which(params, by, heading, scale)]
    return []


def _ask_which(params: str, by: float, active: str, scale: float) -> Question:
    """The question whether all or only active parameters count; of both at once there is a law."""
    return Question(
        params,
        (f"{params}={role_text('params', by)}", f"{active}={role_text('params', scale)}"),
        f"Columns {params!r} and {active!r} count the parameters of a model in two ways, all and those that are "
        f"active, and differ: say by which it is sized. The law {LAW_OF_BOTH!r} takes both, for one amount of data, "
        f"from columns 'params' and {LAW_OF_BOTH!r}.",
    )


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
