"""The journal of a campaign: one line of JSON for each thing done, each sealed with a hash of all before it.

It is the only file that says what is in force: rows, originals and fits are written first, its line last and all or
nothing, so that a process may be killed at any moment. What no line speaks of is written over by the next command.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from bayeslaw.errors import CampaignError
from bayeslaw.files import replacing
from bayeslaw.results import plain_values

FORMAT = 1
"""Version of the folder; raised when an older reader would misread it."""

FILE, LOCK = "journal.jsonl", ".lock"
FOLDERS = ("runs", "original", "fits")

Record = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Journal:
    """What was done in a campaign, the first thing first.

    Attributes
    ----------
    folder : Path
    records : tuple of dict
        Each has ``kind`` (begun, added or step), ``time`` and ``sha256``.
    """

    folder: Path
    records: tuple[Record, ...]

    def of_kind(self, kind: str) -> list[Record]:
        """The records of one kind, in order."""
        return [record for record in self.records if record["kind"] == kind]


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Keep other writers out; the lock of a process that is killed goes with it.

    Raises
    ------
    CampaignError
        If another process is writing, or the folder cannot be written to.
    """
    try:
        file = (folder / LOCK).open("a")
    except OSError as error:
        raise CampaignError(f"{folder}: cannot be written to ({error.strerror}). Give another folder.") from error
    with file:
        if not _is_ours(file):
            raise CampaignError(
                f"{folder}: another bayeslaw is writing to this campaign. Wait until it is done; nothing was changed."
            )
        yield


def read_journal(folder: Path) -> Journal:
    """Read the journal of a campaign.

    Raises
    ------
    CampaignError
        If there is no campaign, it is of another format, or a line is damaged or was altered.
    """
    path = folder / FILE
    if not os.path.isfile(path):  # unlike Path.is_file, no error of a name that is too long
        raise CampaignError(
            f"{folder}: there is no campaign. Begin one with `bayeslaw campaign init {folder} runs.csv --at data=1.6M`."
        )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CampaignError(f"{path}: cannot be read ({error}). Restore it from a copy.") from error
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if record["kind"] not in ("begun", "added", "step") or (record["kind"] == "begun") != (number == 1):
                raise ValueError
            seal = record["sha256"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CampaignError(
                f"{path}, line {number}: not a line of the journal of a campaign. Restore the file from a copy, or "
                "give the folder of a campaign."
            ) from error
        if number == 1 and record.get("format") != FORMAT:
            raise CampaignError(
                f"{path}: a campaign in format {record.get('format')!r}, expected {FORMAT}. Use the bayeslaw that made "
                "it."
            )
        if seal != _seal(records, record):
            raise CampaignError(
                f"{path}, line {number}: does not match its hash: this line or one before it was altered. Restore the "
                "file from a copy; what was believed is not corrected afterwards."
            )
        records.append(record)
    if not records:
        raise CampaignError(f"{path}: the journal is empty. Restore it from a copy, or remove it to begin anew.")
    return Journal(folder, tuple(records))


def append(journal: Journal, *new: Mapping[str, Any]) -> Journal:
    """Add records to a journal, all or none; while `writing`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    records = list(journal.records)
    for one in new:
        record = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **plain_values(one)}
        records.append({**record, "sha256": _seal(records, record)})
    with replacing(journal.folder / FILE) as temporary:
        temporary.write_text("".join(f"{_text(record)}\n" for record in records), encoding="utf-8")
    return Journal(journal.folder, tuple(records))


def require_room(folder: Path) -> None:
    """Refuse a folder in which no campaign can be begun; what a killed beginning left is no hindrance.

    Raises
    ------
    CampaignError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_begun = (folder / FILE).exists()
        others = sorted(p.name for p in folder.iterdir() if p.name not in FOLDERS and not p.name.startswith("."))
    except OSError as error:
        raise CampaignError(f"{folder}: cannot be used as a folder ({error.strerror}). Give another one.") from error
    if is_begun:
        raise CampaignError(
            f"{folder}: is a campaign already. `bayeslaw campaign next {folder}` goes on with it; give another folder "
            "for another question."
        )
    if others:
        raise CampaignError(
            f"{folder}: holds other files ({', '.join(others[:3])}). A campaign has a folder of its own: give a "
            "new one."
        )


def sha256_of(path: Path) -> str:
    """Hash of a file.

    Raises
    ------
    CampaignError
        If it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CampaignError(f"{path}: cannot be read ({error.strerror}). Restore it from a copy.") from error


def _seal(before: list[Record], record: Mapping[str, Any]) -> str:
    """Hash of a record and of the seal before it."""
    content = {name: value for name, value in record.items() if name != "sha256"}
    last = before[-1]["sha256"] if before else ""
    return hashlib.sha256(f"{last}\n{_text(content)}".encode()).hexdigest()


def _text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=True, allow_nan=False)


def _is_ours(file: IO[str]) -> bool:
    """Whether a file could be locked; said also where the system has no locks."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
