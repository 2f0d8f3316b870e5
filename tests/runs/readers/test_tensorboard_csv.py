"""CSV files that TensorBoard's page downloads: the metric stands in the name of the file alone."""

import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

STEPS = (100, 200, 400)


def write(folder, name, losses, steps=STEPS):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"1.7e9,{step},{loss}" for step, loss in zip(steps, losses, strict=True)]
    path = folder / name
    path.write_text("\n".join(["Wall time,Step,Value", *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("run-{}_version_0-tag-train_loss.csv", "run-{}_version_0-tag-val_loss.csv"),
        ("{}_train_loss.csv", "{}_val_loss.csv"),
        ("{}/train_loss.csv", "{}/val_loss.csv"),
    ],
)
def test_losses_of_training_and_of_validation_of_a_run_are_one_log_and_no_two_models(tmp_path, train, val):
    for run, level in (("gpt-70M", 3.0), ("gpt-160M", 2.9)):
        for name, off in ((train, 0.5), (val, 0.0)):
            path = tmp_path / name.format(run)
            write(path.parent, path.name, [level + off + 10 / step for step in STEPS])
    runs = read_runs(tmp_path, roles={"Step": "tokens:1000"})
    assert sorted({name.removesuffix("_version_0") for name in runs.table["model"]}) == ["gpt-160M", "gpt-70M"]
    assert sorted(runs.table["loss"]) == pytest.approx(sorted(b + 10 / s for b in (3.0, 2.9) for s in STEPS))
    assert "'train_loss' is of training" in " ".join(runs.notes)


def test_values_of_a_learning_rate_are_no_losses(tmp_path):
    write(tmp_path, "run-a-tag-val_loss.csv", (4.0, 3.5, 3.0))
    write(tmp_path, "run-a-tag-lr.csv", (1e-3, 5e-4, 1e-4))
    found = understand(tmp_path, roles={"Step": "tokens:1000"})
    assert found.table["loss"].tolist() == [4.0, 3.5, 3.0]
    assert found.table["lr"].tolist() == [1e-3, 5e-4, 1e-4]


@pytest.mark.parametrize("as_files", [False, True])
def test_rates_and_counts_of_a_run_are_beside_its_losses(tmp_path, as_files):
    for run, level in (("a", 4.0), ("b", 3.9)):
        write(tmp_path, f"run-{run}-tag-val_loss.csv", (level, level - 0.5, level - 1))
        write(tmp_path, f"run-{run}-tag-train_learning_rate.csv", (1e-3, 1e-3, 1e-4), steps=(90, 190, 390))
        write(tmp_path, f"run-{run}-tag-throughput_total_tokens.csv", (1e9, 2e9, 4e9))
    write(tmp_path, "run-a-tag-grad_norm.csv", (0.5, 0.4, 0.3))
    write(tmp_path, "run-c-tag-train_learning_rate.csv", (7e-3, 7e-3, 7e-3))
    files = sorted(tmp_path.glob("run-[ab]*[!m].csv"))
    found = understand(files if as_files else tmp_path)
    assert found.questions == ()
    assert found.table["model"].tolist() == ["a"] * 3 + ["b"] * 3
    assert found.table["tokens"].tolist() == [1e9, 2e9, 4e9] * 2
    assert found.table["train/learning_rate"].tolist() == [1e-3, 1e-3, 1e-4] * 2
    if not as_files:
        assert "run-a-tag-grad_norm.csv, run-c-tag-train_learning_rate.csv." in " ".join(found.notes)


def test_a_file_that_people_named_after_the_learning_rate_holds_no_losses(tmp_path):
    write(tmp_path, "a_val_loss.csv", (4.0, 3.5, 3.0))
    write(tmp_path, "a_lr.csv", (1e-3, 5e-4, 1e-4))
    found = understand(tmp_path, roles={"step": "tokens:1000"})
    assert found.table["loss"].tolist() == [4.0, 3.5, 3.0]
    assert found.table["lr"].tolist() == [1e-3, 5e-4, 1e-4]


def test_a_broken_step_of_one_of_several_files_is_named(tmp_path):
    write(tmp_path, "a_val_loss.csv", (4.0, 3.5, 3.0))
    write(tmp_path, "a_train_loss.csv", (4.0, 3.5, 3.0), steps=(100, "x", 400))
    with pytest.raises(RunsError, match=r"a_train_loss, row 2, column 'Step': found 'x'"):
        understand(tmp_path)


def test_a_file_alone_is_named_after_its_run_and_a_file_whose_name_tells_no_metric_keeps_its_values(tmp_path):
    named = write(tmp_path, "run-small-tag-eval_loss.csv", (4.0, 3.5, 3.0))
    assert set(read_runs(named, roles={"Step": "data"}).table["model"]) == {"small"}
    plain = write(tmp_path, "small.csv", (4.0, 3.5, 3.0))
    found = understand(plain, roles={"Step": "data"})
    assert found.table["loss"].tolist() == [4.0, 3.5, 3.0]
    assert next(column.source for column in found.columns if column.role == "loss") == "Value"


def test_no_cell_of_another_metric_is_taken_for_a_run_that_diverged(tmp_path):
    first = write(tmp_path, "a_val_loss.csv", (4.0, 3.5, 3.0))
    second = write(tmp_path, "a_train_loss.csv", (4.1, 3.6, 3.1))
    runs = read_runs([first, second], roles={"Step": "data"})
    assert len(runs.table) == 3
    assert "NaN" not in " ".join(runs.notes)
