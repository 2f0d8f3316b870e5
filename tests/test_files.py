"""Files are written whole or not at all, and what killed writers left behind is swept at the next write."""

import os
import subprocess
import sys
import time

import pytest

from bayeslaw.errors import OutputError
from bayeslaw.files import replacing

posix = pytest.mark.skipif(os.name != "posix", reason="asks for processes and kills some")

KILLED = """
import os
from pathlib import Path
from bayeslaw.files import replacing
with replacing(Path("fit.nc")) as temporary:
    temporary.write_text("half of it")
    os.kill(os.getpid(), 9)
"""


def write(path, text="whole"):
    with replacing(path) as temporary:
        temporary.write_text(text)


@posix
def test_what_a_killed_writer_left_is_swept_at_the_next_write(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    assert done.returncode == -9
    (left,) = tmp_path.iterdir()
    assert left.read_text() == "half of it"
    write(tmp_path / "fit.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["fit.nc"]
    assert (tmp_path / "fit.nc").read_text() == "whole"


def test_a_writer_at_work_keeps_its_file(tmp_path):
    with replacing(tmp_path / "a.csv") as one:
        one.write_text("first")
        write(tmp_path / "b.csv")
        assert one.read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]


def test_of_other_machines_only_what_is_a_day_old_is_swept(tmp_path):
    names = ("00000000-1-a.nc", "00000000-1-b.nc", "notes.txt")
    old, new, other = (tmp_path / f".bayeslaw-{name}" for name in names)
    for path in (old, new, other):
        path.write_text("x")
    for path in (old, other):
        os.utime(path, (time.time() - 90_000,) * 2)
    write(tmp_path / "fit.nc")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([new.name, other.name, "fit.nc"])


def test_names_as_long_as_they_may_be_are_written(tmp_path):
    path = tmp_path / ("é" * 120 + ".csv")
    write(path)
    assert path.read_text() == "whole"
    with pytest.raises(OutputError):
        write(tmp_path / ("é" * 200 + ".csv"))


TWO_WRITERS = """
import os, sys
from pathlib import Path
from bayeslaw.files import replacing
children = []
for letter in "ab":
    children.append(os.fork())
    if children[-1] == 0:
        for _ in range(200):
            with replacing(Path("fit.nc")) as temporary:
                temporary.write_text(letter * 20_000)
        os._exit(0)
seen = set()
while children:
    if Path("fit.nc").exists():
        seen.add(Path("fit.nc").read_text())
    children = [child for child in children if os.waitpid(child, os.WNOHANG) == (0, 0)]
assert seen <= {"a" * 20_000, "b" * 20_000}, {(len(text), text[:1]) for text in seen}
assert os.listdir() == ["fit.nc"], os.listdir()
"""


@posix
def test_two_writers_leave_a_whole_file_at_any_moment(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TWO_WRITERS], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


RESUMED = """
import functools, json, os, random, signal, sys, time
from pathlib import Path
from bayeslaw.jobs.run import Job, run_jobs
from bayeslaw.evidence.backtest.scoring import no_scores

def work(number):
    end = time.perf_counter() + 0.003
    while time.perf_counter() < end:
        pass
    return [{"scores": {**no_scores(), "rmsle": number / 7}, "note": "é" * number, "status": None, "checks": []}]

def jobs():
    return [Job(f"j{n}", {"n": n}, ({"task": str(n)},), functools.partial(work, n)) for n in range(30)]

def answers(found):
    return [{name: value for name, value in cell.items() if name != "seconds"} for cell in found.cells]

expected, random = answers(run_jobs(jobs(), None)), random.Random(1)
killed = whole = 0
for trial in range(int(sys.argv[1])):
    folder = Path(f"round{whole}")
    child = os.fork()
    if child == 0:
        run_jobs(jobs(), folder)
        os._exit(0)
    time.sleep(random.random() * 0.02)
    os.kill(child, random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
    _, status = os.waitpid(child, 0)
    killed += os.WIFSIGNALED(status) or os.WEXITSTATUS(status) != 0
    if trial % 10 == 9:
        found = run_jobs(jobs(), folder)
        assert answers(found) == expected
        assert answers(run_jobs(jobs(), folder)) == expected and run_jobs(jobs(), folder).reused == 30
        assert len(list((folder / "cells").glob("*.json"))) == 30
        hidden = [path for path in (folder / "cells").iterdir() if path.suffix != ".json"]
        assert not hidden, hidden
        whole += 1
print(killed)
"""


@pytest.mark.fits
@posix
@pytest.mark.parametrize("kills", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_backtest_killed_at_random_moments_goes_on_to_the_same_answers(tmp_path, kills):
    done = subprocess.run(
        [sys.executable, "-c", RESUMED, str(kills)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > kills / 2
