"""What is read of the logs that trainers and trackers write.

Golden files: the W&B run, the event file and the MLflow store were written by the libraries themselves (less what
names a machine); logs of trainers are lines in their formats.
"""

import json
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.questions import OpenQuestionsError
from bayeslaw.runs.readers.registry import read_raw
from bayeslaw.runs.reading import understand

GOLDEN = Path(__file__).parent / "golden"


def rows(runs, *columns):
    return runs.table[list(columns)].values.tolist()


def state(**changes):
    """A log of the Hugging Face Trainer, with one evaluation in two logged steps."""
    history = [
        {"epoch": 0.5, "learning_rate": 1e-4, "loss": 3.0, "step": 10},
        {"epoch": 0.5, "eval_loss": 2.9, "eval_runtime": 1.0, "step": 10},
        {"epoch": 1.0, "learning_rate": 5e-5, "loss": 2.0, "step": 20},
        {"epoch": 1.0, "eval_loss": 2.4, "eval_runtime": 1.0, "step": 20},
    ]
    return {"best_metric": None, "global_step": 20, "max_steps": 20, "log_history": history} | changes


SUMMARY = {"step": 20, "train_loss": 2.5, "train_runtime": 9.0, "train_samples_per_second": 32.0}


@pytest.mark.parametrize(
    ("steps", "done"),
    [
        ([49, 99, 149, 163], [50, 100, 150, 164]),  # Lightning, which evaluates at the end, too
        ([50, 100, 150, 164], [50, 100, 150, 164]),
        ([0, 49, 99, 149, 199], [1, 50, 100, 150, 200]),
        ([1, 3, 5, 7], [1, 3, 5, 7]),
        ([512, 1000, 2000], [512, 1000, 2000]),
        ([9, 19], [9, 19]),
    ],
)
def test_steps_that_are_numbered_from_0_are_counted_as_done(steps, done):
    frame = pd.DataFrame({"step": steps, "val_loss": np.linspace(3, 2, len(steps))})
    runs = read_runs(frame, roles={"step": "data"})
    assert runs.table["data"].tolist() == [float(n) for n in done if n]
    assert any("numbers steps from 0" in note for note in runs.notes) == (steps != done)
    assert read_runs(frame.assign(tokens=1e6 * frame["step"] + 1)).table["tokens"].iloc[-1] == 1e6 * steps[-1] + 1


def test_trainer_state_takes_evaluations_and_asks_what_a_step_is(tmp_path):
    (tmp_path / "trainer_state.json").write_text(json.dumps(state(train_batch_size=8)))
    with pytest.raises(OpenQuestionsError, match="'step' counts steps") as caught:
        read_runs(tmp_path / "trainer_state.json")
    assert caught.value.questions[0].options[0] == "step=data:8"
    sentence = caught.value.questions[0].sentence
    assert "nothing says for certain how many" in sentence
    assert "By the settings beside it, 'train_batch_size' (8), it is 8 examples" in sentence
    runs = read_runs(tmp_path, roles={"step": "data:16"})
    assert rows(runs, "data", "loss") == [[160.0, 2.9], [320.0, 2.4]]
    assert [out.row for out in runs.left_out] == [1, 3]
    assert understand(tmp_path, roles={"step": "data"}).format == "Hugging Face trainer_state.json"


def test_no_batch_is_offered_where_those_of_several_trainers_differ(tmp_path):
    for name, batch in (("one", 8), ("two", 16)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "trainer_state.json").write_text(json.dumps(state(train_batch_size=batch)))
    question = understand(tmp_path).questions[0]
    assert question.options[0] == "step=data"
    assert "nothing says how many" in question.sentence
    assert "'train_batch_size' differs" in question.sentence


def test_the_summary_of_a_trainer_tells_what_a_step_is_and_is_no_point(tmp_path):
    whole = state()
    whole["log_history"].append(SUMMARY | {"train_steps_per_second": 2.0})
    (tmp_path / "trainer_state.json").write_text(json.dumps(whole))
    runs = read_runs(tmp_path / "trainer_state.json")
    assert rows(runs, "data", "loss") == [[160.0, 2.9], [320.0, 2.4]]
    assert any("16 examples, from the rates" in note for note in runs.notes)


def test_tokens_of_a_trainer_are_used_where_they_were_counted(tmp_path):
    whole = state()
    for row in whole["log_history"]:
        row["num_input_tokens_seen"] = row["step"] * 1000
    (tmp_path / "trainer_state.json").write_text(json.dumps(whole))
    assert read_runs(tmp_path / "trainer_state.json").table["tokens"].tolist() == [10_000.0, 20_000.0]
    for row in whole["log_history"]:
        row["num_input_tokens_seen"] = 0
    (tmp_path / "trainer_state.json").write_text(json.dumps(whole))
    found = understand(tmp_path / "trainer_state.json")
    assert any("num_input_tokens_seen is 0" in note for note in found.notes)
    assert [question.about for question in found.questions] == ["step"]


def safetensors(shapes):
    header = {name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text


def test_an_evaluation_after_training_is_no_second_run(tmp_path):
    history = state()["log_history"]
    last = next(row for row in reversed(history) if "eval_loss" in row)
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state() | {"log_history": [*history, last | {"eval_loss": 0.5}]}))
    runs = read_runs(path, roles={"step": "data"})
    assert 0.5 not in runs.table["loss"].tolist()
    assert any("Evaluated more than once at one step" in note for note in runs.notes)


def test_folder_of_trainer_runs(tmp_path):
    for name, loss in (("small", 3.0), ("large", 2.0)):
        last = tmp_path / name / "checkpoint-20"
        last.mkdir(parents=True)
        whole = state()
        whole["log_history"].append(SUMMARY | {"train_steps_per_second": 4.0})
        whole["log_history"][3]["eval_loss"] = loss
        (last / "trainer_state.json").write_text(json.dumps(whole))
        earlier = tmp_path / name / "checkpoint-9"
        earlier.mkdir()
        (earlier / "trainer_state.json").write_text(json.dumps(state()))
        (tmp_path / name / "config.json").write_text(json.dumps({"_name_or_path": "gpt2", "n_layer": 12}))
        (last / "model.safetensors").write_bytes(safetensors({"wte": [100, 20], "h.bias": [7]}))
        (last / "optimizer.pt").write_bytes(b"\x80\x02")
    runs = read_runs(tmp_path)
    assert rows(runs, "model", "data", "params", "loss") == [
        ["large", 80.0, 2007.0, 2.9],
        ["large", 160.0, 2007.0, 2.0],
        ["small", 80.0, 2007.0, 2.9],
        ["small", 160.0, 2007.0, 3.0],
    ]
    assert set(runs.table["base"]) == {"gpt2"}


def test_event_files_of_tensorboard(tmp_path):
    runs = read_runs(GOLDEN / "tensorboard")
    assert rows(runs, "tokens", "loss") == [[s * 1e6, pytest.approx(4 - s * 0.2)] for s in range(1, 5)]
    content = (GOLDEN / "tensorboard" / "events.out.tfevents.1700000000.host").read_bytes()
    (tmp_path / "events.out.tfevents.1").write_bytes(content[:-3])
    cut = read_runs(tmp_path)
    assert len(cut.table) == 3
    assert any("ends in the middle of a record" in note for note in cut.notes)


def test_scalars_that_are_tensors_and_later_files_of_a_resumed_run(tmp_path):
    tensor = b"\x08\x01" + b"\x2a\x04" + struct.pack("<f", 1.5)  # dtype float, one float_val
    value = b"\x0a\x09eval/loss" + b"\x42" + bytes([len(tensor)]) + tensor
    summary = b"\x0a" + bytes([len(value)]) + value
    event = b"\x10\x0a" + b"\x2a" + bytes([len(summary)]) + summary
    version = b"\x1a\x0dbrain.Event:2"
    content = b"".join(struct.pack("<Q", len(m)) + b"\0" * 4 + m + b"\0" * 4 for m in (version, event))
    (tmp_path / "events.out.tfevents.1").write_bytes(content)
    (tmp_path / "events.out.tfevents.2").write_bytes(content.replace(struct.pack("<f", 1.5), struct.pack("<f", 1.25)))
    raw = read_raw(tmp_path)
    assert raw.cells.to_dict("records") == [{"step": 10, "eval/loss": 1.25}]
    assert any("the last counts" in note and "1 of 'eval/loss'" in note for note in raw.notes)
    (tmp_path / "events.out.tfevents.2").write_bytes(content)
    assert read_raw(tmp_path).notes == ()


def test_offline_run_of_wandb(tmp_path):
    runs = read_runs(GOLDEN / "offline-run")
    assert rows(runs, "model", "params", "tokens", "loss", "lr", "optimizer.name") == [
        ["tiny-gpt", 124e6, s * 1e5, pytest.approx(5.4 - 0.3 * s), 0.001, "adam"] for s in (2, 4, 6)
    ]
    content = (GOLDEN / "offline-run" / "run-tiny.wandb").read_bytes()
    (tmp_path / "run-x.wandb").write_bytes(content[:-10])
    assert any("ends in the middle" in note for note in understand(tmp_path / "run-x.wandb").notes)
    (tmp_path / "run-x.wandb").write_bytes(content[:300] + b"\xff" + content[301:])
    with pytest.raises(RunsError, match=r"run-x\.wandb: the log is broken \(the checksum"):
        read_runs(tmp_path / "run-x.wandb")


def test_a_setting_called_model_is_not_written_over_by_the_name_of_a_run(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"run-{name}").mkdir()
        state = {"log_history": [{"step": 1, "model": "gpt2", "eval_loss": 3.0}]}
        (tmp_path / f"run-{name}" / "trainer_state.json").write_text(json.dumps(state))
    raw = read_raw(tmp_path)
    assert raw.cells[["run", "model"]].values.tolist() == [["run-one", "gpt2"], ["run-two", "gpt2"]]


def test_runs_of_one_name_stay_apart(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "run-x.wandb").write_bytes((GOLDEN / "offline-run" / "run-tiny.wandb").read_bytes())
    assert read_runs(tmp_path).models == ("one", "two")


def test_names_and_states_of_runs_in_meta_of_mlflow(tmp_path):
    for folder, name, more in (("a", "small", "status: 3\n"), ("b", "'large'", "status: 4\n"), ("c", "old", DELETED)):
        (tmp_path / "0" / folder / "metrics").mkdir(parents=True)
        (tmp_path / "0" / folder / "meta.yaml").write_text(f"run_id: {folder}\nrun_name: {name}\n{more}")
        (tmp_path / "0" / folder / "metrics" / "loss").write_text("1 3.5 100\n")
    runs = read_runs(tmp_path, roles={"step": "data"})
    assert runs.models == ("small", "large", "old")
    assert any("did not end (1 'failed', 1 'deleted')" in note for note in runs.notes)


def test_values_of_mlflow_without_a_step_are_said_not_to_be_used(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "meta.yaml").write_text("run_name: a\n")
    (tmp_path / "metrics" / "loss").write_text("1 3.5 0\n2 3.25 0\n3 3.0 0\n")
    raw = read_raw(tmp_path)
    assert raw.cells[["step", "loss"]].values.tolist() == [[0, 3.0]]
    assert any("2 of 'loss'" in note and "logged without a step" in note for note in raw.notes)


DELETED = "status: 3\nlifecycle_stage: deleted\n"


def test_store_of_mlflow():
    runs = read_runs(GOLDEN / "mlruns")
    assert sorted(rows(runs, "model", "params", "tokens", "loss"))[:2] == [
        ["large", 5e6, 1e6, pytest.approx(3.8)],
        ["large", 5e6, 2e6, pytest.approx(3.6)],
    ]
    assert len(runs.table) == 8


RESULTS = {
    "results": {
        "wikitext": {"alias": "wikitext", "bits_per_byte,none": 0.9, "bits_per_byte_stderr,none": "N/A"},
        "arc_easy": {"alias": "arc_easy", "acc,none": 0.4, "acc_stderr,none": 0.01, "acc_norm,none": 0.35},
        "ai2": {"alias": "ai2", "acc,none": 0.4, "acc_stderr,none": 0.01},
    },
    "group_subtasks": {"ai2": ["arc_easy"], "arc_easy": []},
    "config": {
        "model": "hf",
        "model_args": "pretrained=EleutherAI/p,revision=step512",
        "model_num_parameters": 70000000,
    },
    "model_name": "EleutherAI/p",
    "total_evaluation_time_seconds": "12.3",
}


def test_results_of_the_evaluation_harness(tmp_path):
    for step, value in ((512, 0.9), (1000, 0.8)):
        results = json.loads(json.dumps(RESULTS).replace("step512", f"step{step}"))
        results["results"]["wikitext"]["bits_per_byte,none"] = value
        (tmp_path / f"results_{step}.json").write_text(json.dumps(results))
    raw = read_raw(tmp_path / "results_512.json")
    assert raw.cells[["task", "metric", "value"]].values.tolist() == [
        ["wikitext", "bits_per_byte", 0.9],
        ["arc_easy", "acc", 0.4],
        ["arc_easy", "acc_norm", 0.35],
    ]
    assert raw.notes == ("Groups of tasks are left out, for their tasks are there: 'ai2'.",)
    said = {"step": "tokens:2097152", "value": "loss:bits"}
    runs = read_runs(tmp_path, where="task == 'wikitext'", roles=said)
    assert rows(runs, "model", "params", "tokens", "loss") == [
        ["EleutherAI/p", 7e7, 1000 * 2097152.0, pytest.approx(0.8 * 0.6931471805599453)],
        ["EleutherAI/p", 7e7, 512 * 2097152.0, pytest.approx(0.9 * 0.6931471805599453)],
    ]
    scores = read_runs(tmp_path, where="metric == 'acc'", roles={"step": "data"}).table
    assert scores[["task", "accuracy", "loss", "data"]].values.tolist() == [
        ["arc_easy", 0.4, 0.6, 1000.0],
        ["arc_easy", 0.4, 0.6, 512.0],
    ]


def test_questions_that_the_evaluation_harness_asked_are_those_of_its_scores(tmp_path):
    counted = RESULTS | {"n-samples": {"wikitext": {"effective": 62}, "arc_easy": {"original": 2376, "effective": 500}}}
    for step in (512, 1000):
        (tmp_path / f"results_{step}.json").write_text(json.dumps(counted).replace("step512", f"step{step}"))
    raw = read_raw(tmp_path / "results_512.json")
    assert raw.cells["questions"].fillna(0).tolist() == [0, 500, 500]
    runs = read_runs(tmp_path, where="metric == 'acc'", roles={"step": "data"})
    assert runs.table["questions"].tolist() == [500, 500]
    losses = {"step": "tokens:2097152", "value": "loss:bits"}
    assert "questions" not in read_runs(tmp_path, where="task == 'wikitext'", roles=losses).table
    for odd in ({"arc_easy": {"effective": "N/A"}}, {"arc_easy": 500}, [500], {"arc_easy": {"effective": True}}):
        (tmp_path / "results_512.json").write_text(json.dumps(RESULTS | {"n-samples": odd}))
        assert "questions" not in read_raw(tmp_path / "results_512.json").cells


def test_a_group_of_tasks_that_are_not_among_the_results_is_read(tmp_path):
    alone = {**RESULTS, "results": {"ai2": RESULTS["results"]["ai2"]}}
    (tmp_path / "r.json").write_text(json.dumps(alone))
    assert read_raw(tmp_path / "r.json").cells["task"].tolist() == ["ai2"]


def test_results_in_any_order_of_keys(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(dict(reversed(RESULTS.items()))))
    assert understand(tmp_path / "r.json").format == "lm-evaluation-harness results"


LIGHTNING = """epoch,step,train_loss,val_loss
0,49,4.8,
0,99,3.9,
0,99,,3.7
1,199,3.3,
1,199,,3.2
"""


def test_metrics_of_lightning_in_folders_of_versions(tmp_path):
    for version in ("version_0", "version_1"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "metrics.csv").write_text(LIGHTNING)
        (tmp_path / version / "hparams.yaml").write_text("lr: 0.1\n")
    runs = read_runs(tmp_path, roles={"step": "data:32"})
    assert rows(runs, "model", "data", "loss") == [
        [version, step * 32.0, loss] for version in ("version_0", "version_1") for step, loss in ((99, 3.7), (199, 3.2))
    ]


def test_folders_are_named_without_what_all_of_them_end_with(tmp_path):
    for width in (4, 8):
        (tmp_path / f"width{width}" / "version_0").mkdir(parents=True)
        (tmp_path / f"width{width}" / "version_0" / "metrics.csv").write_text(LIGHTNING)
    assert read_runs(tmp_path, roles={"step": "data:32"}).models == ("width4", "width8")


@pytest.mark.parametrize("last", [2, 3])
def test_compute_of_whole_runs_is_no_size_of_their_checkpoints(last):
    """The Trainer logs it to trackers once, when a run ends; one that is in every row is read."""
    rows = [{"run": run, "step": s, "eval/loss": 4 - s, "train/total_flos": s * 1e9} for run in "ab" for s in (1, 2, 3)]
    frame = pd.DataFrame(rows)
    frame.loc[frame["step"] <= last - 1, "train/total_flos"] = None
    roles = {"steps": "tokens:100"}
    if last == 2:  # two of three rows of each run have it
        with pytest.raises(RunsError, match=r"row 1, column 'train/total_flos': found nan"):
            read_runs(frame, roles=roles)
        return
    runs = read_runs(frame, roles=roles)
    assert "compute" not in runs.table
    assert any("is of whole runs, in 2 of 6 rows" in note for note in runs.notes)
    with pytest.raises(RunsError, match="found nan"):
        read_runs(frame, roles={**roles, "train/total_flos": "compute"})


def test_charts_that_wandb_exports(tmp_path):
    frame = pd.DataFrame(
        {
            "Step": [10, 20],
            "run-a - eval/loss": [3.0, 2.5],
            "run-a - eval/loss__MIN": [3.0, 2.5],
            "run-a - eval/loss__MAX": [3.0, 2.5],
            "run-b - eval/loss": [None, 2.75],
        }
    )
    frame.to_csv(tmp_path / "chart.csv", index=False)
    runs = read_runs(tmp_path / "chart.csv", roles={"Step": "data"})
    assert rows(runs, "model", "data", "loss") == [["run-a", 10.0, 3.0], ["run-a", 20.0, 2.5], ["run-b", 20.0, 2.75]]


@pytest.mark.parametrize("written", ["n_params: {}", "lr: 0.001, n_params: {}", "width: 64 n_params: {}"])
def test_charts_of_runs_grouped_by_their_size(written):
    names = [written.format(size) for size in ("10000000", "40M")]
    chart = {"tokens": [1e9, 2e9], **{f"{name} - eval/loss": [3.0, 2.5] for name in names}}
    runs = read_runs(pd.DataFrame(chart))
    assert rows(runs, "model", "params") == [[names[i // 2], (1e7, 4e7)[i // 2]] for i in range(4)]
    assert any("The headings say 'n_params' of each model, which is read as its params." in n for n in runs.notes)
    beside = read_runs(pd.DataFrame({**chart, "params": 5e7}))
    assert set(beside.table["params"]) == {5e7}
    assert (
        "params" not in read_runs(pd.DataFrame(chart).rename(columns=lambda h: h.replace("n_params: 40M", "b"))).table
    )


def test_a_folder_without_runs_is_explained(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(RunsError, match=r"found notes\.txt, in which no heading names a loss or a score\."):
        read_runs(tmp_path)


def test_a_folder_of_scores_is_read_where_nothing_there_has_losses(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("tokens,task,accuracy\n1e9,piqa,0.6\n2e9,piqa,0.7\n")
    (tmp_path / "notes.csv").write_text("who,when\nme,now\n")
    runs = read_runs(tmp_path)
    assert rows(runs, "model", "accuracy") == [["a", 0.6], ["a", 0.7], ["b", 0.6], ["b", 0.7]]
    assert "Not read as runs, for they hold no losses or scores: notes.csv." in runs.notes
    (tmp_path / "a.csv").write_text("tokens,loss\n1e9,3\n2e9,2.5\n")
    runs = read_runs(tmp_path)
    assert runs.models == ("a",)
    assert "Not read as runs, for they hold no losses: notes.csv, b.csv." in runs.notes


def test_a_broken_table_in_a_folder_is_not_left_out_in_silence(tmp_path):
    (tmp_path / "a.csv").write_text("model,data,loss\na,100,3\n")
    (tmp_path / "b.csv").write_text("model,data,loss\nb,100\n")
    with pytest.raises(RunsError, match=r"b\.csv, row 1: found 2 cells"):
        read_runs(tmp_path)


def test_headings_are_looked_at_in_each_of_several_files(tmp_path):
    for name, text in (
        ("a", "tokens,loss,,\n1e9,3,,\n"),
        ("b", "tokens,loss\n1e9,2\n"),
        ("c", "tokens,loss,loss\n1,2,3\n"),
    ):
        (tmp_path / f"{name}.csv").write_text(text)
    assert read_runs([tmp_path / "a.csv", tmp_path / "b.csv"]).models == ("a", "b")
    with pytest.raises(RunsError, match=r"^c: the column 'loss' comes 2 times"):
        read_runs([tmp_path / "a.csv", tmp_path / "c.csv"])
    frame = pd.DataFrame({"tokens": [1e9, 1e9], "loss": [3.0, 2.0]}, index=pd.Index(["p", "q"], name="model"))
    frame.to_parquet(tmp_path / "d.parquet")
    assert read_runs([tmp_path / "d.parquet", tmp_path / "b.csv"]).models == ("p", "q", "b")


def test_several_files_are_one_table(tmp_path):
    (tmp_path / "a.csv").write_text("data,loss\n100,3\n200,2.5\n")
    (tmp_path / "b.csv").write_text("data,loss\n100,3.5\n200,2.75\n")
    runs = read_runs([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert rows(runs, "model", "data", "loss") == [
        ["a", 100.0, 3.0],
        ["a", 200.0, 2.5],
        ["b", 100.0, 3.5],
        ["b", 200.0, 2.75],
    ]
    assert any("a: 1-2; b: 3-4" in note for note in runs.notes)
