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

MOST_SIZES = 1000
"""No list of sizes is as long as this."""

_OF_A_NUMBER = re.compile(r"(?<![\deE])\d{1,3},\d{1,3}(?!\d)")


def one_point(parts: Sequence[str]) -> dict[str, float]:
    """Read ``name=value`` parts, in several options or joined by commas, as one point.

    Raises
    ------
    TargetError
        If a part is not of that form, or a name comes twice or with several sizes.
    """
    sizes = _sizes_by_name(parts)
    for name, found in sizes.items():
        if len(found) > 1:
            each = " and then ".join(f"--at {name}={size:.9g}" for size in found[:2])
            raise TargetError(
                f"--at gives {len(found)} sizes of {name!r}, expected one target: ask for each by itself, {each}"
                f"{' …' if len(found) > 2 else ''}. A saved fit (-o fit.nc), given in place of the runs, answers "
                "each in seconds; predict takes several points at once."
            )
    return {name: found[0] for name, found in sizes.items()}


def several_points(options: Sequence[str]) -> list[dict[str, float]]:
    """Read a point an option; options that share no name are parts of one point.

    Several sizes of one name, such as ``data=50k,100k``, are a point each, where all else is the same.

    Raises
    ------
    TargetError
        If a part is not of the form ``name=value``, or several names have several sizes.
    """
    sizes = [_sizes_by_name([option]) for option in options]
    names = [name for one in sizes for name in one]
    if len(sizes) > 1 and len(set(names)) == len(names):
        sizes = [{name: found for one in sizes for name, found in one.items()}]
    return [point for one in sizes for point in _points_of(one)]


def _points_of(sizes: dict[str, list[float]]) -> list[dict[str, float]]:
    """A point for each size of the one name that has several."""
    several = [name for name, found in sizes.items() if len(found) > 1]
    if len(several) > 1:
        raise TargetError(
            f"--at gives several sizes of {' and of '.join(map(repr, several[:4]))}, and which belong together is not "
            f"clear. Give --at once for each point: --at {_written(sizes, 0)} --at {_written(sizes, 1)}."
        )
    count = max((len(found) for found in sizes.values()), default=0)
    return [{name: found[i if len(found) > 1 else 0] for name, found in sizes.items()} for i in range(count)]


def _written(sizes: dict[str, list[float]], index: int) -> str:
    """The point of the sizes that come at one place, as it is typed."""
    return ",".join(f"{name}={found[min(index, len(found) - 1)]:.9g}" for name, found in sizes.items())


def _sizes_by_name(options: Sequence[str]) -> dict[str, list[float]]:
    """The sizes of each name, in the order in which they are given."""
    sizes: dict[str, list[float]] = {}
    for part in (part for option in options for part in _BETWEEN_PARTS.split(option)):
        name, equals, text = part.partition("=")
        name = name.strip()
        if not equals or not name:
            raise TargetError(f"--at {part[:80]!r} is not understood. Expected name=value, such as --at data=1638400.")
        found = _sizes(text, name, part)
        if (largest := max(found)) > LARGEST:
            raise TargetError(f"--at {part[:80]!r}: no size is as large as {largest:g}. Expected something like 1.6M.")
        sizes.setdefault(name, []).extend(found)
    return sizes


def _sizes(text: str, name: str, part: str) -> list[float]:
    """One number, or those of a list whose commas can be of no number: ``50k,100k``, not ``100,200,1600``."""
    from bayeslaw.runs.units import read_count

    if (whole := read_count(text)) is not None:
        return [whole]
    pieces = [piece.strip() for piece in text.split(",", MOST_SIZES)]
    read = [read_count(piece) for piece in pieces]
    found = [size for size in read if size is not None]
    if len(pieces) == 1 or len(found) < len(pieces):
        raise TargetError(
            f"--at {part[:80]!r}: {text[:80]!r} is not a number. Expected something like 1638400 or 1.6M."
        )
    if _OF_A_NUMBER.search(text):
        each = " ".join(f"--at {name}={piece}" for piece in pieces[:3])
        raise TargetError(
            f"--at {part[:80]!r}: {text[:80]!r} is not a number. Expected something like 1638400 or 1.6M, with a "
            f"point; or, where several are meant, --at for each: {each}{' …' if len(pieces) > 3 else ''}."
        )
    return found


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
        chained = (
            " Or, to go through the losses of a fit of its own: bayeslaw predict SCORES --through LOSSES.nc."
            if own == ["model_loss"]
            else ""
        )
        raise TargetError(
            f"The {law.name} law is of {' and '.join(own)}, and --at gives {' and '.join(others)}, which the table "
            f"has, too. Name a law of {' and '.join(sorted(wanted))} with --law: {', '.join(fed)}.{chained}"
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
    from bayeslaw.runs.columns import COUNTS, OTHER_SIZES, meaning, other_size

    headings = {there: here for there, here in runs.spelling if here in (*COUNTS, *OTHER_SIZES)}
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
        elif (size := other_size(name)) is not None and size in own:
            found = _renamed(found, name, size)
    return found


def _renamed(point: dict[str, float], old: str, new: str) -> dict[str, float]:
    if old != new and new in point:
        raise TargetError(f"--at gives {old!r} and {new!r}, which are the same. Leave one out.")
    return {new if name == old else name: value for name, value in point.items()}
