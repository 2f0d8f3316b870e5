"""Sizes in another unit than the fellows', and a last size off the trend of all."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.misaligned import AHEAD_MIN, ahead_check, last_size_check, unit_check
from bayeslaw.runs.trajectories import trajectories
from tests.runs.tables import SIZES, falling, table_of

DATA = os.environ.get("BAYESLAW_DATA", "")
NEEDS_DATA = pytest.mark.skipif(not DATA, reason="BAYESLAW_DATA is not set")


def curves(frame):
    return trajectories(table_of(frame), "data", [])


@pytest.mark.parametrize("factor", [0.1, 1e-3, 1000])
def test_a_model_in_another_unit_is_named(factor):
    frame = falling()
    off = frame["data"].where(frame["model"] != "m2", frame["data"] * factor)
    check = unit_check(curves(frame.assign(data=off)))
    assert (check.status, check.value) == ("REVIEW", 1)
    assert f"m2 (by {max(factor, 1 / factor):g})" in check.sentence
    assert unit_check(curves(frame)).status == "PASS"


def test_sizes_of_one_grid_are_in_one_unit():
    decades = falling(sizes=[10, 100, 1000, 10_000])
    assert unit_check(curves(decades[(decades["model"] != "m0") | (decades["data"] < 5000)])).status == "PASS"
    other = falling(sizes=[150, 300, 700]).assign(model="other")
    assert unit_check(curves(pd.concat([falling(), other], ignore_index=True))).status == "PASS"
    assert unit_check(curves(falling(models=1))).status == "PASS"


def bending(models=8, spread=0.05, seed=0, off=1.0):
    """Models whose losses fall ever more slowly, at levels that differ at random; the first as at other sizes."""
    rng, rows = np.random.default_rng(seed), []
    for k, level in enumerate(spread * rng.standard_normal(models)):
        loss = (1 + 8 / (SIZES * (off if k == 0 else 1.0)) ** 0.35) * np.exp(level + 0.003 * rng.standard_normal(7))
        rows += [(f"m{k}", float(size), value) for size, value in zip(SIZES, loss, strict=True)]
    return pd.DataFrame(rows, columns=["model", "data", "loss"])


def ahead(frame):
    return ahead_check(table_of(frame), curves(frame))


@pytest.mark.parametrize("spread", [0.002, 0.02])
def test_a_model_as_good_as_others_at_ten_times_the_data_is_named_with_the_factor(spread):
    check = ahead(bending(spread=spread, off=10.0))
    assert (check.status, check.threshold) == ("REVIEW", AHEAD_MIN)
    assert check.sentence.startswith("m0 lies ")
    assert check.sentence.endswith("were its sizes 10 times as large, it would be one among them.")


def test_where_levels_differ_much_the_bend_tells_of_a_factor():
    """Levels alone would name hardly any: with a spread of 15% the first is ahead of the others by 2 to 4 sds."""
    checks = [ahead(bending(spread=0.12, off=10.0, seed=k)) for k in range(40)]
    named = [check for check in checks if check.status == "REVIEW"]
    assert len(named) >= 5
    assert all("m0 lies" in check.sentence and "10 times" in check.sentence for check in named)


def test_a_model_ahead_of_all_without_a_factor_is_named():
    frame = bending(spread=0.01)
    check = ahead(frame.assign(loss=frame["loss"].where(frame["model"] != "m3", frame["loss"] * 0.5)))
    assert check.status == "REVIEW"
    assert "m3 lies 50% below the other models" in check.sentence
    assert "by chance" in check.sentence


def test_models_that_differ_are_ahead_of_others_as_often_as_is_said():
    found = [ahead(bending(seed=k, spread=0.2)).status for k in range(150)]
    assert found.count("REVIEW") <= 3


def test_a_model_behind_all_or_larger_than_all_or_beside_few_is_not_ahead():
    frame = bending(spread=0.01)
    worse = frame["loss"].where(frame["model"] != "m3", frame["loss"] * 2)
    assert ahead(frame.assign(loss=worse)).status == "PASS"
    better = frame.assign(loss=frame["loss"].where(frame["model"] != "m3", frame["loss"] * 0.5))
    assert ahead(better.assign(params=np.where(frame["model"] == "m3", 7e9, 1e8))).status == "PASS"
    assert ahead(better[better["model"].isin(["m0", "m1", "m2", "m3"])]).sentence.startswith("Too few models")


def test_a_model_whose_sizes_are_those_of_others_one_way_or_the_other_but_none_both_ways_is_judged():
    """Sizes 10 to 80 are those of others times ten, and 100 to 800 are theirs as they stand: no bends to compare."""
    sizes = {f"m{k}": (100, 200, 400, 800) for k in range(8)} | {"x": (10, 20, 40, 80, 100, 200, 400, 800)}
    rows = [
        (model, float(d), (1 + 3 / (d * (10 if model == "x" else 1)) ** 0.3) * (1 + 0.003 * k))
        for k, (model, at) in enumerate(sizes.items())
        for d in at
    ]
    check = ahead(pd.DataFrame(rows, columns=["model", "data", "loss"]))
    assert (check.status, check.sentence[:7]) == ("REVIEW", "x lies ")


def test_a_last_size_off_the_trend_of_all_is_said():
    frame = falling(models=8)
    last = frame["data"] == SIZES[-1]
    check = last_size_check(curves(frame.assign(loss=frame["loss"].where(~last, frame["loss"] * 0.93))))
    assert check.status == "REVIEW"
    assert "below the trend" in check.sentence
    said = float(check.sentence.split(" lie ")[1].split("%")[0])
    assert said == pytest.approx(-100 * np.log(0.93), abs=1.5)
    up = last_size_check(curves(frame.assign(loss=frame["loss"].where(~last, frame["loss"] * 1.07))))
    assert "above the trend" in up.sentence


def test_a_trend_that_bends_is_a_trend():
    frame = falling(models=8, noise=0.001)
    bent = frame["loss"] * np.exp(-0.02 * np.log(frame["data"] / 200) ** 2)  # slopes change by the same at each step
    assert last_size_check(curves(frame.assign(loss=bent))).status == "PASS"


def test_one_curve_off_is_not_all():
    frame = falling(models=8)
    one = (frame["data"] == SIZES[-1]) & (frame["model"] == "m0")
    assert last_size_check(curves(frame.assign(loss=frame["loss"].where(~one, frame["loss"] * 0.8)))).status == "PASS"


def test_noise_is_off_no_trend():
    found = [
        last_size_check(curves(falling(models=8, noise=noise, seed=k))).status
        for noise in (0.005, 0.05)
        for k in range(40)
    ]
    assert found.count("PASS") == len(found)


@NEEDS_DATA
def test_published_tables_are_aligned():
    paths = [Path(DATA) / "finetune" / "flan.csv", Path(DATA) / "finetune" / "gigaword.csv"]
    for runs in map(read_runs, paths):
        for limit in (3_200, 204_800, 1_638_400):
            found = trajectories(runs.where(f"data <= {limit}").table, "data", [])
            assert (unit_check(found).status, last_size_check(found).status) == ("PASS", "PASS")
            assert ahead_check(runs.table, found).value > 10 * AHEAD_MIN
    runs = read_runs(Path(DATA) / "selection" / "lcdb.csv")
    for task in runs.tasks:
        table = runs.for_task(task).table
        found = trajectories(table[table["data"] <= table["data"].max() / 8], "data", [])
        assert (unit_check(found).status, last_size_check(found).status) == ("PASS", "PASS"), task
        assert ahead_check(table, found).value > 10 * AHEAD_MIN, task


@NEEDS_DATA
def test_cases_as_people_have_them():
    units = table_of(pd.read_csv(Path(DATA) / "cases" / "units_of_one_model.csv"))
    assert "m1 (by 10)" in unit_check(trajectories(units, "data", [])).sentence
    decayed = read_runs(Path(DATA) / "cases" / "last_size_decayed.csv")
    assert last_size_check(trajectories(decayed.table, "data", [])).status == "REVIEW"
