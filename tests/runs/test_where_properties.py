"""``where`` under any text: rows or the package's error, never code, never another exception."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from bayeslaw.errors import SelectionError
from bayeslaw.runs.where import matching_rows
from tests.properties import QUICKLY_AND_LONG, holds, outcome

TABLE = pd.DataFrame(
    {
        "row": [1, 2, 3],
        "model": ["a", "b", "é"],
        "data": [100.0, 200.0, np.nan],
        "two words": [1, 2, 3],
        "warm": [True, False, True],
    }
)
WORDS = [
    *TABLE.columns,
    "`two words`",
    "'a'",
    '"b"',
    "200",
    "1e999",
    "-1",
    "1_000",
    "9" * 400,
    "and",
    "or",
    "not",
    "in",
    "not in",
    "==",
    "!=",
    "<",
    ">=",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "is",
    "lambda",
    "__import__('os')",
    "data.mean()",
    "data[0]",
    "f'{1}'",
    "None",
    "true",
    "\x00",
    "\n",
    "\ud800",
    "`",
    "'",
    "#",
    ":=",
    "*",
    "if",
    "else",
    "yield",
]

EVER_FAILED = [
    "(" * 9_000,
    "not " * 2_400 + "warm",
    "data < " * 1_400 + "1",
    "'" * 9_999,
    "`" * 9_999,
    "9" * 9_999,
    "\ud800 == 1",
    "data == '\ud800'",
    "data < 1\x00",
    "a" * 10_001,
]


def require_rows_or_refusal(text):
    found, refused = outcome(SelectionError, matching_rows, TABLE, text, {"Train Examples": "data"})
    assert len(refused) < 3_000
    if found is None:
        return
    assert found.dtype == bool
    assert found.shape == (3,)


def test_what_once_failed_is_refused_or_understood():
    for text in EVER_FAILED:
        require_rows_or_refusal(text)


@QUICKLY_AND_LONG
def test_any_expression_selects_rows_or_is_refused(examples):
    written = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
    holds(require_rows_or_refusal, examples, st.one_of(written, st.text(max_size=60)))


@QUICKLY_AND_LONG
def test_comparisons_mean_what_python_means(examples):
    def check(comparison, number, negated):
        text = f"{'not ' if negated else ''}`two words` {comparison} {number!r}"
        expected = [eval(f"value {comparison} number", {"value": v, "number": number}) != negated for v in (1, 2, 3)]
        assert matching_rows(TABLE, text, {}).tolist() == expected

    comparisons = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    holds(check, examples, comparisons, st.floats(-5, 5) | st.integers(-5, 5), st.booleans())
