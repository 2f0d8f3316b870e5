"""The backtest commands as scripts and people meet them."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command_line import one_message
from command_line import run as run_command

from bayeslaw.cli import backtest as cli_backtest
from bayeslaw.evidence.backtest.scoring import SCORES, SELECTION_SCORES
from bayeslaw.evidence.baselines import selection
from bayeslaw.jobs.run import Step

SIZES = (100, 200, 400, 800, 1600, 3200, 6400)
WIDE = "model,0," + ",".join(map(str, SIZES)) + ",params\n"
for k in range(3):
    losses = [f"{(3 + 0.2 * k) * s ** -(0.1 + 0.02 * k) * (1 + 0.004 * np.sin(7 * s + k)):.6f}" for s in SIZES]
    WIDE += f"m{k},{4 + k / 10},{','.join(losses)},{1e8 * (k + 1):.0f}\n"
CURVES = "Domain,Task,Model,Seen Examples,Loss,Training\n"
for domain in ("LM", "IC"):
    for model in "pq":
        for i, x in enumerate(1000 * 2 ** np.arange(12)):
            loss = 0.3 + 20 / np.sqrt(x) + (0.1 if model == "q" else 0)
            CURVES += f"{domain},t,{model},{x},{loss * (1 + 0.002 * np.sin(9 * i)):.6f},{int(i < 7)}\n"
QUICK = "accept_then_stop,largest_subset,zero_shot,uniform"
TIDY = "task,model,data,loss,loss_se\n"
for task in ("ant", "bee", "cat"):
    for k in range(3):
        for i in range(11):
            size, wave = round(32 * 2 ** (i / 2)), 1 + 0.01 * np.sin(5 * i + k + len(TIDY) % 7)
            TIDY += f"{task},m{k},{size},{(1 + k) * size ** -(0.1 + 0.1 * k) * wave:.6f},0.01\n"


def run(capsys, *arguments):
    return run_command(capsys, "backtest", *arguments)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.csv").write_text(WIDE)
    (tmp_path / "two.csv").write_text(WIDE.replace("m1,4.1", "m1,4.2"))
    (tmp_path / "curves.csv").write_text(CURVES)
    (tmp_path / "pool.csv").write_text(TIDY)
    return tmp_path


def strict(text):
    """Read JSON that must not hold NaN or infinity."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"found {name}"))


@pytest.mark.core
@pytest.mark.fits
def test_finetune_keeps_its_contract(capsys, here):
    arguments = ["finetune", "one.csv", "two.csv", "--budgets", "8,…,64", "--jobs", 1, "--json"]
    methods = "accept_then_stop,accept_then_stop_3,rectified_point_fit,vanilla_point_fit,largest_subset,zero_shot,"
    methods += "model_size,rectified_bootstrap,uniform"
    status, out, _ = run(capsys, *arguments, "--methods", methods)
    record = strict(out)
    assert status == 0
    assert set(record) == {"cells", "summary", "settings", "notes", "status", "seconds"}
    assert len(record["cells"]) == 2 * 4 * 9
    for cell in record["cells"]:
        assert {"task", "budget", "method", "models", "target", "scores"} <= set(cell)
        assert list(cell["scores"]) == list(SCORES)
        assert (cell["models"], cell["target"], cell["domain"]) == (3, {"data": 6400.0}, "finetune")
        assert "predictions" not in cell
    assert {cell["budget"] for cell in record["cells"]} == {8, 16, 32, 64}
    for row in record["summary"]:
        assert set(row) == {"method", "domain", "cells", "scores"}
        assert list(row["scores"]) == list(SCORES)
    assert [row["method"] for row in record["summary"]] == methods.split(",")
    whole = strict((here / "backtest-finetune" / "backtest.json").read_text())
    assert all("predictions" in cell for cell in whole["cells"] if cell["scores"]["rmsle"] is not None)
    assert {path.name for path in (here / "backtest-finetune").iterdir()} == {
        "backtest.json", "summary.txt", "cells", "coverage.png", "error.png",
    }  # fmt: skip
    assert len(list((here / "backtest-finetune" / "cells").iterdir())) == len(record["cells"])


def test_a_second_run_says_what_it_found(capsys, here):
    arguments = ["finetune", "one.csv", "--budgets", "4,8", "--methods", QUICK, "--jobs", 1, "--out", "folder"]
    status, first, err = run(capsys, *arguments)
    assert status == 0
    assert "accept_then_stop" in first
    assert "computed before" not in err
    status, second, err = run(capsys, *arguments)
    assert second == first
    assert "8 of 8 cells were computed before and taken from folder." in err
    next((here / "folder" / "cells").glob("one-4-uniform*")).write_text("{")
    status, third, err = run(capsys, *arguments)
    assert (status, third) == (0, first)
    damaged = next(line for line in err.splitlines() if "damaged" in line)
    assert damaged.startswith("bayeslaw: folder/cells/one-4-uniform")
    assert "7 of 8 cells" in err


def test_tables_are_what_the_user_says(capsys, here):
    (here / "named.csv").write_text(TIDY.replace("task,model,data,loss", "task,model,step,quality"))
    (here / "bends.csv").write_text(CURVES.replace("Seen Examples,Loss", "Step,Quality"))
    said = ["--as", "quality=loss", "--tokens-per-step", "2", "--jobs", 1, "--json"]
    for command in (
        ["finetune", "named.csv", "--budgets", "4", "--methods", "uniform"],
        ["selection", "named.csv", "--beyond", "4", "--methods", "equal_odds"],
        ["curves", "bends.csv", "--methods", "m1"],
    ):
        status, out, _ = run(capsys, *command, *said)
        record = strict(out)
        assert status == 0
        assert record["settings"]["roles"] == {"quality": "loss", "steps": "tokens:2"}
        largest = 2048 * 1000 if command[0] == "curves" else 1024
        assert {cell["target"]["data"] for cell in record["cells"]} == {2 * largest}
        status, _, err = run(capsys, *command, "--as", "quality=loss", "--jobs", 1)
        assert (status, "--tokens-per-step" in err) == (2, True)


RULES = "largest_size,accept_then_stop,softmax_largest,equal_odds,rolling_origins"


def test_selection_keeps_its_contract(capsys, here):
    arguments = ["selection", "pool.csv", "--beyond", "2,4", "--tasks", 2, "--methods", RULES, "--jobs", 1]
    status, out, _ = run(capsys, *arguments, "--json")
    record = strict(out)
    assert status == 0
    assert set(record) == {"cells", "summary", "settings", "notes", "status", "seconds"}
    assert len(record["cells"]) == 2 * 2 * 5
    for cell in record["cells"]:
        assert {"task", "budget", "method", "models", "target", "scores", "collection", "note"} <= set(cell)
        assert list(cell["scores"]) == list(SELECTION_SCORES)
        assert (cell["models"], cell["target"], cell["collection"]) == (3, {"data": 1024.0}, "pool")
        assert "predictions" not in cell
    assert {(cell["task"], cell["budget"]) for cell in record["cells"]} == {
        (t, b) for t in ("ant", "bee") for b in (2, 4)
    }
    assert (record["settings"]["first_tasks"], record["settings"]["beyond"]) == (2, [2, 4])
    for row in record["summary"]:
        assert (row["collection"], row["tasks"]) == ("pool", 2)
        assert list(row["scores"]) == list(row["without_score"]) == list(SELECTION_SCORES)
        odds = row["method"] in ("softmax_largest", "equal_odds", "rolling_origins")
        assert (row["calibration_p_best"] is not None) == odds
    assert [(row["method"], row["budget"]) for row in record["summary"]] == [
        (method, budget) for method in RULES.split(",") for budget in (2, 4)
    ]
    whole = strict((here / "backtest-selection" / "backtest.json").read_text())
    assert all("predictions" in cell for cell in whole["cells"])
    status, out, err = run(capsys, *arguments)
    assert "20 of 20 cells were computed before and taken from backtest-selection." in err
    assert "pool, seen to 1/2: means over tasks" in out
    assert out.index("seen to 1/2") < out.index("seen to 1/4")


def test_curves_keep_their_contract(capsys, here):
    status, out, _ = run(capsys, "curves", "curves.csv", "--methods", "m1,m2,m4", "--jobs", 1, "--json")
    record = strict(out)
    assert status == 0
    assert {(c["domain"], c["task"]) for c in record["cells"]} == {(d, f"t: {m}") for d in ("LM", "IC") for m in "pq"}
    for cell in record["cells"]:
        assert (cell["budget"], cell["models"]) == (None, 5)
        missing = {name for name, value in cell["scores"].items() if value is None}
        assert missing == set(SCORES) - {"rmsle", "are_median", "crps_log"}
    assert [(row["method"], row["domain"]) for row in record["summary"]] == [
        (method, domain) for method in ("m1", "m2", "m4") for domain in ("LM", "IC")
    ]
    assert {cell["dataset"] for cell in record["cells"]} == {"t"}
    assert [(row["method"], row["dataset"], row["cells"]) for row in record["summary_by_dataset"]] == [
        (method, "t", 2) for method in ("m1", "m2", "m4") for _ in ("LM", "IC")
    ]
    assert (here / "backtest-curves" / "error.png").exists()
    assert not (here / "backtest-curves" / "coverage.png").exists()


def test_curves_of_a_fine_tuning_table(capsys, here):
    arguments = ["curves", "one.csv", "--methods", "m2", "--jobs", 1]
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "--hide-last" in err
    status, out, _ = run(capsys, *arguments, "--hide-last", 0.4, "--json")
    assert status == 0
    assert [(cell["domain"], cell["task"], cell["models"]) for cell in strict(out)["cells"]] == [
        ("one", f"m{k}", 3) for k in range(3)
    ]


BAD = {
    "budgets": (["finetune", "one.csv", "--budgets", "8,7,…"], "--budgets '8,7,…'"),
    "budgets too large": (["finetune", "one.csv", "--budgets", "1000"], "Budgets up to 64"),
    "target not measured": (["finetune", "one.csv", "--at", "data=5000"], "no run of the task 'one' is at data=5000"),
    "target of another name": (["finetune", "one.csv", "--at", "tokens=5000"], "--at data=1638400"),
    "target negative": (["finetune", "one.csv", "--at", "data=-1"], "positive"),
    "method": (["finetune", "one.csv", "--methods", "magic"], "'magic'"),
    "method of curves": (["curves", "curves.csv", "--methods", "uniform"], "'uniform'"),
    "borrow": (["finetune", "one.csv", "--borrow", "money"], "--borrow others"),
    "borrow from nobody": (["finetune", "one.csv", "--borrow", "others"], "none to borrow from"),
    "jobs": (["finetune", "one.csv", "--jobs", "0"], "--jobs 0"),
    "law": (["finetune", "one.csv", "--law", "newton"], "newton"),
    "law of curves": (["curves", "curves.csv", "--law", "newton"], "newton"),
    "no such table": (["finetune", "none.csv"], "none.csv"),
    "task twice": (["finetune", "one.csv", "one.csv"], "'one' again"),
    "share": (["curves", "curves.csv", "--hide-last", "2"], "between 0 and 1"),
    "where": (["finetune", "one.csv", "--where", "model == 'x'"], "model == 'x'"),
    "beyond": (["selection", "pool.csv", "--beyond", "8,7,…"], "--beyond '8,7,…'"),
    "beyond too large": (["selection", "pool.csv", "--beyond", "1000"], "Factors up to 32"),
    "method of fine-tuning": (["selection", "pool.csv", "--methods", "uniform"], "'uniform'"),
    "no tasks": (["selection", "pool.csv", "--tasks", "0"], "--tasks 0"),
    "folder is a file": (["finetune", "one.csv", "--out", "two.csv"], "two.csv"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_one_message(capsys, here, case):
    arguments, fragment = BAD[case]
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert one_message(err).startswith("bayeslaw: ")
    assert fragment in err
    assert not (here / "backtest-finetune").exists()
    assert not (here / "backtest-curves").exists()
    assert not (here / "backtest-selection").exists()


def test_a_method_that_breaks_down_shows_in_the_exit_status(capsys, here, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(selection, "accept_then_stop", broken)
    arguments = ["finetune", "one.csv", "--budgets", "8", "--methods", QUICK, "--jobs", 1]
    status, out, err = run(capsys, *arguments)
    assert status == 3
    assert "accept_then_stop has no answer in 1 cell; one at 1/8: ZeroDivisionError: oops" in out
    assert "Traceback" not in out + err
    assert run(capsys, *arguments, "--allow-failed-checks")[0] == 0
    monkeypatch.undo()
    monkeypatch.chdir(here)
    status, _, err = run(capsys, *arguments)
    assert status == 0
    assert "3 of 4 cells" in err


@pytest.mark.fits
def test_bayeslaw_on_the_command_line(capsys, here):
    rows = WIDE.splitlines()
    (here / "one.csv").write_text("\n".join(rows[:3]) + "\n")
    arguments = ["finetune", "one.csv", "--budgets", "8", "--methods", "bayeslaw,accept_then_stop", "--jobs", 1]
    status, out, _ = run(capsys, *arguments, "--json", "--allow-failed-checks")
    record = strict(out)
    assert status == 0
    ours = record["cells"][0]
    assert ours["method"] == "bayeslaw"
    assert None not in ours["scores"].values()
    assert ours["status"] in ("PASS", "REVIEW", "FAIL")
    assert ours["checks"]
    assert set(record["summary"][0]["scores"]) == {*SCORES, "reliability"}
    assert (here / "backtest-finetune" / "coverage.png").read_bytes()[:4] == b"\x89PNG"
    status, out, err = run(capsys, *arguments, "--allow-failed-checks")
    assert "2 of 2 cells" in err
    assert "bayeslaw, cell by cell" in out


@pytest.mark.fits
@pytest.mark.skipif(os.name != "posix", reason="sends an interrupt as a terminal would")
def test_an_interrupted_run_goes_on_from_where_it_was(here):
    command = [sys.executable, "-m", "bayeslaw.cli", "backtest", "finetune", "one.csv", "two.csv"]
    command += ["--budgets", "2,…,16", "--methods", "rectified_bootstrap,vanilla_point_fit", "--jobs", "2"]
    process = subprocess.Popen(command, cwd=here, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    cells = here / "backtest-finetune" / "cells"
    began = time.perf_counter()
    while not list(cells.glob("[ot]*.json")) and time.perf_counter() - began < 60:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "interrupted; finished cells are in backtest-finetune" in err
    assert "Traceback" not in err
    kept = len(list(cells.glob("[ot]*.json")))
    assert 0 < kept < 16
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=300, check=True)
    assert f"{kept} of 16 cells were computed before" in done.stderr
    assert len(list(cells.iterdir())) == 16


def step(done, share):
    return Step(done, 10, 1, share, "flan-8-bayeslaw" if done > 1 else "")


def test_progress_where_nobody_watches_is_a_line_now_and_then(capsys, monkeypatch):
    with cli_backtest._progress("cells", 30.0) as report:
        report(step(2, 0.5))
    assert capsys.readouterr().err == ""  # within two seconds, silence
    monkeypatch.setattr(cli_backtest, "QUIET", 0.0)
    with cli_backtest._progress("cells", 30.0) as report:
        time.sleep(0.01)
        report(step(2, 0.5))
        report(step(3, 0.6))
        report(step(10, 1.0))
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "2 of 10 cells, last flan-8-bayeslaw, about 0 s left"
    with cli_backtest._progress("cells", 30.0) as report:
        time.sleep(0.01)
        report(step(1, 0.0))
    assert capsys.readouterr().err == "1 of 10 cells\n"
    with cli_backtest._progress("tables", 0.0) as report:
        for done in (1, 2, 3):
            report(step(done, 0.0))
    told = [line.partition(",")[0] for line in capsys.readouterr().err.splitlines()]
    assert told == ["1 of 10 tables", "2 of 10 tables", "3 of 10 tables"]


def test_where_nothing_is_finished_for_long_it_is_said_how_far_work_is(capsys, monkeypatch):
    monkeypatch.setattr(cli_backtest, "_FIRST_LINE", 0.1)
    monkeypatch.setattr(cli_backtest, "_BETWEEN_LINES", 0.2)
    began = time.perf_counter()
    with cli_backtest._progress("cells", 0.2) as report:
        report(step(1, 0.0))
        time.sleep(0.75)
    took = time.perf_counter() - began
    told = capsys.readouterr().err.splitlines()
    assert {re.sub(r"\d+ s$", "_ s", line) for line in told} == {"1 of 10 cells, after _ s"}
    assert 2 <= len(told) <= 1 + took / 0.2  # however long a busy machine makes it
    time.sleep(0.3)
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_where_somebody_watches_is_a_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for quiet in (0.0, 60.0):
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(cli_backtest, "QUIET", quiet)
        with cli_backtest._progress("cells", 30.0) as report:
            time.sleep(0.05)
            report(step(1, 0.0))
            report(step(4, 0.5))
            time.sleep(0.3)
        text = screen.getvalue()
        assert ("4 of 10 cells, last flan-8-bayeslaw" in text) == (quiet == 0)
        assert ("━" in text) == (quiet == 0)
