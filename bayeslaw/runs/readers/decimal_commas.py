"""Numbers with decimal commas, as spreadsheets write them in much of the world: ``3,5`` and ``1.638.400``."""

import re
from collections.abc import Sequence

from bayeslaw.runs.columns import meaning, sizes_in_headings

_END = r"(?:[eE][+-]?\d{1,3})?(?:\s?[kKmMbBgGtT%])?"
_COMMA = re.compile(rf"[+-]?(?:\d{{1,3}}(?:\.\d{{3}})+|\d{{1,300}}),\d{{1,300}}{_END}")
_COMMAS_OF_THOUSANDS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:,\d{{3}})+{_END}")
_SEVERAL_COMMAS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:,\d{{3}}){{2,100}}{_END}")
_POINT = re.compile(r"[+-]?\d{0,300}\.\d{0,300}(?:[eE][+-]?\d{1,3})?(\s?[kKmMbBgGtT%])?")
_POINTS_OF_THOUSANDS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:\.\d{{3}})+{_END}")


def with_points(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Write numbers with decimal points in columns in which decimals have commas.

    Numbers such as ``1,600`` and ``1.600`` tell nothing of their own. They are read as those of the other columns are,
    if there some decimals have commas and none a point but in sizes such as ``1.3B``, which are names as well. Losses
    and scores are no thousands: there ``3.512`` has a decimal point, and ``3,512`` a decimal comma if nothing in the
    table has a point or several commas; perplexities may be.

    Parameters
    ----------
    header : headings of the columns.
    rows : cells of a table, each row as long.

    Returns
    -------
    The cells, and a note if any were written anew.
    """
    columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
    measured = [_is_measured(heading) for heading in header]
    pointed_of = [
        [cell for cell in column if _has_decimal_point(cell) or (is_measured and _POINTS_OF_THOUSANDS.fullmatch(cell))]
        for column, is_measured in zip(columns, measured, strict=False)
    ]
    of_others = [
        bool(pointed) or any(map(_SEVERAL_COMMAS.fullmatch, column))
        for column, pointed in zip(columns, pointed_of, strict=True)
    ]
    of_commas = [
        not other
        and (
            any(map(_has_decimal_comma, column)) or (_is_small(heading) and not any(of_others) and _has_commas(column))
        )
        for heading, column, other in zip(header, columns, of_others, strict=False)
    ]
    is_mixed = any(cell[-1].isdigit() for pointed in pointed_of for cell in pointed)
    anew: dict[str, str] = {}
    for position, column in enumerate(columns):
        if not any(of_commas) or of_others[position] or (is_mixed and not of_commas[position]):
            continue
        columns[position] = [_with_point(cell) for cell in column]
        anew |= {old: new for old, new in zip(column, columns[position], strict=True) if old != new}
    if not anew:
        return [list(row) for row in rows], ()
    example = min(filter(_COMMA.fullmatch, anew), key=lambda cell: (not _has_decimal_comma(cell), len(cell), cell))
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


def _is_measured(heading: str) -> bool:
    """Whether a column has losses or scores, by its name, or by the size that it is of in a wide table."""
    known = meaning(heading)
    return known.role in ("loss", "accuracy") if known else heading in sizes_in_headings([heading])


def _is_small(heading: str) -> bool:
    """Whether a column has losses or scores that reach no thousands, as perplexities may."""
    known = meaning(heading)
    return known is not None and known.role in ("loss", "accuracy") and known.unit != "perplexity"


def _has_commas(column: Sequence[str]) -> bool:
    """Whether there are numbers such as ``3,512``, which of themselves may be thousands."""
    return any(_COMMAS_OF_THOUSANDS.fullmatch(cell) and _COMMA.fullmatch(cell) for cell in column)


def _has_decimal_point(cell: str) -> bool:
    return bool(_POINT.fullmatch(cell)) and not _POINTS_OF_THOUSANDS.fullmatch(cell)
