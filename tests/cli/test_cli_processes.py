"""The command line as processes of their own: two at once, and with a compile cache that is in any state."""

import json
import os
import subprocess
import sys

import pytest

from bayeslaw.sampling.compilation_cache import VARIABLE

pytestmark = pytest.mark.fits

SECONDS = 180
"""A hang is what this looks for; a run takes some twenty."""


def start(folder, cache):
    command = [sys.executable, "-m", "bayeslaw.cli", "select", "runs.csv", "--at", "data=12800", "--json"]
    environment = {**os.environ, VARIABLE: str(cache)}
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def answers(processes):
    """Candidates as they were ranked by each process, which all must end well and in time."""
    found = []
    try:
        for process in processes:
            out, err = process.communicate(timeout=SECONDS)
            assert process.returncode in (0, 2, 3), err
            assert "Traceback" not in err
            found.append(json.loads(out)["candidates"])
    finally:
        for process in processes:
            process.kill()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory, simulate):
    folder = tmp_path_factory.mktemp("processes")
    table = simulate({("t", name): (200.0, 400.0, 800.0, 1600.0) for name in "abc"}, seed=3).table
    table.drop(columns="row").to_csv(folder / "runs.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def cache(folder):
    return folder / "cache"


@pytest.fixture(scope="module")
def at_once(folder, cache):
    """What two processes say that set out together with the same empty cache."""
    return answers([start(folder, cache), start(folder, cache)])


def test_two_at_once_give_the_same_answer(at_once):
    assert at_once[0] == at_once[1]
    assert len(at_once[0]) == 3


def test_any_state_of_the_cache_gives_the_answer(folder, cache, at_once):
    kept = [path for path in cache.rglob("*") if path.is_file()]
    assert kept, "nothing was kept, so there is nothing to damage"
    for path in kept:
        path.write_bytes(path.read_bytes()[:100][::-1])
    (folder / "file").write_text("in the way")
    damaged, unwritable = answers([start(folder, cache), start(folder, folder / "file")])
    assert damaged == at_once[0]
    assert unwritable == at_once[0]
