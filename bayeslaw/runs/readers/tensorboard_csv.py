"""Scalars that TensorBoard's page downloads as CSV: ``Wall time``, ``Step``, ``Value``, a file a metric.

No column tells which metric it is: the name of the file does, ``run-gpt_160M-tag-val_loss.csv`` as it is downloaded, or
``gpt_160M_val_loss.csv`` as people write it. The files of one run are one log, with its learning rates and counts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bayeslaw.errors import RunsError
from bayeslaw.runs.batches import tells_a_batch
from bayeslaw.runs.columns import COUNTS, EVALUATION_WORDS, TRAINING_WORDS, meaning, plain
from bayeslaw.runs.readers import delimited
from bayeslaw.runs.readers.base import Found, Raw, Reader, rows_by_step, table_of
from bayeslaw.runs.readers.opened import stem_of
from bayeslaw.runs.schedules import rate_column
from bayeslaw.runs.settings import is_known_setting
from bayeslaw.runs.units import read_numbers

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
        return found["run"].strip(_MARKS), _as_tagged(found["metric"])
    ends = [end for end in _ends(stem) if _is_measure(end) or rate_column([end])]
    if not ends:
        return "", ""
    metric = next((end for end in ends if _says_only_the_stage(end, ends[-1])), ends[-1])
    return stem.removesuffix(metric).strip(_MARKS), metric


def _ends(text: str) -> list[str]:
    """What a text ends in from each of its words on, the whole of it first."""
    return [text[start:] for start in (0, *(gap.end() for gap in _BETWEEN.finditer(text)))]


def _as_tagged(metric: str) -> str:
    """A metric as its tag has it: downloads write ``train/learning_rate`` as ``train_learning_rate``."""
    end = metric if _is_measure(metric) else next(filter(_tells_of_a_run, _ends(metric)), metric)
    section = metric.removesuffix(end).strip(_MARKS)
    return f"{section}/{end}" if section else end


def _tells_of_a_run(metric: str) -> bool:
    """Whether a metric is no loss, but a size or a setting of a run, such as its learning rate."""
    known = meaning(metric)
    counts = known is not None and known.role in (*COUNTS, "accuracy")
    return counts or is_known_setting(metric) or tells_a_batch(metric) or rate_column([metric]) is not None


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
        runs.setdefault(_run_of(place, raw), []).append((place, raw))
    return [_together(folder, run, several) for (folder, run), several in runs.items()]


def beside_runs(parts: Sequence[tuple[str, Raw]], runs: Sequence[tuple[str, Raw]]) -> list[tuple[str, Raw]]:
    """Those of several files without losses that tell sizes or settings of runs, the losses of which other files have.

    Parameters
    ----------
    parts, runs : what was read, each with its place.
    """
    known = {_run_of(place, raw) for place, raw in runs if raw.format == FORMAT}
    return [
        (place, raw)
        for place, raw in parts
        if raw.format == FORMAT and _run_of(place, raw) in known and _tells_of_a_run(str(raw.cells.columns[-1]))
    ]


def _run_of(place: str, raw: Raw) -> tuple[str, str]:
    """The folder and the run of a file, where it tells its metric; else what no other file has."""
    told = raw.format == FORMAT and "value" not in map(plain, map(str, raw.cells.columns))
    return (place.rpartition("/")[0], raw.run) if told else (place, "")


def _together(folder: str, run: str, several: list[tuple[str, Raw]]) -> tuple[str, Raw]:
    place, raw = several[0]
    if raw.format != FORMAT or len(several) == 1:
        return place, raw
    rows, again = rows_by_step(value for name, one in several for value in _values(name, one))
    notes = tuple(dict.fromkeys(note for _, one in several for note in one.notes))
    return "/".join(filter(None, (folder, run))) or place, replace(raw, cells=table_of(rows), notes=(*notes, *again))


def _values(place: str, raw: Raw) -> Iterator[tuple[int, str, Any]]:
    """Step, metric and value of each row.

    Raises
    ------
    RunsError
        If a step is no whole number.
    """
    cells = raw.cells.iloc[:, _HEADER.index("step")]
    steps = read_numbers(cells, counts=True).values
    for row, (cell, step, value) in enumerate(zip(cells, steps, raw.cells.iloc[:, -1], strict=True), start=1):
        if not step.is_integer():
            raise RunsError(
                f"{place}, row {row}, column 'Step': found {cell!r}, expected the number of a step. Correct it."
            )
        yield int(step), str(raw.cells.columns[-1]), value


READER = Reader(FORMAT, _recognises, _read)
