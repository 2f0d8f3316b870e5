"""Runs of Weights & Biases that were logged offline: files ``run-ID.wandb``, alone or in the folder of a run.

The files are logs as LevelDB writes them (blocks of 32 KiB; records that may span several), each record a protocol
buffer. Fields: https://github.com/wandb/wandb, wandb/proto/wandb_internal.proto. Exports as CSV are read as tables.
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers.base import Found, Raw, Reader, table_of
from bayeslaw.runs.readers.json_text import flattened, whole_characters
from bayeslaw.runs.readers.wire import fields, parts, text

FORMAT = "W&B offline run"

_MAGIC = b":W&B"
_HEADER, _BLOCK, _RECORD = 7, 32768, 7
_FULL, _FIRST, _LAST = 1, 2, 4
_HISTORY, _CONFIG, _RUN = 2, 5, 17  # of Record
_RUN_CONFIG, _NAME = 4, 8  # of RunRecord
_ITEM, _KEY, _NESTED, _JSON = 1, 1, 2, 16  # of HistoryRecord and ConfigRecord, and of their items
_NO_SETTINGS = "_wandb"


def _recognises(found: Found) -> bool:
    if found.is_folder:
        return len(_files_in(found.path)) == 1
    return found.content.startswith(_MAGIC)


def _read(found: Found) -> Raw:
    path = _files_in(found.path)[0] if found.is_folder else found.path
    content, rows, name = Found(path).content, [], ""
    config: dict[str, Any] = {}
    notes: list[str] = []
    try:
        for record in _records(content, notes):
            for number, value in fields(record):
                if not isinstance(value, bytes):
                    continue
                if number == _HISTORY:
                    rows.append(_items(value))
                elif number == _CONFIG:
                    config |= _items(value)
                elif number == _RUN:
                    name = next((text(one) for one in parts(value, _NAME)), name)
                    for one in parts(value, _RUN_CONFIG):
                        config |= _items(one)
    except ValueError as error:
        raise RunsError(f"{path.name}: the log is broken ({error}). Copy it again.") from error
    if not rows:
        raise RunsError(f"{path.name}: the log has no history, expected losses by step.")
    config = {key: value for key, value in config.items() if not key.startswith(_NO_SETTINGS)}
    shared = {key: value for key, value in config.items() if not isinstance(value, list | dict)}
    cells = table_of([shared | row for row in rows])
    return Raw(FORMAT, cells, tuple(notes), is_one_run=True, run=name)


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".wandb" and path.is_file())
    except OSError:
        return []


def _records(content: bytes, notes: list[str]) -> Iterator[bytes]:
    """Records of a log, put together of the pieces that blocks hold."""
    at, pieces = _HEADER, b""
    while at + _RECORD <= len(content):
        left = _BLOCK - at % _BLOCK
        if left < _RECORD:  # too short for a record: filled with zeros
            at += left
            continue
        checksum = int.from_bytes(content[at : at + 4], "little")
        size, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        if size == 0 and kind == 0:
            at += left
            continue
        piece = content[at + _RECORD : at + _RECORD + size]
        if len(piece) < size:
            notes.append("The log ends in the middle of a record, as of a run that was stopped; it is not used.")
            return
        if zlib.crc32(piece, zlib.crc32(bytes([kind]))) != checksum:
            raise ValueError(f"the checksum at byte {at:,} is another")
        at += _RECORD + size
        pieces = piece if kind in (_FULL, _FIRST) else pieces + piece
        if kind in (_FULL, _LAST):
            yield pieces


def _items(record: bytes) -> dict[str, Any]:
    """Names and values of a row of the history, or of the configuration."""
    found: dict[str, Any] = {}
    for item in parts(record, _ITEM):
        names, value = [], None
        for number, one in fields(item):
            if not isinstance(one, bytes):
                continue
            if number in (_KEY, _NESTED):
                names.append(text(one))
            elif number == _JSON:
                value = whole_characters(json.loads(text(one)))
        found[".".join(filter(None, names))] = value
    return flattened(found)


READER = Reader(FORMAT, _recognises, _read, reads_folders=True)
