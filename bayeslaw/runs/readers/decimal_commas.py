"""Numbers with decimal commas, as spreadsheets write them in much of the world: ``3,5`` and ``1.638.400``."""

import re
from collections.abc import Sequence

_END = r"(?:[eE][+-]?\d{1,3})?(?:\s?[kKmMbBgGtT%])?"
_COMMA = re.compile(rf"[+-]?(?:\d{{1,3}}(?:\.\d{{3}})+|\d{{1,300}}),\d{{1,300}}{_END}")
_COMMAS_OF_THOUSANDS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:,\d{{3}})+{_END}")
_SEVERAL_COMMAS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:,\d{{3}}){{2,100}}{_END}")
_POINT = re.compile(r"[+-]?\d{0,300}\.\d{0,300}(?:[eE][+-]?\d{1,3})?(\s?[kKmMbBgGtT%])?")
_POINTS_OF_THOUSANDS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:\.\d{{3}})+{_END}")


def with_points(rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Write numbers with decimal points in columns in which decimals have commas.

    Numbers such as ``1,600`` and ``1.600`` tell nothing of their own. They are read as those of the other columns are,
    if there some decimals have commas and none a point but in sizes such as ``1.3B``, which are names as well.

    Parameters
    ----------
    rows : cells of a table, each row as long.

    Returns
    -------
    The cells, and a note if any were written anew.
    """
    columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
    of_others = [any(map(_has_other_comma_or_point, column)) for column in columns]
    of_commas = [
        any(map(_has_decimal_comma, column)) and not other for column, other in zip(columns, of_others, strict=True)
    ]
    is_mixed = any(_has_decimal_point(cell) and cell[-1].isdigit() for column in columns for cell in column)
    anew: dict[str, str] = {}
    for position, column in enumerate(columns):
        if not any(of_commas) or of_others[position] or (is_mixed and not of_commas[position]):
            continue
        columns[position] = [_with_point(cell) for cell in column]
        anew |= {old: new for old, new in zip(column, columns[position], strict=True) if old != new}
    if not anew:
        return [list(row) for row in rows], ()
    example = min(filter(_has_decimal_comma, anew), key=lambda cell: (len(cell), cell))
    pointed = next((cell for cell in anew if _POINTS_OF_THOUSANDS.fullmatch(cell)), None)
    thousands = f", and points stand before thousands ({pointed!r} is {anew[pointed]})" if pointed else ""
    return [list(row) for row in zip(*columns, strict=True)], (
        f"Decimals have commas ({example!r} is {anew[example]}){thousands}.",
    )


def _with_point(cell: str) -> str:
    written = _COMMA.fullmatch(cell) or _POINTS_OF_THOUSANDS.fullmatch(cell)
    return cell.replace(".", "").replace(",", ".") if written else cell


def _has_decimal_comma(cell: str) -> bool:
    return bool(_COMMA.fullmatch(cell)) and not _COMMAS_OF_THOUSANDS.fullmatch(cell)


def _has_other_comma_or_point(cell: str) -> bool:
    return _has_decimal_point(cell) or bool(_SEVERAL_COMMAS.fullmatch(cell))


def _has_decimal_point(cell: str) -> bool:
    return bool(_POINT.fullmatch(cell)) and not _POINTS_OF_THOUSANDS.fullmatch(cell)
