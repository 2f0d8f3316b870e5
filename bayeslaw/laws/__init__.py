"""Scaling laws, one a file: each module of this package but ``base`` defines ``LAW``.

A law in which one covariate may be any of several has ``over``, too, which takes the name of its column. Users write it
after the name of the law: ``multiplicative(pretraining_tokens)``.
"""

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

from bayeslaw.errors import LawError

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law


def law_names() -> tuple[str, ...]:
    """Return the names of the laws there are, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"))


def get_law(name: str) -> "Law":
    """Return the law of that name.

    Parameters
    ----------
    name : str
        One of `law_names`; of a law that leaves the choice of a covariate, the name of its column may follow in
        brackets, as in ``multiplicative(lora_rank)``.

    Raises
    ------
    LawError
        If there is none, the name is not spelled that way, or the law leaves no choice of a column.
    """
    plain, column = _parts(name)
    if plain not in law_names():
        raise LawError(f"There is no law {name!r}. Use one of: {', '.join(law_names())}.")
    module = importlib.import_module(f"bayeslaw.laws.{plain}")
    law: Law = module.LAW
    if column is None:
        return law
    if not takes_any_column(plain):
        raise LawError(f"{name!r}: the {plain} law leaves no choice of a column. Write {plain!r}.")
    if column in ("data", "loss"):
        raise LawError(f"{name!r}: the {plain} law has {column!r} already; name another column.")
    if column in ("row", "seed", "loss_se"):
        raise LawError(f"{name!r}: {column!r} is no scale that a loss could follow; name another column.")
    law = module.over(column)
    return law


def takes_any_column(name: str) -> bool:
    """Whether a law leaves the choice of a covariate to who names it."""
    return hasattr(importlib.import_module(f"bayeslaw.laws.{name}"), "over")


def _parts(name: str) -> tuple[str, str | None]:
    """The name of a law, and of the column in brackets after it if there is one."""
    if not set(name) & set("()"):
        return name, None
    spelled = re.fullmatch(r"(\w+)\(\s*([^\s(),=]|[^\s(),=][^(),=]*[^\s(),=])\s*\)", name)
    if not spelled:
        raise LawError(
            f"The name {name!r} is not that of a law. After the name, one column may stand in brackets, as in "
            "'multiplicative(pretraining_tokens)'."
        )
    return spelled[1], spelled[2]
