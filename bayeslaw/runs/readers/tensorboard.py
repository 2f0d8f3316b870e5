"""Event files of TensorBoard, each a log of one run: all scalars, by step.

The files are records of TFRecord (a length, its checksum, the message, its checksum), each an ``Event``. They are read
here, not by the library: it keeps a sample of long logs unless told otherwise, and is a server with what that needs.
Scalars of TensorFlow 2 are tensors with one number. Fields: https://github.com/tensorflow/tensorboard, compat/proto.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers.base import Found, Raw, Reader, rows_by_step, table_of
from bayeslaw.runs.readers.wire import fields, floats, parts, signed, text

FORMAT = "TensorBoard event file"

_STEP, _SUMMARY = 2, 5  # of Event
_VALUE = 1  # of Summary
_TAG, _SIMPLE, _TENSOR = 1, 2, 8  # of Summary.Value
_DTYPE, _CONTENT, _FLOATS, _DOUBLES = 1, 4, 5, 6  # of TensorProto
_WIDTHS = {1: 4, 2: 8}  # of DT_FLOAT and DT_DOUBLE


def _recognises(found: Found) -> bool:
    if found.is_folder:
        return bool(_files_in(found.path))
    head = found.content[:64]
    return len(head) > 20 and b"brain.Event:" in head and struct.unpack("<Q", head[:8])[0] < 4096


def _read(found: Found) -> Raw:
    paths = _files_in(found.path) if found.is_folder else [found.path]
    notes: list[str] = []
    rows, again = rows_by_step(_values(paths, notes))
    if not rows:
        raise RunsError(f"{found.name}: the event files hold no scalars, expected losses by step.")
    return Raw(FORMAT, table_of(rows), (*notes, *again), is_one_run=True)


def _values(paths: list[Path], notes: list[str]) -> Iterator[tuple[int, str, float]]:
    """Scalars of event files, in the order of their making, so that a run that was resumed has its later values."""
    for path in paths:
        content = Found(path).content
        read = 0
        try:
            for message, end in _records(content):
                yield from _scalars(message)
                read = end
        except ValueError as error:
            raise RunsError(f"{path.name}: the event file is broken ({error}). Copy it again.") from error
        if read < len(content):
            notes.append(f"{path.name} ends in the middle of a record, as of a run that was stopped; it is not used.")


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if "tfevents" in path.name and path.is_file())
    except OSError:
        return []


def _records(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Messages of a file, and where each ends; one that was cut off is none."""
    at = 0
    while at + 12 <= len(content):
        (size,) = struct.unpack_from("<Q", content, at)
        end = at + 12 + size + 4
        if end > len(content):
            return
        yield content[at + 12 : at + 12 + size], end
        at = end


def _scalars(event: bytes) -> Iterator[tuple[int, str, float]]:
    """Step, tag and value of each scalar of an event."""
    step, summaries = 0, []
    for number, value in fields(event):
        if number == _STEP and isinstance(value, int):
            step = signed(value)
        elif number == _SUMMARY and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for entry in parts(summary, _VALUE):
            tag, found = None, None
            for number, value in fields(entry):
                if not isinstance(value, bytes):
                    continue
                if number == _TAG:
                    tag = text(value)
                elif number == _SIMPLE and len(value) == 4:
                    found = floats(value, 4)[0]
                elif number == _TENSOR:
                    found = _one_number(value)
            if tag is not None and found is not None:
                yield step, tag, found


def _one_number(tensor: bytes) -> float | None:
    """The number in a tensor that has one; None for others."""
    width = 0
    found: tuple[float, ...] = ()
    for number, value in fields(tensor):
        if number == _DTYPE and isinstance(value, int):
            width = _WIDTHS.get(value, 0)
        elif isinstance(value, bytes) and number in (_FLOATS, _DOUBLES):
            found = floats(value, 4 if number == _FLOATS else 8)
        elif isinstance(value, bytes) and number == _CONTENT and width:
            found = floats(value, width)
    return found[0] if width and len(found) == 1 else None


READER = Reader(FORMAT, _recognises, _read, reads_folders=True)
