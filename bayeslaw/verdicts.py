"""Verdicts: what was checked, what came out, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Status = Literal["PASS", "REVIEW", "FAIL"]
_ORDER: tuple[Status, ...] = ("PASS", "REVIEW", "FAIL")

COLLINEAR_MAX = 0.95
"""Correlation of the logarithms of two covariates up to which their exponents can be told apart."""


@dataclass(frozen=True)
class Check:
    """One check and its verdict.

    Attributes
    ----------
    name : str
    status : {"PASS", "REVIEW", "FAIL"}
    value, threshold : float
        The number found, and the one it is held against.
    sentence : str
        What this says, in one sentence.
    remedy : str
        What to do if it is not PASS; empty if it is.
    """

    name: str
    status: Status
    value: float
    threshold: float
    sentence: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def read_check(plain: Mapping[str, Any]) -> Check:
    """A check from plain values, as ``Check.as_dict`` gives them.

    Raises
    ------
    ValueError
        If these are not those of a check, or its status is none that there is.
    """
    numbers = ("value", "threshold")
    if set(plain) != {field.name for field in fields(Check)}:
        raise ValueError("a check with other fields")
    if plain["status"] not in _ORDER:
        raise ValueError(f"a check with the status {plain['status']!r}")
    for name, found in plain.items():
        if name in numbers and (isinstance(found, bool) or not isinstance(found, (int, float))):
            raise ValueError(f"a check whose {name} is {found!r}")
        if name not in numbers and not isinstance(found, str):
            raise ValueError(f"a check whose {name} is {found!r}")
    return Check(**plain)


def at_most(name: str, value: float, passing: float, failing: float, sentence: str, remedy: str) -> Check:
    """Check that a number is small: PASS up to ``passing``, FAIL above ``failing``; not-a-number fails."""
    status: Status = "PASS" if value <= passing else "REVIEW" if value <= failing else "FAIL"
    return Check(name, status, float(value), float(passing), sentence, "" if status == "PASS" else remedy)


def at_least(name: str, value: float, passing: float, failing: float, sentence: str, remedy: str) -> Check:
    """Check that a number is large: PASS from ``passing``, FAIL below ``failing``; not-a-number fails."""
    status: Status = "PASS" if value >= passing else "REVIEW" if value >= failing else "FAIL"
    return Check(name, status, float(value), float(passing), sentence, "" if status == "PASS" else remedy)


def overall(checks: Iterable[Check]) -> Status:
    """The worst status among checks."""
    return _ORDER[max((_ORDER.index(check.status) for check in checks), default=0)]


def worse(status: Status, than: Status) -> bool:
    """Whether a status is worse than another."""
    return _ORDER.index(status) > _ORDER.index(than)


def worst(checks: Iterable[Check]) -> Check:
    """The check of the worst status; of several, that whose number is the largest."""
    return max(checks, key=lambda check: (_ORDER.index(check.status), check.value))
