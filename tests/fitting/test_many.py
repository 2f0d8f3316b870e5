"""Many tables: fitted apart, told of row by row, kept if nothing has changed, and the same wherever they are made."""

import gc
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import LawError, RunsError, SamplingError
from bayeslaw.fitting.many import fit_many
from bayeslaw.fitting.tables import read_tables
from bayeslaw.jobs.run import Job, run_jobs
from bayeslaw.sampling.nuts import SamplerSettings
from tests.cli.command_line import run

QUICK = SamplerSettings(chains=2, warmup=50, draws=50, enough="FAIL")


def table(seed):
    rng = np.random.default_rng(seed)
    rows = [(model, data) for model in "ab" for data in (200, 400, 800, 1600)]
    losses = [2.0 + 9.0 * data**-0.4 * np.exp(0.01 * rng.standard_normal()) for _, data in rows]
    return pd.DataFrame(rows, columns=["model", "data"]).assign(loss=losses)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Two tables of one shape, one that cannot be read, and what is no table."""
    folder = tmp_path_factory.mktemp("tables")
    for seed in range(2):
        table(seed).to_csv(folder / f"t{seed}.csv", index=False)
    (folder / "broken.csv").write_text("model,data,loss\na,200,three\n")
    (folder / "README.md").write_text("Not a table.")
    return folder


@pytest.fixture(scope="module")
def made(tables, tmp_path_factory):
    """The fits of the folder, and how they were reported."""
    out, steps = tmp_path_factory.mktemp("fits"), []
    return fit_many(tables, law="rectified", sampler=QUICK, seed=3, out=out, report=steps.append), out, steps


@pytest.fixture
def again(tables, made, tmp_path):
    """Fit the folder again, into a copy of its fits."""
    out = tmp_path / "fits"
    shutil.copytree(made[1], out)
    options = {"law": "rectified", "sampler": QUICK, "seed": 3, "out": out}
    return lambda given=tables, **changed: fit_many(given, **{**options, **changed})


@pytest.mark.core
@pytest.mark.fits
def test_each_table_has_a_row_and_each_that_can_be_read_a_file(made):
    found, out, steps = made
    frame = found.to_frame().set_index("table")
    assert list(frame.index) == ["broken", "t0", "t1"]
    assert list(frame["rows"].iloc[1:]) == [8, 8]
    assert found.tables[0].status is None
    assert "'three'" in found.tables[0].note
    assert {row.status for row in found.tables[1:]} <= {"PASS", "REVIEW", "FAIL"}
    assert sorted(path.name for path in out.glob("*.nc")) == ["t0.nc", "t1.nc"]
    assert found.status == "FAIL"
    assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.fits
def test_a_fit_is_that_of_the_table_alone(made, tables):
    alone = bl.fit(tables / "t1.csv", law="rectified", sampler=QUICK, seed=3)
    kept = bl.load(made[1] / "t1.nc")
    assert alone.posterior.draws.equals(kept.posterior.draws)
    assert kept.posterior.settings["seed"] == 3


@pytest.mark.fits
def test_fits_that_hold_are_kept(made, again):
    found = again()
    assert found.reused == 2
    assert found.tables == made[0].tables


@pytest.mark.fits
def test_what_is_lost_altered_or_another_is_made_again(again, tables, tmp_path):
    one = {"t0": tables / "t0.csv"}
    assert again(one).reused == 1
    path = tmp_path / "fits" / "t0.nc"
    for damage in (path.unlink, lambda: path.write_bytes(path.read_bytes()[:-9])):
        damage()
        assert again(one).reused == 0
        assert bl.load(path).posterior.settings["seed"] == 3
    assert again({"t0": table(5)}).reused == 0
    assert bl.load(path).posterior.runs.content_hash == bl.read_runs(table(5)).content_hash
    assert again(one, seed=4).reused == 0


@pytest.mark.fits
def test_rows_without_a_folder(tables):
    found = fit_many({"a/b: c": bl.read_runs(tables / "t0.csv")}, law="rectified", sampler=QUICK)
    assert [(row.table, row.rows, row.file) for row in found.tables] == [("a/b: c", 8, None)]
    assert found.tables[0].status is not None


def test_tables_of_one_name_are_told_apart(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "runs.csv").write_text("model,data,loss\n")
    found = fit_many([tmp_path / "x", tmp_path / "y" / "runs.csv"])
    names = [row.table for row in found.tables]
    assert len(set(names)) == 2
    assert all(name.endswith("runs.csv") for name in names)


def test_names_that_make_one_file_name_make_two():
    tables = {"a/b": table(0), "A b": table(1), "../": table(2)}
    read = read_tables(tables, law="rectified", where=None, roles=None)
    assert [one.stem for one in read] == ["a_b", "A_b-2", "table"]


def test_what_is_refused(tmp_path):
    with pytest.raises(RunsError, match="no table to fit"):
        fit_many([])
    (tmp_path / "thesis.tex").write_text("x")
    table(0).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.csv").rename(tmp_path / "t.table")
    with pytest.raises(RunsError, match=r"no table to fit, found t\.table, thesis\.tex\. Expected .*\.csv"):
        fit_many(tmp_path)
    with pytest.raises(RunsError, match="Name it"):
        fit_many([table(0)])
    with pytest.raises(LawError):
        fit_many({"a": table(0)}, law="nonsense")


def test_a_table_without_what_the_law_needs_does_not_stop_the_others(capsys, tmp_path):
    table(0).to_csv(tmp_path / "t.csv", index=False)
    status, out, err = run(capsys, "fit-many", tmp_path, "--law", "chinchilla", "--out", tmp_path / "fits", "--json")
    (row,) = json.loads(out)["tables"]
    assert (status, err) == (3, "")
    assert "params" in row["note"]


def test_the_command_says_what_it_does_not_read(capsys, tmp_path):
    (tmp_path / "broken.csv").write_text("model,data,loss\na,200,three\n")
    for other in ("README.md", ".hidden"):
        (tmp_path / other).write_text("Not a table.")
    told = run(capsys, "fit-many", tmp_path, "--out", tmp_path / "fits")[2]
    assert f"{tmp_path}: not read, for tables end in .csv" in told
    assert ": README.md.\n" in told


@pytest.mark.fits
def test_the_command_says_what_is_read_and_what_came_of_it(capsys, again, tables, tmp_path):
    arguments = ("fit-many", tables / "broken.csv", "--out", tmp_path / "out")
    status, out, err = run(capsys, *arguments)
    assert status == 3
    assert err.splitlines()[0] == "Reading broken.csv."
    assert "broken: not fitted." in err
    assert "0 of 1 tables fitted" in out
    assert run(capsys, *arguments, "--allow-failed-checks")[0] == 0
    status, out, _ = run(capsys, *arguments, "--csv")
    assert (status, out.splitlines()[0]) == (3, "table,rows,models,law,status,seconds,file,note")


def test_a_cluster_that_is_not_there(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("bayeslaw.jobs.run.REACHED_WITHIN", 0.5)
    for address in (
        "tcp://127.0.0.1:9",
        "nowhere",
    ):  # the latter without a traceback of the client when it is collected
        with pytest.raises(SamplingError, match=f"^{address}: no worker"):
            run_jobs([Job("a", {}, ({"table": "a"},), list)], tmp_path, cluster=address)
        gc.collect()


KILLED = """
import os, signal, sys
from distributed import Client, LocalCluster
from bayeslaw.fitting.many import fit_many
from bayeslaw.sampling.nuts import SamplerSettings

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        killed = []

        def kill_one(step):
            if step.done == 1 and not killed:
                with Client(cluster.scheduler_address, set_as_default=False) as client:
                    busy = [worker for worker, tasks in client.processing().items() if tasks]
                    killed.append(client.run(os.getpid, workers=busy[:1])[busy[0]])
                os.kill(killed[0], signal.SIGKILL)

        options = {"law": "rectified", "sampler": SamplerSettings(chains=2, warmup=50, draws=50), "seed": 3}
        found = fit_many("tables", dask=cluster.scheduler_address, out="fits", report=kill_one, **options)
        assert killed
        print(len(found.tables), sum(row.status is not None for row in found.tables))
"""


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "tables").mkdir()
    for seed in range(6):
        table(seed).to_csv(tmp_path / "tables" / f"t{seed}.csv", index=False)
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, "killed.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["6", "6"]
    options = {"law": "rectified", "sampler": QUICK, "seed": 3}
    for jobs in (1, 2):
        fit_many(tmp_path / "tables", jobs=jobs, out=tmp_path / f"jobs{jobs}", **options)
    for seed in range(6):
        found = [bl.load(tmp_path / folder / f"t{seed}.nc").posterior.draws for folder in ("fits", "jobs1", "jobs2")]
        assert found[0].equals(found[1])
        assert found[0].equals(found[2])
