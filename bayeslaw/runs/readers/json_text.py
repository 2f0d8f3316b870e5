"""JSON as it is written in files: decoded strictly, with what is wrong told by its place."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bayeslaw.errors import RunsError

MAX_DEPTH = 40

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def decode_json(text: str, source: str, line: int | None = None) -> Any:
    """Decode one JSON value.

    Parameters
    ----------
    text, source : the text, and the name of the file.
    line : int, optional
        The line that the text is, if it is one of many.

    Raises
    ------
    RunsError
        If it is no JSON, an object has a name twice, or a text holds half of a character.
    """
    try:
        value = _DECODER.decode(text)
        return whole_characters(value) if _ESCAPED_HALF.search(text) else value
    except (ValueError, RecursionError) as error:
        place = line or getattr(error, "lineno", 1)
        raise RunsError(
            f"{source}, line {place}: this is not JSON ({error}). "
            "Expected one object a line, or one array of objects, such as "
            '{"model": "gpt2", "data": 200, "loss": 3.1}.'
        ) from error


def whole_characters(value: Any) -> Any:
    """A value as it is.

    Raises
    ------
    ValueError
        If a text in it holds half of a character, which an escape (``ud800`` behind a backslash) can write.
    """
    for text in _texts(value):
        if _SURROGATE.search(text):
            raise ValueError(f"{text[:40]!r} holds half of a character, a lone surrogate")
    return value


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(name)
            yield from _texts(one)


def is_json(text: str) -> bool:
    """Whether a text begins as JSON, which no header of a table does."""
    return text.lstrip()[:1] in ("{", "[")


def flattened(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """A record without nesting: ``{"a": {"b": 1}}`` becomes ``{"a.b": 1}``; W&B's ``{"value": 1}`` becomes 1.

    Raises
    ------
    ValueError
        If it is nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    flat: dict[str, Any] = {}
    for name, value in record.items():
        heading = f"{prefix}{name}"
        if isinstance(value, Mapping):
            if value.keys() <= {"value", "desc"} and "value" in value:
                flat[heading] = value["value"]
            else:
                flat |= flattened(value, f"{heading}.", depth + 1)
        else:
            flat[heading] = value
    return flat


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("an object has the same name twice")
    return record


# One decoder for all lines: making one for each would take most of the time.
_DECODER = json.JSONDecoder(object_pairs_hook=_record)
