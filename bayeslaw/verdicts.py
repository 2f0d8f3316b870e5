"""Verdicts: what was checked, what came out, and what to do about it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

QUICK, R_HAT, EFFECTIVE = "quick", "r_hat", ("ess_bulk", "ess_tail")
"""Names of checks of draws, which others may begin with a word: that there are few on purpose, how well chains agree,
and how many independent draws they are worth."""

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


def for_people(checks: Sequence[Check]) -> list[Check]:
    """Checks as they are listed beside an answer: of a quick fit, one in place of all that ask for more draws.

    It says what the draws that there are suffice for. Checks of draws that failed stand for themselves, as do all
    others.

    Parameters
    ----------
    checks : sequence of Check
    """
    told = list(checks)
    for quick in [check for check in checks if check.name.endswith(QUICK)]:
        prefix = quick.name.removesuffix(QUICK)
        own = [c for c in checks if c.name.startswith(prefix) and c.name.endswith((R_HAT, *EFFECTIVE))]
        asking = [check for check in own if check.status == "REVIEW"]
        if asking:
            line = replace(quick, sentence=f"{quick.sentence} {_good_for(asking, own)}")
            told = [line if check is quick else check for check in told if check not in asking]
    return told


def _good_for(asking: Sequence[Check], own: Sequence[Check]) -> str:
    """What draws are good for, some of whose checks ask for more."""
    r_hat = max((check.value for check in own if check.name.endswith(R_HAT)), default=1.0)
    fewest = min((check.value for check in own if check.name.endswith(EFFECTIVE)), default=math.nan)
    told = f"{len(asking)} check{'s' * (len(asking) > 1)} of them ask{'s' * (len(asking) == 1)} for more"
    if not fewest >= 1:
        return f"{told} (R-hat up to {r_hat:.3f})."
    points, deviations = 100 / math.sqrt(fewest), 2.5 / math.sqrt(fewest)  # two standard errors, of odds of a half
    return (
        f"{told} (R-hat up to {r_hat:.3f}, at least {fewest:.0f} effective draws): odds are good to {points:.0f} "
        f"percentage points or so, and medians to {deviations:.1g} standard deviations; --json has each."
    )


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
