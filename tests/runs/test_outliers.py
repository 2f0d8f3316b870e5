"""A loss that lies far off its neighbours is named; real peaks and noise are not."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.outliers import outlier_check
from bayeslaw.runs.trajectories import trajectories
from tests.runs.tables import SIZES, falling, table_of

DATA = os.environ.get("BAYESLAW_DATA", "")


def found(frame, sizes=("data",)):
    table = table_of(frame)
    fixed = [name for name in sizes if name != "data"]
    return outlier_check(table, trajectories(table, "data", fixed), sizes)


def wrong(frame, row, factor):
    loss = frame["loss"].to_numpy().copy()
    loss[row] *= factor
    return frame.assign(loss=loss)


@pytest.mark.parametrize("row", [0, 1, 3, 6, 10])
@pytest.mark.parametrize("factor", [10, 0.1])
def test_a_slip_of_the_decimal_point_names_its_row(row, factor):
    frame = falling()
    check = found(wrong(frame, row, factor))
    assert check.status == "FAIL"
    assert check.value > 20
    wanted = frame.iloc[row]
    assert f"Row {row + 1} ({wanted['model']}, data = {wanted['data']:.0f})" in check.sentence
    assert f"{wanted['loss'] * factor:.6g}" in check.sentence
    said = float(check.sentence.split("neighbours say about ")[1].split(",")[0])
    assert said == pytest.approx(wanted["loss"], rel=0.03)
    assert f'--where "row != {row + 1}"' in check.remedy


def test_a_wrong_digit_is_for_review_inside_a_curve():
    check = found(wrong(falling(), 3, 1.7))
    assert check.status == "REVIEW"
    assert "Row 4 " in check.sentence
    assert found(wrong(falling(), 3, 1.3)).status == "PASS"
    assert found(wrong(falling(), 0, 1.7)).status == "PASS"  # at an end a steep start looks the same


def test_of_three_seeds_the_wrong_one_is_named():
    seeds = pd.concat([falling(seed=k, noise=0.02).assign(seed=k) for k in range(3)], ignore_index=True)
    check = found(wrong(seeds, 31, 10))
    assert check.status == "FAIL"
    assert check.sentence.startswith("Row 32 (")
    assert ";" not in check.sentence


def test_of_two_seeds_the_other_is_what_was_expected():
    seeds = pd.concat([falling(seed=k, noise=0.02).assign(seed=k) for k in range(2)], ignore_index=True)
    check = found(wrong(seeds, 31, 10))
    assert check.sentence.startswith("Row 32 (")
    assert f"neighbours say about {seeds['loss'][3]:.3g}" in check.sentence


def test_two_are_both_named():
    check = found(wrong(wrong(falling(), 3, 10), 12, 0.1))
    assert "Row 4 " in check.sentence
    assert "Row 13 " in check.sentence
    assert "row != 4 and row != 13" in check.remedy or "row != 13 and row != 4" in check.remedy


def test_a_wide_table_loses_one_cell_only():
    wide = falling().pivot(index="model", columns="data", values="loss").reset_index()
    wide.columns = ["model", *(f"{size:.0f}" for size in SIZES)]
    wide.loc[1, "1600"] *= 10
    check = found(wide)
    assert "data == 1600" in check.remedy
    assert "data = 1600" in check.sentence
    expression = check.remedy.split('"')[1]
    assert len(read_runs(wide).where(expression).table) == 27


def test_a_table_with_a_column_for_each_model_loses_one_cell_only():
    frame = falling().pivot(index="data", columns="model", values="loss").reset_index()
    frame.loc[3, "m1"] *= 10
    table = read_runs(frame).table
    check = outlier_check(table, trajectories(table, "data", []), ["data"])
    assert "not (row == 4 and model == 'm1')" in check.remedy
    assert len(read_runs(frame, where=check.remedy.split('"')[1]).table) == len(table) - 1


def test_a_table_without_data_names_the_size_that_it_has():
    frame = falling(models=1).rename(columns={"data": "experts"}).assign(params=1e8)
    frame.loc[3, "loss"] *= 10
    table = read_runs(frame).table
    check = outlier_check(table, trajectories(table, "experts", ["params"]), ["experts", "params"])
    assert "Row 4 (m0, experts = 1600): found a loss of" in check.sentence


@pytest.mark.parametrize("noise", [0.0, 0.005, 0.1, 0.5])
def test_noise_is_no_fault(noise):
    assert {found(falling(models=8, noise=noise, seed=seed)).status for seed in range(20)} == {"PASS"}


def test_a_peak_with_shoulders_is_no_fault():
    size = np.log(SIZES)
    peak = np.exp(0.8 * np.exp(-(((size - size[3]) / 0.7) ** 2)))
    frame = falling(models=1)
    assert found(frame.assign(loss=frame["loss"] * peak)).status == "PASS"


def test_models_with_one_run_each_are_asked_by_their_nearest():
    grid = [(n, d) for n in np.geomspace(1e7, 1e9, 5) for d in np.geomspace(1e9, 1e11, 5)]
    loss = [1.7 + 400 * n**-0.34 + 410 * d**-0.28 for n, d in grid]
    frame = pd.DataFrame(grid, columns=["params", "tokens"]).assign(model=[f"m{i}" for i in range(25)], loss=loss)
    assert found(frame, ("data", "params")).status == "PASS"
    check = found(wrong(frame, 12, 10), ("data", "params"))
    assert check.status == "FAIL"
    assert "Row 13 (m12" in check.sentence


@pytest.mark.skipif(not DATA, reason="BAYESLAW_DATA is not set")
def test_published_tables_have_none():
    for name in ("finetune/flan.csv", "finetune/gigaword.csv", "pretrain/chinchilla_points.csv"):
        table = read_runs(Path(DATA) / name).table
        fixed = ["params"]
        assert outlier_check(table, trajectories(table, "data", fixed), ["data", *fixed]).status == "PASS", name
    runs = read_runs(Path(DATA) / "selection" / "lcdb.csv")
    for task in runs.tasks:
        table = runs.for_task(task).table
        assert outlier_check(table, trajectories(table, "data", []), ["data"]).status == "PASS", task
