"""`bayeslaw next`, from a stored fit."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import one_message, run

import bayeslaw.answers.next_runs
from bayeslaw.answers.questions import Question
from bayeslaw.cli.select import _another_run
from bayeslaw.errors import TargetError

FITS = Path(__file__).parents[1] / "posterior" / "fits"
CURVES, SURFACE = FITS / "format_7_slope.nc", FITS / "format_7_surface.nc"


@pytest.fixture
def close_calls():
    """Stands for a fit whose next runs are known."""
    now = SimpleNamespace(recommendation="a")
    return SimpleNamespace(next_runs=lambda: SimpleNamespace(now=now, another_run="No other run."))


def test_the_answer_that_scripts_rely_on(capsys, tmp_path):
    picture = tmp_path / "next.png"
    status, out, _ = run(capsys, "next", CURVES, "--at", "data=100k", "--slots", 2, "--cost", "data", "--json",
                         "--plot", picture, "--allow-failed-checks")  # fmt: skip
    assert status == 0
    record = json.loads(out)
    assert record["goal"] == "choose"
    assert {"recommendation", "expected_regret", "p_best"} == set(record["now"])
    assert {"model", "at", "cost", "expected_gain", "gain_per_cost", "sentence"} <= set(record["runs"][0])
    assert set(record["stop"]) == {"status", "value", "threshold", "sentence"}
    assert {"checks", "status", "settings"} <= set(record)
    assert record["seconds"]["total"] > 0
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--at", "data=100k", "--foretell", "b"], "narrows the 90% interval"),
        (["--crossing", "a:c"], "cross"),
        (["--at", "data=100k", "--price", "1e9"], "a unit of loss"),
        (["--at", "data=100k", "--price", "1e9"], "by what they earn net of their cost"),
    ],
)
def test_what_people_read(capsys, arguments, told):
    status, out, _ = run(capsys, "next", CURVES, *arguments, "--allow-failed-checks")
    assert status == 0
    assert told in " ".join(out.split())
    assert ("earned net" if "--price" in arguments else "gain per") in out


def test_every_option_is_part_of_the_question(capsys, tmp_path, monkeypatch):
    def noted(posterior, question, **how):
        asked.append((question, how))
        raise TargetError("Enough.")

    asked = []
    monkeypatch.setattr(bayeslaw.answers.next_runs, "next_runs", noted)
    table = tmp_path / "candidates.csv"
    table.write_text("model,data\na,1000\n")
    run(capsys, "next", CURVES, "--at", "data=100k", "--task", "t", "--charge", "a=1", "--where-final", "model != 'c'",
        "--candidates", table, "--cost", "data", "--continued", "--budget", "1e9", "--slots", 3, "--price", "1e6",
        "--tolerance", "0.25", "--seed", 7)  # fmt: skip
    run(capsys, "next", CURVES, "--crossing", "a: c")
    run(capsys, "next", CURVES, "--at", "data=100k", "--foretell", "b")
    (first, how), (second, plain), (third, _) = asked
    assert first == Question({"data": 1e5}, task="t", charge={"a": 1.0}, where_final="model != 'c'")
    assert how == {"candidates": table, "cost": "data", "continued": True, "budget": 1e9, "slots": 3, "price": 1e6,
                   "tolerance": 0.25, "seed": 7}  # fmt: skip
    assert (second.crossing, third.foretell) == (("a", "c"), "b")
    assert plain == {"candidates": None, "cost": None, "continued": False, "budget": None, "slots": 1, "price": None,
                     "tolerance": None, "seed": 0}  # fmt: skip


@pytest.mark.parametrize("risk", ["mean", "cvar90"])
def test_the_last_line_of_a_choice_goes_by_expected_regret(capsys, risk):
    status, out, _ = run(capsys, "select", CURVES, "--at", "data=100k", "--risk", risk, "--allow-failed-checks")
    assert status == 0
    assert ("By expected regret" in out) == (risk != "mean")


def test_another_choice_by_expected_regret_is_named(close_calls):
    found = _another_run(close_calls, {}, "cvar90", "b")
    assert found == "By expected regret, which recommends a, and not by cvar90: No other run."
    assert _another_run(close_calls, {}, "cvar90", "a") == "By expected regret, and not by cvar90: No other run."


def test_a_budget_is_split(capsys):
    status, out, err = run(capsys, "next", SURFACE, "--compute", "1e21", "--allow-failed-checks")
    assert status == 0
    assert "excess loss of the split" in " ".join(out.split())
    assert "6 N D" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Nothing says what is to be decided"),
        (["--crossing", "a"], "expected two models"),
        (["--at", "data=100k", "--slots", "0"], "slots=0"),
        (["--at", "data=100k", "--budget", "lots"], "--budget 'lots'"),
        (["--at", "data=100k", "--cost", "nothing"], "no column 'nothing'"),
        (["--at", "data=100k", "--candidates", "none.csv"], "none.csv"),
    ],
)
def test_bad_input_is_refused_with_one_message(capsys, arguments, told):
    status, out, err = run(capsys, "next", CURVES, *arguments)
    assert (status, out) == (2, "")
    assert told in one_message(err)


def test_select_ends_with_whether_another_run_would_change_the_choice(capsys):
    status, out, _ = run(capsys, "select", CURVES, "--at", "data=100k", "--allow-failed-checks")
    assert status == 0
    assert "another run" in out.splitlines()[-1].lower() or "other run" in out.splitlines()[-1].lower()


def test_select_under_another_risk_with_charges(capsys):
    status, out, _ = run(capsys, "select", CURVES, "--at", "data=100k", "--risk", "cvar90", "--charge", "a=1",
                         "--where-final", "model != 'c'", "--json", "--allow-failed-checks")  # fmt: skip
    record = json.loads(out)
    assert status == 0
    assert record["recommendation"]["risk"] == "cvar90"
    assert record["recommendation"]["model"] == "b"
    assert {c["model"]: c["charge"] for c in record["candidates"]} == {"a": 1.0, "b": 0.0}
    assert "--risk 'none'" in one_message(run(capsys, "select", CURVES, "--at", "data=100k", "--risk", "none")[2])
