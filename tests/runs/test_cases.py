"""Inputs as people have them: what each of the collected ones becomes, or what is asked about it."""

import os
from pathlib import Path

import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

FOLDER = os.environ.get("BAYESLAW_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="set BAYESLAW_DATA to the folder of the real tables to read them")


def case(name):
    return Path(FOLDER or "") / "cases" / name


def columns(found):
    return {column.source: column.role for column in found.columns if column.role}


def test_a_model_that_is_the_same_everywhere_says_nothing():
    constant, nameless = (read_runs(case(f"isoflop_{name}_model.csv")) for name in ("constant", "no"))
    assert constant.content_hash == nameless.content_hash
    assert len(constant.models) == len(set(constant.table["params"])) == 26
    assert any("says 'transformer' in every row" in note for note in constant.notes)


def test_sizes_in_millions_and_billions_are_asked_about():
    found = understand(case("millions_and_billions.csv"))
    assert {one.about: one.options[0] for one in found.questions} == {
        "model_size": "model_size=params:M",
        "n_tokens": "n_tokens=tokens:B",
    }
    runs = read_runs(case("millions_and_billions.csv"), roles={"model_size": "params:M", "n_tokens": "tokens:B"})
    assert runs.table.loc[0, ["params", "tokens"]].tolist() == [73.825e6, 3.1544e9]


def test_compute_of_a_sequence_is_not_that_of_a_run():
    (question,) = understand(case("flops_per_sequence.csv")).questions
    assert question.about == "flops"
    assert "times 6 N D" in question.sentence
    runs = read_runs(case("flops_per_sequence.csv"), roles={"flops": "ignore"})
    assert "compute" not in runs.table
    assert "flops" not in runs.table


def test_text_beside_tokens_is_a_corpus():
    runs = read_runs(case("corpus_in_data.csv"))
    assert runs.tasks == ("smollm-corpus",)
    assert runs.table["data"].equals(runs.table["tokens"])


def test_a_chart_of_accuracies_by_model():
    found = understand(case("models_as_columns_accuracy.csv"))
    assert [one.about for one in found.questions] == ["Step", "value"]
    assert found.head["model"].tolist()[:2] == ["0.6b", "14b"]
    units = {column.source: column.unit for column in found.columns}
    assert (units["Step"], units["4b"]) == ("steps", "accuracy, higher is better")


@pytest.mark.parametrize(
    ("name", "roles", "losses", "sizes"),
    [
        ("hf_loss_and_eval_loss.csv", {}, [1.3863, 1.33], [1600, 100480]),
        ("log_history_samples.json", {}, [1.3863019943237305, 1.3862756490707397], [1600, 3200]),
        ("metrics_samples.csv", {}, [3.7, 2.6], [6400, 80000]),
        ("trainer_state.json", {"step": "data:32"}, [1.3863019943237305, 1.3862756490707397], [1600, 3200]),
    ],
)
def test_logs_give_their_evaluations(name, roles, losses, sizes):
    table = read_runs(case(name), roles=roles).table
    assert table["loss"].iloc[[0, -1]].tolist() == losses
    assert table["data"].iloc[[0, -1]].tolist() == sizes
    assert "loss" in table.columns
    assert [one.about for one in understand(case(name)).questions] == (["step"] if roles else [])


def test_a_run_table_of_wandb():
    found = understand(case("wandb_headings.csv"))
    assert columns(found) == {
        "Name": "model",
        "parameter_count": "params",
        "throughput/total_tokens": "tokens",
        "throughput/total_gflops": "compute",
        "eval/paloma/macro_loss": "loss",
    }
    assert found.questions == ()
    first = read_runs(case("wandb_headings.csv")).table.iloc[0]
    assert first["compute"] == pytest.approx(3e19, rel=1e-4)


def test_a_pasted_table():
    table = read_runs(case("pasted_table.md")).table
    assert table["loss"].tolist() == [3.399, 3.364, 3.456, 3.298, 3.204, 3.224]
    assert table["compute"].tolist() == [1e18] * 3 + [3e18] * 3


def test_of_a_log_that_was_resumed_the_later_rows_count():
    runs = read_runs(case("resumed_seed.csv"))
    assert len(runs.table) == 11
    assert [out.row for out in runs.left_out] == [6, 7, 8]
    assert runs.table["tokens"].is_monotonic_increasing


def test_the_best_loss_of_each_budget():
    found = understand(case("compute_only.csv"))
    assert columns(found) == {"compute": "compute", "loss": "loss"}
    assert found.questions == ()


def test_unique_tokens_are_unique_data():
    table = read_runs(case("datablations_unique_tokens.csv")).table
    assert table["unique_data"].iloc[1] == 4e9


def test_a_model_whose_sizes_are_a_tenth_is_named():
    (question,) = understand(case("units_of_one_model.csv")).questions
    assert question.about == "m1"
    assert "0.1 times" in question.sentence


@pytest.mark.parametrize("name", ["empty_quoted.csv", "surrogate.jsonl"])
def test_broken_files_are_refused(name):
    with pytest.raises(RunsError, match=name):
        read_runs(case(name))
