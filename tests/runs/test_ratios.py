"""Data told by a ratio: tokens a parameter, and epochs over unique data."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

PARAMS = [7e7, 1.6e8, 4e8]


def table_of_ratios(heading, params="params", **others):
    rows = [(n, ratio, 3 - 0.1 * i - 0.1 * k) for i, n in enumerate(PARAMS) for k, ratio in enumerate((5, 10, 20))]
    return pd.DataFrame(rows, columns=[params, heading, "loss"]).assign(**others)


@pytest.mark.parametrize("heading", ["tokens_per_param", "D/N", "tpp", "tokens/param", "Tokens per parameter"])
def test_tokens_a_parameter_times_parameters_are_tokens(heading):
    runs = read_runs(table_of_ratios(heading))
    assert runs.table["tokens"].tolist() == [n * ratio for n in PARAMS for ratio in (5, 10, 20)]
    assert runs.table["data"].tolist() == runs.table["tokens"].tolist()
    assert f"There are no data sizes: tokens derived as {heading!r} times 'params'." in runs.notes
    assert runs.table[heading].tolist() == [5, 10, 20] * 3
    assert len(read_runs(table_of_ratios(heading), where=f"`{heading}` < 20").table) == 6


def test_units_of_params_and_of_the_ratio_count():
    frame = table_of_ratios("x_chinchilla", "params (M)").assign(**{"params (M)": lambda t: t["params (M)"] / 1e6})
    with pytest.raises(RunsError, match="--as x_chinchilla=tokens_per_param:20"):
        read_runs(frame)
    tokens = read_runs(frame, roles={"x_chinchilla": "tokens_per_param:20"}).table["tokens"]
    assert tokens.tolist() == pytest.approx([20 * n * ratio for n in PARAMS for ratio in (5, 10, 20)])


def test_epochs_times_unique_data_are_data():
    frame = table_of_ratios("epochs", unique_tokens=1e9)
    assert read_runs(frame).table["tokens"].tolist() == [5e9, 10e9, 20e9] * 3
    found = read_runs(frame.rename(columns={"unique_tokens": "unique_examples"})).table
    assert found["data"].tolist() == [5e9, 10e9, 20e9] * 3
    assert "tokens" not in found


def test_a_ratio_beside_a_count_of_the_data_is_kept_and_counts_nothing():
    found = read_runs(table_of_ratios("tpp", tokens=np.arange(1, 10) * 1e9, epochs=3.0)).table
    assert found["tokens"].tolist() == [k * 1e9 for k in range(1, 10)]
    assert found["tpp"].tolist() == [5, 10, 20] * 3


def test_a_ratio_without_what_it_is_a_ratio_to_says_so_and_a_bad_cell_is_named():
    with pytest.raises(RunsError, match=r"'tpp' times params would tell them, and there is no column of params"):
        understand(table_of_ratios("tpp", "layers"))
    with pytest.raises(
        RunsError, match=r"row 2, column 'tpp': found -10, expected a positive number of tokens a param"
    ):
        read_runs(table_of_ratios("tpp").replace({"tpp": {10: -10}}).drop(index=[4, 7]))


def test_a_ratio_that_is_said_and_counts_nothing_is_told():
    frame = table_of_ratios("ratio", tokens=np.arange(1, 10) * 1e9)
    notes = read_runs(frame, roles={"ratio": "tokens_per_param"}).notes
    assert "Column 'ratio', said to be tokens_per_param, is not used: 'tokens' tells the data." in notes
    with pytest.raises(RunsError, match=r"A unit follows .*tokens_per_param"):
        read_runs(frame, roles={"ratio": "tokens_per_param:x"})
