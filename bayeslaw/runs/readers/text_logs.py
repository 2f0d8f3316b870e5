"""What trainers print: logs of nanoGPT, Megatron-LM, llm-foundry (Composer) and NeMo, line by line."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bayeslaw.errors import RunsError
from bayeslaw.runs.readers.base import Found, Raw, Reader, table_of

_Row = dict[str, Any]
MAX_LINE = 4_000
"""Characters of a line beyond which it is no row of a log."""

_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf"


@dataclass(frozen=True)
class _Log:
    """What one trainer prints: a line that no other prints, and how rows and shared settings are found."""

    name: str
    sign: re.Pattern[str]
    rows: Callable[[list[str]], list[_Row]]
    shared: tuple[tuple[str, re.Pattern[str]], ...] = ()


def _number(text: str) -> float | str:
    """A number as it is printed; other text stays as it is, for checks to name it."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return text


_NANO_EVAL = re.compile(rf"step (\d+): train loss ({_NUMBER}), val loss ({_NUMBER})")
_NANO_STEP = re.compile(rf"iter (\d+): loss ({_NUMBER}), time")


def _nanogpt(lines: list[str]) -> list[_Row]:
    rows: list[_Row] = []
    for line in lines:
        if found := _NANO_EVAL.search(line):
            rows.append({"step": int(found[1]), "train_loss": _number(found[2]), "val_loss": _number(found[3])})
        elif found := _NANO_STEP.search(line):
            rows.append({"step": int(found[1]), "train_loss": _number(found[2])})
    return rows


_MEGATRON_STEP = re.compile(r"\biteration +(\d+)/ *\d+ *\|(.*)")
_MEGATRON_EVAL = re.compile(r"\bvalidation loss at (?:iteration|the end of training)[^|]*?(\d*) *\|(.*)")
_MEGATRON_TEST = re.compile(r"\btest loss at|on test set")
_ENTRY = re.compile(rf"([A-Za-z][A-Za-z _()/-]{{0,60}}): *({_NUMBER})")


def _megatron(lines: list[str]) -> list[_Row]:
    """Rows of training, and of validation with the counts of the last row of training before them."""
    rows: list[_Row] = []
    counts: _Row = {}
    for line in lines:
        if found := _MEGATRON_STEP.search(line):
            entries = {name.strip(): _number(value) for name, value in _ENTRY.findall(found[2])}
            counts = {name: entries[name] for name in ("consumed samples", "consumed tokens") if name in entries}
            kept = {"lm loss": "train loss", "learning rate": "learning rate", "global batch size": "global batch size"}
            row = {to: entries[name] for name, to in kept.items() if name in entries}
            rows.append({"iteration": int(found[1]), **counts, **row})
        elif (found := _MEGATRON_EVAL.search(line)) and not _MEGATRON_TEST.search(line):
            entries = {name.strip(): _number(value) for name, value in _ENTRY.findall(found[2])}
            step = int(found[1]) if found[1] else rows[-1]["iteration"] if rows else 0
            there = counts if rows and rows[-1]["iteration"] == step else {}
            value = next((entries[name] for name in entries if name.endswith("lm loss value")), None)
            if value is not None:
                rows.append({"iteration": step, **there, "validation loss": value})
    return rows


_COMPOSER_STEP = re.compile(r"\[(?:eval )?(?:batch|epoch|token|sample)=(\d+)(?:/\d+)?\]", re.IGNORECASE)
_COMPOSER_ENTRY = re.compile(rf"^\s*(Train|Eval) ([A-Za-z][\w/.-]{{0,120}}): *({_NUMBER})\s*$")


def _composer(lines: list[str]) -> list[_Row]:
    """Rows under headings such as ``[batch=10/4800]:``; evaluations count as the step before them."""
    rows: list[_Row] = []
    times: _Row = {}
    for line in lines:
        if _COMPOSER_STEP.search(line):
            rows.append({})
        elif found := _COMPOSER_ENTRY.match(line):
            if not rows:
                rows.append({})
            name = found[2]
            if name.startswith("time/"):
                times[name] = _number(found[3])
            rows[-1] |= {name if found[1] == "Train" or "eval" in name.lower() else f"eval/{name}": _number(found[3])}
            rows[-1] |= times
    return [row for row in rows if row]


_NEMO_LINE = re.compile(r"(?:^|\s)Training epoch \d+, iteration \d+/\d+ *\|(.*)")
_NEMO_ENTRY = re.compile(rf"([A-Za-z]\w{{0,60}}(?: in s)?)(?:: *|=)({_NUMBER})")
_NEMO_KEPT = ("global_step", "consumed_samples", "reduced_train_loss", "val_loss", "lr", "global_batch_size")


def _nemo(lines: list[str]) -> list[_Row]:
    """Rows of progress; a validation loss stays printed until the next, and counts where it is new."""
    rows: list[_Row] = []
    last: Any = None
    for line in lines:
        found = _NEMO_LINE.search(line)
        bar = line.partition("[")[2] if "Epoch " in line and "global_step=" in line else ""
        entries = {name: _number(value) for name, value in _NEMO_ENTRY.findall(found[1] if found else bar)}
        row = {name: entries[name] for name in _NEMO_KEPT if name in entries}
        if "val_loss" in row:
            if row["val_loss"] == last:
                del row["val_loss"]
            else:
                last = row["val_loss"]
        if row:
            rows.append(row)
    return rows


_LOGS = (
    _Log("NeMo log", re.compile(r"reduced_train_loss(?:=|: )"), _nemo),
    _Log(
        "nanoGPT log",
        re.compile(r"^(?:step|iter) \d+: (?:train )?loss ", re.MULTILINE),
        _nanogpt,
        (
            ("tokens a step", re.compile(r"tokens per iteration will be: ([\d,]{1,30})")),
            ("params", re.compile(r"number of parameters: ([\d.,]{1,30}[KMBT]?)")),
        ),
    ),
    _Log(
        "Megatron log",
        re.compile(r"\biteration +\d+/ *\d+ *\|.*\|", re.MULTILINE),
        _megatron,
        (("sequence length", re.compile(r"\bseq_length \.+ (\d{1,9})")),),
    ),
    _Log("llm-foundry log", re.compile(r"^\s*(?:Train|Eval) (?:time|loss|metrics)/", re.MULTILINE), _composer),
)


def _kind(start: str) -> _Log | None:
    return next((log for log in _LOGS if log.sign.search(start)), None)


def _read(found: Found) -> Raw:
    log = _kind(found.start)
    text = found.text
    rows = log.rows([line for line in re.split(r"[\r\n]+", text) if len(line) <= MAX_LINE]) if log else []
    if log is None or not rows:
        raise RunsError(f"{found.name}: the log has no line with a loss, expected one a step. Log losses to it.")
    shared = {name: match[1] for name, sign in log.shared if (match := sign.search(text))}
    a_step, length = shared.pop("tokens a step", None), shared.pop("sequence length", None)
    cells, known, notes = table_of([shared | row for row in rows]), {}, []
    if a_step is not None:
        known = {"step": f"tokens:{a_step.replace(',', '')}"}
        notes.append(f"A step is {a_step} tokens, as the log says.")
    if length is not None and "consumed tokens" not in cells and "consumed samples" in cells:
        known = {"consumed samples": f"tokens:{length}"}
        notes.append(f"A sample is {length} tokens, the sequence length in the log.")
    return Raw(log.name, cells, tuple(notes), is_one_run=True, known=known)


READER = Reader("text log of a trainer", lambda found: not found.is_folder and _kind(found.start) is not None, _read)
