"""What readers of logs that trainers print have in common: what a log is, what it tells, and numbers as printed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
MAX_LINE = 4_000
"""Characters of a line beyond which it is no row of a log."""

NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf"

_COMMAS = re.compile(r"[-+]?\d{1,3}(?:,\d{3}){1,9}(?:\.\d*)?|[^,]*,*")


@dataclass(frozen=True)
class Told:
    """What a log tells besides its rows: cells that all of them have, roles that are known by heading, and notes."""

    shared: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Log:
    """What one trainer prints: how its text is known, how rows, and what it tells of them, are found; what is wrong."""

    name: str
    is_one: Callable[[str], object]
    rows: Callable[[list[str]], list[Row]]
    told: Callable[[str, list[Row]], Told] = lambda text, rows: Told()
    wrong: Callable[[list[Row]], str | None] = lambda rows: None


def number(text: str) -> float | str:
    """A number as printed, with or without commas between thousands; other text stays as it is, for checks to name."""
    try:
        return float(text.replace(",", "")) if _COMMAS.fullmatch(text) else text
    except ValueError:
        return text
