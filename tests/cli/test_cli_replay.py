"""`bayeslaw replay`, with policies that fit nothing."""

import json

import numpy as np
import pandas as pd
import pytest
from command_line import run


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    sizes = 100 * 2.0 ** np.arange(6)
    rows = [
        {"model": m, "data": d, "loss": (2.0 + 0.1 * i) * (d / 100) ** (-0.03 * (i + 1))}
        for i, m in enumerate("abcd")
        for d in sizes
    ]
    path = tmp_path_factory.mktemp("tables") / "toy.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_finished_replays_are_found_again(table, tmp_path, capsys):
    asked = ["replay", table, "--start", "data <= 200", "--policies", "uniform,halving", "--shares", ".3,1",
             "--jobs", 1, "--out", tmp_path / "out"]  # fmt: skip
    status, out, _ = run(capsys, *asked, "--json", "--plot", tmp_path / "r.png")
    assert status == 0
    found = json.loads(out)
    wanted = {"task", "policy", "seed", "step", "spent", "share", "choice", "rel_acc", "regret", "relative_regret",
              "promised_regret", "r2", "rmsle", "coverage_90"}  # fmt: skip
    assert all(wanted <= set(step) for step in found["steps"])
    assert {"policy", "task", "share"} <= set(found["summary"][0])
    assert (tmp_path / "r.png").stat().st_size > 10_000
    assert len(pd.read_csv(tmp_path / "out" / "steps.csv")) == len(found["steps"])
    again = json.loads(run(capsys, *asked, "--json")[1])
    assert again["steps"] == found["steps"]
    status, out, err = run(capsys, *asked)
    assert "Mean RelAcc" in out
    assert "2 replays were made before" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--goal", "win"], "--goal 'win'"),
        (["--shares", "2"], "--shares '2'"),
        (["--policies", "best"], "policy 'best'"),
        (["--start", "data < 5"], "no run"),
        (["--cost", "hours"], "no column 'hours'"),
    ],
)
def test_bad_input_is_refused(table, tmp_path, capsys, arguments, told):
    status, out, err = run(capsys, "replay", table, "--jobs", 1, "--out", tmp_path / "out", *arguments)
    assert (status, out) == (2, "")
    assert told in err
