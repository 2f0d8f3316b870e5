"""Tokens, steps and params that stand in the names of runs, and columns that tell a part of the data."""

import time

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

LOSSES = [4.0, 3.8, 3.9, 3.7]


def named(*names, **columns):
    return pd.DataFrame({"run": names, "loss": LOSSES[: len(names)], **columns})


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("pythia-410m-2e9tok", "pythia-410m-40e8tok"),
        ("pythia-410m_2BT", "pythia-410m_4BT"),
        ("2B-tokens/pythia-410m", "4.0B-tokens/pythia-410m"),
        ("pythia-410m tokens=2000000000", "pythia-410m tokens=4B"),
    ],
)
def test_tokens_in_names_are_read_and_said_where_no_column_counts_the_data(small, large):
    runs = read_runs(named(small, large))
    assert runs.table["tokens"].tolist() == [2e9, 4e9]
    assert set(runs.table["model"]) == {"pythia-410m"}
    assert set(runs.table["params"]) == {410e6}
    assert any(f"tokens are read from the names ({small!r}: 2000000000)" in note for note in runs.notes)


def test_steps_in_names_are_asked_what_they_are_worth():
    frame = named("a-step1000", "a-step2k", "b-step1000", "b-step2k")
    (question,) = understand(frame).questions
    assert question.about == "step"
    for roles in ({"step": "tokens:1000"}, {"steps": "tokens:1000"}):  # as --as and as --tokens-per-step say it
        runs = read_runs(frame, roles=roles)
        assert runs.table["tokens"].tolist() == [1e6, 2e6] * 2
        assert runs.table["model"].tolist() == ["a", "a", "b", "b"]


def test_a_checkpoint_that_says_its_step_beside_its_tokens_is_of_the_same_model():
    runs = read_runs(named("olmo-1b/step1000-tokens4B", "olmo-1b/step2000-tokens8B"))
    assert runs.table["tokens"].tolist() == [4e9, 8e9]
    assert set(runs.table["model"]) == {"olmo-1b"}


def test_tokens_in_names_beside_a_column_of_them_are_no_params():
    runs = read_runs(named("run-100B", "run-300B", tokens=[100e9, 299.9e9]))
    assert "params" not in runs.table
    several = read_runs(named("a-1b", "a-2b", tokens=[1e9, 8e9]))
    assert several.table["params"].tolist() == [1e9, 2e9]


def test_names_of_long_blanks_take_no_long_time():
    began = time.monotonic()
    with pytest.raises(RunsError, match="no column of data sizes"):
        read_runs(named("a" + 20_000 * " " + "b", "a" + 20_000 * "-" + "b"))
    assert time.monotonic() - began < 2


def test_names_are_left_alone_where_a_column_counts_the_data_or_some_name_tells_none():
    runs = read_runs(named("a-2BT", "a-4BT", data=[100, 200]))
    assert runs.table["model"].tolist() == ["a-2BT", "a-4BT"]
    assert read_runs(named("a-2BT", "a-4BT", seen=[100, 200]), roles={"seen": "data"}).table["data"].tolist() == [
        100,
        200,
    ]
    for names in (
        ("a-2BT", "a"),
        ("a-2BT-4BT", "a-4BT"),
        ("2BT", "4BT"),
        ("a2BT", "a4BT"),
        ("step-3.5-flash", "step-1.5-pro"),
    ):
        with pytest.raises(RunsError, match="no column of data sizes"):
            read_runs(named(*names))


def test_params_in_names_are_read_beside_tokens_and_not_beside_examples():
    names = ("a-70m", "a-70m", "a-1b", "a-1b")
    runs = read_runs(named(*names, tokens=[1e9, 2e9] * 2))
    assert runs.table["params"].tolist() == [70e6] * 2 + [1e9] * 2
    assert any("read from the names of models" in note for note in runs.notes)
    assert "params" not in read_runs(named(*names, examples=[100, 200] * 2)).table


@pytest.mark.parametrize(("parts", "of"), [([0.25, 1.0], "all"), ([25, 100], "1%")])
def test_parts_of_the_data_are_asked_how_much_the_whole_is(parts, of):
    frame = named("a", "a", data_fraction=parts)
    (question,) = understand(frame).questions
    assert f"nothing says how much {of} of it is" in question.sentence
    assert question.options[-1] == "data_fraction=data"
    size = 4000 / parts[1]
    assert read_runs(frame, roles={"data_fraction": f"data:{size}"}).table["data"].tolist() == [1000, 4000]
    assert read_runs(frame, roles={"data_fraction": f"tokens:{size}"}).table["tokens"].tolist() == [1000, 4000]
    np.testing.assert_array_equal(read_runs(frame, roles={"data_fraction": "data"}).table["data"], parts)


def test_a_share_of_something_else_is_not_asked_about():
    with pytest.raises(RunsError, match="no column of data sizes"):
        read_runs(named("a", "b", dropout_fraction=[0.1, 0.2]))
    assert read_runs(named("a", "a", data_fraction=[0.5, 0.5], tokens=[1e9, 2e9])).table["tokens"].tolist() == [
        1e9,
        2e9,
    ]
