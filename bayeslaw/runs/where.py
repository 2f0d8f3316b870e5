"""Choosing rows with an expression such as ``task == 'flan' and params < 3e9``.

The expression is parsed by Python's own ``ast`` and only the few nodes named here are understood, so that an
expression from a configuration file can choose rows and do nothing else.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import SelectionError, did_you_mean
from bayeslaw.runs.columns import plain

MAX_LENGTH = 10_000
GRAMMAR = (
    "Write comparisons (== != < <= > >=, in, not in) of columns with numbers or quoted text, joined by and, or, not; "
    "a column whose name has spaces goes in backticks"
)

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_STRING_OR_BACKTICKS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]*)`""", re.DOTALL)


@dataclass(frozen=True, eq=False)
class _Value:
    """An operand: an array with one entry a row, or a single literal; and how the user wrote it."""

    value: Any
    is_text: bool
    written: str


def matching_rows(table: pd.DataFrame, expression: str, spelling: Mapping[str, str]) -> NDArray[np.bool_]:
    """Find the rows of a table that match an expression.

    Parameters
    ----------
    table : the columns that the expression may name.
    expression : comparisons joined by ``and``, ``or``, ``not``; see `GRAMMAR`.
    spelling : further names for columns of the table, from the name in the file to the name in the table.

    Returns
    -------
    bool array, one entry a row.

    Raises
    ------
    SelectionError
        If the expression is not understood, names an unknown column, or compares text with numbers.
    """
    if not isinstance(expression, str):
        raise SelectionError(f"where: found {expression!r}, expected an expression in quotes. {GRAMMAR}.")
    if len(expression) > MAX_LENGTH:
        raise SelectionError(f"where: found {len(expression):,} characters, expected at most {MAX_LENGTH:,}.")
    code, quoted = name_backticks(expression)
    try:
        return _Selection(table, expression, spelling, quoted).rows(code)
    except (RecursionError, MemoryError) as error:
        raise SelectionError(f"where {short(expression)}: this is nested too deeply. Use fewer parentheses.") from error


@dataclass(frozen=True, eq=False)
class _Selection:
    """One evaluation of one expression on one table."""

    table: pd.DataFrame
    expression: str
    spelling: Mapping[str, str]
    quoted: Mapping[str, str]

    def rows(self, code: str) -> NDArray[np.bool_]:
        return np.array(self._mask(self._parse(code)), dtype=bool)

    def _parse(self, code: str) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as "invalid escape sequence" in a text
                return ast.parse(code, mode="eval").body
        except SyntaxError as error:
            hint = " (equality is written ==)" if re.search(r"(?<![=!<>:])=(?!=)", code) else ""
            raise self._error(f"this is not an expression: {error.msg}{hint}. {GRAMMAR}") from error
        except ValueError as error:  # NUL characters; integers of thousands of digits
            raise self._error(f"this is not an expression: {error}. {GRAMMAR}") from error

    def _mask(self, node: ast.expr) -> NDArray[np.bool_]:
        match node:
            case ast.BoolOp(op=joint, values=parts):
                join = np.logical_and if isinstance(joint, ast.And) else np.logical_or
                masks = [self._mask(part) for part in parts]
                return join.reduce(masks)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ~self._mask(operand)
            case ast.Compare(left=left, ops=comparisons, comparators=rights):
                mask = np.ones(len(self.table), dtype=bool)
                for one, comparison, other in zip([left, *rights[:-1]], comparisons, rights, strict=True):
                    mask = mask & self._compare(one, comparison, other)
                return mask
        found = self._operand(node)
        if np.asarray(found.value).dtype != bool:
            raise self._error(f"{found.written} is neither true nor false: compare it with something. {GRAMMAR}")
        return np.broadcast_to(found.value, len(self.table))

    def _compare(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> NDArray[np.bool_]:
        one = self._operand(left)
        if isinstance(comparison, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple):
                raise self._error(f"expected a list such as ['a', 'b'] after 'in', found {ast.unparse(right)}")
            mask = np.zeros(len(self.table), dtype=bool)
            for item in [self._operand(element) for element in right.elts]:
                self._check_comparable(one, item)
                mask = mask | np.asarray(one.value == item.value)
            return ~mask if isinstance(comparison, ast.NotIn) else mask
        if type(comparison) not in _COMPARISONS:
            raise self._error(f"'is' is not understood, use == or !=. {GRAMMAR}")
        other = self._operand(right)
        self._check_comparable(one, other)
        return np.asarray(_COMPARISONS[type(comparison)](one.value, other.value), dtype=bool)

    def _operand(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return _Value(within_float(number), False, str(number))
            case ast.Constant(value=str() as text):
                return _Value(text, True, repr(text))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as number)):
                signed = -number if isinstance(sign, ast.USub) else number
                return _Value(within_float(signed), False, str(signed))
            case ast.Name(id=name):
                return self._column(self.quoted.get(name, name), literal_allowed=name not in self.quoted)
        raise self._error(f"{short(ast.unparse(node))} is not understood. {GRAMMAR}")

    def _column(self, name: str, literal_allowed: bool) -> _Value:
        found = find_columns(name, list(self.table.columns), self.spelling)
        if len(found) == 1:
            column = self.table[found[0]]
            is_text = not pd.api.types.is_numeric_dtype(column)
            return _Value(column.to_numpy(dtype=object) if is_text else column.to_numpy(), is_text, f"column {name!r}")
        if not found and literal_allowed and name.lower() in ("true", "false"):
            return _Value(name.lower() == "true", False, name)
        text = "" if found else ". Put text in quotes"
        raise self._error(f"{no_such_column(name, found, list(self.table.columns))}{text}")

    def _check_comparable(self, first: _Value, second: _Value) -> None:
        if first.is_text != second.is_text:
            text, number = (first, second) if first.is_text else (second, first)
            raise self._error(
                f"{text.written} is text and {number.written} is a number, they cannot be compared. "
                "Put quotes around text, and none around numbers"
            )

    def _error(self, message: str) -> SelectionError:
        return SelectionError(f"where {short(self.expression)}: {message}.")


def name_backticks(expression: str) -> tuple[str, dict[str, str]]:
    """Replace each name in backticks by a plain identifier, and say which stands for which name."""
    quoted: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:  # a text in quotes: backticks inside it are its own
            return match[0]
        identifier = f"backtick_name_{len(quoted)}"
        quoted[identifier] = match[1].strip()
        return f" {identifier} "

    return _STRING_OR_BACKTICKS.sub(replace, expression).strip(), quoted


def find_columns(name: str, columns: list[str], spelling: Mapping[str, str]) -> list[str]:
    """Find the columns that a name may mean: exactly, else without regard to case, else to punctuation too."""
    names = {**spelling, **{column: column for column in columns}}
    if name in names:
        return [names[name]]
    for simplify in (str.casefold, plain):
        wanted = simplify(name)
        found = _unique(column for written, column in names.items() if simplify(written) == wanted)
        if found:
            return found
    return []


def no_such_column(name: str, found: Sequence[str], columns: Sequence[str]) -> str:
    """Words on a name that means none of the columns, or several of them (`find_columns`)."""
    listed = ", ".join(map(str, columns))
    if found:
        return f"{name!r} may mean {' or '.join(found)}. Spell it exactly; the columns are: {listed}"
    return f"there is no column {name!r}.{did_you_mean(name, map(str, columns))} The columns are: {listed}"


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def within_float(number: float) -> float:
    """Numbers that no float holds are infinite, so that comparing with them is still meaningful."""
    try:
        float(number)
    except OverflowError:
        return np.inf if number > 0 else -np.inf
    return number


def short(text: str) -> str:
    """Quote a text, cut if it is long."""
    return repr(text if len(text) <= 200 else f"{text[:200]}…")
