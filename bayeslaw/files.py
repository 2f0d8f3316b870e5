"""Writing files: checked beforehand, all or nothing; what killed writers left behind is swept."""

import hashlib
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bayeslaw.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

_TEMPORARY = ".bayeslaw-"
_OF_A_WRITER = re.compile(rf"{re.escape(_TEMPORARY)}([0-9a-f]{{8}})-(\d{{1,9}})-.*")
_SURELY_LEFT = 24 * 3600.0  # seconds after which no write can still be going on


def require_writable(path: Path, *, suffixes: tuple[str, ...] = ()) -> None:
    """Raise before any work is done if a file could not be written.

    Raises
    ------
    OutputError
        If the folder is missing or not writable, the path is a folder, or its suffix is none of ``suffixes``.
    """
    folder = path.parent
    try:
        path.exists()
    except (OSError, ValueError) as error:  # a name that is too long, or no name at all
        raise OutputError(f"{path}: cannot be written ({error}). Give another path.") from error
    if not folder.is_dir():
        raise OutputError(f"{path}: there is no folder {folder}. Make it, or give another path.")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder. Give the path of a file.")
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: the suffix {path.suffix!r} is not known. Use one of {', '.join(suffixes)}.")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise OutputError(f"{path}: cannot be written (no permission). Give another path.")
    try:  # permissions do not tell all: read-only file systems, odd devices
        with tempfile.NamedTemporaryFile(dir=folder, prefix=_prefix()):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}). Give another path.") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which takes its place if all goes well."""
    require_writable(path)
    _sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(), suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error}). Give another path.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _prefix() -> str:
    """How names of temporary files of this process begin."""
    return f"{_TEMPORARY}{_machine()}-{os.getpid()}-"


def _machine() -> str:
    """Short name of this machine, by which it knows its own temporary files in a folder that several share."""
    return hashlib.sha256(platform.node().encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _sweep(folder: Path) -> None:
    """Remove temporary files whose writers are gone: processes of this machine that have ended, or a day ago."""
    for path in folder.glob(f"{_TEMPORARY}*"):
        found = _OF_A_WRITER.fullmatch(path.name)
        if found is None:
            continue
        try:
            ended = found[1] == _machine() and not _is_running(int(found[2]))
            if ended or time.time() - path.stat().st_mtime > _SURELY_LEFT:
                path.unlink(missing_ok=True)
        except OSError:  # another writer swept it, or it is not ours to remove
            continue


def _is_running(process: int) -> bool:
    """Whether a process of this machine is running; said of every process where that cannot be asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def write_csv(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV, all or nothing."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
