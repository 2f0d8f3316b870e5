"""A row of means at the foot of a table."""

import pandas as pd
import pytest

from bayeslaw.runs import LeftOut, read_runs

ROWS = [["a", 100, 3.0], ["a", 200, 2.5], ["b", 100, 2.9], ["b", 200, 2.41]]


def table(*foot):
    return pd.DataFrame([*ROWS, *foot], columns=["model", "data", "loss"])


@pytest.mark.parametrize(
    "foot",
    [
        ["mean", 150, 2.7],
        ["Average", None, 2.7025],
        ["avg.", "150", "2.70"],
        ["median", 150, 2.7],
        [" total ", 600, 10.8],
    ],
)
def test_a_summary_is_left_out_and_said(foot):
    runs = read_runs(table(foot))
    assert runs.table["row"].tolist() == [1, 2, 3, 4]
    assert runs.left_out == (LeftOut(5, "a summary of the rows above, by its name and all its numbers"),)


@pytest.mark.parametrize(
    "feet", [[["average", 150, 2.2]], [["average", 100, 2.7]], [["mean", 150, 2.7], ["c", 400, 2.0]]]
)
def test_a_model_of_that_name_is_kept(feet):
    assert len(read_runs(table(*feet)).table) == 4 + len(feet)
