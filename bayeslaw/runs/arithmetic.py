"""Numbers computed from columns, such as the cost ``6 * params * data``.

The expression is parsed by Python's own ``ast`` and only the few nodes named here are understood, as in `where`.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import SelectionError
from bayeslaw.runs.units import read_numbers
from bayeslaw.runs.where import MAX_LENGTH, find_columns, name_backticks, no_such_column, short, within_float

GRAMMAR = (
    "Write columns and numbers joined by + - * / **, with parentheses, log(…), log2(…), exp(…) and sqrt(…); a column "
    "whose name has spaces goes in backticks"
)

_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"log": np.log, "log2": np.log2, "exp": np.exp, "sqrt": np.sqrt}


def computed(table: pd.DataFrame, expression: str, spelling: Mapping[str, str], what: str) -> np.ndarray:
    """Numbers of each row of a table by an expression.

    Parameters
    ----------
    table : the columns that the expression may name.
    expression : columns and numbers joined by arithmetic; see `GRAMMAR`.
    spelling : further names for columns of the table, from the name in the file to the name in the table.
    what : what the numbers are, for messages, such as ``--cost``.

    Returns
    -------
    ndarray, shape (rows,); not finite where the arithmetic has no answer or a column no value.

    Raises
    ------
    SelectionError
        If the expression is not understood, or names what is no column of numbers.
    """
    if len(expression) > MAX_LENGTH:
        raise SelectionError(f"{what}: found {len(expression):,} characters, expected at most {MAX_LENGTH:,}.")
    code, quoted = name_backticks(expression)
    try:
        found = _Computation(table, expression, spelling, quoted, what).value(code)
    except (RecursionError, MemoryError) as error:
        raise SelectionError(
            f"{what} {short(expression)}: this is nested too deeply. Use fewer parentheses."
        ) from error
    return np.array(np.broadcast_to(found, len(table)), float)


def columns_of(table: pd.DataFrame, expression: str, spelling: Mapping[str, str]) -> list[str]:
    """Columns of a table that an expression names, sorted; of one that `computed` understands."""
    code, quoted = name_backticks(expression)
    names = {node.id for node in ast.walk(ast.parse(code, mode="eval")) if isinstance(node, ast.Name)}
    found = (find_columns(quoted.get(name, name), list(table.columns), spelling) for name in names)
    return sorted({name for several in found for name in several})


class _Computation:
    """One evaluation of one expression on one table."""

    def __init__(
        self, table: pd.DataFrame, expression: str, spelling: Mapping[str, str], quoted: Mapping[str, str], what: str
    ) -> None:
        self.table, self.expression, self.spelling, self.quoted, self.what = table, expression, spelling, quoted, what

    def value(self, code: str) -> Any:
        try:
            node = ast.parse(code, mode="eval").body
        except (SyntaxError, ValueError) as error:
            told = error.msg if isinstance(error, SyntaxError) else error
            raise self._error(f"this is not an expression: {told}. {GRAMMAR}") from error
        with np.errstate(all="ignore"):
            return self._value(node)

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return np.float64(within_float(number))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                return -self._value(operand) if isinstance(sign, ast.USub) else self._value(operand)
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _OPERATIONS:
                return _OPERATIONS[type(operation)](self._value(left), self._value(right))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](self._value(argument))
            case ast.Name(id=name):
                return self._column(self.quoted.get(name, name))
        raise self._error(f"{short(ast.unparse(node))} is not understood. {GRAMMAR}")

    def _column(self, name: str) -> np.ndarray:
        found = find_columns(name, list(self.table.columns), self.spelling)
        if len(found) != 1:
            raise self._error(no_such_column(name, found, list(self.table.columns)))
        column = self.table[found[0]]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise self._error(f"column {name!r} holds {_no_number_in(column)!r}, not numbers alone")
        return column.to_numpy(float)

    def _error(self, message: str) -> SelectionError:
        return SelectionError(f"{self.what} {short(self.expression)}: {message}.")


def _no_number_in(column: pd.Series) -> str:
    """The first cell that is no number, blank ones last."""
    numbers = read_numbers(column, counts=False)
    worst = np.argmax(np.where(np.isnan(numbers.values), 2 - numbers.blank, 0))
    return str(column.iloc[int(worst)])
