"""Scalars that TensorBoard's page downloads as CSV: ``Wall time``, ``Step``, ``Value``, a file a metric.

No column tells which metric it is: the name of the file does, ``run-gpt_160M-tag-val_loss.csv`` as it is downloaded, or
``gpt_160M_val_loss.csv`` as people write it. The files of one run are one log.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from bayeslaw.runs.columns import EVALUATION_WORDS, TRAINING_WORDS, meaning, plain
from bayeslaw.runs.readers import delimited
from bayeslaw.runs.readers.base import Found, Raw, Reader, table_of
from bayeslaw.runs.readers.opened import stem_of

FORMAT = "CSV of TensorBoard"

_HEADER = ("walltime", "step", "value")
_DOWNLOADED = re.compile(r"(?:run[-_])?(?P<run>.{0,200}?)[-_]?tag[-_](?P<metric>.{1,200})", re.IGNORECASE)
_MARKS = "-_. "
_BETWEEN = re.compile(r"[\s_.-]+")


def _recognises(found: Found) -> bool:
    if found.is_folder:
        return False
    first = found.start.partition("\n")[0]
    return tuple(plain(cell) for cell in first.split(",")) == _HEADER


def _read(found: Found) -> Raw:
    raw = delimited.READER.read(found)
    run, metric = _named(stem_of(found.path))
    if not metric:
        return replace(raw, format=FORMAT, is_one_run=True)
    notes = (*raw.notes, f"Values are of {metric!r} where the names of the files say so.")
    cells = raw.cells.rename(columns={raw.cells.columns[-1]: metric})
    return replace(raw, format=FORMAT, cells=cells, notes=notes, is_one_run=True, run=run)


def _named(stem: str) -> tuple[str, str]:
    """The run and the metric that the name of a file tells, each empty where it tells none."""
    if found := _DOWNLOADED.fullmatch(stem):
        return found["run"].strip(_MARKS), found["metric"]
    starts = [0, *(gap.end() for gap in _BETWEEN.finditer(stem))]
    ends = [stem[start:] for start in starts if _is_measure(stem[start:])]
    if not ends:
        return "", ""
    metric = next((end for end in ends if _says_only_the_stage(end, ends[-1])), ends[-1])
    return stem.removesuffix(metric).strip(_MARKS), metric


def _is_measure(text: str) -> bool:
    known = meaning(text)
    return known is not None and known.role in ("loss", "accuracy") and plain(text) != "value"


def _says_only_the_stage(longer: str, shortest: str) -> bool:
    """Whether what stands before the name of a loss only says of what it is: of ``val_loss``, ``val``."""
    before = [word for word in _BETWEEN.split(longer.removesuffix(shortest).casefold()) if word]
    return bool(before) and all(word in EVALUATION_WORDS | TRAINING_WORDS for word in before)


def with_metrics_of_a_run(parts: Sequence[tuple[str, Raw]]) -> list[tuple[str, Raw]]:
    """Put the files of one run together: parts in the same folder whose names tell the same run, or none but metrics.

    Parameters
    ----------
    parts : what was read, each with its place, such as ``tb/gpt_160M_val_loss``.
    """
    runs: dict[tuple[str, str], list[tuple[str, Raw]]] = {}
    for place, raw in parts:
        told = raw.format == FORMAT and "value" not in map(plain, map(str, raw.cells.columns))
        runs.setdefault((place.rpartition("/")[0], raw.run) if told else (place, ""), []).append((place, raw))
    return [_together(folder, run, several) for (folder, run), several in runs.items()]


def _together(folder: str, run: str, several: list[tuple[str, Raw]]) -> tuple[str, Raw]:
    place, raw = several[0]
    if raw.format != FORMAT or len(several) == 1:
        return place, raw
    rows = [
        dict(zip(one.cells.columns, row, strict=True))
        for _, one in several
        for row in one.cells.itertuples(index=False, name=None)
    ]
    notes = tuple(dict.fromkeys(note for _, one in several for note in one.notes))
    return "/".join(filter(None, (folder, run))) or place, replace(raw, cells=table_of(rows), notes=notes)


READER = Reader(FORMAT, _recognises, _read)
