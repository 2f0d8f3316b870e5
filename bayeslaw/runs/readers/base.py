"""What a reader of files is, and what it yields."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from bayeslaw.runs.columns import meaning
from bayeslaw.runs.headings import with_good_headings
from bayeslaw.runs.readers.opened import decode, read_bytes

RUN = "run"
"""Heading of the column that names runs which their logs do not name."""

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Found:
    """A file or a folder that somebody named, or that was found in a folder."""

    path: Path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name or str(self.path)

    @cached_property
    def content(self) -> bytes:
        """The bytes of the file, unpacked if they are compressed.

        Raises
        ------
        RunsError
            If the file is missing, too large, or broken.
        """
        return read_bytes(self.path)

    @cached_property
    def text(self) -> str:
        """The text of the file.

        Raises
        ------
        RunsError
            If it is no text.
        """
        return decode(self.content, self.name)

    @cached_property
    def start(self) -> str:
        """The first few thousand characters, for a look at what this is; empty if it is no text."""
        head = self.content[:262144]
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return head.decode("utf-16", errors="replace")[:100_000].lstrip()
        return "" if b"\x00" in head else head.decode("utf-8-sig", errors="replace").lstrip()

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.is_dir()


@dataclass(frozen=True, eq=False)
class Raw:
    """What a reader found: a table of cells under the headings of the source.

    Attributes
    ----------
    format : what kind of file this is, in words.
    cells : one row a record, not yet interpreted; headings are text.
    notes : what was understood, in sentences.
    is_one_run : whether all rows are points of one run, of which no column tells the name; in a folder it is named
        after its place.
    run : the name of that run, if the source has one.
    known : roles that the format itself tells, by heading, as they are given to ``--as``: ``{"step": "data:32"}``.
    """

    format: str
    cells: pd.DataFrame
    notes: tuple[str, ...] = ()
    is_one_run: bool = False
    run: str = ""
    known: Mapping[str, str] = field(default_factory=dict)

    def named(self, run: str, heading: str = RUN) -> "Raw":
        """The same with a column that names the run, if no column does; then runs are told apart by it."""
        if not self.is_one_run:
            return self
        others = self.cells.drop(columns=heading, errors="ignore")
        cells = pd.concat([constant(heading, run, len(others)), others], axis=1)
        return replace(self, cells=cells, is_one_run=False, known={**self.known, heading: "model"})


@dataclass(frozen=True)
class Reader:
    """One way of reading files or folders.

    Attributes
    ----------
    format : what it reads, in words.
    recognises : says by its content whether a file or folder is of this format. It may raise no error but the
        package's own.
    read : reads it.
    reads_folders : whether folders are of this format, too.
    """

    format: str
    recognises: Callable[[Found], bool]
    read: Callable[[Found], Raw]
    reads_folders: bool = False


def raw_table(form: str, cells: pd.DataFrame, notes: Sequence[str] = ()) -> Raw:
    """What a reader found that knows of no runs: all rows are of one run if no column names models."""
    names_models = any(known.role == "model" for known in map(meaning, map(str, cells.columns)) if known)
    return Raw(form, cells, tuple(notes), is_one_run=not names_models)


def with_own_headings(raw: Raw, source: str) -> Raw:
    """A table with good headings (`with_good_headings`), before columns of other tables come beside them.

    Raises
    ------
    RunsError
        If they are not, with the name of this table.
    """
    cells, notes = with_good_headings(raw.cells, source)
    return replace(raw, cells=cells, notes=(*raw.notes, *notes))


def table_of(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Put records in a table of cells as they are; a name that a record lacks is an empty cell."""
    headings = list(dict.fromkeys(heading for record in records for heading in record))
    return pd.DataFrame(
        {heading: pd.Series([record.get(heading) for record in records], dtype=object) for heading in headings}
    )


def rows_by_step(values: Iterable[tuple[int, str, float]]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """A row a step of the values of metrics, and a note on those that are not used for coming again at a step.

    Parameters
    ----------
    values : step, metric and value, in the order in which they were logged; the last of a metric at a step counts.
    """
    rows: dict[int, dict[str, Any]] = {}
    again: Counter[str] = Counter()
    for step, metric, value in values:
        row = rows.setdefault(step, {"step": step})
        if row.get(metric, value) != value:
            again[metric] += 1
        row[metric] = value
    told = ", ".join(f"{count} of {metric!r}" for metric, count in again.most_common(_SHOWN))
    more = f" and more of {len(again) - _SHOWN} others" if len(again) > _SHOWN else ""
    note = (
        f"Of several values of a metric at one step the last counts, as of a run that was resumed; not used are {told}"
        f"{more}. If they were logged without a step, or several runs share a folder, log each run apart, with steps."
    )
    return [rows[step] for step in sorted(rows)], (note,) if again else ()


def constant(heading: str, value: Any, count: int) -> pd.DataFrame:
    """A column that holds one value."""
    return pd.DataFrame({heading: pd.Series([value] * count, dtype=object)})
