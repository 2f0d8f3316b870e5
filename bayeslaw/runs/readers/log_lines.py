"""What readers of logs that trainers print have in common: what a log is, what it tells, and numbers as printed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
MAX_LINE = 4_000
"""Characters of a line beyond which it is no row of a log."""

NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf"


@dataclass(frozen=True)
class Told:
    """What a log tells besides its rows: cells that all of them have, roles that are known by heading, and notes."""

    shared: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Log:
    """What one trainer prints: how its text is known, and how rows, and what it tells of them, are found."""

    name: str
    is_one: Callable[[str], object]
    rows: Callable[[list[str]], list[Row]]
    told: Callable[[str, list[Row]], Told] = lambda text, rows: Told()


def number(text: str) -> float | str:
    """A number as it is printed; other text stays as it is, for checks to name it."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return text
