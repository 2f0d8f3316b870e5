"""Logs of the Hugging Face Trainer: ``trainer_state.json``, alone or in the folder of a run.

A log mixes rows of training, rows of evaluation and a last row of summary. The ``train_loss`` of the summary is the
average over the whole run, so it is no point of the curve and is left out. Nothing there counts parameters: they are
counted in the headers of ``model.safetensors`` beside it.
"""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.readers.base import Found, Raw, Reader, table_of
from bayeslaw.runs.readers.json_text import decode_json

FORMAT = "Hugging Face trainer_state.json"
STATE = "trainer_state.json"

_CHECKPOINT = re.compile(r"checkpoint-(\d{1,18})")
_SUMMARY = "train_runtime"
_BATCH = "train_batch_size"
_MAX_HEADER = 100 * 1024**2
_EXACT_RATE = 0.05  # rates are written with three decimals


def _recognises(found: Found) -> bool:
    if found.is_folder:
        return _state_in(found.path) is not None
    return found.start.startswith("{") and '"log_history"' in found.start


def _read(found: Found) -> Raw:
    path = _state_in(found.path) if found.is_folder else found.path
    if path is None:
        raise RunsError(f"{found.name}: found no {STATE}, expected the folder of a run of the Trainer.")
    state = decode_json(Found(path).text, path.name)
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list) or not all(isinstance(row, dict) for row in history):
        raise RunsError(f"{found.name}: 'log_history' is no list of objects, expected the log of a Trainer.")
    rows = [row for row in history if _SUMMARY not in row]
    if not rows:
        raise RunsError(
            f"{found.name}: 'log_history' has no row before the summary, expected losses by step. Train with "
            "logging_steps and eval_strategy set."
        )
    notes: list[str] = []
    if len(rows) < len(history):
        notes.append("The summary at the end of the log is no point of the curve (its train_loss is an average).")
    rows = _evaluated_once(rows, notes)
    folder = path.parent.parent if _CHECKPOINT.fullmatch(path.parent.name) else path.parent
    shared = _about_the_model([path.parent, folder] if found.is_folder else [path.parent], notes)
    if isinstance(batch := state.get(_BATCH), int) and batch > 0:
        shared[_BATCH] = batch
    cells = table_of([shared | {k: v for k, v in row.items() if not isinstance(v, list | dict)} for row in rows])
    _tokens(cells, notes)
    a_step = _examples_a_step([row for row in history if _SUMMARY in row])
    if a_step:
        notes.append(f"A step is {a_step:.12g} examples, from the rates in the summary of the log.")
    known = {"step": f"data:{a_step:.12g}"} if a_step and not _counts_more_than_steps(cells) else {}
    return Raw(FORMAT, cells, tuple(notes), is_one_run=True, known=known)


def _evaluated_once(rows: list[dict[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    """Drop evaluations that repeat one of the same step: after training, of the best checkpoint perhaps."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for row in rows:
        losses = tuple(sorted(name for name in row if (known := meaning(name)) and known.role == "loss"))
        if (row.get("step"), losses) not in seen or losses == ("loss",):
            kept.append(row)
        seen.add((row.get("step"), losses))
    if len(kept) < len(rows):
        notes.append(
            f"Evaluated more than once at one step: the first evaluation counts, {len(rows) - len(kept)} are left out."
        )
    return kept


def _tokens(cells: pd.DataFrame, notes: list[str]) -> None:
    """Drop a count of tokens that was never switched on."""
    name = "num_input_tokens_seen"
    if name in cells and not any(isinstance(value, int | float) and value > 0 for value in cells[name]):
        del cells[name]
        notes.append("num_input_tokens_seen is 0 in the log, as the option was off: it is not used.")


def _counts_more_than_steps(cells: pd.DataFrame) -> bool:
    return any(known.role in ("data", "tokens") for known in map(meaning, cells.columns) if known)


def _examples_a_step(summaries: list[dict[str, Any]]) -> float | None:
    """What one step is worth in examples, by the rates of the summary; None if there are none."""
    for row in summaries:
        samples, steps = row.get("train_samples_per_second"), row.get("train_steps_per_second")
        if isinstance(samples, int | float) and isinstance(steps, int | float) and min(samples, steps) > _EXACT_RATE:
            found = float(samples) / float(steps)
            whole = float(round(found))
            return whole if whole and abs(found / whole - 1) < 0.02 else found
    return None


def _state_in(folder: Path) -> Path | None:
    """The log that is furthest on: of the folder itself, else of its last checkpoint."""
    if (folder / STATE).is_file():
        return folder / STATE
    try:
        numbered = [(int(m[1]), p) for p in folder.iterdir() if (m := _CHECKPOINT.fullmatch(p.name))]
    except OSError:
        return None
    return next((p / STATE for _, p in sorted(numbered, reverse=True) if (p / STATE).is_file()), None)


def _about_the_model(folders: list[Path], notes: list[str]) -> dict[str, Any]:
    """The parameters and the name of the model that lies beside a log."""
    about: dict[str, Any] = {}
    for folder in folders:
        if "params" not in about and (counted := _parameters(folder)):
            about["params"] = counted
            notes.append("Parameters counted in the header of model.safetensors.")
        if "base" not in about and (folder / "config.json").is_file():
            config = decode_json(Found(folder / "config.json").text, "config.json")
            name = config.get("_name_or_path") if isinstance(config, dict) else None
            if isinstance(name, str) and name:
                about["base"] = name
    return about


def _parameters(folder: Path) -> int | None:
    """Numbers in the tensors of the model in a folder; None if they lie in no safetensors, or in several."""
    path = folder / "model.safetensors"
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 0 < length <= _MAX_HEADER:
                return None
            header = json.loads(stream.read(length))
        shapes = [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]
        return sum(_product(shape) for shape in shapes) or None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _product(shape: list[int]) -> int:
    count = 1
    for side in shape:
        count *= int(side)
    return count


READER = Reader(FORMAT, _recognises, _read, reads_folders=True)
