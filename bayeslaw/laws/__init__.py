"""Scaling laws, one a file: each module of this package but those that find laws defines ``LAW``.

Brackets after a name ask for a variant of a law of the package (see ``variants``): another column for a covariate,
where there is one or the law has ``over``, which takes the name of a column, as in
``multiplicative(pretraining_tokens)``; two exponents that are one, as in ``chinchilla(alpha=beta)``; ``noise=above``,
for runs above the best loss that can be reached; or
``link=identity``, for losses that may be negative. Users add laws
of their own with ``register_law``, in a file (``load_law``), or in a package that offers them as entry points (see
``registry``).
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
        One of `law_names`; a variant may follow in brackets: the column of a covariate that the law leaves open, as in
        ``multiplicative(lora_rank)`` and ``vanilla(compute)``, two exponents, as in ``chinchilla(alpha=beta)``, or
        ``noise=above``, as in ``chinchilla(noise=above)``.

    Returns
    -------
    Law

    Raises
    ------
    LawError
        If there is none, the name is not spelled that way, the law has no such variant, or it is one of an installed
        package that cannot be imported.
    """
    plain, text = _parts(name)
    if text is None:
        return law_as_written(name)
    from bayeslaw.runs.columns import other_size

    column, comma, choices = text.partition(",")  # under the name that it has in a table of runs
    return law_as_written(f"{plain}({other_size(column) or column}{comma}{choices})")


def law_as_written(name: str) -> "Law":
    """As `get_law`, of a name that was kept: a column is called as in the table that was kept with it.

    Raises
    ------
    LawError
        As `get_law`.
    """
    plain, text = _parts(name)
    if plain not in builtin_names():
        own = own_law(plain)
        if own is None:
            raise no_such_law(name)
        if text is not None:
            raise LawError(f"{name!r}: the {plain} law leaves no choice of a column. Write {plain!r}.")
        return own
    module = importlib.import_module(f"bayeslaw.laws.{plain}")
    law: Law = module.LAW
    if text is None:
        return law
    from bayeslaw.laws.variants import variant

    return variant(law, getattr(module, "over", None), text)


def takes_any_column(name: str) -> bool:
    """Whether a law leaves the choice of a covariate to who names it."""
    if name not in builtin_names():
        return False
    module = importlib.import_module(f"bayeslaw.laws.{name}")
    return hasattr(module, "over") or len(module.LAW.covariates) == 1


def _parts(name: str) -> tuple[str, str | None]:
    """The name of a law, and what stands in brackets after it, if anything does."""
    if not set(name) & set("()"):
        return name, None
    part = r"(?:[^\s(),=]|[^\s(),=][^(),=]*[^\s(),=])"
    choice = rf"{part}\s*=\s*{part}"
    spelled = re.fullmatch(rf"(\w+)\(\s*((?:{choice}|{part})(?:\s*,\s*{choice})*)\s*\)", name)
    if not spelled:
        raise LawError(
            f"The name {name!r} is not that of a law. After the name, one column, two exponents that are one, the "
            "identity link or noise=above may stand in brackets, as in 'multiplicative(pretraining_tokens)', "
            "'chinchilla(alpha=beta)' or 'vanilla(link=identity)'."
        )
    return spelled[1], spelled[2]
