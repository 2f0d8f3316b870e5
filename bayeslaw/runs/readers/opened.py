"""From a path to bytes, and from bytes to text."""

import codecs
import gzip
import io
import zlib
from pathlib import Path

from bayeslaw.errors import RunsError, did_you_mean

MAX_BYTES = 512 * 1024**2

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def stem_of(path: Path) -> str:
    """Name a file without its suffixes: ``flan.csv.gz`` is ``flan``."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def read_bytes(path: Path) -> bytes:
    """Read a file, and unpack it if it is compressed with gzip.

    Raises
    ------
    RunsError
        If the file is missing, too large, or broken.
    """
    source = path.name or str(path)
    try:
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


def require_there(path: Path) -> None:
    """Refuse a path at which there is nothing.

    Raises
    ------
    RunsError
    """
    try:
        there = path.exists()
    except (OSError, ValueError) as error:
        raise RunsError(f"{path.name or path}: the file cannot be opened ({error}).") from error
    if not there:
        raise RunsError(
            f"{path}: there is no such file.{_nearest(path)} Check the path; it is taken from {Path.cwd()}."
        )


def _nearest(path: Path) -> str:
    """Words that offer a file or folder beside one that is not there, if its name is much alike."""
    try:
        return did_you_mean(path.name, (other.name for other in path.parent.iterdir()))
    except OSError:
        return ""


def decode(content: bytes, source: str) -> str:
    """Read bytes as UTF-8, or as UTF-16 if they begin with its mark.

    Raises
    ------
    RunsError
        If they are neither.
    """
    if content.startswith(_UTF16):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise RunsError(f"{source}: the file begins as UTF-16 and is broken ({error}). Save it again.") from error
    if b"\x00" in content:
        raise RunsError(f"{source}: found binary content, expected text. Save the table as CSV with UTF-8 encoding.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RunsError(
            f"{source}, line {line}: found the byte 0x{content[error.start]:02x}, expected UTF-8 text. "
            "The file is binary or in another encoding: save the table as CSV with UTF-8 encoding (in Excel, as 'CSV "
            "UTF-8')."
        ) from error


def _too_large(source: str, found: str) -> str:
    return (
        f"{source}: {found}, expected at most {MAX_BYTES:,} bytes ({MAX_BYTES / 1024**2:g} MiB). "
        "A table of runs has one row a run: thin the training curves, or split the file."
    )
