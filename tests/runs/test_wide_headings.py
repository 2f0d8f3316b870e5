"""Wide tables whose headings hold a measure and a repeat or a size: ``loss_seed0``, ``loss@10B``, ``70M``."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand
from bayeslaw.runs.wide_headings import unfold_repeats, unfold_sizes_behind

SIZES = [1e9, 2e9, 4e9, 8e9]


def repeated(*headings, **beside):
    columns = {name: [4 - 0.3 * i + 0.01 * k for i in range(4)] for k, name in enumerate(headings)}
    return pd.DataFrame({"model": ["a"] * 4, "tokens": SIZES, **beside, **columns})


@pytest.mark.parametrize(
    "headings",
    [
        ("loss_seed0", "loss_seed1", "loss_seed2"),
        ("val_loss (seed 0)", "val_loss (seed 1)", "val_loss (seed 2)"),
        ("seed0/eval_loss", "seed1/eval_loss", "seed2/eval_loss"),
        ("loss_run_1", "loss_run_2", "loss_run_3"),
        ("seed_1", "seed_2", "seed_3"),
        ("run 1", "run 2", "run 3"),
    ],
)
def test_losses_of_several_seeds_in_a_row_are_repeats(headings):
    frame = repeated(*headings)
    runs = read_runs(frame)
    assert runs.table["loss"].tolist() == frame[list(headings)].to_numpy().ravel().tolist()
    assert runs.table["tokens"].tolist() == np.repeat(SIZES, 3).tolist()
    assert runs.models == ("a",)
    assert runs.table["seed"].nunique() == 3
    assert any("3 repeats" in note for note in runs.notes)


def test_perplexities_and_losses_of_training_go_with_their_seed():
    frame = repeated("val_ppl_seed0", "val_ppl_seed1").assign(train_loss_seed0=3.5, train_loss_seed1=3.6)
    table = read_runs(frame).table
    assert table["loss"].tolist() == pytest.approx(np.log(frame[["val_ppl_seed0", "val_ppl_seed1"]]).to_numpy().ravel())
    assert table["train_loss"].tolist() == [3.5, 3.6] * 4


def test_a_mean_beside_the_repeats_and_its_error_are_not_used_and_another_loss_is_read_first():
    frame = repeated("loss_seed0", "loss_seed1")
    mean = frame[["loss_seed0", "loss_seed1"]].mean(axis=1)
    runs = read_runs(frame.assign(loss=mean, loss_se=0.01))
    assert len(runs.table) == 8
    assert "loss_se" not in runs.table
    assert any("'loss', 'loss_se' are of all of them" in note for note in runs.notes)
    assert read_runs(frame.assign(loss=[4.4, 3.3, 2.2, 2.0])).table["loss"].tolist() == [4.4, 3.3, 2.2, 2.0]


def test_means_of_scores_beside_their_repeats_are_not_used_either():
    frame = repeated("loss_seed0", "loss_seed1").assign(acc_seed0=[0.3, 0.4, 0.5, 0.6], acc_seed1=[0.4, 0.5, 0.6, 0.7])
    runs = read_runs(frame.assign(acc=[0.35, 0.45, 0.55, 0.65], acc_stderr=0.01))
    assert runs.table["loss"].tolist() == frame[["loss_seed0", "loss_seed1"]].to_numpy().ravel().tolist()
    assert any("'acc', 'acc_stderr' are of all of them" in note for note in runs.notes)


def test_repeats_that_were_not_made_are_left_out_and_said():
    frame = repeated("loss_seed0", "loss_seed1")
    frame.loc[2, "loss_seed1"] = np.nan
    runs = read_runs(frame)
    assert len(runs.table) == 7
    assert [out.reason for out in runs.left_out] == ["no loss measured at data = 4000000000"]


def test_runs_in_headings_beside_steps_alone_are_models_and_numbers_without_a_word_are_no_repeats():
    frame = repeated("run_1", "run_2").drop(columns="model")
    assert read_runs(frame).models == ("run_1", "run_2")
    with pytest.raises(RunsError, match="no column of losses"):
        read_runs(repeated("loss_1", "loss_2"))


@pytest.mark.parametrize(
    ("pattern", "role"),
    [("loss@{}B", "data"), ("val_loss_at_{}B", "data"), ("loss ({}B tokens)", "tokens"), ("loss_{}B tokens", "tokens")],
)
def test_losses_at_sizes_in_headings_are_rows(pattern, role):
    frame = pd.DataFrame({"model": ["a", "b"], **{pattern.format(k): [4 - k / 8, 3.9 - k / 8] for k in (1, 2, 4)}})
    table = read_runs(frame).table
    assert table.loc[table["model"] == "b", role].tolist() == [1e9, 2e9, 4e9]
    assert table.loc[table["model"] == "b", "loss"].tolist() == pytest.approx([3.9 - k / 8 for k in (1, 2, 4)])


def test_sizes_in_headings_that_may_be_of_models_or_of_data_are_asked_about():
    frame = pd.DataFrame({"model": ["a", "b"], "loss_7B": [3.0, 3.1], "loss_13B": [2.9, 3.0]})
    with pytest.raises(RunsError, match=r"parameters or data.*'loss@7B params' or 'loss@7B tokens'"):
        read_runs(frame)
    sized = frame.rename(columns={"loss_7B": "loss_7B params", "loss_13B": "loss_13B params"}).assign(tokens=1e9)
    assert sorted(read_runs(sized).table["params"].unique()) == [7e9, 13e9]


@pytest.mark.parametrize("pattern", ["{}M", "loss_{}M"])
def test_sizes_in_headings_beside_data_are_of_models(pattern):
    frame = pd.DataFrame(
        {"tokens": SIZES, **{pattern.format(k): [4 - k / 800 - i / 9 for i in range(4)] for k in (70, 160)}}
    )
    found = understand(frame)
    assert sorted(found.table["params"].unique()) == [70e6, 160e6]
    assert found.table["model"].nunique() == 2
    assert "read as params" in " ".join(found.notes)


@pytest.mark.parametrize("beside", [{}, {"tokens": SIZES}])
def test_an_accuracy_among_so_many_answers_is_at_no_size(beside):
    frame = pd.DataFrame(
        {"model": list("abcd"), **beside, "acc@1": [0.5, 0.6, 0.7, 0.8], "acc@5": [0.7, 0.8, 0.85, 0.9]}
    )
    assert unfold_sizes_behind(frame) is None
    assert unfold_sizes_behind(frame.rename(columns={"acc@1": "acc@1B", "acc@5": "acc@5B"})) is not None


def test_runs_beside_families_alone_may_be_models_and_losses_of_other_repeats_are_not_chosen_from():
    assert unfold_repeats(repeated("run 1", "run 2").rename(columns={"model": "family"})) is None
    rivals = repeated("val_loss_seed0", "val_loss_seed1", "test_loss_seed0", "test_loss_seed1")
    assert unfold_repeats(rivals).made == ("seed", "val_loss", "test_loss")
    assert unfold_repeats(rivals.assign(test_loss_seed2=2.0)) is None


@pytest.mark.parametrize("off", [0.0, 0.02])
def test_bands_of_groups_of_runs_are_said_not_to_be_used(off):
    losses = np.array([4.0, 3.5, 3.2])
    columns = {
        f"Group: {size} - eval/loss{end}": losses + by * off
        for size in ("70m", "160m")
        for end, by in (("", 0), ("__MIN", -1), ("__MAX", 1))
    }
    runs = read_runs(pd.DataFrame({"Step": [1000, 2000, 3000], **columns}), roles={"Step": "tokens:1000000"})
    assert sorted(set(runs.table["model"])) == ["160m", "70m"]
    assert set(runs.table["params"]) == {70e6, 160e6}
    assert any("lowest and the highest of which (__MIN, __MAX) are not used" in note for note in runs.notes) == (
        off > 0
    )
