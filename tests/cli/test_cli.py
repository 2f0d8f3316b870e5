"""The command line as scripts and people meet it; bad input is a table of cases, each refused with one message."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from command_line import one_message, run

import bayeslaw as bl
from bayeslaw.cli import app
from bayeslaw.cli.shared import interruptible

TIDY = "model,family,data,loss\n" + "".join(
    f"{model},{family},{size},{loss * size**-0.05:.6f}\n"
    for model, family, loss in (("a-1", "a", 3.0), ("a-2", "a", 2.8), ("b-1", "b", 3.1))
    for size in (100, 200, 400, 800)
)
AT = ["--at", "data=10000"]


def table(rows, header="model,data,loss"):
    return header + "\n" + "\n".join(rows) + "\n"


# name of the file, its content, further arguments, what the message must say
BAD = {
    "empty file": ("runs.csv", "", AT, ["runs.csv", "empty"]),
    "only blanks": ("runs.csv", "\n\n  \n", AT, ["runs.csv"]),
    "header only": ("runs.csv", "model,data,loss\n", AT, ["runs.csv"]),
    "binary": ("runs.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff", AT, ["runs.csv"]),
    "not UTF-8": ("runs.csv", "model,data,loss\nm\xe9,1,2\n".encode("latin-1"), AT, ["runs.csv", "UTF-8"]),
    "missing loss column": ("runs.csv", table(["a,1", "a,2"], "model,data"), AT, ["loss"]),
    "missing data column": ("runs.csv", table(["a,1", "a,2"], "model,loss"), AT, ["data"]),
    "text in loss": ("runs.csv", table(["a,1,2", "a,2,low"]), AT, ["row 2", "'low'"]),
    "text in data": ("runs.csv", table(["a,1,2", "a,many,1"]), AT, ["row 2", "'many'"]),
    "NaN loss": ("runs.csv", table(["a,1,2", "a,2,nan"]), AT, ["row 2", "nan"]),
    "infinite loss": ("runs.csv", table(["a,1,2", "a,2,inf"]), AT, ["row 2", "inf"]),
    "empty loss": ("runs.csv", table(["a,1,2", "a,2,"]), AT, ["row 2", "empty"]),
    "negative loss": ("runs.csv", table(["a,1,2", "a,2,-1"]), AT, ["row 2", "-1"]),
    "zero loss": ("runs.csv", table(["a,1,2", "a,2,0"]), AT, ["row 2", "'0'"]),
    "negative data": ("runs.csv", table(["a,-1,2", "a,2,1"]), AT, ["row 1", "-1"]),
    "negative size": ("runs.csv", table(["a,-7,1,2"], "model,params,data,loss"), AT, ["row 1", "-7"]),
    "decimal comma": ("runs.csv", table(['a,1,"2,5"', "a,2,2.1"]), AT, ["row 1", "2,5"]),
    "duplicate rows": ("runs.csv", table(["a,1,2", "a,2,1.5", "a,1,2"]), AT, ["row 3", "row 1"]),
    "same seed twice": ("runs.csv", table(["a,1,2,0", "a,1,3,0"], "model,data,loss,seed"), AT, ["seed"]),
    "duplicate columns": ("runs.csv", table(["a,1,2,3"], "model,data,loss,loss"), AT, ["loss"]),
    "two loss columns": (
        "runs.csv",
        table(["a,1,2,3"], "model,data,val_loss,test_loss"),
        AT,
        ["val_loss", "test_loss", "--as"],
    ),
    "mixed units": ("runs.csv", table(["a,7B,1,2", "b,0.35,1,2"], "model,size,data,loss"), AT, ["mixed units"]),
    "mixed loss units": ("runs.csv", table(["a,1,2,nats", "a,2,1,bits"], "model,data,loss,unit"), AT, ["mixed units"]),
    "ragged rows": ("runs.csv", table(["a,1,2,9", "a,2,1"]), AT, ["row 1"]),
    "model in two families": ("runs.csv", table(["a,f,1,2", "a,g,2,1"], "model,family,data,loss"), AT, ["'f'", "'g'"]),
    "only zero-shot": ("runs.csv", table(["a,0,2", "b,0,3"]), AT, ["zero-shot"]),
    "several metrics": ("runs.csv", table(["a,1,2,x", "a,2,1,y"], "model,data,value,metric"), AT, ["metric"]),
    "negative standard error": ("runs.csv", table(["a,1,2,-1"], "model,data,loss,loss_se"), AT, ["-1"]),
    "corrupt parquet": ("runs.parquet", b"PAR1 not really", AT, ["runs.parquet"]),
    "broken JSON line": ("runs.jsonl", '{"model": "a", "data": 1, "loss": 2}\n{"model"\n', AT, ["line 2"]),
    "steps without a size": ("runs.csv", table(["a,1,2"], "model,step,loss"), AT, ["--as step=data"]),
    "unknown role": ("runs.csv", TIDY, [*AT, "--as", "data=parms"], ["parms", "'params'"]),
    "unknown column in --as": ("runs.csv", TIDY, [*AT, "--as", "dta=data"], ["dta", "data"]),
    "target beyond all sizes": ("runs.csv", TIDY, ["--at", "data=1e300"], ["1e+300"]),
    "unknown column in where": ("runs.csv", TIDY, [*AT, "--where", "dta <= 4"], ["dta", "data"]),
    "where is not an expression": ("runs.csv", TIDY, [*AT, "--where", "data <="], ["data <="]),
    "where calls": ("runs.csv", TIDY, [*AT, "--where", "__import__('os')"], ["where"]),
    "where compares text and numbers": ("runs.csv", TIDY, [*AT, "--where", "model > 3"], ["model"]),
    "where selects nothing": ("runs.csv", TIDY, [*AT, "--where", "data > 1e9"], ["data > 1e9"]),
    "unknown law": ("runs.csv", TIDY, [*AT, "--law", "newton"], ["newton", "rectified"]),
    "unknown task": ("runs.csv", TIDY, [*AT, "--task", "other"], ["other", "runs"]),
    "task not named": (
        "runs.csv",
        table(["a,s,1,2", "a,t,1,2"], "model,task,data,loss"),
        AT,
        ["2 tasks", "--task"],
    ),
    "target below the data": ("runs.csv", TIDY, ["--at", "data=200"], ["200", "800"]),
    "target negative": ("runs.csv", TIDY, ["--at", "data=-5"], ["-5"]),
    "target zero": ("runs.csv", TIDY, ["--at", "data=0"], ["positive"]),
    "target infinite": ("runs.csv", TIDY, ["--at", "data=inf"], ["inf"]),
    "target is text": ("runs.csv", TIDY, ["--at", "data=lots"], ["lots"]),
    "target without a name": ("runs.csv", TIDY, ["--at", "1638400"], ["name=value"]),
    "target of another covariate": ("runs.csv", TIDY, ["--at", "compute=1e9"], ["compute", "data"]),
    "target twice": ("runs.csv", TIDY, ["--at", "data=1e6", "--at", "data=1e7"], ["2 sizes of 'data'"]),
    "no folder for the output": ("runs.csv", TIDY, [*AT, "-o", "/no/such/folder/fit.nc"], ["/no/such/folder"]),
    "output of no known kind": ("runs.csv", TIDY, [*AT, "-o", "fit.txt"], ["'.txt'", ".nc"]),
    "output is a folder": ("runs.csv", TIDY, [*AT, "-o", "/"], ["folder"]),
    "picture of unknown kind": ("runs.csv", TIDY, [*AT, "--plot", "picture.doc"], [".doc", ".png"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_one_message(capsys, tmp_path, monkeypatch, case):
    name, content, arguments, fragments = BAD[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "fit.nc").write_text("an earlier fit")
    output = [] if "-o" in arguments else ["-o", "fit.nc"]
    status, out, err = run(capsys, "select", name, *arguments, *output)
    assert (status, out) == (2, "")
    assert one_message(err).startswith("bayeslaw: ")
    for fragment in fragments:
        assert fragment in err
    assert (tmp_path / "fit.nc").read_text() == "an earlier fit"


def test_missing_file(capsys, tmp_path):
    status, _, err = run(capsys, "select", tmp_path / "none.csv", *AT)
    assert status == 2
    assert "none.csv" in err


LONG = "n" * 300
TOO_LONG = [
    ["check", f"{LONG}.nc"],
    ["report", f"{LONG}.nc", "-o", "page.html"],
    ["select", "runs.csv", *AT, "--law", f"{LONG}.py"],
    ["fit-many", LONG, "--out", "fits"],
    ["reproduce", "--data", LONG],
]


@pytest.mark.parametrize("arguments", TOO_LONG, ids=lambda arguments: arguments[0])
def test_a_name_that_is_too_long_for_a_file_is_refused(capsys, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text(TIDY)
    status, _, err = run(capsys, *arguments)
    assert status in (2, 3)
    assert f"{LONG}" in err


@pytest.mark.parametrize("arguments", [["select", "runs.csv"], ["selct"], ["select", "runs.csv", "--seed", "-1", *AT]])
def test_bad_arguments(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small fit saved by the command line, its JSON and its path."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "runs.csv").write_text(TIDY)
    return folder / "runs.csv", folder / "fit.nc"


@pytest.fixture(scope="module")
def answer(saved):
    """The JSON of a select on a small table, run as a process of its own."""
    runs, fit = saved
    command = [sys.executable, "-m", "bayeslaw.cli", "select", str(runs), *AT, "--json", "-o", str(fit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return json.loads(done.stdout)


@pytest.mark.core
@pytest.mark.fits
def test_select_keeps_its_contract(answer):
    assert set(answer) == {
        "target", "task", "law", "link", "unit", "unit_given", "prior", "candidates", "recommendation", "checks",
        "status", "left_out", "settings", "seconds",
    }  # fmt: skip
    assert answer["target"] == {"data": 10000.0}
    assert (answer["task"], answer["law"], answer["prior"]) == ("runs", "rectified", None)
    assert [set(c) for c in answer["candidates"]] == 3 * [
        {
            "model", "family", "loss_median", "loss_mean", "loss_p05", "loss_p25", "loss_p75", "loss_p95", "p_best",
            "p_within_1pct", "expected_regret", "cvar_regret_90", "median_regret", "charge",
        }
    ]  # fmt: skip
    regrets = [c["expected_regret"] for c in answer["candidates"]]
    assert regrets == sorted(regrets)
    assert sum(c["p_best"] for c in answer["candidates"]) == pytest.approx(1)
    best = answer["recommendation"]
    assert best["model"] == answer["candidates"][0]["model"] == "a-2"
    assert f"{answer['candidates'][0]['p_best']:.2f}" in best["sentence"]
    assert all(set(c) == {"name", "status", "value", "threshold", "sentence", "remedy"} for c in answer["checks"])
    assert set(answer["seconds"]) == {"total", "sampling"}


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize("option", ["where", "law", "prior", "widen", "early-tokens", "output"])
def test_a_fit_that_is_made_is_not_made_otherwise(capsys, saved, option):
    value = {"where": "data > 200", "widen": "2", "early-tokens": "1B"}.get(option, "broken")
    value = "again.nc" if option == "output" else value
    for command in (("select", "--at", "data=10000"), ("optimum", "--compute", "1e20")):
        status, out, err = run(capsys, command[0], saved[1], *command[1:], f"--{option}", value)
        assert (status, out) == (2, "")
        assert f"--{option} is for a fit that is yet to be made" in err


@pytest.mark.core
@pytest.mark.fits
def test_predict_and_check_read_what_select_saved(capsys, saved, answer):
    _, fit = saved
    status, out, _ = run(capsys, "predict", fit, "--at", "data=1600", "--at", "data=10k", "--json")
    record = json.loads(out)
    assert status == 0
    assert record["kind"] == "run"
    assert [p["at"] for p in record["predictions"]] == 3 * [{"data": 1600.0}] + 3 * [{"data": 10000.0}]
    for p in record["predictions"]:
        quantiles = [p[q] for q in ("p025", "p05", "p25", "median", "p75", "p95", "p975")]
        assert quantiles == sorted(quantiles)
        assert p["extrapolation"] == pytest.approx(p["at"]["data"] / 800)
    status, out, _ = run(capsys, "select", fit, "--at", "data=10000", "--json")
    again = json.loads(out)
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in answer.items() if k != "seconds"}
    status, out, _ = run(capsys, "predict", fit, "--at", "data=10,000", "--json")
    assert [p["at"] for p in json.loads(out)["predictions"]] == 3 * [{"data": 10000.0}]
    status, out, _ = run(capsys, "check", fit, "--json")
    assert json.loads(out)["checks"] == [
        c for c in answer["checks"] if c["name"] in {d["name"] for d in json.loads(out)["checks"]}
    ]
    status, out, _ = run(capsys, "predict", fit, "--at", "data=10000", "--kind", "new-family")
    assert status == 0
    assert "new family" in out


@pytest.mark.fits
def test_a_quick_fit_says_so_wherever_it_is_asked(capsys, tmp_path):
    runs, fit = tmp_path / "runs.csv", tmp_path / "quick.nc"
    runs.write_text(TIDY)
    status, out, err = run(capsys, "predict", runs, "--at", "data=10000", "--kind", "wish", "--quick")
    assert (status, out, "wish" in err, "sampling" in err) == (2, "", True, False)
    status, out, err = run(capsys, "predict", runs, "--at", "data=10000", "--quick", "--json", "-o", fit)
    record = json.loads(out)
    assert (status in (0, 3), err) == (True, "")
    assert (record["settings"]["quick"], record["settings"]["warmup"] in (200, 400)) == (True, True)
    assert 200 <= record["settings"]["draws"] <= 800
    assert len(record["predictions"]) == 3
    for command in (["predict", fit, *AT], ["select", fit, *AT], ["check", fit]):
        told = {check["name"]: check for check in json.loads(run(capsys, *command, "--json")[1])["checks"]}
        assert told["quick"]["status"] == "REVIEW"
        assert "first look" in run(capsys, *command)[1].replace("\n", " ")
    status, out, err = run(capsys, "select", fit, *AT, "--quick")
    assert (status, out, "--quick is for a fit that is yet to be made" in err) == (2, "", True)


@pytest.mark.core
@pytest.mark.fits
def test_bad_points_and_kinds_for_predict(capsys, saved, answer):
    _, fit = saved
    for arguments, fragment in (
        (["--at", "data=x"], "'x'"),
        (["--at", "tokens=5"], "tokens"),
        (["--at", "data=5", "--kind", "wish"], "wish"),
    ):
        status, out, err = run(capsys, "predict", fit, *arguments)
        assert (status, out) == (2, "")
        assert fragment in err


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize("damage", ["text", "cut short", "another netCDF", "another version", "altered"])
def test_damaged_fits_are_refused(capsys, tmp_path, saved, answer, damage):
    _, fit = saved
    path = tmp_path / "fit.nc"
    whole = fit.read_bytes()
    if damage == "text":
        path.write_text("not a fit")
    elif damage == "cut short":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "another netCDF":
        xr.Dataset({"x": ("t", np.arange(3))}).to_netcdf(path, engine="h5netcdf")
    else:
        import h5py

        path.write_bytes(whole)
        with h5py.File(path, "a") as file:
            if damage == "another version":
                file.attrs["bayeslaw_format"] = 99
            else:
                losses = next(v for v in file["runs"].values() if v.attrs.get("name") == "loss")
                losses[0] = 17.0
    for command in (["predict", path, "--at", "data=10000"], ["check", path]):
        status, out, err = run(capsys, *command)
        assert (status, out) == (2, "")
        assert "fit.nc" in err
        one_message(err)


@pytest.mark.core
@pytest.mark.fits
def test_fit_reports_parameters(capsys, tmp_path):
    (tmp_path / "runs.csv").write_text(TIDY)
    status, out, _ = run(capsys, "fit", tmp_path / "runs.csv", "--json", "--seed", "3")
    record = json.loads(out)
    assert status == 0
    assert record["prior"] is None
    assert set(record) == {
        "law",
        "link",
        "unit",
        "unit_given",
        "prior",
        "task",
        "parameters",
        "checks",
        "status",
        "left_out",
        "settings",
        "seconds",
    }
    levels = {(p["name"], p["level"]): p for p in record["parameters"]}
    assert ("beta", "task") in levels
    assert {("E", "model"), ("B", "model"), ("D_l", "task"), ("noise", "task"), ("pull", "task")} <= set(levels)
    for p in record["parameters"]:
        assert p["p05"] <= p["median"] <= p["p95"]
        assert p["unit"]
        assert all(math.isfinite(p[name]) for name in ("rhat", "ess_bulk", "ess_tail"))


@pytest.mark.fits
def test_same_seed_same_answer_and_units_do_not_matter(capsys, tmp_path, saved, answer):
    table = pd.read_csv(saved[0])
    runs = tmp_path / "runs.csv"
    for change, at in (
        ({}, "data=10000"),
        ({"loss": table["loss"] * 3.7}, "data=10000"),
        ({"data": table["data"] / 1000}, "data=10"),
    ):
        table.assign(**change).to_csv(runs, index=False)
        _, out, _ = run(capsys, "select", runs, "--at", at, "--json", "--as", "data=data")
        again = json.loads(out)
        assert [(c["model"], c["p_best"]) for c in again["candidates"]] == [
            (c["model"], c["p_best"]) for c in answer["candidates"]
        ]
        if not change:
            for record in (again, answer):
                record.pop("seconds", None)
            assert again == answer


@pytest.mark.fits
def test_failed_checks_show_in_the_exit_status(capsys, tmp_path, monkeypatch):
    from bayeslaw.sampling import diagnostics

    monkeypatch.setattr(diagnostics, "RHAT_MAX", 0.5)  # nothing can be that good: a REVIEW, which is not a failure
    table, saved = tmp_path / "runs.csv", tmp_path / "fit.nc"
    table.write_text(TIDY)
    status, out, _ = run(capsys, "select", table, *AT, "--json")
    assert (status, json.loads(out)["status"]) == (0, "REVIEW")
    monkeypatch.setattr(diagnostics, "bfmi", lambda energy: np.array([0.01]))  # energy that hardly moves is a failure
    status, out, _ = run(capsys, "select", table, *AT, "--json", "-o", saved)
    assert (status, json.loads(out)["status"]) == (3, "FAIL")
    assert run(capsys, "check", saved)[0] == 3
    assert run(capsys, "check", saved, "--allow-failed-checks")[0] == 0


@pytest.mark.fits
def test_demo_reveals_the_truth(capsys, tmp_path):
    picture = tmp_path / "demo.png"
    status, out, err = run(capsys, "demo", "--task", "bible", "--json", "--plot", picture)
    record = json.loads(out)
    assert (status, record["task"]) == (0, "bible")
    runs = bl.load_dataset("small-finetune").for_task("bible")
    largest = runs.table["data"].max()
    assert record["target"] == {"data": largest}
    assert "1/16 of the largest data size are hidden" in err
    seen = record["settings"]["runs_sha256"]
    assert seen == runs.where(f"data <= {largest / 16}").content_hash
    final = runs.where(f"data == {largest}").table.groupby("model")["loss"].mean()
    assert record["truth"] == pytest.approx(final.to_dict())
    known = [c for c in record["candidates"] if c["model"] in record["truth"]]
    inside = [c["loss_p05"] <= record["truth"][c["model"]] <= c["loss_p95"] for c in known]
    assert (record["outcome"]["inside_90"], record["outcome"]["models"]) == (sum(inside), len(final))
    assert record["outcome"]["rmsle_baseline"] > 0
    assert picture.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.fits
def test_demo_prints_the_outcome_beside_the_baseline(capsys):
    status, out, err = run(capsys, "demo")
    assert status == 0
    assert "(python)" in out
    assert re.search(r"\d+ of \d+ measured losses lie inside their 90% interval", out)
    assert re.search(r"error of log loss: 0\.\d{3}; of accept-then-stop: 0\.\d{3}", out)
    assert "Measured runs of" in err


def test_demo_of_an_unknown_task_teaches(capsys):
    status, out, err = run(capsys, "demo", "--task", "latin")
    assert (status, out) == (2, "")
    assert "'latin'" in err
    assert "python" in err
    assert "bible" in err


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks whether compiling has begun")
def test_an_interrupt_ends_it_at_once_and_leaves_nothing(tmp_path):
    (tmp_path / "runs.csv").write_text(TIDY)
    command = [sys.executable, "-m", "bayeslaw.cli", "select", "runs.csv", *AT, "-o", "fit.nc"]
    environment = {**os.environ, "BAYESLAW_CACHE": "off"}
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    while "jaxlib" not in Path(f"/proc/{process.pid}/maps").read_text():  # the table is read, and compiling begins
        time.sleep(0.1)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    sent = time.perf_counter()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("Reading runs.csv.\n")
    assert err.splitlines()[-1] in ("bayeslaw: interrupted.", "bayeslaw: interrupted; nothing was written.")
    assert time.perf_counter() - sent < 5
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


@pytest.mark.skipif(os.name != "posix", reason="sends an interrupt as a terminal would")
def test_an_interrupt_in_a_callback_ends_it_too():
    """An exception would be lost there, as in the callbacks that jax has for the collection of garbage."""
    code = """
import gc, os, signal, time
from bayeslaw.cli.shared import interruptible
with interruptible():
    gc.callbacks.append(lambda phase, _: phase == "start" and os.kill(os.getpid(), signal.SIGINT))
    gc.collect()
    gc.callbacks.clear()
    time.sleep(30)
"""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "bayeslaw: interrupted; nothing was written.\n")
    assert time.perf_counter() - began < 15


def test_outside_of_a_fit_an_interrupt_is_what_it_was():
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="writes to a device that is always full")
@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_full_device_is_said_and_no_traceback(capsys, monkeypatch, json):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        monkeypatch.setattr("sys.argv", ["bayeslaw", "laws", *json])
        with pytest.raises(SystemExit) as caught:
            app.main()
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert "standard output: what is to be printed cannot be written (No space left on device)" in err
    assert "Traceback" not in err
