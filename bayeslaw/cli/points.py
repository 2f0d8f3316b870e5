"""Points as they are given to ``--at``: ``params=70B,data=1.4T``, in one option or in several."""

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayeslaw.errors import TargetError

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

_BETWEEN_PARTS = re.compile(r",(?=[^,=]{1,200}=)")  # not the commas of 1,638,400

LARGEST = 1e60
"""No size is as large as this: what is, is a slip."""


def one_point(parts: Sequence[str]) -> dict[str, float]:
    """Read ``name=value`` parts, in several options or joined by commas, as one point.

    Raises
    ------
    TargetError
        If a part is not of that form, or a name comes twice.
    """
    from bayeslaw.runs.units import read_count

    point: dict[str, float] = {}
    for part in (part for option in parts for part in _BETWEEN_PARTS.split(option)):
        name, equals, text = part.partition("=")
        name = name.strip()
        if not equals or not name:
            raise TargetError(f"--at {part[:80]!r} is not understood. Expected name=value, such as --at data=1638400.")
        if name in point:
            raise TargetError(f"--at gives {name!r} twice. Choose for one target at a time.")
        value = read_count(text)
        if value is None:
            raise TargetError(
                f"--at {part[:80]!r}: {text[:80]!r} is not a number. Expected something like 1638400 or 1.6M."
            )
        if value > LARGEST:
            raise TargetError(f"--at {part[:80]!r}: no size is as large as {value:g}. Expected something like 1.6M.")
        point[name] = value
    return point


def several_points(options: Sequence[str]) -> list[dict[str, float]]:
    """Read a point an option; options that share no name are parts of one point.

    Raises
    ------
    TargetError
        As `one_point`.
    """
    points = [one_point([option]) for option in options]
    names = [name for point in points for name in point]
    if len(points) > 1 and len(set(names)) == len(names):
        return [{name: value for point in points for name, value in point.items()}]
    return points


def point_of_law(point: dict[str, float], law: "Law", runs: "Runs") -> dict[str, float]:
    """A point in the covariates of a law: N, D, C, tokens and examples are known by the names that tables use.

    Tokens are data where one of data is a token; compute beside params gives the data, as compute / (6 params), where
    one of data is a token.

    Raises
    ------
    TargetError
        If two names mean the same.
    """
    from bayeslaw.runs import counts_tokens
    from bayeslaw.runs.units import FLOP_PER_TOKEN

    found = _canonical(point, [c.name for c in law.covariates], runs)
    names = {c.name for c in law.covariates}
    in_tokens = counts_tokens(runs)
    if in_tokens and "tokens" in found and "tokens" not in names:
        found = _renamed(found, "tokens", "data")
    if in_tokens and {"compute", "params"} <= set(found) and "compute" not in names and "data" in names:
        compute = found.pop("compute")
        if "data" in found:
            raise TargetError("--at gives compute, params and data, and two of them give the third. Leave one out.")
        found["data"] = compute / (FLOP_PER_TOKEN * found["params"]) if found["params"] > 0 else math.nan
    _require_law_of(found, law, runs)
    return found


def _require_law_of(point: dict[str, float], law: "Law", runs: "Runs") -> None:
    """Refuse a point in sizes that the table has and the law does not describe, and name laws that do.

    Raises
    ------
    TargetError
    """
    from bayeslaw.kinds.shared.layout import laws_fed_by
    from bayeslaw.laws import get_law
    from bayeslaw.runs.columns import COUNTS

    own = [c.name for c in law.covariates]
    others = [name for name in point if name in COUNTS and name in runs.table and name not in own]
    wanted = {*others, *own} & set(point)
    fed = [name for name in laws_fed_by(runs) if wanted <= {c.name for c in get_law(name).covariates}]
    if others and fed:
        raise TargetError(
            f"The {law.name} law is of {' and '.join(own)}, and --at gives {' and '.join(others)}, which the table "
            f"has, too. Name a law of {' and '.join(sorted(wanted))} with --law: {', '.join(fed)}."
        )


def point_of_table(point: dict[str, float], runs: "Runs") -> dict[str, float]:
    """A point in the columns of a table: N, D and C are known by the names that tables use.

    Tokens are data where one of data is a token.

    Raises
    ------
    TargetError
        If two names mean the same.
    """
    from bayeslaw.runs import counts_tokens

    found = _canonical(point, list(runs.table.columns), runs)
    return _renamed(found, "tokens", "data") if counts_tokens(runs) and "tokens" in found else found


def _canonical(point: dict[str, float], own: Sequence[str], runs: "Runs") -> dict[str, float]:
    """A point under canonical names, but for the names that a law or a table has itself.

    A heading of the source counts in the unit that it has there.
    """
    from bayeslaw.runs.columns import COUNTS, meaning

    headings = {there: here for there, here in runs.spelling if here in COUNTS}
    of_steps = [there for there in headings if (known := meaning(there)) is not None and known.role == "steps"]
    found = point
    for name in [name for name in point if name not in own]:
        known = meaning(name)
        heading = of_steps[0] if of_steps and known is not None and known.role == "steps" else name
        if heading in headings and heading not in own:
            value = found[name] * dict(runs.scales).get(heading, 1.0)
            found = _renamed(found, name, headings[heading]) | {headings[heading]: value}
        elif known is not None and known.role in COUNTS and known.scale == 1:
            found = _renamed(found, name, known.role)
    return found


def _renamed(point: dict[str, float], old: str, new: str) -> dict[str, float]:
    if old != new and new in point:
        raise TargetError(f"--at gives {old!r} and {new!r}, which are the same. Leave one out.")
    return {new if name == old else name: value for name, value in point.items()}
