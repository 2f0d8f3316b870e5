"""Tables that are to be fitted one by one: files, folders of files, or tables by name; and the law of each."""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayeslaw.errors import BayeslawError, RunsError
from bayeslaw.kinds.shared.layout import require_columns
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.laws.suited import suited_law
from bayeslaw.results import listed
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.readers.opened import stem_of

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx", ".gz")
"""What tables in a folder end in."""

Table = str | os.PathLike[str] | pd.DataFrame | Runs
Tables = Mapping[str, Table] | Sequence[str | os.PathLike[str]] | str | os.PathLike[str]
"""Tables by name; or files, and folders of files."""


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A table to be fitted: its name, its file name without a suffix, and the runs with their law, or why not."""

    name: str
    stem: str
    runs: Runs | None = None
    law: Law | None = None
    note: str = ""


def read_tables(
    tables: Tables, *, law: str | Law | None, where: str | None, roles: Mapping[str, str] | None
) -> list[ReadTable]:
    """Read every table, and settle its law; what cannot be read says so in its note.

    Raises
    ------
    RunsError
        If there is no table.
    LawError
        If the law is unknown.
    """
    law = get_law(law) if isinstance(law, str) else law
    sources = dict(tables) if isinstance(tables, Mapping) else _named(_files(tables))
    if not sources:
        raise RunsError("There is no table to fit. Give files of runs, or folders with such files in them.")
    stems = _stems(list(sources))
    return [_read(name, stems[name], source, law, where, roles or {}) for name, source in sources.items()]


def _read(
    name: str, stem: str, source: Table, law: Law | None, where: str | None, roles: Mapping[str, str]
) -> ReadTable:
    try:
        runs = source if isinstance(source, Runs) else read_runs(source, where=where, roles=roles)
        runs = runs.where(where) if isinstance(source, Runs) and where is not None else runs
        law = law or get_law(suited_law(runs)[0])
        require_columns(runs, law)
    except BayeslawError as error:
        return ReadTable(name, stem, note=str(error))
    return ReadTable(name, stem, runs, law)


def _files(tables: Sequence[str | os.PathLike[str]] | str | os.PathLike[str]) -> list[Path]:
    """The files that are named, and in the place of a folder the tables in it.

    Raises
    ------
    RunsError
        If a folder holds no table, or tables without names are given.
    """
    paths = [tables] if isinstance(tables, (str, os.PathLike)) else list(tables)
    found: list[Path] = []
    for given in paths:
        if not isinstance(given, (str, os.PathLike)):
            raise RunsError(
                f"found a table of type {type(given).__name__} without a name, expected paths. Name it: "
                "{'flan': table}."
            )
        path = Path(given)
        found += tables_in(path)[0] if os.path.isdir(path) else [path]  # Path.is_dir fails of a long name
    return list(dict.fromkeys(found))


def tables_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The tables in a folder, by their suffixes, and what else there is in it, hidden files apart.

    Raises
    ------
    RunsError
        If there is no table, or the folder cannot be opened.
    """
    try:
        inside = sorted(path for path in folder.iterdir() if path.name[0] not in "._")
    except OSError as error:
        raise RunsError(f"{folder}: the folder cannot be opened ({error}).") from error
    found = [path for path in inside if path.is_file() and path.suffix.lower() in SUFFIXES]
    others = [path for path in inside if path not in found]
    if not found:
        there = listed([path.name for path in others]) or "nothing"
        raise RunsError(
            f"{folder}: there is no table to fit, found {there}. Expected files that end in {', '.join(SUFFIXES)}; "
            "name others one by one."
        )
    return found, others


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Files by their names without suffix; by more of their path where these are alike."""
    called = Counter(stem_of(path) for path in paths)
    return {stem_of(path) if called[stem_of(path)] == 1 else path.as_posix(): path for path in paths}


def _stems(names: Sequence[str]) -> dict[str, str]:
    """Names of files for tables, which any file system takes and tells apart."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = base = re.sub(r"[^\w.-]+", "_", name).strip("._")[-80:] or "table"
        number = 2
        while stem.casefold() in taken:
            stem, number = f"{base}-{number}", number + 1
        taken.add(stem.casefold())
        found[name] = stem
    return found
