"""Writing files: checked beforehand, all or nothing."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from bayeslaw.errors import OutputError


def require_writable(path: Path, *, suffixes: tuple[str, ...] = ()) -> None:
    """Raise before any work is done if a file could not be written.

    Raises
    ------
    OutputError
        If the folder is missing or not writable, the path is a folder, or its suffix is none of ``suffixes``.
    """
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"{path}: there is no folder {folder}. Make it, or give another path.")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder. Give the path of a file.")
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: the suffix {path.suffix!r} is not known. Use one of {', '.join(suffixes)}.")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise OutputError(f"{path}: cannot be written (no permission). Give another path.")
    try:  # permissions do not tell all: read-only file systems, odd devices
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".bayeslaw-"):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}). Give another path.") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which takes its place if all goes well."""
    require_writable(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
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


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, all or nothing."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
