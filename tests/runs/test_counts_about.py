"""Counts that are rounded, and sources in Python that are no table yet."""

import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.units import read_count

RECORDS = [{"model": "a", "data": 100, "loss": 3.0}, {"model": "a", "data": 200, "loss": 2.5}]


@pytest.mark.parametrize("sign", ["~", "\u2248", "\u223c", "~ "])
def test_counts_that_are_rounded_are_read(sign):
    assert read_count(f"{sign}2B") == 2e9
    assert read_count(f"{sign}1.5 million tokens") == 1.5e6
    assert read_count(f"{sign}") is None
    assert read_count(f"{sign}{sign}2B") is None
    table = pd.DataFrame({"model": ["a", "a"], "tokens": [f"{sign}2B", "4B"], "loss": [3.0, 2.5]})
    assert read_runs(table).table["tokens"].tolist() == [2e9, 4e9]


@pytest.mark.parametrize(
    ("source", "said"),
    [(RECORDS, "read_runs(pd.DataFrame(records))"), ({"loss": [3.0]}, "read_runs(pd.DataFrame(columns))")],
)
def test_records_and_columns_are_told_how_to_become_a_table(source, said):
    with pytest.raises(RunsError) as caught:
        read_runs(source)
    assert said in str(caught.value)
    assert read_runs(pd.DataFrame(RECORDS)).table["data"].tolist() == [100, 200]


@pytest.mark.parametrize("source", [[], 3, [3, 4]])
def test_what_is_neither_is_told_nothing_of_tables(source):
    with pytest.raises(RunsError) as caught:
        read_runs(source)
    assert "pd.DataFrame(" not in str(caught.value)
