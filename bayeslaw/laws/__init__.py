"""Scaling laws, one a file: each module of this package but ``base`` defines ``LAW``."""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from bayeslaw.errors import LawError

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law


def law_names() -> tuple[str, ...]:
    """Return the names of the laws there are, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"))


def get_law(name: str) -> "Law":
    """Return the law of that name.

    Raises
    ------
    LawError
        If there is none.
    """
    if name not in law_names():
        raise LawError(f"There is no law {name!r}. Use one of: {', '.join(law_names())}.")
    law: Law = importlib.import_module(f"bayeslaw.laws.{name}").LAW
    return law
