"""Answers that were computed before: one JSON file a job, found again only if everything it depends on is the same."""

import hashlib
import importlib.metadata
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bayeslaw.errors import BayeslawWarning, OutputError
from bayeslaw.files import replacing

FORMAT = 1
"""Version of the stored files; raised when an older one would be misread."""

_PACKAGES = ("bayeslaw", "numpy", "scipy", "jax", "numpyro")


def job_hash(content: Mapping[str, Any]) -> str:
    """Fingerprint of everything that a job's answer depends on; plain values, in any order."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def code_version(*parts: str) -> dict[str, str]:
    """Version of this package, its dependencies, and the text of some of its parts.

    The text counts because the version number stays while the code is worked on, and an answer of other code would
    pass for one of this.

    Parameters
    ----------
    *parts : str
        Files or folders within the package.
    """
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for part in sorted(parts):
        place = root / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {**versions, "code": digest.hexdigest()}


def stored_path(folder: Path, name: str, key: str) -> Path:
    """File of the answer of a job."""
    return folder / "cells" / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', name)[:80]}-{key[:16]}.json"


def prepare(folder: Path) -> None:
    """Make a folder of answers.

    Raises
    ------
    OutputError
        If it cannot be made or written to.
    """
    try:
        (folder / "cells").mkdir(parents=True, exist_ok=True)
        with replacing(folder / "cells" / "writable") as temporary:
            temporary.write_text("")
        (folder / "cells" / "writable").unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{folder}: cannot be used as a folder ({reason}). Give another one.") from error


def save(path: Path, key: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Write the cells of a job, all or nothing."""
    content = {"format": FORMAT, "key": key, "cells": list(records)}
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def load(
    path: Path, key: str, heads: Iterable[Mapping[str, Any]], parts: Sequence[str] = ()
) -> list[dict[str, Any]] | None:
    """Read the cells of a job, None if they are not there or damaged; damage gives a warning.

    Parameters
    ----------
    path : Path
    key : str
    heads : iterable of mappings
        What each cell must say of itself.
    parts : sequence of str
        Mappings that each cell must have.
    """
    if not path.exists():
        return None
    heads = list(heads)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = content["cells"]
        if content["format"] != FORMAT or content["key"] != key or len(cells) != len(heads):
            raise ValueError("it is of another job")
        for cell, head in zip(cells, heads, strict=True):
            whole = all(isinstance(cell[name], dict) for name in parts)
            if not whole or {name: cell[name] for name in head} != dict(head):
                raise ValueError("it is of another cell")
    except (OSError, ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{path}: the stored cell is damaged ({error}); it is computed again.", BayeslawWarning, 2)
        return None
    return [dict(cell) for cell in cells]
