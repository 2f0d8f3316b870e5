"""The script behind the small fine-tuning benchmark, on made-up sequences and texts."""

import importlib
import json
import os
from pathlib import Path

import jax
import numpy as np
import pytest

import bayeslaw as bl

pytest.importorskip("equinox")
pytest.importorskip("optax")
FOLDER = Path(__file__).parents[2] / "examples" / "small_finetune"
REPEATABLE = 1e-5
"""Nats per token by which a cell measured again on the same machine may differ."""
ELSEWHERE = 0.01
"""The same on another kind of processor, whose rounding grows in training; below the noise between seeds."""
SWEEP = os.environ.get("BAYESLAW_SMALL_FINETUNE")


@pytest.fixture
def script(monkeypatch):
    """Import a module of the script, in single precision as it runs."""
    monkeypatch.syspath_prepend(FOLDER)
    with jax.enable_x64(False):
        yield importlib.import_module


@pytest.fixture
def tokens(tmp_path):
    """Sequences of a random chain in which each token is followed by one of four."""
    rng = np.random.default_rng(0)
    follows = rng.integers(0, 256, (256, 4))
    splits = {"test": 256, "validation": 256, "train": 51_200}
    arrays = {}
    for text in ("python", "bible", "docs", "code"):
        for split, count in splits.items():
            rows = [rng.integers(0, 256, count)]
            for _ in range(4):
                rows.append(follows[rows[-1], rng.integers(0, 4, count)])
            arrays[f"{text}/{split}"] = np.stack(rows, axis=1).astype(np.uint8)
    path = tmp_path / "tokens.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.fits
def test_learning_curve_falls_with_data(script, tokens, tmp_path):
    sweep = script("sweep")
    whole = sweep.Sweep(tokens, tmp_path / "runs")
    cells = [sweep.Cell("transformer-scratch", 16, "python", size, 0) for size in (50, 3200)]
    few, many = (whole.measure(cell, 4e-3) for cell in cells)
    assert many["loss"] < few["loss"] - 0.5
    assert few["loss"] < np.log(256) + 0.1
    assert few["best_step"] < few["steps"] <= few["most_steps"]


@pytest.mark.fits
def test_finished_run_is_not_made_again(script, tokens, tmp_path, monkeypatch):
    sweep = script("sweep")
    whole = sweep.Sweep(tokens, tmp_path / "runs")
    cell = sweep.Cell("transformer-scratch", 16, "bible", 100, 0)
    monkeypatch.setattr(sweep, "RATES", {100: (2e-3, 4e-3)})
    whole.run(cell)
    record = json.loads(whole.path(cell).read_text())
    assert record["learning_rate"] in (2e-3, 4e-3)
    assert len(list((tmp_path / "runs" / "trials").iterdir())) == 2
    monkeypatch.setattr(whole, "measure", lambda *_: pytest.fail("measured again"))
    whole.run(cell)
    sweep.table(tmp_path / "runs", tmp_path / "table.csv")
    header, row = (tmp_path / "table.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["loss"] == str(record["loss"])


@pytest.mark.slow
@pytest.mark.parametrize("family", ["transformer-scratch", "transformer-code-short", "gru-docs-long"])
def test_cell_measured_again_has_the_same_loss(script, tokens, tmp_path, monkeypatch, family):
    sweep = script("sweep")
    monkeypatch.setattr(sweep, "SHORT", 160)
    monkeypatch.setattr(sweep, "LONG", 320)
    monkeypatch.setattr(
        sweep,
        "FAMILIES",
        {name: f._replace(steps={1200: 160, 19_200: 320}.get(f.steps, 0)) for name, f in sweep.FAMILIES.items()},
    )
    cell = sweep.Cell(family, 32, "python", 400, 1)
    losses = [sweep.Sweep(tokens, tmp_path / folder).measure(cell, 2e-3)["loss"] for folder in ("one", "two")]
    assert abs(losses[0] - losses[1]) <= REPEATABLE


@pytest.mark.slow
@pytest.mark.skipif(not SWEEP, reason="BAYESLAW_SMALL_FINETUNE does not name the folder with tokens.npz and runs")
@pytest.mark.parametrize(
    ("family", "task", "size"),
    [
        ("transformer-scratch", "python", 50),
        ("transformer-scratch", "bible", 800),
        ("transformer-docs-short", "python", 800),
    ],
)
def test_bundled_losses_come_out_again(script, family, task, size):
    """Needs the pretrained models in runs/models, or makes them, which takes minutes."""
    sweep = script("sweep")
    runs = bl.load_dataset("small-finetune").where(f"family == {family!r} and task == {task!r} and data == {size}")
    first = runs.table.iloc[0]
    cell = sweep.Cell(family, int(first["width"]), task, size, int(first["seed"]))
    again = sweep.Sweep(Path(SWEEP) / "tokens.npz", Path(SWEEP) / "runs").measure(cell, float(first["learning_rate"]))
    assert abs(again["loss"] - first["loss"]) <= ELSEWHERE
    assert again["params"] == first["params"]


def test_table_is_written_whole_and_in_order(script, tmp_path):
    sweep = script("sweep")
    whole = sweep.Sweep.__new__(sweep.Sweep)
    whole.folder = tmp_path
    (tmp_path / "cells").mkdir()
    keys = {"family": "f", "params": 1, "seed": 0, "seconds": 5.0}
    for task, size in (("python", 100), ("bible", 50), ("bible", 100)):
        sweep.write(whole.path(sweep.Cell("f", 1, task, size, 0)), {"task": task, "data": size, **keys})
    (tmp_path / "cells" / "half.part").write_text('{"task":')
    sweep.table(tmp_path, tmp_path / "table.csv")
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines == ["task,data,family,params,seed", "bible,50,f,1,0", "bible,100,f,1,0", "python,100,f,1,0"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells", "table.csv"]


def test_merges_and_encoding_keep_the_text(script):
    texts = script("texts")
    text = "def merge(word):\n    return word.merged(word)\n" * 3
    merges = texts.learn_merges(text, 15)
    vocabulary = texts.CHARACTERS + [a + b for a, b in merges]
    ids = texts.encode(text, merges, {})
    assert "".join(vocabulary[i] for i in ids) == text
    assert len(ids) < len(text) / 2


def test_no_document_stands_in_two_splits(script):
    texts = script("texts")
    docs = [np.full(400, i, np.uint8) for i in range(20)]
    splits = texts.split(docs, {"test": 100, "validation": 50, "train": 5000})
    assert [len(rows) for rows in splits.values()] == [100, 50, 17 * 99]
    documents = [set(rows[:, 0].tolist()) for rows in splits.values()]
    assert len(set.union(*documents)) == sum(map(len, documents)) == 20


def test_shares_of_sequences_that_recur_are_counted(script):
    rows = np.array([[1, 2], [3, 4], [3, 4], [5, 6]], np.uint8)
    assert script("texts").share_found(rows, np.array([[3, 4], [9, 9]], np.uint8)) == 0.5


def test_runs_of_other_settings_are_not_mixed_in(script, tokens, tmp_path, monkeypatch):
    sweep = script("sweep")
    sweep.Sweep(tokens, tmp_path / "runs")
    sweep.Sweep(tokens, tmp_path / "runs")
    monkeypatch.setattr(sweep, "MOST_STEPS", 8000)
    with pytest.raises(SystemExit, match="MOST_STEPS"):
        sweep.Sweep(tokens, tmp_path / "runs")
