"""What the file of a prior may hold: its JSON read strictly, and every entry held against its kind.

A hash that agrees says that nothing was altered by accident, not that a prior was written by bayeslaw.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


def strict_json(text: str) -> Any:
    """A JSON value whose numbers are finite and fit a float, and whose texts are whole characters.

    Raises
    ------
    ValueError, RecursionError
        If it is none.
    """
    found = json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_whole)
    json.dumps(found, ensure_ascii=False).encode()  # of half a character there is no UTF-8
    return found


def require_kinds(content: Mapping[str, Any]) -> None:
    """Refuse entries that are not of their kind: text, numbers, counts, ranges and pairs of names.

    Raises
    ------
    KeyError, TypeError, ValueError
        If one is missing or wrong.
    """
    _texts("name", [content["name"]])
    _texts("units", content["units"].values())
    _positive("reference", content["reference"].values())
    for name, task, index in content["entries"]:
        _texts("entries", [name] if task is None else [name, task])
        _counts("entries", [index], least=0)
    for key in ("families", "models"):
        for pair in content[key]:
            if len(pair) != 2:
                raise ValueError(f"{key} that are no pairs")
            _texts(key, pair)
    for low, high in content["ranges"].values():
        _positive("ranges", [low, high])
        if low > high:
            raise ValueError(f"a range from {low:g} to {high:g}")
    for path in content["paths"].values():
        _numbers("paths", [path["anchor"], path["height_sd"], *path["knots"], *path["typical"]])
        _counts("paths", [path["models"]], least=1)
        if path["height_sd"] < 0:
            raise ValueError("a path whose height_sd is negative")
    _numbers("mean", content["mean"])
    _numbers("covariance_lower", content["covariance_lower"])
    _numbers("approximation", [content["approximation"]])


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]!r} is no finite number")
    return value


def _whole(text: str) -> int:
    _finite(text)
    return int(text)


def _texts(key: str, values: Iterable[Any]) -> None:
    _refuse(key, [value for value in values if not isinstance(value, str)], "text")


def _numbers(key: str, values: Iterable[Any]) -> None:
    _refuse(key, [v for v in values if isinstance(v, bool) or not isinstance(v, (int, float))], "a number")


def _positive(key: str, values: Iterable[Any]) -> None:
    values = list(values)
    _numbers(key, values)
    _refuse(key, [value for value in values if not value > 0], "a positive number")


def _counts(key: str, values: Iterable[Any], least: int) -> None:
    whole = [isinstance(v, int) and not isinstance(v, bool) and least <= v < 10**9 for v in values]
    _refuse(key, [v for v, good in zip(values, whole, strict=True) if not good], "a count")


def _refuse(key: str, wrong: list[Any], expected: str) -> None:
    if wrong:
        raise ValueError(f"{key} hold {wrong[0]!r}, expected {expected}")
