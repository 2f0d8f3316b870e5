"""What trainers print: logs of nanoGPT, Megatron-LM, llm-foundry (Composer), NeMo and torchtitan, line by line.

For logs that name what they print, of OLMo, llm.c and many others, see `entry_logs`.
"""

import math
import re
from collections.abc import Collection, Sequence
from typing import Any

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers import entry_logs
from bayeslaw.runs.readers.base import Found, Raw, Reader, table_of
from bayeslaw.runs.readers.log_lines import MAX_LINE, NUMBER, Log, Row, Told, number

_NANO_EVAL = re.compile(rf"step (\d+): train loss ({NUMBER}), val loss ({NUMBER})")
_NANO_STEP = re.compile(rf"iter (\d+): loss ({NUMBER}), time")


def _nanogpt(lines: list[str]) -> list[Row]:
    rows: list[Row] = []
    for line in lines:
        if found := _NANO_EVAL.search(line):
            rows.append({"step": int(found[1]), "train_loss": number(found[2]), "val_loss": number(found[3])})
        elif found := _NANO_STEP.search(line):
            rows.append({"step": int(found[1]), "train_loss": number(found[2])})
    return rows


_NANO_BATCH = re.compile(r"tokens per iteration will be: ([\d,]{1,30})")
_NANO_PARAMS = re.compile(r"number of parameters: ([\d.,]{1,30}[KMBT]?)")


def _told_by_nanogpt(text: str, rows: list[Row]) -> Told:
    batch, params = _NANO_BATCH.search(text), _NANO_PARAMS.search(text)
    shared = {"params": params[1]} if params else {}
    if batch is None:
        return Told(shared)
    known = {"step": f"tokens:{batch[1].replace(',', '')}"}
    return Told(shared, known, (f"A step is {batch[1]} tokens, as the log says.",))


_MEGATRON_STEP = re.compile(r"\biteration +(\d+)/ *\d+ *\|(.*)")
_MEGATRON_EVAL = re.compile(r"\bvalidation loss at (?:iteration|the end of training)[^|]*?(\d*) *\|(.*)")
_MEGATRON_TEST = re.compile(r"\btest loss at|on test set")
_ENTRY = re.compile(rf"([A-Za-z][A-Za-z _()/-]{{0,60}}): *({NUMBER})")


def _megatron(lines: list[str]) -> list[Row]:
    """Rows of training, and of validation with the counts of the last row of training before them."""
    rows: list[Row] = []
    counts: Row = {}
    for line in lines:
        if found := _MEGATRON_STEP.search(line):
            entries = {name.strip(): number(value) for name, value in _ENTRY.findall(found[2])}
            counts = {name: entries[name] for name in ("consumed samples", "consumed tokens") if name in entries}
            kept = {"lm loss": "train loss", "learning rate": "learning rate", "global batch size": "global batch size"}
            row = {to: entries[name] for name, to in kept.items() if name in entries}
            rows.append({"iteration": int(found[1]), **counts, **row})
        elif (found := _MEGATRON_EVAL.search(line)) and not _MEGATRON_TEST.search(line):
            entries = {name.strip(): number(value) for name, value in _ENTRY.findall(found[2])}
            step = int(found[1]) if found[1] else rows[-1]["iteration"] if rows else 0
            there = counts if rows and rows[-1]["iteration"] == step else {}
            value = next((entries[name] for name in entries if name.endswith("lm loss value")), None)
            if value is not None:
                rows.append({"iteration": step, **there, "validation loss": value})
    return rows


_MEGATRON_LENGTH = re.compile(r"\bseq_length \.+ (\d{1,9})")
_MEGATRON_RANK = re.compile(
    r"number of parameters on \(tensor, pipeline\) model parallel rank \((\d{1,6}), *(\d{1,6})\): *(\d[\d,]{0,20})"
)
_MEGATRON_SIDES = tuple(
    re.compile(rf"\b{kind}[-_]model[-_]parallel[-_ ]size(?::| \.+) *(\d{{1,6}})") for kind in ("tensor", "pipeline")
)


def _told_by_megatron(text: str, rows: list[Row]) -> Told:
    """Parameters, which are printed of each part of a model, and what a sample or an iteration is in tokens."""
    shared, notes = _parameters_of_ranks(text)
    length, has = _MEGATRON_LENGTH.search(text), {name for row in rows for name in row}
    known: dict[str, str] = {}
    if length is not None and "consumed samples" in has and "consumed tokens" not in has:
        known = {"consumed samples": f"tokens:{length[1]}"}
        notes.append(f"A sample is {length[1]} tokens, the sequence length in the log.")
    batches = {row["global batch size"] for row in rows if "global batch size" in row}
    if length is not None and len(batches) == 1 and not {"consumed samples", "consumed tokens"} & has:
        batch = batches.pop()
        if isinstance(batch, float) and math.isfinite(batch) and batch > 0:
            known = {"iteration": f"tokens:{batch * int(length[1]):.12g}"}
            notes.append(f"An iteration is {batch:.12g} samples of {length[1]} tokens, as the log says.")
    return Told(shared, known, tuple(notes))


def _parameters_of_ranks(text: str) -> tuple[Row, list[str]]:
    """The sum over the parts of a model, if all are there; a log that was resumed prints each again."""
    ranks = {(int(t), int(p)): int(count.replace(",", "")) for t, p, count in _MEGATRON_RANK.findall(text)}
    if not ranks:
        return {}, []
    sides = [
        int(said[1]) if (said := sign.search(text)) else max(rank[axis] for rank in ranks) + 1
        for axis, sign in enumerate(_MEGATRON_SIDES)
    ]
    if len(ranks) != math.prod(sides):
        return {}, [f"Parameters are not read: of {math.prod(sides)} model parallel ranks the log has {len(ranks)}."]
    params = sum(ranks.values())
    parts = "the one model parallel rank" if len(ranks) == 1 else f"{len(ranks)} model parallel ranks, summed"
    tied = " (embeddings that first and last stage share count twice)" if max(p for _, p in ranks) else ""
    return {"params": params}, [f"Parameters are those of {parts}: {params:,}{tied}."]


_COMPOSER_STEP = re.compile(r"\[(?:eval )?(?:batch|epoch|token|sample)=(\d+)(?:/\d+)?\]", re.IGNORECASE)
_COMPOSER_ENTRY = re.compile(rf"^\s*(Train|Eval) ([A-Za-z][\w/.-]{{0,120}}): *({NUMBER})\s*$")


def _composer(lines: list[str]) -> list[Row]:
    """Rows under headings such as ``[batch=10/4800]:``; evaluations count as the step before them."""
    rows: list[Row] = []
    times: Row = {}
    for line in lines:
        if _COMPOSER_STEP.search(line):
            rows.append({})
        elif found := _COMPOSER_ENTRY.match(line):
            if not rows:
                rows.append({})
            name = found[2]
            if name.startswith("time/"):
                times[name] = number(found[3])
            rows[-1] |= {name if found[1] == "Train" or "eval" in name.lower() else f"eval/{name}": number(found[3])}
            rows[-1] |= times
    return [row for row in rows if row]


_NEMO_LINE = re.compile(r"(?:^|\s)Training epoch \d+, iteration \d+/\d+ *\|(.*)")
_NEMO_ENTRY = re.compile(rf"([A-Za-z]\w{{0,60}}(?: in s)?)(?:: *|=)({NUMBER})")
_NEMO_KEPT = ("global_step", "consumed_samples", "reduced_train_loss", "val_loss", "lr", "global_batch_size")


def _nemo(lines: list[str]) -> list[Row]:
    """Rows of progress; a validation loss stays printed until the next, and counts where it is new."""
    rows: list[Row] = []
    last: Any = None
    for line in lines:
        found = _NEMO_LINE.search(line)
        bar = line.partition("[")[2] if "Epoch " in line and "global_step=" in line else ""
        entries = {name: number(value) for name, value in _NEMO_ENTRY.findall(found[1] if found else bar)}
        row = {name: entries[name] for name in _NEMO_KEPT if name in entries}
        if "val_loss" in row:
            if row["val_loss"] == last:
                del row["val_loss"]
            else:
                last = row["val_loss"]
        if row:
            rows.append(row)
    return rows


_COLOUR = r"(?:\x1b\[[\d;]{0,20}m)?"
_TITAN_LINE = re.compile(rf"(validate )?step: *(\d+) +{_COLOUR}loss: *({NUMBER})")
_TITAN_PARAMS = re.compile(r"size: *(?:\x1b\[[\d;]{0,20}m)?([\d,]{1,20}) total parameters")
_TITAN_BATCH = re.compile(r"global batch size (\d{1,9})\b.{0,80}?sequence length (\d{1,9})")


def _titan(lines: list[str]) -> list[Row]:
    """Rows of training and of validation, of a step the last: further ranks print the same, a resumed run its own."""
    rows: dict[tuple[str, int], Row] = {}
    for line in lines:
        if found := _TITAN_LINE.search(line):
            kind, step = "val_loss" if found[1] else "train_loss", int(found[2])
            rows[kind, step] = {"step": step, kind: number(found[3])}
    return list(rows.values())


def _told_by_titan(text: str, rows: list[Row]) -> Told:
    params, batch = _TITAN_PARAMS.search(text), _TITAN_BATCH.search(text)
    shared = {"params": params[1]} if params else {}
    if batch is None:
        return Told(shared)
    tokens = int(batch[1]) * int(batch[2])
    note = f"A step is {batch[1]} sequences of {batch[2]} tokens, as the log says."
    return Told(shared, {"step": f"tokens:{tokens}"}, (note,))


_LOGS = (
    Log("torchtitan log", _TITAN_LINE.search, _titan, _told_by_titan),
    Log("NeMo log", re.compile(r"reduced_train_loss(?:=|: )").search, _nemo),
    Log(
        "nanoGPT log",
        re.compile(
            r"^(?:(?:\[|\d{4}-\d\d-\d\d)[^\"\t\n]{0,120}?[\s\]:])?(?:step \d+: train|iter \d+:) loss ", re.MULTILINE
        ).search,
        _nanogpt,
        _told_by_nanogpt,
    ),
    Log(
        "Megatron log",
        re.compile(r"\biteration +\d+/ *\d+ *\|.*\|", re.MULTILINE).search,
        _megatron,
        _told_by_megatron,
    ),
    Log("llm-foundry log", re.compile(r"^\s*(?:Train|Eval) (?:time|loss|metrics)/", re.MULTILINE).search, _composer),
    *entry_logs.LOGS,
)


_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".md")


def _reader(form: str, logs: Sequence[Log], tables: Collection[str] = ()) -> Reader:
    """A reader of logs. Files with the endings of ``tables`` are none: there, such lines may stand in a column."""

    def kind(start: str) -> Log | None:
        return next((log for log in logs if log.is_one(start)), None)

    def read(found: Found) -> Raw:
        log, text = kind(found.start), found.text
        rows = log.rows([line for line in re.split(r"[\r\n]+", text) if len(line) <= MAX_LINE]) if log else []
        if log is None or not rows:
            raise RunsError(f"{found.name}: the log has no line with a loss, expected one a step. Log losses to it.")
        if wrong := log.wrong(rows):
            raise RunsError(f"{found.name}: {wrong}")
        told = log.told(text, rows)
        cells = table_of([{**told.shared, **row} for row in rows])
        return Raw(log.name, cells, told.notes, is_one_run=True, known=told.known)

    def recognises(found: Found) -> bool:
        return not found.is_folder and found.path.suffix.lower() not in tables and kind(found.start) is not None

    return Reader(form, recognises, read)


READER = _reader("text log of a trainer", _LOGS)
OF_STEPS = _reader("text log of steps", (entry_logs.OF_STEPS,), _TABLES)
"""Of lines that no trainer is known by: other texts may hold such lines, too."""
