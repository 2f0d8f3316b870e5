"""Scaling laws, one a file: each module of this package but those that find laws defines ``LAW``.

A law in which one covariate may be any of several has ``over``, too, which takes the name of its column. Users write it
after the name of the law: ``multiplicative(pretraining_tokens)``. Users add laws of their own with ``register_law``, in
a file (``load_law``), or in a package that offers them as entry points (see ``registry``).
"""

import importlib
import re
from typing import TYPE_CHECKING

from bayeslaw.errors import LawError
from bayeslaw.laws.registry import builtin_names, no_such_law, own_law, own_names
from bayeslaw.laws.registry import register_law as register_law

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law


def law_names() -> tuple[str, ...]:
    """Return the names of the laws there are, in alphabetical order: of the package, registered, and of others.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted({*builtin_names(), *own_names()}))


def get_law(name: str) -> "Law":
    """Return the law of that name.

    Parameters
    ----------
    name : str
        One of `law_names`; of a law that leaves the choice of a covariate, the name of its column may follow in
        brackets, as in ``multiplicative(lora_rank)``.

    Returns
    -------
    Law

    Raises
    ------
    LawError
        If there is none, the name is not spelled that way, the law leaves no choice of a column, or it is one of an
        installed package that cannot be imported.
    """
    plain, column = _parts(name)
    found = importlib.import_module(f"bayeslaw.laws.{plain}").LAW if plain in builtin_names() else own_law(plain)
    if found is None:
        raise no_such_law(name)
    law: Law = found
    if column is None:
        return law
    if not takes_any_column(plain):
        raise LawError(f"{name!r}: the {plain} law leaves no choice of a column. Write {plain!r}.")
    if column in ("data", "loss"):
        raise LawError(f"{name!r}: the {plain} law has {column!r} already; name another column.")
    if column in ("row", "seed", "loss_se"):
        raise LawError(f"{name!r}: {column!r} is no scale that a loss could follow; name another column.")
    law = importlib.import_module(f"bayeslaw.laws.{plain}").over(column)
    return law


def takes_any_column(name: str) -> bool:
    """Whether a law leaves the choice of a covariate to who names it."""
    return name in builtin_names() and hasattr(importlib.import_module(f"bayeslaw.laws.{name}"), "over")


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
