"""Repeated runs, narrowing, and the content hash."""

import csv
import pickle
import re
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayeslaw.errors import RunsError, SelectionError
from bayeslaw.runs import LeftOut, read_runs, read_zero_shot
from bayeslaw.runs.table import families_of, whole_tasks

FRAME = pd.DataFrame(
    {
        "model": ["a", "a", "b", "b", "c"],
        "family": ["F", "F", "F", "F", "G"],
        "task": ["t", "t", "t", "u", "u"],
        "data": [100, 200, 100, 100, 400],
        "loss": [3.5, 3.25, 3.0, 2.5, 2.25],
        "seed": [0, 1, 0, 0, 0],
        "Note": ["x", "y", "", "x", "z"],
    }
)


def test_a_task_is_one_family_where_each_model_is_its_own():
    for frame in (FRAME.drop(columns="family"), FRAME.assign(family=FRAME["model"] + "-family")):
        table = read_runs(frame).table
        assert whole_tasks(table) == {"t", "u"}
        assert families_of(table).tolist() == table["task"].tolist()


@pytest.mark.parametrize(("params", "one_surface"), [([1e8, 1e8, 2e8, 2e8, 4e8], True), (1e8, False), (None, False)])
def test_what_is_said_of_models_without_families_is_what_laws_do(params, one_surface):
    frame = FRAME.drop(columns="family")
    notes = read_runs(frame if params is None else frame.assign(params=params)).notes
    (said,) = (note for note in notes if "no column of families" in note)
    assert ("joint laws of params and data take all models of a task as one surface" in said) == one_surface
    assert ("families: each model is its own family" in said) != one_surface


def test_whether_a_task_is_one_family_is_its_own_matter():
    table = read_runs(FRAME).table  # on task t a family of several models beside one of a single one
    assert whole_tasks(table) == {"u"}
    assert families_of(table).tolist() == table["family"].where(table["task"] == "t", "u").tolist()
    assert families_of(table, {"t"}).tolist() == table["family"].where(table["task"] == "u", "t").tolist()


def test_repeated_runs_are_kept():
    frame = pd.DataFrame({"model": ["a"] * 3, "data": [1] * 3, "loss": [2.0, 2.0, 2.5], "seed": [1, 2, 3]})
    assert len(read_runs(frame).table) == 3
    assert len(read_runs(frame.drop(columns="seed").iloc[1:]).table) == 2


def test_lines_that_a_training_log_holds_twice_count_once_and_are_named():
    log = pd.DataFrame({"model": "a", "data": range(1, 31), "loss": 3.0 - 0.01 * np.arange(30)})
    runs = read_runs(log.iloc[[0, 1, 0, *range(2, 30), 1]])
    assert len(runs.table) == 30
    assert runs.left_out == (
        LeftOut(3, "the same in every column as row 1"),
        LeftOut(32, "the same in every column as row 2"),
    )
    assert any("2 of 32 rows" in note for note in runs.notes)
    assert runs.content_hash == read_runs(log).content_hash


@pytest.mark.parametrize(
    "sizes",
    [
        {"tokens": [1e9, 1e9], "unique_data": [1e9, 5e8]},
        {"experts": [1, 2]},
        {"share_web": [0.25, 0.5], "share_code": [0.75, 0.5]},
    ],
)
def test_one_seed_may_come_again_at_another_size(sizes):
    frame = pd.DataFrame({"params": [1e8, 1e8], "seed": [0, 0], "loss": [3.0, 2.99], **sizes})
    assert len(read_runs(frame).table) == 2
    with pytest.raises(RunsError, match=r"expected one loss a seed"):
        read_runs(pd.concat([frame, frame.assign(loss=2.98)]))


def test_empty_cells_of_a_setting_are_one_value_for_a_seed():
    frame = pd.DataFrame(
        {"model": ["a"] * 2, "data": [1, 2], "learning_rate": [0.1, None], "seed": [0, 0], "loss": [3, 2]}
    )
    assert len(read_runs(frame).table) == 2
    with pytest.raises(RunsError, match=r"rows 2 and 3: .* expected one loss a seed"):
        read_runs(pd.concat([frame, frame.iloc[1:].assign(loss=2.5)]))


def test_losses_of_one_seed_are_named_by_the_sizes_that_there_are():
    frame = pd.DataFrame({"model": ["a"] * 2, "experts": [2, 2], "seed": [0, 0], "loss": [3.0, 2.99]})
    with pytest.raises(RunsError, match=r"the same model 'a', experts = 2 and seed 0"):
        read_runs(frame)


def test_seeds_that_are_unknown_may_repeat():
    frame = pd.DataFrame({"model": ["a"] * 3, "data": [1] * 3, "loss": [2.0, 2.5, 3.0], "seed": [None, None, 4]})
    assert len(read_runs(frame).table) == 3


def test_names_come_in_order_of_appearance():
    runs = read_runs(FRAME.iloc[::-1])
    assert (runs.models, runs.families, runs.tasks) == (("c", "b", "a"), ("G", "F"), ("u", "t"))


def test_for_task_and_where_account_for_every_row():
    runs = read_runs(FRAME)
    one = runs.for_task("u")
    assert one.models == ("b", "c")
    assert [left_out.row for left_out in one.left_out] == [1, 2, 3]
    narrow = one.where("note == 'z'")
    assert narrow.table["row"].tolist() == [5]
    assert narrow.left_out[-1] == LeftOut(4, "not selected by where: note == 'z'")
    assert len(runs.table) == 5
    with pytest.raises(RunsError, match=r"no task 'v'.*t, u"):
        runs.for_task("v")
    with pytest.raises(SelectionError, match="none of the 5 rows"):
        runs.where("model == 'z'")


def test_where_knows_the_names_of_the_source(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Config Name,Seen Examples,value\na,1k,3\nb,2k,2\n")
    for expression in ("`seen examples` == 2000", "VALUE < 3", "loss < 3", "config_name == 'b'", "data in [2e3]"):
        assert read_runs(path, where=expression).models == ("b",), expression
        assert read_runs(path).where(expression).models == ("b",), expression


def test_runs_can_be_pickled():
    runs = read_runs(FRAME)
    assert pickle.loads(pickle.dumps(runs)).content_hash == runs.content_hash


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(len(FRAME))))
def test_hash_does_not_depend_on_the_order_of_rows(order):
    assert read_runs(FRAME.iloc[order]).content_hash == read_runs(FRAME).content_hash


def test_hash_does_not_depend_on_names_or_spelling(tmp_path):
    expected = read_runs(FRAME).content_hash
    spelled = {"model": "Config Name", "data": "seen_examples", "loss": "eval/loss", "Note": "NOTE"}
    assert read_runs(FRAME.rename(columns=spelled)).content_hash == expected
    assert read_runs(FRAME[FRAME.columns[::-1]]).content_hash == expected
    assert read_runs(FRAME.assign(data=["1e2", "200", "0.1k", "100.0", "4e2"])).content_hash == expected
    assert read_runs(read_runs(FRAME).table).content_hash == expected
    nameless = FRAME.iloc[:2][["data", "loss"]]
    for name in ("one.csv", "two.csv"):
        nameless.to_csv(tmp_path / name, index=False)
    assert read_runs(tmp_path / "one.csv").content_hash == read_runs(tmp_path / "two.csv").content_hash
    assert len(expected) == 64


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("model", "d"),
        ("family", "G"),
        ("task", "v"),
        ("data", 101),
        ("loss", np.nextafter(3.5, 4)),
        ("seed", 9),
        ("Note", "q"),
    ],
)
def test_hash_depends_on_every_cell(column, value):
    changed = FRAME.astype({"loss": float}).copy()
    changed.loc[FRAME["model"] == "a", column] = [value, FRAME[column][1]]
    if column == "family":
        changed.loc[changed["model"] == "a", column] = value
    assert read_runs(changed).content_hash != read_runs(FRAME).content_hash


def test_two_hundred_thousand_rows_are_read_without_python_loops_that_hurt():
    count = 200_000
    frame = pd.DataFrame(
        {
            "model": np.arange(count) % 500,
            "size": "7B",
            "tokens": np.arange(1, count + 1),
            "loss": 1 + 1 / np.arange(1, count + 1),
        }
    )
    start = time.process_time()
    assert len(read_runs(frame).table) == count
    assert time.process_time() - start < 20  # about half a second when the machine is free


@pytest.mark.fits
@pytest.mark.parametrize("cell", ["{:.3f}", "word{:.3f}"])
def test_ten_thousand_columns_take_little_longer_than_in_plain_pandas(tmp_path, cell):
    """Twice as long; before columns were looked at once it took four times that. In CPU time of the same machine."""
    headings = ["model", "data", "loss", *(f"column {i}/acc" if i % 2 else f"column {i}" for i in range(10_000))]
    others = [cell.format(i / 7) for i in range(10_000)]
    rows = [[f"m{k}", str(200 * 2**j), f"{3 - 0.1 * j + 0.01 * k:.3f}", *others] for k in range(3) for j in range(5)]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(row) for row in [headings, *rows]) + "\n")
    start = time.process_time()
    with path.open(newline="") as file:
        first, *others = csv.reader(file)
    table = pd.DataFrame(others, columns=first)
    assert len({heading: pd.to_numeric(table[heading], errors="coerce") for heading in table}) == 10_003
    plain = time.process_time() - start
    start = time.process_time()
    runs = read_runs(path, roles={"loss": "loss"})
    assert time.process_time() - start < 4 * plain
    assert runs.table.shape == (15, 10_000 + 6)


def test_near_headings_are_found_among_many_that_differ_in_a_number():
    table = pd.DataFrame({"model": ["a"], "data": [100.0], "losss": [2.0]} | {f"x{i}": [1.0] for i in range(2_000)})
    start = time.process_time()
    with pytest.raises(RunsError, match=r"is it 'losss'\?"):
        read_runs(table)
    assert time.process_time() - start < 2


def test_rows_alike_in_what_is_known_may_differ_in_another_column():
    """Of many columns, only rows that are alike in those that mean something are compared in the others."""
    alike = FRAME.iloc[[0, 0]].reset_index(drop=True)
    assert len(read_runs(alike.assign(note=["one", "two"])).table) == 2
    with pytest.raises(RunsError, match="the same in every column as row 1"):
        read_runs(alike.assign(note=["one", "one"]))


def test_hash_depends_on_what_a_column_is():
    first, second = FRAME.assign(lr=1, wd=2), FRAME.assign(lr=2, wd=1)
    assert read_runs(first).content_hash != read_runs(second).content_hash
    assert read_runs(FRAME.assign(lr=1)).content_hash != read_runs(FRAME.assign(wd=1)).content_hash
    assert read_runs(FRAME.assign(params=5000)).content_hash != read_runs(FRAME.assign(compute=5000)).content_hash
    assert read_runs(FRAME.assign(Loss=1)).content_hash != read_runs(FRAME.assign(Loss=2)).content_hash


def test_zero_shot_losses_are_read_by_themselves(tmp_path):
    (tmp_path / "t.csv").write_text("model,0,100,200\na,4,3,2\nb,5,3.5,2.5\nc,,3,2\n")
    assert read_zero_shot(tmp_path / "t.csv") == {("t", "a"): 4.0, ("t", "b"): 5.0}
    assert read_zero_shot(tmp_path / "t.csv", where="model == 'b'") == {("t", "b"): 5.0}
    tidy = pd.DataFrame({"model": list("aab"), "data": [0, 0, 1], "loss": [4.0, 5.0, 3.0], "seed": [1, 2, 1]})
    assert read_zero_shot(tidy) == {("task", "a"): 4.5}


def test_runs_that_did_not_end_are_told():
    frame = pd.DataFrame({"model": list("abc"), "data": [1, 2, 3], "loss": [3.0, 2.9, 2.8]})
    states = frame.assign(State=["finished", "crashed", "running"])
    (note,) = (note for note in read_runs(states).notes if "State" in note and "did not end" in note)
    assert note.endswith("""--where 'State != "crashed" and State != "running"'.""")
    spaced = states.rename(columns={"State": "Run State"})
    (note,) = (note for note in read_runs(spaced).notes if "did not end" in note)
    (where,) = re.findall(r"--where '(.*)'", note)
    assert read_runs(spaced, where=where).models == ("a",)
    assert not any("did not end" in note for note in read_runs(states.assign(State="ok")).notes)
