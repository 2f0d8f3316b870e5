"""Two kinds of loss at one model and size are asked about; repeated runs are not."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.kinds.registry import read_for
from bayeslaw.runs import read_runs
from bayeslaw.runs.repeats import require_one_kind
from tests.runs.tables import falling, table_of

DATA = os.environ.get("BAYESLAW_DATA", "")


def require(frame, fixed=()):
    require_one_kind(table_of(frame), "runs.csv", "data", fixed)


def both(column, ratio, noise=0.005, **options):
    """Two frames under each other, told apart by a column, with losses in a ratio."""
    one = falling(noise=noise, **options).assign(**{column: "a"})
    two = falling(noise=noise, seed=1, **options).assign(**{column: "b"})
    return pd.concat([one, two.assign(loss=two["loss"] * ratio)], ignore_index=True)


@pytest.mark.parametrize("column", ["method", "lr schedule"])
def test_a_column_that_tells_losses_apart_is_named(column):
    with pytest.raises(RunsError) as caught:
        require(both(column, 1.06))
    said = str(caught.value)
    assert said.startswith("runs.csv, rows ")
    assert f"The column {column!r} tells them apart ('a', 'b')" in said
    expression = said.split('--where "')[1].split('"')[0]
    assert len(read_runs(both(column, 1.06), where=expression).table) == 28
    assert "part of the names of the models" in said


def test_columns_of_the_law_tell_nothing_apart():
    frame = both("width", 1.2).replace({"width": {"a": 64, "b": 128}})
    require(frame, ["width"])
    with pytest.raises(RunsError, match="'width' tells them apart"):
        require(frame)


def test_differences_as_small_as_seeds_are_averaged():
    require(both("host", 1.001))
    require(both("host", 1.1, noise=0.3))
    require(both("seed", 1.5).replace({"seed": {"a": 0, "b": 1}}))


def test_measurements_explain_nothing():
    frame = both("method", 1.06).drop(columns="method")
    require(frame.assign(seconds=frame["loss"] * 10))


def test_one_repeated_size_is_enough_if_far_apart():
    rows = [
        ("llama", "raw", 1.6e9, 0.92),
        ("llama", "raw", 2.4e9, 0.909),
        ("llama", "norm", 1.6e9, 2.48),
        ("llama", "norm", 4.1e9, 2.40),
    ]
    frame = pd.DataFrame(rows, columns=["model", "condition", "tokens", "loss"])
    with pytest.raises(RunsError, match=r"rows 1 and 3.*'condition' tells them apart"):
        require(frame)
    require(frame.assign(loss=[0.92, 0.909, 0.95, 0.90]))


def test_stacked_tasks_without_a_column_fall_into_two_groups():
    with pytest.raises(RunsError, match=r"28 of 28 models and sizes: the losses fall into two groups.*column 'task'"):
        require(both("method", 1.4).drop(columns="method"))


def test_a_column_of_seeds_says_that_they_are_repeats():
    frame = both("seed", 1.4).replace({"seed": {"a": 0, "b": 1}})
    require(frame)


@pytest.mark.parametrize("noise", [0.005, 0.05, 0.3])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_repeated_runs_are_no_two_groups(noise, seeds):
    for start in range(10):
        parts = [falling(noise=noise, seed=10 * start + k) for k in range(seeds)]
        require(pd.concat(parts, ignore_index=True))


def test_it_is_refused_before_a_fit_and_by_its_law_alone():
    frame = both("unique_data", 1.2).replace({"unique_data": {"a": 1e4, "b": 1e3}}).assign(params=1e6)
    with pytest.raises(RunsError, match="'unique_data' tells them apart"):
        read_for(frame, "rectified", 0.0)
    read_for(frame, "data_constrained", 0.0)


@pytest.mark.skipif(not DATA, reason="BAYESLAW_DATA is not set")
def test_published_tables():
    flan, gigaword = (pd.read_csv(Path(DATA) / "finetune" / f"{task}.csv") for task in ("flan", "gigaword"))
    require(flan)
    require(gigaword)
    with pytest.raises(RunsError, match="420 of 420 models and sizes"):
        require(pd.concat([flan, gigaword], ignore_index=True))
    for name in ("selection/lcdb.csv", "extrapolation/vision.csv", "extrapolation/language.csv"):
        require_one_kind(read_runs(Path(DATA) / name).table, name, "data", [])
    table = read_runs(Path(DATA) / "pools" / "data_constrained.csv").table
    assert np.any(table.duplicated(["model", "data"]))
    require_one_kind(table, "pool", "data", ["params", "unique_tokens"])
