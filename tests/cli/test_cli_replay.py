"""`bayeslaw replay`, with policies that fit nothing."""

import json

import numpy as np
import pandas as pd
import pytest
from command_line import run

import bayeslaw.evidence.replay.replay
from bayeslaw.errors import TargetError
from tests.views import by_hand


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


def test_every_option_is_part_of_the_replay(table, tmp_path, capsys, monkeypatch):
    def noted(tables, **how):
        asked.append((tables, {**how, "law": how["law"].name}))
        raise TargetError("Enough.")

    asked = []
    monkeypatch.setattr(bayeslaw.evidence.replay.replay, "replay", noted)
    run(capsys, "replay", table, "--goal", "foretell", "--start", "data <= 200", "--split", "part", "--law", "vanilla",
        "--cost", "data", "--shares", ".3, 1", "--policies", "uniform, halving", "--seeds", 3, "--tasks", 2,
        "--where", "data > 1", "--as", "data=examples", "--jobs", 2, "--out", tmp_path / "out")  # fmt: skip
    ((tables, how),) = asked
    assert tables == [table]
    assert callable(how.pop("report"))
    assert how == {
        "goal": "foretell", "start": "data <= 200", "split": "part", "law": "vanilla", "cost": "data",
        "shares": [0.3, 1.0], "policies": ["uniform", "halving"], "seeds": 3, "first": 2, "where": "data > 1",
        "roles": {"data": "examples"}, "workers": 2, "folder": tmp_path / "out",
    }  # fmt: skip


def test_replays_that_failed_are_told_and_the_answer_is_kept(table, tmp_path, capsys, monkeypatch):
    found = by_hand.replay()
    monkeypatch.setattr(bayeslaw.evidence.replay.replay, "replay", lambda *_, **__: found)
    (tmp_path / "out").mkdir()
    asked = ["replay", table, "--out", tmp_path / "out"]
    status, out, err = run(capsys, *asked)
    assert status == 3
    assert "uniform on t: it broke" in err
    assert found.sentence in out
    assert json.loads((tmp_path / "out" / "replay.json").read_text()) == json.loads(run(capsys, *asked, "--json")[1])
    assert run(capsys, *asked, "--allow-failed-checks")[0] == 0


def test_a_picture_of_another_kind_is_refused_before_anything_is_replayed(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bayeslaw.evidence.replay.replay, "replay", lambda *_, **__: pytest.fail("it was replayed"))
    status, _, err = run(capsys, "replay", table, "--plot", tmp_path / "r.txt", "--out", tmp_path / "out")
    assert status == 2
    assert "'.txt' is not known" in err


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
