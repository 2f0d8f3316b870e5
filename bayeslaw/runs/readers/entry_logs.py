"""Logs that name what they print: blocks of entries below a step (OLMo), and lines of a step and its losses.

The latter are those of modded-nanogpt (``step:125/5100 val_loss:4.2``), of llm.c (``s:250 tel:3.9``), and of many
training loops of people's own (``step 100 | train loss 3.2 | lr 3e-4``).
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from bayeslaw.runs.columns import COUNTS, meaning
from bayeslaw.runs.readers.log_lines import MAX_LINE, NUMBER, Log, Row, number
from bayeslaw.runs.schedules import rate_column

_COLOURS = re.compile(r"\x1b\[[\d;]{0,20}m")

_BLOCK = r"\[step=(\d[\d,]{0,20})(?:/\d[\d,]{0,20})?(?:,[^\]\n]{0,200})?\]"
_BLOCK_LINE = re.compile(rf"{_BLOCK}\s*$")
_BLOCK_ENTRY = re.compile(rf"^\s+([A-Za-z][^=\n]{{0,120}}?)=({NUMBER})\s*$")


def _blocks(lines: list[str]) -> list[Row]:
    """Rows under headings such as ``[step=100/2000,epoch=0]``; evaluations count as the step before them."""
    rows: list[Row] = []
    for line in map(_plain, lines):
        if found := _BLOCK_LINE.search(line):
            rows.append({"step": int(found[1].replace(",", ""))})
        elif rows and (found := _BLOCK_ENTRY.match(line)):
            rows[-1][found[1]] = number(found[2])
    return rows


_STEP = re.compile(
    r"\b(?:global[ _])?(?:step|iter|iteration)s?[ :=#]{1,16}(\d[\d,]{0,20})(?:/\d[\d,]{0,20})?(?![\w.])", re.I
)
_NAME = r"(?<![\w/])[A-Za-z][\w/]{0,60}(?:[ -][A-Za-z][\w/]{0,60}){0,2}"
_ENTRY = re.compile(rf"({_NAME})[ ]?(?:[:=][ ]{{0,8}}|[ ])({NUMBER})(?![\w.])", re.IGNORECASE)
_EPOCH = re.compile(r"\bepochs?[ :=#]{1,16}(\d{1,9}(?:\.\d{1,9})?)", re.IGNORECASE)
_LINES_MIN, _LINES_LOOKED_AT = 3, 2_000


def _of_steps(lines: list[str]) -> list[Row]:
    """A row a step of the lines that have losses, with the epoch, the counts and the learning rate beside them."""
    rows: list[Row] = []
    for entries in _steps(lines):
        if not rows or any(rows[-1].get(name) != entries.get(name) for name in ("step", "epoch")):
            rows.append({})
        rows[-1] |= entries
    return rows


def _steps(lines: list[str]) -> Iterator[Row]:
    """What each line with a step and a loss tells."""
    for line in map(_plain, lines):
        found = _STEP.search(line)
        if found is None:
            continue
        parts = (line[: found.start()], line[found.end() :])
        entries = {name: number(value) for part in parts for name, value in _ENTRY.findall(part)}
        roles = {name: known.role for name in entries if (known := meaning(name)) is not None}
        if "loss" in roles.values():
            kept, epoch = ("loss", "accuracy", *COUNTS), _EPOCH.search(line)
            told: Row = {"step": int(found[1].replace(",", ""))} | ({"epoch": float(epoch[1])} if epoch else {})
            yield told | {name: entries[name] for name in entries if roles.get(name) in kept or rate_column([name])}


def _begins_anew(rows: list[Row]) -> str | None:
    """Words on steps that are counted from 0 in each epoch: nothing counts those of the whole run."""
    for before, after in pairwise(row for row in rows if "epoch" in row):
        if after["epoch"] > before["epoch"] and after["step"] <= before["step"]:
            return (
                f"found step {after['step']} of epoch {after['epoch']:g} behind step {before['step']} of epoch "
                f"{before['epoch']:g}, expected steps that are counted on from epoch to epoch. Log the step of the "
                "whole run."
            )
    return None


def _has_steps(start: str) -> bool:
    """Whether several lines each have a step of their own and a loss."""
    lines = [line for line in start.splitlines()[:_LINES_LOOKED_AT] if len(line) <= MAX_LINE]
    return len({row["step"] for row in _steps(lines)}) >= _LINES_MIN


_LLMC_LINE = re.compile(rf"^s:(\d{{1,12}}) (tel|trl|eval):({NUMBER})")
_LLMC_NAMES = {"tel": "val_loss", "trl": "train_loss", "eval": "hellaswag"}


def _llmc(lines: list[str]) -> list[Row]:
    rows: dict[int, Row] = {}
    for line in lines:
        if found := _LLMC_LINE.match(line):
            row = rows.setdefault(int(found[1]), {"step": int(found[1])})
            row[_LLMC_NAMES[found[2]]] = number(found[3])
    return list(rows.values())


def _plain(line: str) -> str:
    return _COLOURS.sub("", line)


LOGS = (
    Log("OLMo log", re.compile(rf"{_BLOCK}[ \t\r]*\n[ \t]+[A-Za-z][^=\n]{{0,120}}=").search, _blocks),
    Log("llm.c log", re.compile(r"^s:\d{1,12} (?:tel|trl):", re.MULTILINE).search, _llmc),
)
OF_STEPS = Log("log of steps", _has_steps, _of_steps, wrong=_begins_anew)
