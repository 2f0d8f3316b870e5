"""Jobs are run once, stored whole, found again only if nothing they depend on has changed, and may fail alone."""

import functools
import json
import math
import warnings
from pathlib import Path

import pytest

from bayeslaw.errors import BayeslawWarning, OutputError, RunsError
from bayeslaw.evidence.backtest.scoring import no_scores
from bayeslaw.jobs.run import Job, run_jobs
from bayeslaw.jobs.store import code_version, job_hash


def _work(log, name, outcome):
    """Leave a mark and answer; a module-level function, so that other processes can run it."""
    with open(log, "a") as file:
        file.write(f"{name}\n")
    if isinstance(outcome, Exception):
        raise outcome
    return [
        {
            "scores": {**no_scores(), "rmsle": outcome},
            "note": "",
            "status": None,
            "checks": [],
            "odd": [math.inf, {"x": math.nan}],
        }
    ]


def job(log, name, outcome=1.0, *, seed=0, weight=1.0):
    head = {"task": name, "budget": None, "method": "m", "target": {"data": 10.0}}
    work = functools.partial(_work, str(log), name, outcome)
    return Job(name, {"name": name, "seed": seed}, (head,), work, weight, {"scores": no_scores()})


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def done(log):
    """Names of the jobs that were run, in order; and forget them."""
    names = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return names


def test_a_second_run_computes_nothing_and_gives_the_same(tmp_path, log):
    jobs = [job(log, name, value) for name, value in (("a", 1.0), ("b", None), ("c", 0.1))]
    first = run_jobs(jobs, tmp_path)
    assert done(log) == ["a", "b", "c"]
    second = run_jobs(jobs, tmp_path)
    assert done(log) == []
    assert (first.reused, second.reused) == (0, 3)
    assert second.cells == first.cells
    assert [cell["task"] for cell in first.cells] == ["a", "b", "c"]
    assert first.cells[0]["odd"] == [None, {"x": None}]  # no infinity reaches JSON


def test_a_deleted_file_is_computed_again_and_no_other(tmp_path, log):
    jobs = [job(log, name) for name in "abc"]
    run_jobs(jobs, tmp_path)
    done(log)
    (path,) = (tmp_path / "cells").glob("b-*")
    path.unlink()
    assert run_jobs(jobs, tmp_path).reused == 2
    assert done(log) == ["b"]
    assert path.exists()


def change(path, **what):
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **what}))


DAMAGE = {
    "cut short": lambda path: path.write_text(path.read_text()[:-20]),
    "empty": lambda path: path.write_text(""),
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "another key": lambda path: change(path, key="x"),
    "another format": lambda path: change(path, format=99),
    "no cells": lambda path: change(path, cells=[]),
    "another cell": lambda path: change(path, cells=[{"task": "z"}]),
    "another name": lambda path: change(path, cells=[{**json.loads(path.read_text())["cells"][0], "task": "z"}]),
    "no scores": lambda path: change(path, cells=[{**json.loads(path.read_text())["cells"][0], "scores": None}]),
    "a list": lambda path: path.write_text("[]"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_computed_again_with_a_warning(tmp_path, log, damage):
    jobs = [job(log, name) for name in "ab"]
    before = run_jobs(jobs, tmp_path)
    done(log)
    (path,) = (tmp_path / "cells").glob("a-*")
    DAMAGE[damage](path)
    with pytest.warns(BayeslawWarning, match=r"a-\w+\.json.*damaged"):
        after = run_jobs(jobs, tmp_path)
    assert done(log) == ["a"]
    assert [c["scores"] for c in after.cells] == [c["scores"] for c in before.cells]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run_jobs(jobs, tmp_path).reused == 2


def test_a_job_that_depends_on_something_else_is_another(tmp_path, log):
    run_jobs([job(log, "a")], tmp_path)
    assert run_jobs([job(log, "a", seed=1)], tmp_path).reused == 0
    assert run_jobs([job(log, "a")], tmp_path).reused == 1


def test_nothing_is_stored_without_a_folder(tmp_path, log):
    jobs = [job(log, "a")]
    run_jobs(jobs, None)
    assert run_jobs(jobs, None).reused == 0
    assert done(log) == ["a", "a"]


def test_a_job_without_an_answer_says_why_and_the_others_go_on(tmp_path, log):
    jobs = [job(log, "a", RunsError("too few sizes")), job(log, "b"), job(log, "c", KeyError("oops"))]
    cells = run_jobs(jobs, tmp_path).cells
    assert [cell["note"] for cell in cells] == ["too few sizes", "", "KeyError: 'oops'"]
    assert [cell["status"] for cell in cells] == [None, None, "FAIL"]
    assert cells[0]["scores"] == cells[2]["scores"] == no_scores()
    done(log)
    assert run_jobs(jobs, tmp_path).reused == 2  # a lack stays, a breakdown is tried again
    assert done(log) == ["c"]


def test_the_longest_jobs_come_first_and_cells_keep_their_order(tmp_path, log):
    jobs = [job(log, "a", weight=1), job(log, "b", weight=5), job(log, "c", weight=2)]
    cells = run_jobs(jobs, tmp_path).cells
    assert done(log) == ["b", "c", "a"]
    assert [cell["task"] for cell in cells] == ["a", "b", "c"]


def test_steps_are_reported(tmp_path, log):
    jobs = [job(log, name, weight=weight) for name, weight in (("a", 1), ("b", 3))]
    run_jobs(jobs[:1], tmp_path)
    jobs.append(job(log, "c"))
    steps = []
    run_jobs(jobs, tmp_path, report=steps.append)
    assert [(s.done, s.total, s.reused, s.name) for s in steps] == [(1, 3, 1, ""), (2, 3, 1, "b"), (3, 3, 1, "c")]
    assert [s.share for s in steps] == [0, 0.75, 1]


@pytest.mark.core
@pytest.mark.fits
def test_several_processes_give_the_same_and_store_it(tmp_path, log):
    jobs = [job(log, name, value) for name, value in (("a", 1.0), ("b", 2.0), ("c", 3.0))]
    cells = run_jobs(jobs, tmp_path, workers=2).cells
    assert [(cell["task"], cell["scores"]["rmsle"]) for cell in cells] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert sorted(done(log)) == ["a", "b", "c"]
    assert run_jobs(jobs, tmp_path).reused == 3


def test_odd_names_make_good_files(tmp_path, log):
    jobs = [job(log, name) for name in ("../../x", "a/b\\c:*?", "モデル", "n" * 300)]
    run_jobs(jobs, tmp_path / "new" / "folder")
    assert len(list((tmp_path / "new" / "folder" / "cells").iterdir())) == 4
    assert run_jobs(jobs, tmp_path / "new" / "folder").reused == 4


def test_a_folder_that_cannot_be_used(tmp_path, log):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be used as a folder"):
        run_jobs([job(log, "a")], tmp_path / "file")
    assert done(log) == []


def test_the_hash_is_of_content_not_of_order():
    assert job_hash({"a": 1, "b": [1, 2]}) == job_hash({"b": [1, 2], "a": 1})
    assert len({job_hash(c) for c in ({"a": 1}, {"a": 2}, {"b": 1}, {"a": [1]}, {"a": None})}) == 5


def test_the_code_version_covers_the_parts_named():
    evidence, laws = code_version("evidence/scores.py"), code_version("laws")
    assert evidence["bayeslaw"]
    assert evidence["code"] != laws["code"] != code_version("laws", "kinds")["code"]
    assert code_version("laws") == laws


def test_code_parts_that_answers_depend_on_exist():
    import bayeslaw
    from bayeslaw.evidence.backtest import choices, curves, selection

    for part in {*choices.CODE, *selection._CODE_OF_RULES, *curves._CODE, *curves._CODE_OF_BASELINES}:
        assert (Path(bayeslaw.__file__).parent / part).exists()
