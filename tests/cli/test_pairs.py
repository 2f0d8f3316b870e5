"""Runs and two names on a command line, in either order."""

from pathlib import Path

import pytest
from command_line import run

from bayeslaw.cli.pairs import runs_and_pair

TABLE = "model,data,loss\n" + "".join(f"{m},{d},{3 - d / 1e4}\n" for m in ("x1", "y1") for d in (100, 200, 400))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two tables, and a folder that is called as a model is."""
    monkeypatch.chdir(tmp_path)
    for name in ("runs.csv", "more.csv", "runs"):
        (tmp_path / name).write_text(TABLE)
    (tmp_path / "llama").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "runs", "pair"),
    [
        ("runs.csv x y", ["runs.csv"], "x y"),
        ("x y runs.csv", ["runs.csv"], "x y"),
        ("runs.csv more.csv x y", ["runs.csv", "more.csv"], "x y"),
        ("x y runs.csv more.csv", ["runs.csv", "more.csv"], "x y"),
        ("runs x y", ["runs"], "x y"),
        ("x y runs", ["runs"], "x y"),
        ("llama qwen runs.csv", ["runs.csv"], "llama qwen"),  # a folder of that name is there, too
        ("runs.csv qwen llama", ["runs.csv"], "qwen llama"),
        ("Qwen/Qwen2.5-7B google/gemma-2b none.csv", ["none.csv"], "Qwen/Qwen2.5-7B google/gemma-2b"),
        ("none.csv Qwen2.5-7B gemma-2b", ["none.csv"], "Qwen2.5-7B gemma-2b"),
        ("x y z", ["x"], "y z"),
    ],
)
def test_runs_are_told_from_names(folder, words, runs, pair):
    *first, a, b = words.split()
    paths, *names = runs_and_pair(first, a, b)
    assert (paths, names) == ([Path(path) for path in runs], pair.split())


@pytest.mark.parametrize("command", ["crossing", "speedup"])
@pytest.mark.parametrize("words", ["{} x1 zz", "x1 zz {}"])
def test_commands_take_both_orders(capsys, folder, command, words):
    at = ("--at", "loss=2.99") if command == "speedup" else ()
    status, out, err = run(capsys, command, *words.format("runs.csv").split(), *at)
    assert (status, out) == (2, "")
    assert "no model 'zz'" in err
    _, _, err = run(capsys, command, *words.format("run.csv").split(), *at)
    assert "run.csv: there is no such file. Did you mean 'runs.csv'?" in err
