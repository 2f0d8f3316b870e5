"""The real tables of the project are read as they stand."""

import os
from pathlib import Path

import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import Runs, read_runs

FOLDER = os.environ.get("BAYESLAW_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="set BAYESLAW_DATA to the folder of the real tables to read them")
GRID = "metric == 'loss:c4_val'"


def _read(name: str, where: str | None = None) -> Runs:
    return read_runs(Path(FOLDER or "") / name, where=where)


@pytest.mark.parametrize(
    ("name", "where", "rows", "models", "families", "tasks"),
    [
        ("finetune/flan.csv", None, 420, 30, 8, 1),
        ("finetune/gigaword.csv", None, 420, 30, 8, 1),
        ("extrapolation/language.csv", None, 712, 11, 11, 12),
        ("extrapolation/vision.csv", None, 11958, 6, 6, 6),
        ("pretrain/training_curves.csv", None, 16646, 114, 114, 1),
        ("pretrain/chinchilla_points.csv", None, 245, 142, 142, 1),
        ("pretrain/overtraining_grid.csv", GRID, 69, 69, 69, 2),
    ],
)
def test_real_table(name, where, rows, models, families, tasks):
    runs = _read(name, where)
    found = (len(runs.table), len(runs.models), len(runs.families), len(runs.tasks))
    assert found == (rows, models, families, tasks)
    assert not runs.table.isna().any().any()
    assert (runs.table[["data", "loss"]] > 0).all().all()
    assert read_runs(runs.table).content_hash == runs.content_hash


def test_fine_tuning_tables_leave_out_the_zero_shot_losses():
    runs = _read("finetune/flan.csv")
    assert [left_out.row for left_out in runs.left_out] == list(range(1, 31))
    assert {left_out.reason for left_out in runs.left_out} == {"zero-shot loss is not on the fine-tuning curve"}
    first = runs.table.iloc[0]
    assert (first["row"], first["model"], first["data"], first["loss"]) == (
        1,
        "MBZUAI/LaMini-GPT-124M",
        200,
        4.247949918,
    )
    assert first["params"] == 124440576


def test_language_table_keeps_its_domain_and_counts_copies_once():
    runs = _read("extrapolation/language.csv")
    assert runs.where("domain == 'NMT'").tasks == ("log_perplexity",)
    assert len(runs.left_out) == 687
    assert all(left_out.reason.startswith("the same in every column as row") for left_out in runs.left_out)


def test_chinchilla_tokens_are_derived():
    table = _read("pretrain/chinchilla_points.csv").table
    assert table["tokens"][0] == pytest.approx(9.993852799709755e18 / (6 * 6795600349.289497))


def test_grid_of_many_metrics_says_how_to_choose_one():
    with pytest.raises(RunsError, match=r"54 metrics.*'loss:c4_val'.*where=\"metric == "):
        _read("pretrain/overtraining_grid.csv")
    runs = _read("pretrain/overtraining_grid.csv", GRID)
    assert runs.tasks == ("c4_original", "rpj")
    assert runs.table["data"].equals(runs.table["tokens"])
    assert len(runs.left_out) == 3726 - 69
