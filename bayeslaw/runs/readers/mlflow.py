"""Runs in a local store of MLflow (``mlruns/EXPERIMENT/RUN``): a file a metric, of lines ``timestamp value step``.

All values that were logged are read, at each step the last, and not the last of each metric, which is what a search of
runs gives.
"""

from collections.abc import Iterator
from pathlib import Path

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers.base import Found, Raw, Reader, rows_by_step, table_of

FORMAT = "MLflow run"

_STATES = {"1": "running", "2": "scheduled", "3": "finished", "4": "failed", "5": "killed"}  # RunStatus


def _recognises(found: Found) -> bool:
    return found.is_folder and (found.path / "meta.yaml").is_file() and (found.path / "metrics").is_dir()


def _read(found: Found) -> Raw:
    folder = found.path
    rows, again = rows_by_step(_values(folder / "metrics", found.name))
    if not rows:
        raise RunsError(f"{found.name}: the run has no metrics, expected losses by step.")
    params = {
        path.relative_to(folder / "params").as_posix(): Found(path).text.strip() for path in _files(folder / "params")
    }
    about = _about(folder)
    cells = table_of([_status(about) | params | row for row in rows])
    return Raw(FORMAT, cells, again, is_one_run=True, run=_called(folder) or about.get("run_name", ""))


def _values(folder: Path, run: str) -> Iterator[tuple[int, str, float]]:
    """All values of all metrics, in the order in which they were logged."""
    for path in _files(folder):
        metric = path.relative_to(folder).as_posix()
        for number, line in enumerate(Found(path).text.splitlines(), start=1):
            step, value = _point(line, f"{run}, metric {metric!r}, line {number}")
            yield step, metric, value


def _about(folder: Path) -> dict[str, str]:
    """The plain entries of ``meta.yaml``, a line each."""
    lines = Found(folder / "meta.yaml").text.splitlines()
    return {
        name.strip(): value.strip().strip("'\"")
        for name, mark, value in (line.partition(":") for line in lines)
        if mark
    }


def _status(about: dict[str, str]) -> dict[str, str]:
    """The state of a run, if it did not end or was deleted in the tracker, which keeps its files."""
    if about.get("lifecycle_stage") == "deleted":
        return {"status": "deleted"}
    state = _STATES.get(about.get("status", ""), about.get("status", ""))
    return {"status": state} if state else {}


def _point(line: str, place: str) -> tuple[int, float]:
    """Step and value of a line; stores of old versions have no steps, and one value."""
    parts = line.split()
    try:
        return (int(parts[2]) if len(parts) > 2 else 0), float(parts[1])
    except (ValueError, IndexError) as error:
        raise RunsError(
            f"{place}: found {line[:60]!r}, expected a timestamp, a value and a step. Copy the run again."
        ) from error


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _called(folder: Path) -> str:
    """What a run is called; nothing if it has no name."""
    try:
        return (folder / "tags" / "mlflow.runName").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


READER = Reader(FORMAT, _recognises, _read, reads_folders=True)
