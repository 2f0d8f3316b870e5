"""Losses that rise with data: throughout, at the end of a curve that matters, or within noise."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.rises import rise_check
from bayeslaw.runs.trajectories import trajectories
from tests.runs.tables import SIZES, falling, table_of

DATA = os.environ.get("BAYESLAW_DATA", "")


def found(frame, sizes=("data",)):
    return of_table(table_of(frame), sizes)


def of_table(table, sizes=("data",)):
    return rise_check(table, trajectories(table, "data", [n for n in sizes if n != "data"]), sizes)


@pytest.mark.parametrize("models", [1, 4])
def test_losses_that_rise_throughout_fail(models):
    check = found(falling(models, exponent=-0.1))
    assert (check.status, check.value) == ("FAIL", 1.0)
    assert "throughout" in check.sentence
    assert "higher is better" in check.remedy
    assert "reverse order" in check.remedy
    assert found(falling(models)).status == "PASS"


def test_an_accuracy_fails():
    frame = falling()
    assert found(frame.assign(loss=1 - frame["loss"] / 10)).status == "FAIL"


def test_a_reversed_training_log_fails_in_spite_of_its_noise():
    sizes = np.arange(100, 30_000, 100)
    log = falling(1, sizes=sizes, noise=0.05)
    assert found(log).status == "PASS"
    assert found(log.assign(loss=log["loss"].to_numpy()[::-1])).status == "FAIL"


def test_a_rise_within_noise_is_none():
    assert {found(falling(8, noise=0.05, seed=k, exponent=0.02)).status for k in range(20)} == {"PASS"}
    assert {found(falling(8, noise=0.1, seed=k, exponent=0.0)).status for k in range(20)} == {"PASS"}


def test_curves_that_fall_before_they_rise_do_not_rise_throughout():
    frame = falling(noise=0.001, exponent=0.0)
    turn = np.abs(np.log(frame["data"] / SIZES[2]))
    check = found(frame.assign(loss=frame["loss"] * np.exp(0.1 * turn)))
    assert (check.status, check.value) == ("REVIEW", 1.0)


def test_standard_errors_of_the_table_excuse_a_rise():
    frame = falling(noise=0.0)
    frame = frame.assign(loss=frame["loss"].where(frame["model"] != "m0", frame["loss"] * 0.75))
    late = frame["loss"].where(~((frame["model"] == "m0") & (frame["data"] > 3000)), frame["loss"] * 1.4)
    assert found(frame.assign(loss=late, loss_se=0.01)).status == "REVIEW"
    assert found(frame.assign(loss=late, loss_se=1.0)).status == "PASS"


def test_a_late_rise_matters_among_the_best_only():
    frame = falling(8, noise=0.001)
    high = frame.assign(loss=frame["model"].map({"m0": 0.75, "m7": 2.0}).fillna(1.0) * frame["loss"])
    for name, status in (("m0", "REVIEW"), ("m7", "PASS")):
        late = np.where((high["model"] == name) & (high["data"] >= SIZES[-3]), 1.3, 1.0)
        check = found(high.assign(loss=high["loss"] * late))
        assert check.status == status
        assert name in check.sentence or status == "PASS"


def test_many_that_rise_are_for_review():
    frame = falling(8, noise=0.001)
    up = frame["model"].isin(["m5", "m6", "m7"])
    check = found(frame.assign(loss=frame["loss"].where(~up, 20 / frame["loss"])))
    assert (check.status, check.value) == ("REVIEW", 3 / 8)


def test_the_worst_task_counts():
    both = pd.concat([falling(task="t"), falling(task="u", exponent=-0.1)], ignore_index=True)
    check = found(both)
    assert check.status == "FAIL"
    assert "on u" in check.sentence


def test_single_runs_have_to_fall_with_compute():
    grid = [(n, d) for n in np.geomspace(1e7, 1e9, 4) for d in np.geomspace(1e9, 1e11, 4)]
    frame = pd.DataFrame(grid, columns=["params", "tokens"])
    frame = frame.assign(model=[f"m{i}" for i in range(16)], loss=1.7 + 400 * frame["params"] ** -0.34)
    assert found(frame, ("data", "params")).status == "PASS"
    assert found(frame.assign(loss=4 - frame["loss"]), ("data", "params")).status == "FAIL"


@pytest.mark.skipif(not DATA, reason="BAYESLAW_DATA is not set")
def test_classifiers_do_not_trip_it():
    """Of 37 tasks seen to an eighth of their largest size, nine in ten pass."""
    runs = read_runs(Path(DATA) / "selection" / "lcdb.csv")
    statuses = []
    for task in runs.tasks:
        table = runs.for_task(task).table
        statuses.append(of_table(table[table["data"] <= table["data"].max() / 8]).status)
    assert statuses.count("PASS") >= 0.9 * len(statuses)
    assert "FAIL" not in statuses


@pytest.mark.skipif(not DATA, reason="BAYESLAW_DATA is not set")
@pytest.mark.parametrize("task", ["flan", "gigaword"])
def test_reversed_columns_of_a_published_table(task):
    frame = pd.read_csv(Path(DATA) / "finetune" / f"{task}.csv")
    sizes = [c for c in frame.columns if c.isdigit() and c != "0"]
    assert found(frame.drop(columns="0")).status == "PASS"
    assert found(frame.drop(columns="0").rename(columns=dict(zip(sizes, sizes[::-1], strict=True)))).status == "FAIL"
