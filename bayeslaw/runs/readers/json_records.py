"""JSON and JSON lines: records one after the other, nested or not, or columns of values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bayeslaw.errors import RunsError
from bayeslaw.runs.benchmarks import is_measured
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.readers.base import Found, Raw, Reader, raw_table, table_of
from bayeslaw.runs.readers.json_text import decode_json, flattened, is_json

FORMAT = "JSON records"
COLUMNS = "JSON columns"

_SINGLE_QUOTES = re.compile(r"\s*(?:\[\s*)?\{'")
_EXAMPLE = '{"model": "gpt2", "data": 200, "loss": 3.1}'


def _read(found: Found) -> Raw:
    text = found.text
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if _SINGLE_QUOTES.match(text):
        raise RunsError(
            f"{found.name}: found records in single quotes, as Python prints them, expected JSON. Of a Hugging Face "
            "Trainer give trainer_state.json, which lies in its output folder; else write the records with json.dumps."
        )
    # One object a line, unless the first line alone is no object: then the lines are one value together.
    if len(lines) > 1 and lines[0][1].strip().startswith("{") and lines[0][1].strip().endswith("}"):
        value: Any = [decode_json(line, found.name, number) for number, line in lines]
    else:
        value = decode_json(text, found.name)
    try:
        form, records = _records(value, found.name)
        flat = _with_histories([flattened(record) for record in records])
    except (ValueError, RecursionError) as error:
        if isinstance(error, RunsError):
            raise
        raise RunsError(f"{found.name}: this cannot be read as a table ({error}). Write one object a run.") from error
    for number, record in enumerate(flat, start=1):
        for cell in record.values():
            if isinstance(cell, list | dict) and any(meaning(name) for name, held in record.items() if held is cell):
                raise _not_records(found.name, number, cell)
    cells = table_of([{k: v for k, v in record.items() if not isinstance(v, list | dict)} for record in flat])
    return raw_table(form, cells)


def _records(value: Any, source: str) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Find the records in a JSON value, whichever of the usual forms it has."""
    if isinstance(value, list):
        return FORMAT, [_object(record, number, source) for number, record in enumerate(value, start=1)]
    record = _object(value, 1, source)
    if {"columns", "data"} <= record.keys() and _is_split(record):
        return COLUMNS, [dict(zip(map(str, record["columns"]), row, strict=True)) for row in record["data"]]
    columns = {name: cells for name, cells in record.items() if _is_column(cells)}
    lengths = {len(cells) for cells in columns.values()}
    if len(columns) >= 2 and len(lengths) == 1 and sum(meaning(name) is not None for name in columns) >= 1:
        return COLUMNS, _from_columns(record, columns, lengths.pop())
    lists = {name: cells for name, cells in record.items() if _holds_objects(cells)}
    if len(lists) == 1:  # {"config": {…}, "history": [{…}, …]}
        ((name, held),) = lists.items()
        shared = flattened(_without(record, (name,)))
        if not _holds_points(held) and any(map(is_measured, shared)):  # {"loss": 3.1, "datasets": [{…}, …]}
            return FORMAT, [record]
        return FORMAT, [{**shared, **flattened(one)} for one in held]
    if lists and len(lists) == len(record):  # {"gpt2": [{…}, …], "opt": [{…}, …]}
        return FORMAT, [{"model": name, **one} for name, held in lists.items() for one in held]
    named = [name for name, cells in record.items() if isinstance(cells, dict) and _are_runs(cells)]
    if len(named) == 1:  # {"sweep": "a", "runs": {"r1": {…}, "r2": {…}}}
        shared = flattened(_without(record, named))
        if not any(map(is_measured, shared)):
            form, records = _from_objects(record[named[0]])
            return form, [{**shared, **one} for one in records]
    inner = [cell for cell in record.values() if isinstance(cell, dict)]
    if inner and len(inner) == len(record) and (_are_alike(inner) or len({frozenset(cell) for cell in inner}) == 1):
        return _from_objects(record)
    return FORMAT, [record]


def _are_runs(cells: Mapping[str, Any]) -> bool:
    """Whether a mapping holds runs under their names: objects of one kind, each with what was measured."""
    objects = list(cells.values())
    return _holds_objects(objects) and _are_alike([flattened(one) for one in objects])


def _are_alike(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether objects are of one kind, though some have more than others: all have a loss, or what else is measured."""
    shared = set.intersection(*map(set, objects))
    roles = {known.role for known in map(meaning, shared) if known}
    return len(objects) > 1 and len(roles) > 1 and bool(roles & {"loss", "accuracy"})


def _from_objects(record: Mapping[str, Mapping[str, Any]]) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Records under their names, ``{"gpt2": {…}, "opt": {…}}``, or columns under theirs, as pandas writes them."""
    if sum(meaning(name) is not None for name in record) >= 2 and len({frozenset(one) for one in record.values()}) == 1:
        rows = next(iter(record.values()))
        return COLUMNS, [{name: cells[row] for name, cells in record.items()} for row in rows]
    if any("model" in one for one in record.values()) or list(record) == [str(row) for row in range(len(record))]:
        return FORMAT, list(record.values())
    return FORMAT, [{"model": name, **one} for name, one in record.items()]


def _with_histories(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give each point of a run a record, where all runs hold theirs in one list of objects, or in columns.

    As in ``{"model": "a", "history": [{…}, …]}``, and in ``{"model": "a", "tokens": [1e9, 2e9], "loss": [3.5, 3.2]}``.
    Lists of objects in which nothing was measured, such as settings of data sets, are none of points.
    """
    measured = [tuple(name for name, cell in record.items() if _holds_points(cell)) for record in records]
    if records and len({*measured}) == 1 and len(measured[0]) == 1:
        (history,) = measured[0]
        return [{**_without(record, (history,)), **flattened(point)} for record in records for point in record[history]]
    columns = [tuple(name for name, cell in record.items() if _is_column(cell)) for record in records]
    lengths = [{len(record[name]) for name in names} for record, names in zip(records, columns, strict=True)]
    if len({*map(frozenset, columns)}) != 1 or any(len(several) != 1 for several in lengths):
        return list(records)
    if sum(meaning(name) is not None for name in columns[0]) < 2:
        return list(records)
    return [
        {**_without(record, names), **{name: record[name][row] for name in names}}
        for record, names in zip(records, columns, strict=True)
        for row in range(len(record[names[0]]))
    ]


def _holds_points(cell: Any) -> bool:
    return _holds_objects(cell) and any(is_measured(name) for point in cell for name in flattened(point))


def _without(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: cell for key, cell in record.items() if key not in names}


def _from_columns(
    record: Mapping[str, Any], columns: Mapping[str, Sequence[Any]], count: int
) -> list[Mapping[str, Any]]:
    shared = flattened({name: cell for name, cell in record.items() if name not in columns})
    return [{**shared, **{name: cells[row] for name, cells in columns.items()}} for row in range(count)]


def _is_column(cells: Any) -> bool:
    return isinstance(cells, list) and bool(cells) and not any(isinstance(cell, list | dict) for cell in cells)


def _holds_objects(cells: Any) -> bool:
    return isinstance(cells, list) and bool(cells) and all(isinstance(cell, dict) for cell in cells)


def _is_split(record: Mapping[str, Any]) -> bool:
    columns, data = record["columns"], record["data"]
    return (
        isinstance(columns, list)
        and isinstance(data, list)
        and all(isinstance(row, list) and len(row) == len(columns) for row in data)
        and len(set(map(str, columns))) == len(columns)
    )


def _object(record: Any, number: int, source: str) -> Mapping[str, Any]:
    if not isinstance(record, dict):
        raise _not_records(source, number, record)
    return record


def _not_records(source: str, number: int, found: Any) -> RunsError:
    return RunsError(
        f"{source}, row {number}: found {str(found)[:60]!r}, expected a JSON object of plain values, such as "
        f"{_EXAMPLE}. Write one such object a run, or columns of equal length."
    )


READER = Reader(FORMAT, lambda found: is_json(found.start), _read)
