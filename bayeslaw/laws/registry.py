"""Which laws there are: those of the package, those that users registered, and those that installed packages offer.

The laws that users register are the one piece of state that the package keeps. It is kept here, and changes by
`register_law` alone. Nothing of other packages is imported before a law of theirs is asked for by name.
"""

import importlib
import importlib.metadata
import pkgutil
import re
import warnings
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayeslaw.errors import BayeslawWarning, LawError, did_you_mean

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law

GROUP = "bayeslaw.laws"
"""Entry points of this group are laws; each is called as its law."""

NO_LAWS = frozenset({"base", "files", "fingerprint", "kept", "registry", "suited", "variants"})
"""Modules of this folder that are no laws."""

_REGISTERED: "dict[str, Law]" = {}


def builtin_names() -> tuple[str, ...]:
    """Names of the laws of the package: the modules of this folder, each of which defines ``LAW``."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return tuple(sorted(module.name for module in modules if module.name not in NO_LAWS))


def own_names() -> tuple[str, ...]:
    """Names of the laws that were registered or that installed packages offer, in alphabetical order."""
    return tuple(sorted({*_REGISTERED, *_offered()}))


def register_law(law: "Law") -> None:
    """Let a law of one's own be found by its name, until this process ends.

    It is then known to ``get_law``, ``law_names`` and ``fit(law="name")``, and to whatever reads fits and priors that
    were made with it. Registering the same law again changes nothing.

    Parameters
    ----------
    law : Law

    Raises
    ------
    LawError
        If it is no law, its name is not a plain identifier or that of a law of the package, or another law is
        registered by that name.
    """
    require_own_law(law, "register_law")
    known = _REGISTERED.setdefault(law.name, law)
    if known is not law and not _same(known, law):
        raise LawError(
            f"A law {law.name!r} is registered already, and it is another one: expected one law a name. Give the new "
            "one another name, or use it without registering: fit(runs, law=law)."
        )


def _same(one: "Law", other: "Law") -> bool:
    """Whether two laws say the same and have the same priors, as one that is defined again does."""
    from bayeslaw.laws.fingerprint import law_fingerprint

    return one.coordinates == other.coordinates and law_fingerprint(one) == law_fingerprint(other)


def require_own_law(law: Any, where: str) -> None:
    """Check that something is a law of which the name is free to take.

    Raises
    ------
    LawError
        If it is no law, or its name is not a plain identifier or that of a law of the package.
    """
    from bayeslaw.laws.base import Law

    if not isinstance(law, Law):
        raise LawError(f"{where}: expected a bayeslaw.Law, found {_kind(law)}. Make one: Law(name=…, …).")
    if not isinstance(law.name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", law.name):
        raise LawError(
            f"{where}: found a law with name={law.name!r}, expected a plain identifier: letters, digits and "
            "underscores, and no digit first, such as 'shifted_power'."
        )
    if law.name in builtin_names() and law is not importlib.import_module(f"bayeslaw.laws.{law.name}").LAW:
        raise LawError(
            f"{where}: found a law with name={law.name!r}, which is one of bayeslaw's. Give yours another name, such "
            f"as 'my_{law.name}': fits and priors are told apart by the names of their laws."
        )


def own_law(name: str) -> "Law | None":
    """The law of a name that was registered, or else that an installed package offers; None if there is none.

    Raises
    ------
    LawError
        If the package that offers it is broken, or two offer one of that name.
    """
    if name in _REGISTERED:
        return _REGISTERED[name]
    points = _offered().get(name, [])
    if len(points) > 1:
        packages = " and ".join(sorted(_package(point) for point in points))
        raise LawError(f"The packages {packages} offer a law {name!r} each, expected one. Uninstall all but one.")
    return _law_of(points[0]) if points else None


def no_such_law(name: str) -> LawError:
    """What to tell somebody who names a law that there is not."""
    names = sorted({*builtin_names(), *own_names()})
    hint = did_you_mean(name, names)
    if name.lower().endswith(".py"):
        hint = " A file that defines a law is read by load_law(path)."
    return LawError(f"There is no law {name!r}.{hint} Use one of: {', '.join(names)}.")


def _offered() -> dict[str, list[EntryPoint]]:
    """Entry points of installed packages by the names of their laws; nothing is imported."""
    found: dict[str, list[EntryPoint]] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    for name in {*found} & {*builtin_names()}:
        packages = " and ".join(sorted(_package(point) for point in found.pop(name)))
        warnings.warn(
            f"{packages}: offers a law {name!r}, which bayeslaw has itself; that of bayeslaw is used.",
            BayeslawWarning,
            stacklevel=2,
        )
    return found


def _law_of(point: EntryPoint) -> "Law":
    """Import the law that an entry point names."""
    told = f"The package {_package(point)} offers a law {point.name!r} ({point.value})"
    remedy = f"Update or uninstall {_package(point)}, or tell those who make it."
    try:
        law = point.load()
    except (Exception, SystemExit) as error:  # whatever another package's import may raise
        raise LawError(f"{told}, which cannot be imported: {type(error).__name__}: {error}. {remedy}") from error
    require_own_law(law, told)
    if law.name != point.name:
        raise LawError(f"{told}, and found is one with name={law.name!r}; expected one name for both. {remedy}")
    return law


def _package(point: EntryPoint) -> str:
    return "of an unknown name" if point.dist is None else point.dist.name


def _kind(value: Any) -> str:
    """What something is, for an error."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"{value!r:.60}" if isinstance(value, str) else f"a {type(value).__name__}"
