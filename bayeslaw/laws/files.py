"""Laws in files of one's own: a file of Python that defines one is run, and the law is taken from it."""

import difflib
import os
import sys
import traceback
import types
from pathlib import Path

import jax

from bayeslaw.errors import LawError
from bayeslaw.laws.base import Law, wrong_link
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.laws.registry import require_own_law

EXPECTED = "one Law at the level of the module, or several of which one is called LAW"


def load_law(path: str | os.PathLike[str]) -> Law:
    """Run a file of Python and return the law that it defines.

    The file is code, and all of it is run: read a file of somebody else's before you load it. The law is not
    registered; see ``register_law``.

    Parameters
    ----------
    path : path
        A file with exactly one ``Law`` at the level of the module, or with one that is called ``LAW``.

    Returns
    -------
    Law

    Raises
    ------
    LawError
        If there is no such file, running it raises, it defines no law or several, or the name of its law is not a plain
        identifier or is that of a law of the package.
    """
    path = Path(path)
    law = _one_law(path, _run(path))
    require_own_law(law, str(path))
    return law


def require_working(law: Law, where: str, checked_by: str) -> None:
    """Check that a law can be evaluated and compiled, before a table is fitted with it.

    Parameters
    ----------
    law : Law
    where : str
        What it was given as, such as a file.
    checked_by : str
        The command or call that says what is wrong with it.

    Raises
    ------
    LawError
        If its functions raise, or return what cannot be used, or it asks for a link that there is not.
    """
    if wrong_link(law):
        raise LawError(f"{where}: the law {law.name!r} cannot be fitted: {wrong_link(law)}.")
    try:
        law_fingerprint(law)
        _trace(law)
    except Exception as error:  # whatever code of a user may raise
        raise LawError(
            f"{where}: the law {law.name!r} cannot be evaluated: {describe(error, where)}. See what is wrong with it: "
            f"{checked_by}."
        ) from error


def _trace(law: Law) -> None:
    """Trace its functions, as compiling does; those that are not of jax.numpy raise."""
    coordinates, at = dict.fromkeys([c.name for c in law.coordinates], 0.0), {c.name: 1.0 for c in law.covariates}
    with jax.enable_x64(True):
        jax.eval_shape(law.log_shape, coordinates, at, at)
        jax.eval_shape(law.natural, coordinates, 0.0, at)


def describe(error: BaseException, file: str | None = None) -> str:
    """What an error says, and on which line of a file it arose, the last one of that file if it went through several.

    Parameters
    ----------
    error : exception
    file : str, optional
        Path of the file.
    """
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{said} (line {lines[-1]})" if lines else said


def _run(path: Path) -> dict[str, object]:
    """Names that a file defines when it is run."""
    if os.path.isdir(path):  # unlike Path.is_dir, no error of a name that is too long
        raise LawError(f"{path}: is a folder, expected a file of Python that defines a law.")
    try:
        source = path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise LawError(f"{path}: {reason}.{_nearest(path)} Expected a file of Python that defines a law.") from error
    module = types.ModuleType(f"bayeslaw_law_file_{path.stem}")
    module.__file__ = str(path)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module  # where dataclasses look; not to stay, so that workers get its functions
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:  # whatever code of a user may raise
        raise LawError(f"{path}: running it raised {describe(error, str(path))}. Mend the file.") from error
    finally:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before
    return module.__dict__


def _nearest(path: Path) -> str:
    """A file of Python beside one that is not there, if its name is much alike."""
    try:
        names = [file.name for file in path.parent.glob("*.py")]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return f" Did you mean {path.parent / near[0]}?" if near else ""


def _one_law(path: Path, names: dict[str, object]) -> Law:
    """The law called LAW, or else the only one."""
    if isinstance(names.get("LAW"), Law):
        return names["LAW"]  # type: ignore[return-value]
    laws: dict[int, tuple[str, Law]] = {}
    for name, value in names.items():
        if isinstance(value, Law):
            laws.setdefault(id(value), (name, value))  # one that has two names is one
    found = list(laws.values())
    if len(found) != 1:
        called = ", ".join(f"{name} ({law.name!r})" for name, law in found) or "none"
        remedy = "Call the one you mean LAW." if found else "Write LAW = bayeslaw.Law(name=…, …) in it."
        raise LawError(f"{path}: found {called}, expected {EXPECTED}. {remedy}")
    return found[0][1]
