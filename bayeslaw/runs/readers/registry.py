"""Which readers there are, and what is read by which: those of the package, and those that installed packages offer.

A reader of another package is an entry point of the group ``bayeslaw.readers`` that names a `Reader`; it is asked
before those of the package, and nothing of it is imported before a file is read.
"""

import importlib.metadata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.benchmarks import is_measured
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.readers import (
    delimited,
    excel,
    json_records,
    lm_eval,
    markdown,
    mlflow,
    parquet,
    tensorboard,
    tensorboard_csv,
    text_logs,
    trainer_state,
    wandb,
)
from bayeslaw.runs.readers.about_models import name_column, tell_of_models, with_models
from bayeslaw.runs.readers.base import RUN, Found, Raw, Reader, constant, with_own_headings
from bayeslaw.runs.readers.opened import require_there, stem_of
from bayeslaw.runs.readers.settings_beside import with_settings
from bayeslaw.runs.readers.tensorboard_csv import beside_runs, with_metrics_of_a_run

GROUP = "bayeslaw.readers"
"""Entry points of this group are readers."""

READERS = (
    trainer_state.READER,
    lm_eval.READER,
    wandb.READER,
    tensorboard.READER,
    mlflow.READER,
    parquet.READER,
    excel.READER,
    text_logs.READER,
    text_logs.OF_STEPS,
    json_records.READER,
    markdown.READER,
    tensorboard_csv.READER,
    delimited.READER,
)
"""The readers of the package, the most particular first: the last takes any text."""

_TABLES_LIST = ".csv, .tsv, .txt, .log, .out, .json, .jsonl, .ndjson, .parquet, .pq, .xlsx, .gz"
_TABLES = frozenset(_TABLES_LIST.split(", "))
_SURELY_TABLES = (".csv", ".tsv", ".jsonl")
_GENERAL_NAMES = ("metrics", "log", "logs", "history", "train", "results", "progress", "output", "trainer_state")
_DEPTH = 6


def read_raw(path: Path) -> Raw:
    """Read a file or a folder into a table of cells, not yet interpreted.

    Raises
    ------
    RunsError
        If there is nothing, or it is empty, broken or of no kind that is known.
    """
    raw = _read_one(path)
    return raw.named(raw.run) if raw.run else raw


def _read_one(path: Path) -> Raw:
    """Read a file or a folder, the run of which is not in a column yet."""
    require_there(path)
    found = Found(path)
    reader = _reader_of(found)
    if reader is not None:
        return reader.read(found)
    if found.is_folder:
        return _read_folder(path)
    if not found.content.strip():
        raise RunsError(f"{found.name}: the file is empty, expected a header and one row a run.")
    if path.suffix.lower() in (".parquet", ".pq"):
        return parquet.READER.read(found)
    if path.suffix.lower() == ".nc":
        raise RunsError(f"{found.name}: found a saved fit, expected runs. Give it to predict, select, check or report.")
    kinds = ", ".join(dict.fromkeys(reader.format for reader in _readers()))
    raise RunsError(
        f"{found.name}: found binary content of no kind that is known here, expected UTF-8 text or one of: {kinds}. "
        "Save the table as CSV."
    )


def read_several(paths: Sequence[Path]) -> Raw:
    """Read several files or folders as one table, in which runs without a name are named after their places.

    What a table with a row a model, and nothing measured, tells of the models of the others is put beside their runs.

    Raises
    ------
    RunsError
        As `read_raw`.
    """
    stems = Counter(stem_of(path) for path in paths)
    parts = [_part(path, path.resolve().parent.name, _read_one(path)) for path in paths]
    own = [stem_of(path) for path in paths]
    named = [(stem if stems[stem] == 1 else part[0], part[1]) for stem, part in zip(own, parts, strict=True)]
    about = tell_of_models(named)
    raw = _together([part for position, part in enumerate(named) if position not in about], "several sources")
    for position in about:
        raw = with_models(raw, paths[position].name, parts[position][1])
    return raw


def _readers() -> tuple[Reader, ...]:
    return (*_offered(), *READERS)


def _offered() -> list[Reader]:
    """Readers of installed packages.

    Raises
    ------
    RunsError
        If one cannot be imported, or is no reader.
    """
    found = []
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name):
        package = "of an unknown name" if point.dist is None else point.dist.name
        told = f"The package {package} offers a reader {point.name!r} ({point.value})"
        try:
            reader = point.load()
        except (Exception, SystemExit) as error:  # whatever another package's import may raise
            raise RunsError(
                f"{told}, which cannot be imported: {type(error).__name__}: {error}. Update or uninstall {package}."
            ) from error
        if not isinstance(reader, Reader):
            raise RunsError(f"{told}, which is a {type(reader).__name__}, expected a Reader. Uninstall {package}.")
        found.append(reader)
    return found


def _reader_of(found: Found) -> Reader | None:
    if found.is_folder:
        return next((r for r in _readers() if r.reads_folders and r.recognises(found)), None)
    return next((r for r in _readers() if r.recognises(found)), None)


def _read_folder(folder: Path) -> Raw:
    """Read all runs in a folder, each named after its place: those with losses; if there are none, tables of scores."""
    inside = _Inside()
    _walk(folder, "", inside, 0)
    parts = with_settings(inside.runs, inside.folders, folder)
    beside = beside_runs([*inside.metrics.values()], parts)
    skipped = [name for name in inside.skipped if inside.metrics.get(name) not in beside]
    parts, wanted = [*parts, *beside], "losses"
    if parts:
        skipped = [*skipped, *(name for name, _ in inside.scores)]
    else:
        parts, wanted = [part for _, part in inside.scores], "losses or scores"
    if not parts:
        seen = (
            f": found {', '.join(skipped[:8])}, in which no heading names a loss or a score. A table whose headings "
            f"are sizes or models is read if it is named itself, such as {folder / skipped[0]}"
            if skipped
            else ". Name a file or folder with runs inside it"
        )
        raise RunsError(f"{folder.name or folder}: this directory holds no table and no log of runs{seen}.")
    raw = _together(parts, "folder of " + " and ".join(dict.fromkeys(part.format for _, part in parts)))
    notes = (f"Not read as runs, for they hold no {wanted}: {', '.join(skipped[:12])}.",) if skipped else ()
    return replace(raw, notes=(*raw.notes, *notes))


@dataclass(frozen=True)
class _Inside:
    """What is in a folder: runs with their names and folders, files of scores without losses, and other files.

    Of these, files that may be of metrics of the runs are known by their names.
    """

    runs: list[tuple[str, Raw]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    scores: list[tuple[str, tuple[str, Raw]]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    metrics: dict[str, tuple[str, Raw]] = field(default_factory=dict)


def _walk(folder: Path, place: str, inside: _Inside, depth: int) -> None:
    """Gather what can be read below a folder."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise RunsError(f"{folder}: the folder cannot be opened ({error}).") from error
    for path in paths:
        if path.name.startswith((".", "_")) or path.is_symlink():
            continue
        name, found = f"{place}{path.name}", Found(path)
        if path.is_dir():
            reader = _reader_of(found)
            if reader is not None:
                inside.runs.append((name, reader.read(found)))
                inside.folders.append(path)
            elif depth < _DEPTH:
                _walk(path, f"{name}/", inside, depth + 1)
        elif path.is_file():
            _sort_file(found, name, place.removesuffix("/"), inside)


def _part(path: Path, place: str, raw: Raw) -> tuple[str, Raw]:
    """A file with its name, which is that of its place if it is called as all its like are, such as metrics.csv."""
    stem = stem_of(path)
    if place and stem.casefold() in _GENERAL_NAMES:
        return place, raw
    return (f"{place}/{stem}" if place else stem), raw


def _sort_file(found: Found, name: str, place: str, inside: _Inside) -> None:
    """Read a file in a folder, and say whether it holds losses, scores or neither; folders of runs have much in them.

    Raises
    ------
    RunsError
        If it is a table, or a log of a known format, and broken.
    """
    general = (text_logs.OF_STEPS, json_records.READER, markdown.READER, tensorboard_csv.READER, delimited.READER)
    reader, suffix = _reader_of(found), found.path.suffix.lower()
    if reader is None or (reader in general and suffix not in _TABLES):
        return
    try:
        raw = reader.read(found)
    except RunsError:
        if reader not in general or suffix in _SURELY_TABLES:
            raise
        inside.skipped.append(name)
        return
    headings = list(map(str, raw.cells.columns))
    if any(known.role == "loss" for known in map(meaning, headings) if known):
        inside.runs.append(_part(found.path, place, raw))
        inside.folders.append(found.path.parent)
    elif any(map(is_measured, headings)):
        inside.scores.append((name, _part(found.path, place, raw)))
    else:
        inside.skipped.append(name)
        if raw.format == tensorboard_csv.FORMAT:
            inside.metrics[name] = _part(found.path, place, raw)


def _without_a_common_end(places: Sequence[str]) -> list[str]:
    """Places without the folders at their ends that all of several share, such as the ``version_0`` of Lightning."""
    split = [place.split("/") for place in places]
    while len(split) > 1 and min(map(len, split)) > 1 and len({parts[-1] for parts in split}) == 1:
        split = [parts[:-1] for parts in split]
    return ["/".join(parts) for parts in split]


def _with_all(cells: pd.DataFrame, headings: Sequence[str]) -> pd.DataFrame:
    """A table with all of several columns; those that it lacks are empty, and not NaN."""
    lacking = [heading for heading in headings if heading not in cells.columns]
    empty = [constant(heading, None, len(cells)).set_axis(cells.index) for heading in lacking]
    return pd.concat([cells, *empty], axis=1)[list(headings)] if empty else cells[list(headings)]


def _together(parts: Sequence[tuple[str, Raw]], form: str) -> Raw:
    """One table of several."""
    parts = with_metrics_of_a_run([(name, with_own_headings(raw, name)) for name, raw in parts])
    called = Counter(raw.run for _, raw in parts)
    places = _without_a_common_end([name for name, _ in parts])
    names = [
        raw.run if raw.run and called[raw.run] == 1 else place for place, (_, raw) in zip(places, parts, strict=True)
    ]
    # Beside tables that name their models, others are named in the same column, unless they have it for something else.
    heading = next((own for _, raw in parts if not raw.is_one_run and (own := name_column(raw)) is not None), RUN)
    named = [
        raw.named(name, RUN if heading in raw.cells.columns else heading)
        for name, (_, raw) in zip(names, parts, strict=True)
    ]
    headings = list(dict.fromkeys(heading for raw in named for heading in raw.cells.columns))
    cells = pd.concat([_with_all(raw.cells.astype(object), headings) for raw in named], ignore_index=True)
    ends = pd.Series([len(raw.cells) for _, raw in parts]).cumsum()
    rows = [f"{name}: {last - len(raw.cells) + 1}-{last}" for (name, raw), last in zip(parts, ends, strict=True)]
    shown = "; ".join(rows[:12]) + (f"; and {len(rows) - 12} more" if len(rows) > 12 else "")
    notes = dict.fromkeys(note for _, raw in parts for note in raw.notes)
    known: dict[str, str] = {}
    for raw in named:
        known |= raw.known
    return Raw(form, cells, (*notes, f"Rows by their source: {shown}."), known=known)
