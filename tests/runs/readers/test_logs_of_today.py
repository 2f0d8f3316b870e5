"""Tiny models trained here by the libraries themselves, and what is read of the folders that they write."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_training import BATCH, EVERY, LENGTH, STEPS

from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

ROLES = {"steps": f"tokens:{BATCH * LENGTH}"}
SIZES = [BATCH * LENGTH * step for step in range(EVERY, STEPS + 1, EVERY)]

pytestmark = pytest.mark.slow  # some minutes, most of them to train


def train(library, folder):
    """What a library measured, by the name of a run: losses and the number of parameters."""
    for needed in ("torch", "tensorboard", library):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"trains with {library}; {needed} is missing: pip install torch tensorboard {library}")
    program = Path(__file__).with_name("tiny_training.py")
    done = subprocess.run([sys.executable, program, library, folder], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"run"')]
    return {one["run"]: (one["losses"], one["params"]) for one in told}


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    """The folder of runs of the Trainer, and what it measured."""
    folder = tmp_path_factory.mktemp("trainer")
    return folder, train("transformers", folder)


def check(runs, measured, sizes):
    """Sizes and losses of each model, by its name."""
    assert set(runs.models) == set(measured)
    for name, (losses, _) in measured.items():
        own = runs.table[runs.table["model"] == name]
        assert own["tokens"].tolist() == sizes
        np.testing.assert_allclose(own["loss"], losses, rtol=1e-5)


def test_the_folders_of_the_trainer(trainer):
    folder, measured = trainer
    runs = read_runs(folder, roles=ROLES)
    check(runs, measured, SIZES)
    counted = runs.table.groupby("model")["params"].first()
    assert counted.to_dict() == {name: params for name, (_, params) in measured.items()}
    (question,) = understand(folder).questions
    assert f"step=data:{BATCH}" in question.options


def test_a_folder_of_the_trainer_becomes_a_choice_with_a_picture_and_a_report(trainer, tmp_path):
    """Three commands, of which the first asks for what the logs do not say."""
    folder, measured = trainer

    def command(*words):
        return subprocess.run([sys.executable, "-m", "bayeslaw", *words], capture_output=True, text=True, timeout=600)

    asked = command("read", str(folder))
    assert asked.returncode == 2
    assert f"--as step=data:{BATCH}" in asked.stdout
    said = ("--tokens-per-step", str(BATCH * LENGTH))
    runs, picture, report = (tmp_path / name for name in ("runs.csv", "choice.png", "choice.html"))
    assert command("read", str(folder), *said, "-o", str(runs)).returncode == 0
    pages = ("--plot", str(picture), "--report", str(report))
    chosen = command("select", str(folder), *said, "--at", f"tokens={4 * SIZES[-1]}", *pages)
    assert chosen.returncode == 0, chosen.stderr
    best = min(measured, key=lambda name: measured[name][0][-1])
    assert best in chosen.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    page = report.read_text(encoding="utf-8")
    assert all(name in page for name in measured)
    assert len(page) < 2_000_000


def test_the_event_files_of_the_trainer(trainer, tmp_path):
    folder, measured = trainer
    for name in measured:
        (logged,) = (folder / name / "runs").iterdir()
        logged.rename(tmp_path / name)
    runs = read_runs(tmp_path, roles=ROLES)
    check(runs, measured, SIZES)
    assert "compute" not in runs.table


def test_the_metrics_of_lightning(tmp_path):
    measured = train("lightning", tmp_path)
    runs = read_runs(tmp_path, roles=ROLES)
    check(runs, measured, SIZES)
    assert any("numbers steps from 0 (15, 31, 47, …)" in note for note in runs.notes)
