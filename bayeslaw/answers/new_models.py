"""Models of a list of candidates that the table does not have: whether they are meant, and may be chosen."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from bayeslaw.errors import SelectionError
from bayeslaw.results import listed
from bayeslaw.runs.arithmetic import columns_of
from bayeslaw.runs.where import matching_rows
from bayeslaw.verdicts import Check, at_most

ALIKE = 0.75
"""How alike two names of models are, from 0 to 1, from which on one may be the other with a slip of the pen."""

_JOINTS = re.compile(r"[\s_-]+")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


def respelt(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs from another in nothing but case, blanks, hyphens and underscores; None if none."""
    return next((one for one in known if _bare(one) == _bare(name)), None)


def slip_of(name: str, known: Iterable[str]) -> str | None:
    """The known name that another may be with a slip of the pen; names with other numbers are of other models."""
    numbers = _DIGITS.findall(name)
    same = {_bare(one): one for one in known if _DIGITS.findall(one) == numbers}
    near = difflib.get_close_matches(_bare(name), list(same), 1, ALIKE)
    return same[near[0]] if near else None


def new_models_check(new: Sequence[str], known: Sequence[str]) -> tuple[Check, ...]:
    """A check that says which models of a list are new, of which the runs tell little; none if there are none.

    Parameters
    ----------
    new : sequence of str
        Models of the list that the table does not have.
    known : sequence of str
        Models of the table.
    """
    if not new:
        return ()
    slips = {name: near for name in new if (near := slip_of(name, known)) is not None}
    doubtful = [f"{name!r} (is it {near!r}?)" for name, near in slips.items()]
    told = listed([*doubtful, *(repr(name) for name in new if name not in slips)])
    several = len(new) > 1
    sentence = (
        f"{told} of the list {'are' if several else 'is'} not in the table, and taken for {'' if several else 'a '}new "
        f"model{'s' if several else ''}, of which the prior and the other models tell alone."
    )
    remedy = "If one of them is a model of the table, write its name as it stands there."
    return (at_most("new_models", len(slips), 0, np.inf, sentence, remedy),)


def new_that_may_be_chosen(
    new: Sequence[tuple[str, pd.DataFrame]], where_final: str | None, spelling: Mapping[str, str]
) -> list[bool]:
    """Whether a condition holds for each of some new models, by the columns that the list has for them.

    Raises
    ------
    SelectionError
        If the condition is not understood, is not the same for all runs of a model, or names what is not known of it.
    """
    if where_final is None:
        return [True] * len(new)
    return [_may_be_chosen(name, rows, where_final, spelling) for name, rows in new]


def _may_be_chosen(name: str, rows: pd.DataFrame, where_final: str, spelling: Mapping[str, str]) -> bool:
    holds = matching_rows(rows, where_final, spelling)
    unknown = [column for column in columns_of(rows, where_final, spelling) if rows[column].isna().any()]
    if unknown:
        raise SelectionError(
            f"--where-final {where_final!r}: of {name!r}, a new model of the list of candidates, {listed(unknown)} is "
            "not known. Fill that column of the list for each of its rows."
        )
    if holds.any() and not holds.all():
        raise SelectionError(
            f"--where-final {where_final!r} holds for some runs of {name!r} in the list of candidates and not for "
            "others. It chooses among models: name columns in which all runs of a model agree."
        )
    return bool(holds.all())


def columns_not_used(
    own: Sequence[str], table: pd.DataFrame, expressions: Sequence[str], spelling: Mapping[str, str]
) -> str:
    """A sentence on columns of a list, ``own``, that no expression of the user's names; empty if there are none."""
    used = {name for expression in expressions for name in columns_of(table, expression, spelling)}
    idle = [repr(name) for name in own if name not in used]
    if not idle:
        return ""
    return f"Of the list of candidates, {listed(idle, 8)} {'is' if len(idle) == 1 else 'are'} not used."


def _bare(name: str) -> str:
    return _JOINTS.sub("", name.casefold())
