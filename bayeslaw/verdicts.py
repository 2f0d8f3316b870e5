"""Verdicts: what was checked, what came out, and what to do about it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
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


def worst(checks: Iterable[Check]) -> Check:
    """The check of the worst status; of several, that whose number is the largest."""
    return max(checks, key=lambda check: (_ORDER.index(check.status), check.value))
