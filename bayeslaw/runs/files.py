"""From a file to a table of cells: CSV, TSV, Parquet and JSON records, told apart by suffix and content."""

import csv
import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from bayeslaw.errors import RunsError

MAX_BYTES = 512 * 1024**2

DELIMITED, PARQUET, JSON = "delimited text", "Parquet", "JSON records"
FORMATS = {
    ".csv": DELIMITED,
    ".tsv": DELIMITED,
    ".txt": DELIMITED,
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".json": JSON,
    ".jsonl": JSON,
    ".ndjson": JSON,
}
_DELIMITERS = (",", "\t", ";", "|")


def stem_of(path: Path) -> str:
    """Name a file without its suffixes: ``flan.csv.gz`` is ``flan``."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def read_cells(path: Path) -> pd.DataFrame:
    """Read a file into a table of cells, one row a record, not yet interpreted.

    Raises
    ------
    RunsError
        If the file is missing, too large, of an unknown kind, or broken.
    """
    source = path.name
    suffix = Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    content = _read_bytes(path)
    if suffix not in FORMATS:
        raise RunsError(
            f"{source}: found the suffix {suffix!r}, expected one of {', '.join(FORMATS)} (or the same with .gz). "
            "Rename or convert the file."
        )
    if content.startswith(b"PAR1") or FORMATS[suffix] == PARQUET:
        return _read_parquet(content, source)
    text = _decode(content, source)
    if not text.strip():
        raise RunsError(f"{source}: the file is empty, expected a header and one row a run.")
    # No header starts with a brace or a bracket, so JSON under a wrong suffix is still read.
    if FORMATS[suffix] == JSON or text.lstrip()[0] in "{[":
        return _read_json(text, source)
    return _read_delimited(text, source)


def _read_bytes(path: Path) -> bytes:
    source = path.name or str(path)
    try:
        if path.is_dir():
            raise RunsError(f"{source}: this is a directory, expected a file of runs. Name the file inside it.")
        if not path.exists():
            raise RunsError(f"{path}: there is no such file. Check the path; it is taken from {Path.cwd()}.")
        if not path.is_file():
            raise RunsError(f"{source}: this is not a regular file. Save the runs to a file first.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RunsError(_too_large(source, f"the file has {size:,} bytes"))
        content = path.read_bytes()
        if not content.startswith(b"\x1f\x8b"):
            return content
        with gzip.open(io.BytesIO(content)) as stream:
            content = stream.read(MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RunsError(f"{source}: the compressed file is broken ({error}). Compress or download it again.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, RunsError):
            raise
        raise RunsError(f"{source}: the file cannot be opened ({error}).") from error
    if len(content) > MAX_BYTES:
        raise RunsError(_too_large(source, "the file unpacks to more than that"))
    return content


def _too_large(source: str, found: str) -> str:
    return (
        f"{source}: {found}, expected at most {MAX_BYTES:,} bytes ({MAX_BYTES / 1024**2:g} MiB). "
        "A table of runs has one row a run: thin the training curves, or split the file."
    )


def _decode(content: bytes, source: str) -> str:
    if b"\x00" in content:
        raise RunsError(f"{source}: found binary content, expected text. Save the table as CSV with UTF-8 encoding.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RunsError(
            f"{source}, line {line}: found the byte 0x{content[error.start]:02x}, expected UTF-8 text. "
            "The file is binary or in another encoding: save the table as CSV with UTF-8 encoding."
        ) from error


def _read_parquet(content: bytes, source: str) -> pd.DataFrame:
    if not content:
        raise RunsError(f"{source}: the file is empty, expected a header and one row a run.")
    try:
        return pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # whatever the Parquet reader makes of a broken file
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise RunsError(
            f"{source}: the file cannot be read as Parquet ({reason}). Write it again, or convert it to CSV."
        ) from error


def _read_delimited(text: str, source: str) -> pd.DataFrame:
    lines = text.lstrip("\r\n")
    first = lines.splitlines()[0]
    delimiter = max(_DELIMITERS, key=lambda candidate: len(next(csv.reader([first], delimiter=candidate))))
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        rows = [row for row in reader if len(row) > 1 or (row and row[0].strip())]  # no blank lines
    except csv.Error as error:
        raise RunsError(
            f"{source}, line {reader.line_num}: the cells cannot be told apart ({error}). Look for a quote left open."
        ) from error
    header, body = [name.strip() for name in rows[0]], rows[1:]
    for number, row in enumerate(body, start=1):
        if len(row) != len(header):
            raise RunsError(
                f"{source}, row {number}: found {len(row)} cells, expected {len(header)} as in the header. "
                "Quote cells that contain the delimiter, and leave no cell out."
            )
    columns = list(zip(*body, strict=True)) if body else [()] * len(header)
    # Joined by position, as headings may repeat: that is told to the user later, for every format alike.
    table = pd.DataFrame({position: pd.Series(cells, dtype=object) for position, cells in enumerate(columns)})
    return table.set_axis(pd.Index(header, dtype=object), axis=1)


def _read_json(text: str, source: str) -> pd.DataFrame:
    if text.lstrip().startswith("["):
        records = _load_json(text, source, line=None)
    else:
        numbered = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        records = [_load_json(line, source, line=number) for number, line in numbered]
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise _not_records(source, number, record)
        for cell in record.values():
            if isinstance(cell, list | dict):
                raise _not_records(source, number, cell)
    headings = list(dict.fromkeys(heading for record in records for heading in record))
    return pd.DataFrame(
        {heading: pd.Series([record.get(heading) for record in records], dtype=object) for heading in headings}
    )


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("an object has the same name twice")
    return record


# One decoder for all lines: making one for each would take most of the time.
_DECODER = json.JSONDecoder(object_pairs_hook=_record)


def _load_json(text: str, source: str, line: int | None) -> Any:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        place = line or getattr(error, "lineno", 1)
        raise RunsError(
            f"{source}, line {place}: this is not JSON ({error}). "
            "Expected one object a line, or one array of objects, such as "
            '{"model": "gpt2", "data": 200, "loss": 3.1}.'
        ) from error


def _not_records(source: str, number: int, found: Any) -> RunsError:
    return RunsError(
        f"{source}, row {number}: found {str(found)[:60]!r}, expected a JSON object of plain values, such as "
        '{"model": "gpt2", "data": 200, "loss": 3.1}. Write one such object a run.'
    )
