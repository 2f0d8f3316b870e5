"""What each method may see, and what it is scored on."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.evidence.backtest.finetune_cells import joined, make_cells, parse_budgets, read_tasks
from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws import get_law


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8,16,…,512", (8, 16, 32, 64, 128, 256, 512)),
        ("8, 16, ..., 64", (8, 16, 32, 64)),
        ("4,…,32", (4, 8, 16, 32)),
        ("8,…,16", (8, 16)),
        ("8,16,…,64,100", (8, 16, 32, 64, 100)),
        ("1.5", (1.5,)),
        ("64,8,64", (64, 8)),
    ],
)
def test_budgets(text, expected):
    assert parse_budgets(text) == expected


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("8,16,…", "both sides"),
        ("…,8", "both sides"),
        ("8,24,…,512", "doubling"),
        ("8,16,…,500", "doubling"),
        ("64,…,8", "doubling"),
        ("8,8,…,64", "doubling"),
        ("8,x", "'x'"),
        ("", "''"),
        ("1", "'1'"),
        ("0,8", "'0'"),
        ("-8", "'-8'"),
        ("inf", "'inf'"),
        ("nan", "'nan'"),
        ("8,,16", "''"),
        ("8,…,…,64", "'…'"),
    ],
)
def test_bad_budgets(text, fragment):
    with pytest.raises(TargetError, match="--budgets") as caught:
        parse_budgets(text)
    assert fragment in str(caught.value)


def cell_at(tables, budget, **options):
    borrow = options.pop("borrow", False)
    return make_cells(read_tasks(tables, **options), [budget], borrow=borrow)


def test_a_cell_sees_the_runs_up_to_its_budget_and_nothing_more(finetune_files, wide):
    (first, second) = cell_at(finetune_files, 8)
    assert (first.task, second.task) == ("one", "two")
    table = wide(0).set_index("model")
    for m, model in enumerate(first.trial.models):
        np.testing.assert_array_equal(first.trial.sizes[m], [100, 200, 400, 800])
        np.testing.assert_array_equal(first.trial.losses[m], table.loc[model, ["100", "200", "400", "800"]])
    assert set(first.trial.runs.table["data"]) == {100, 200, 400, 800}
    np.testing.assert_array_equal(first.measured, table["6400"])
    np.testing.assert_array_equal(first.trial.zero_shot, table["0"])
    np.testing.assert_array_equal(first.trial.params, table["params"])
    assert first.trial.borrowed == ()
    assert first.note == ""


def test_a_budget_that_is_no_ratio_of_sizes_keeps_what_lies_within(finetune_files):
    assert max(cell_at(finetune_files, 6)[0].trial.sizes[0]) == 800
    assert max(cell_at(finetune_files, 7.99999999999)[0].trial.sizes[0]) == 800


def test_another_target(finetune_files, wide):
    cell = cell_at(finetune_files, 4, target=3200.0)[0]
    assert set(cell.trial.runs.table["data"]) == {100, 200, 400, 800}
    np.testing.assert_array_equal(cell.measured, wide(0)["3200"])
    with pytest.raises(TargetError, match="1600, 3200, 6400"):
        cell_at(finetune_files, 4, target=3000.0)


def test_borrowing_adds_the_full_tables_of_the_others_and_none_of_the_own(finetune_files):
    first, second = cell_at(finetune_files, 16, borrow=True)
    for cell, other in ((first, "two"), (second, "one")):
        table = joined(cell.trial.runs, cell.trial.borrowed).table
        sizes = table.groupby("task")["data"].agg(["min", "max", "nunique"])
        assert sizes.loc[cell.task].tolist() == [100, 400, 3]
        assert sizes.loc[other].tolist() == [100, 6400, 7]
        assert len(table) == 4 * 3 + 4 * 7
        assert table["row"].is_unique


def test_tables_with_other_columns_are_joined_by_those_they_share(wide):
    one, two = wide(0).assign(task="one"), wide(1, params=False).assign(task="two", note="x")
    cell = cell_at([one, two], 16, borrow=True)[0]
    runs = joined(cell.trial.runs, cell.trial.borrowed)
    assert set(runs.table.columns) == {"row", "model", "family", "task", "data", "loss"}
    assert not runs.table.isna().any().any()
    law = get_law("rectified")
    assert kind_of(law).layout(runs, law).tasks == ("one", "two")


def test_models_without_target_or_without_runs_are_left_out_and_named(wide):
    table = wide(0)
    table.loc[0, "6400"] = np.nan
    table.loc[1, ["100", "200", "400", "800"]] = np.nan
    (cell,) = cell_at([table], 8)
    assert cell.trial.models == ("m-c", "m-d")
    assert cell.note == "left out m-a: no run at the target 6400; left out m-b: no run up to 800"
    assert set(cell.trial.runs.models) == {"m-a", "m-c", "m-d"}  # who is not scored may still be learned from


def test_no_model_to_score(wide):
    (cell,) = cell_at([wide(0)], 512)
    assert cell.trial is None
    assert "no run up to 12.5" in cell.note
    assert "and 1 more" in cell.note


def test_repeated_runs_are_averaged_for_baselines():
    rows = [("a", s, 3 - 0.001 * s + e, k) for s in (1, 2, 4, 64) for k, e in enumerate((-0.1, 0.1))]
    table = pd.DataFrame(rows, columns=["model", "data", "loss", "seed"])
    (cell,) = cell_at([table], 16)
    np.testing.assert_allclose(cell.trial.losses[0], [2.999, 2.998, 2.996])
    np.testing.assert_allclose(cell.measured, [2.936])
    assert len(cell.trial.runs.table) == 6


def test_missing_zero_shot_and_params_are_nan(wide):
    (cell,) = cell_at([wide(0, zero_shot=False, params=False)], 8)
    assert np.isnan(cell.trial.zero_shot).all()
    assert np.isnan(cell.trial.params).all()


def test_a_table_of_several_tasks(wide):
    both = pd.concat([wide(k).assign(task=name) for k, name in enumerate(["x", "y"])])
    tasks = read_tasks([both])
    assert [task.name for task in tasks] == ["x", "y"]
    assert tasks[1].zero_shot == {f"m-{m}": pytest.approx(4 + 0.1 * k) for k, m in enumerate("abcd")}
    assert set(tasks[1].runs.table["task"]) == {"y"}


def test_a_task_comes_once(wide, finetune_files):
    with pytest.raises(RunsError, match=r"one\.csv.*'one' again"):
        read_tasks([finetune_files[0], finetune_files[0]])
    with pytest.raises(RunsError, match="at least one"):
        read_tasks([])
