"""Losses of all models that fall in steps are said to."""

import os
from pathlib import Path

import numpy as np
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.staircase import UNEVEN, steps_check
from bayeslaw.runs.trajectories import trajectories
from tests.runs.tables import SIZES, falling, table_of

DATA = os.environ.get("BAYESLAW_DATA", "")
NEEDS_DATA = pytest.mark.skipif(not DATA, reason="BAYESLAW_DATA is not set")


def judged(frame):
    return steps_check(trajectories(table_of(frame), "data", []))


@pytest.mark.parametrize("width", [2, 3])
def test_losses_that_fall_in_steps_are_named(width):
    first = {float(size): float(SIZES[k - k % width]) for k, size in enumerate(SIZES)}
    frame = falling(models=6, noise=0.005)
    rng = np.random.default_rng(0)
    flat = 5 * frame["data"].map(first) ** -0.3 * np.exp(0.005 * rng.standard_normal(len(frame)))
    check = judged(frame.assign(loss=flat))
    assert check.status == "REVIEW"
    assert "fall in steps" in check.sentence


def test_steps_of_one_model_and_noise_are_not_steps_of_all():
    frame = falling(models=6, noise=0.005)
    one = frame["model"] == "m0"
    zigzag = frame["loss"] * np.where(one & (np.arange(len(frame)) % 2 == 0), 1.3, 1.0)
    assert judged(frame.assign(loss=zigzag)).status == "PASS"
    found = [judged(falling(models=6, noise=noise, seed=k)) for noise in (0.005, 0.3) for k in range(40)]
    assert [check.status for check in found].count("PASS") == len(found)


def test_sizes_that_hardly_differ_tell_no_slopes():
    frame = falling(models=6, noise=0.005)
    near = frame["data"].replace(float(SIZES[1]), float(SIZES[0]) * (1 + 1e-7))
    assert judged(frame.assign(data=near)).value == 0


@NEEDS_DATA
def test_published_losses_do_not_fall_in_steps():
    for name in ("finetune/flan.csv", "finetune/gigaword.csv", "selection/lcdb.csv"):
        runs = read_runs(Path(DATA) / name)
        for task in runs.tasks:
            assert steps_check(trajectories(runs.for_task(task).table, "data", [])).value < UNEVEN, task
