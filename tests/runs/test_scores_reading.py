"""Tables of benchmark scores: which tables are, what their columns become, and what is refused or asked about them."""

import numpy as np
import pandas as pd
import pytest
from score_frames import WIDE, downstream, published, scores

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.naming import size_in_name
from bayeslaw.runs.questions import OpenQuestionsError
from bayeslaw.runs.reading import understand


@pytest.mark.parametrize(
    "heading",
    [
        "accuracy", "acc", "acc,none", "acc_norm", "acc_norm,none", "exact_match", "exact_match,strict-match", "pass@1",
        "score", "mean score", "eval_accuracy", "eval/acc", "top-1 accuracy", "lambada_openai/acc", "mc2",
    ],
)  # fmt: skip
def test_headings_of_accuracies(heading):
    assert meaning(heading).role == "accuracy"


@pytest.mark.parametrize("heading", ["acc_stderr,none", "acc_stderr", "accuracy_se", "exact_match_stderr"])
def test_headings_of_standard_errors(heading):
    assert meaning(heading).role == "accuracy_se"


@pytest.mark.parametrize("heading", ["chance", "chance level", "chance_accuracy", "random_baseline"])
def test_headings_of_chance(heading):
    assert meaning(heading).role == "chance"


@pytest.mark.parametrize("heading", ["brier_score", "f1_score", "bleu score", "accumulation", "z-score", "pass@10"])
def test_headings_of_no_accuracies(heading):
    assert meaning(heading) is None


def test_scores_are_shares_and_the_loss_is_what_is_missing():
    table = read_runs(scores(name="acc", stderr=0.01, chance=0.2, n_questions=500)).table
    assert table[["accuracy", "loss", "accuracy_se", "chance", "questions"]].values.tolist() == [
        [value, 1 - value, 0.01, 0.2, 500] for value in (0.3, 0.4, 0.5, 0.6)
    ]
    assert "loss_se" not in table


@pytest.mark.parametrize(
    ("columns", "of_scores"),
    [
        ({}, True),
        ({"loss": [3.0, 2.9, 3.1, 2.8]}, False),
        ({"loss": [3.0, np.nan, 3.1, np.nan]}, True),
        ({"loss": [np.nan] * 4}, True),
        ({"loss": [3.0, 2.9, 3.1, 2.8], "chance": 0.25}, True),
        ({"loss": [3.0, 2.9, 3.1, 2.8], "questions": 100}, True),
    ],
)
def test_which_tables_are_of_scores(columns, of_scores):
    runs = read_runs(scores(**columns))
    assert ("model_loss" in runs.table) == (of_scores and np.isfinite(columns.get("loss", [np.nan])).any())
    assert (runs.table["loss"].tolist() == [0.7, 0.6, 0.5, 0.4]) == of_scores
    assert any("--as accuracy=accuracy" in note for note in runs.notes) == (not of_scores)


def test_the_accuracy_of_an_evaluation_comes_first():
    assert read_runs(scores(name="train_acc", eval_acc=0.25)).table["accuracy"].tolist() == [0.25] * 4
    (note,) = [n for n in read_runs(scores(name="train_acc", eval_acc=0.2, loss=3.0)).notes if "of losses" in n]
    assert "--as eval_acc=accuracy" in note


def test_a_log_of_training_with_a_few_accuracies_stays_one_of_losses():
    log = pd.DataFrame({"tokens": [1e9, 2e9, 3e9, 4e9], "loss": [3.0, 2.9, 2.8, np.nan]})
    runs = read_runs(log.assign(eval_accuracy=[np.nan, 0.3, np.nan, 0.4]), where="loss > 0")
    assert runs.table["loss"].tolist() == [3.0, 2.9, 2.8]
    said = read_runs(log.assign(eval_accuracy=[np.nan, 0.3, np.nan, 0.4], step=1), roles={"eval_accuracy": "accuracy"})
    assert said.table["accuracy"].tolist() == [0.3, 0.4]
    assert said.table["model_loss"].tolist() == [2.9, pytest.approx(np.nan, nan_ok=True)]


def test_the_loss_of_the_model_is_in_nats_and_asked_about_if_there_are_several():
    table = read_runs(scores(val_ppl=[np.exp(2.0), np.nan, np.exp(3.0), np.nan])).table
    assert table["model_loss"].tolist() == pytest.approx([2.0, np.nan, 3.0, np.nan], nan_ok=True)
    two = scores(c4_loss=3.0, wiki_loss=2.0, chance=0.25)
    with pytest.raises(OpenQuestionsError, match="--as c4_loss=model_loss or --as wiki_loss=model_loss"):
        read_runs(two)
    assert read_runs(two, roles={"wiki_loss": "model_loss"}).table["model_loss"].tolist() == [2.0] * 4
    level = two.rename(columns={"chance": "guess"}).drop(columns="c4_loss")
    assert read_runs(level, roles={"guess": "chance"}).table["model_loss"].tolist() == [2.0] * 4
    both = {"accuracy": "accuracy", "wiki_loss": "loss"}
    assert read_runs(two.drop(columns="chance"), roles=both).table["model_loss"].tolist() == [2.0] * 4


def test_values_of_nothing_that_is_named_are_no_loss_of_the_model():
    assert "model_loss" not in read_runs(scores(value=2.0), roles={"accuracy": "accuracy"}).table


def test_scores_over_the_loss_of_the_model_need_no_sizes():
    table = read_runs(scores(loss=[3.0, 2.9, 3.1, np.nan]).drop(columns="tokens")).table
    assert "data" not in table
    with pytest.raises(RunsError, match="no column of data sizes"):
        read_runs(scores().drop(columns="tokens"))


def test_questions_follow_from_standard_errors():
    p = np.array([0.3, 0.4, 0.5, 1.0])
    runs = read_runs(scores(p, stderr=np.sqrt(p * (1 - p) / 651)))
    assert runs.table["questions"].tolist() == [652] * 4
    assert any("standard errors: exam (652)" in note for note in runs.notes)
    in_few_digits = scores((0.31, 0.4, 0.5, 0.6), stderr=[0.0095, 0.01, 0.0102, 0.01], task="ARC-Easy")
    assert set(read_runs(in_few_digits).table["questions"]) == {2376}
    assert set(read_runs(in_few_digits.assign(task="piqa")).table["questions"]) == {2401}
    of_seeds = read_runs(scores(stderr=[0.001, 0.03, 0.002, 0.01])).table
    assert "questions" not in of_seeds


def test_known_benchmarks_are_told_by_name_and_columns_win():
    frame = scores((0.31, 0.4, 0.5, 0.6), task=["ARC-Easy", "winogrande (5-shot)", "exam", "lambada_openai"])
    runs = read_runs(frame)
    assert runs.table["chance"].tolist() == pytest.approx([0.25, 0.5, np.nan, 0.0], nan_ok=True)
    assert runs.table["questions"].tolist() == pytest.approx([2376, 1267, np.nan, 5153], nan_ok=True)
    (note,) = [note for note in runs.notes if "By the names of benchmarks" in note]
    assert "ARC-Easy (2,376 questions, chance 0.25)" in note
    stated = read_runs(frame.assign(chance=[0.2, np.nan, np.nan, 0.1], questions=40)).table
    assert stated["chance"].tolist() == pytest.approx([0.2, 0.5, np.nan, 0.1], nan_ok=True)
    assert stated["questions"].tolist() == [40] * 4


def test_a_level_of_chance_holds_for_the_whole_task():
    assert read_runs(scores(chance=[0.2, np.nan, np.nan, 0.2])).table["chance"].tolist() == [0.2] * 4


def test_scores_in_thousandths_are_of_no_more_than_a_thousand_questions():
    values = np.arange(400, 440) / 1000
    frame = pd.DataFrame({"model": "a", "tokens": 1e9 * np.arange(1, 41), "task": "hellaswag", "acc": values})
    assert set(read_runs(frame).table["questions"]) == {1000}
    assert set(read_runs(frame.assign(acc=100 * values)).table["questions"]) == {10042}
    assert set(read_runs(frame.assign(acc=[f"{100 * value:.1f}%" for value in values])).table["questions"]) == {10042}
    assert set(read_runs(frame.assign(task="copa")).table["questions"]) == {100}
    assert set(read_runs(frame.assign(acc=values + 1 / 10042)).table["questions"]) == {10042}


def test_percent_is_divided_by_a_hundred_and_zero_is_both():
    runs = read_runs(scores((0, 40.5, 50, 60), stderr=2.0, chance=25))
    assert runs.table["accuracy"].tolist() == pytest.approx([0, 0.405, 0.5, 0.6])
    assert runs.table["accuracy_se"].tolist() == [0.02] * 4
    assert runs.table["chance"].tolist() == [0.25] * 4
    assert any("in percent" in note for note in runs.notes)
    assert read_runs(scores((0, 0, 0, 60))).table["accuracy"].tolist() == [0, 0, 0, 0.6]
    low = read_runs(scores((0.4, 0.5, 0.6, 0.9)), roles={"accuracy": "accuracy:percent"}).table
    assert low["accuracy"].tolist() == pytest.approx([0.004, 0.005, 0.006, 0.009])


def test_cells_with_a_sign_are_percent_whatever_stands_beside_them():
    assert read_runs(scores(("30%", "0.4", "0.5 %", 0.6))).table["accuracy"].tolist() == [0.3, 0.4, 0.005, 0.6]
    low = read_runs(scores(("0.3%", "0.4%", "0.5%", "0.6%"), stderr="0.1%", chance="0.1%")).table
    assert low["accuracy"].tolist() == pytest.approx([0.003, 0.004, 0.005, 0.006])
    assert set(low["accuracy_se"]) == set(low["chance"]) == {0.001}
    assert read_runs(WIDE.assign(piqa=["55%", "60%"])).table["accuracy"].tolist() == [0.55, 0.6]
    with pytest.raises(RunsError, match="row 1, column 'accuracy': found '~30%'"):
        read_runs(scores(("~30%", 0.4, 0.5, 0.6)))


def test_cells_with_a_sign_are_in_the_unit_of_the_others():
    signed = ("30%", "40%", "50%", "60%")
    for unit in ("percent", "share"):
        table = read_runs(scores(signed), roles={"accuracy": f"accuracy:{unit}"}).table
        assert table["accuracy"].tolist() == pytest.approx([0.3, 0.4, 0.5, 0.6])
    beside = read_runs(scores((30, "40%", 50, "0.6%"), stderr="2%", chance=["25%", 25, 25, "25%"])).table
    assert beside["accuracy"].tolist() == pytest.approx([0.3, 0.4, 0.5, 0.006])
    assert set(beside["accuracy_se"]) == {0.02}
    assert beside["chance"].tolist() == pytest.approx([0.25] * 4)


def test_the_sheet_says_that_scores_are_in_percent():
    units = {one.source: one.unit for one in understand(scores((30, 40, 50, 60))).columns}
    assert units["accuracy"] == "percent, higher is better"
    wide = {one.source: one.unit for one in understand(WIDE.assign(piqa=[55, 60])).columns}
    assert wide["piqa"] == "percent, higher is better"


def test_percent_of_another_metric_is_read_where_it_is_said_to_be_an_accuracy():
    frame = scores((30, 40, 50, 60), name="value", metric="f1")
    assert read_runs(frame, roles={"value": "accuracy"}).table["accuracy"].tolist() == [0.3, 0.4, 0.5, 0.6]


def test_a_share_of_wrong_answers_is_read_where_that_is_said():
    frame = scores((0.7, 0.6, 0.5, 0.4), name="error")
    with pytest.raises(RunsError, match="--as error=accuracy:error"):
        read_runs(frame)
    table = read_runs(frame, roles={"error": "accuracy:error"}).table
    assert table["accuracy"].tolist() == pytest.approx([0.3, 0.4, 0.5, 0.6])
    percent = read_runs(frame.assign(error=[70, 60, 50, 40]), roles={"error": "accuracy:error"}).table
    assert percent["accuracy"].tolist() == pytest.approx([0.3, 0.4, 0.5, 0.6])


@pytest.mark.parametrize(
    ("frame", "roles", "fragments"),
    [
        (scores((0.3, 61, 0.5, 0.6)), {}, ["row 2, column 'accuracy'", "found 61 (a on exam)", "such as 0.3 in row 1"]),
        (scores((30, 0.61, 50, 60)), {}, ["row 2", "in percent, such as 30", "--as accuracy=accuracy:percent"]),
        (scores((0.3, 0.4, 0.5, 161)), {}, ["row 4, column 'accuracy'", "found 161", "from 0 to 100"]),
        (scores((0.3, -0.1, 0.5, 0.6)), {}, ["row 2", "found -0.1", 'where="row != 2"']),
        (scores((".3", "~.4", ".5", ".6")), {}, ["row 2", "found '~.4'"]),
        (scores(questions=1), {}, ["row 1, column 'questions'", "one question", "Average over the questions"]),
        (scores(questions=[5, 5, 10.5, 5]), {}, ["row 3, column 'questions'", "found 10.5", "whole number"]),
        (scores(questions=0), {}, ["row 1, column 'questions'", "found 0"]),
        (scores(chance=1), {}, ["row 1, column 'chance'", "found 1", "from 0 to below 1"]),
        (scores(chance=[25, 0.5, 25, 25]), {}, ["row 2, column 'chance'", "found 0.5", "such as 25", "such as 25%"]),
        (scores(stderr=1.3), {}, ["row 1, column 'stderr'", "found 1.3", "more than 0.5", "Divide them by 100"]),
        (scores(stderr=0.4), {}, ["row 1, column 'stderr'", "found 0.4", "of 2 questions", "Divide them by 100"]),
        (scores((30, 40, 50, 60), stderr=0.01), {}, ["found 0.01", "percent, would be errors of", "Multiply them"]),
        (scores(("30%", 40, 50, "160%")), {}, ["'accuracy': found '160%'", "from 0 to 100"]),
        (scores((70, 0.6, 50, 40), name="error"), {"error": "accuracy:error"}, ["row 2", "with its sign"]),
        (scores(("", "", "", "")), {}, ["row 1, column 'accuracy'", "found an empty cell"]),
        (scores(name="nll"), {"nll": "accuracy"}, ["a loss by its name", "--as nll=accuracy:share"]),
        (scores(chance=[0.2, 0.2, 0.3, 0.2]), {}, ["column 'chance'", "found 0.2 and 0.3 for the task 'exam'"]),
        (scores(stderr=[0.1, -0.1, 0.1, 0.1]), {}, ["row 2, column 'stderr'", "found -0.1"]),
        (scores(questions="many"), {}, ["row 1, column 'questions'", "found 'many'"]),
        (scores(name="loss"), {"model": "chance"}, ["--as model=chance", "one of losses", "--as COLUMN=accuracy"]),
        (scores(loss=1.0), {"model": "accuracy_se"}, ["--as model=accuracy_se", "one of losses"]),
        (scores(name="brier"), {"brier": "accuracy"}, ["Brier score is", "--as brier=loss"]),
        (scores(name="Brier (0)"), {"Brier (0)": "accuracy"}, ["--as 'Brier (0)=accuracy'", "--as 'Brier (0)=loss'"]),
        (scores(name="loss").rename(columns={"model": "my net"}), {"my net": "chance"}, ["--as 'my net=chance'"]),
        (scores(name="a b nll"), {"a b nll": "accuracy"}, ["--as 'a b nll=accuracy': ", "'a b nll=accuracy:share'"]),
        (scores(name="acc"), {"acc": "accuracy:ppm"}, ["'ppm' is no unit of accuracy", "share, percent, error"]),
        (scores(name="acc", acc_norm=0.5), {}, ["'acc' and 'acc_norm' all mean accuracy", "--as acc_norm=accuracy"]),
        (scores((7, 8, 9, 9.5), name="score"), {}, ["scores up to 9.5", "--as score=accuracy:percent"]),
        (scores(name="value", metric=["acc", "acc", "f1", "f1"]), {}, ["2 metrics", "metric == 'acc'"]),
        (
            scores(name="value", metric=["acc", "acc", "f1", "f1"], task=["x", "x", "y", "y"]),
            {},
            ["accuracies ('acc') and other measures ('f1')", "metric in ['acc']"],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_explained(frame, roles, fragments):
    with pytest.raises(RunsError) as caught:
        read_runs(frame, roles=roles)
    for fragment in fragments:
        assert fragment in str(caught.value)
    assert not ("'accuracy'" in fragments[0] and "drop the column" in str(caught.value))


def test_the_answer_that_makes_scores_of_losses_can_be_pasted_into_a_shell():
    frame = pd.DataFrame({"model": "a", "tokens": [1e9, 2e9], "loss": [3.0, 2.9], "HellaSwag (acc)": [0.3, None]})
    assert any("--as 'HellaSwag (acc)=accuracy' reads" in note for note in read_runs(frame).notes)


def test_scores_below_chance_are_told():
    below = [note for note in read_runs(scores((0.1, 0.2, 0.1, 0.2), chance=0.5)).notes if "below chance" in note]
    assert "All 4 scores on exam are below chance, 0.5: the best is 0.2" in below[0]
    assert not any("below chance" in note for note in read_runs(scores((0.4, 0.45, 0.4, 0.44), chance=0.5)).notes)


def test_values_are_accuracies_if_the_metric_says_so():
    frame = scores((0.3, 20.0, 0.5, 12.0), name="value", metric=["acc", "ppl", "acc", "ppl"])
    runs = read_runs(frame, where="metric == 'acc'")
    assert runs.table["accuracy"].tolist() == [0.3, 0.5]
    perplexities = understand(frame, where="metric == 'ppl'")
    assert perplexities.questions[0].options[0] == "value=loss:perplexity"


def test_scores_with_and_without_examples_in_the_prompt_are_asked_about():
    frame = scores((0.3, 0.4, 0.5, 0.6), model="a", tokens=[1e9, 1e9, 2e9, 2e9], num_fewshot=[0, 5, 0, 5])
    (question,) = understand(frame).questions
    assert question.options[0] == "num_fewshot=variant"


def test_rows_before_training_are_left_out():
    runs = read_runs(scores().assign(tokens=[0, 2e9, 0, 2e9]))
    assert runs.table["accuracy"].tolist() == [0.4, 0.6]
    assert {one.reason for one in runs.left_out} == {"measured before any training, which is on no curve"}


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pythia-1.4b-deduped", 1.4e9), ("opt-125m", 125e6), ("Llama-2-7b", 7e9), ("bloom-7b1", 7.1e9),
        ("qwen1.5-4B", 4e9), ("pythia-1b-bf16", 1e9), ("a", None), ("a-8x7b", None), ("7b-from-13b", None),
        ("phi-3-4k", None), ("3bit", None),
    ],
)  # fmt: skip
def test_sizes_in_names(name, params):
    assert size_in_name(name) == params


def test_params_are_read_from_names_if_every_name_has_them():
    named = scores().assign(model=["a-1b", "a-1b", "b-125m", "b-125m"])
    runs = read_runs(named)
    assert runs.table["params"].tolist() == [1e9, 1e9, 125e6, 125e6]
    assert any("read from the names of models" in note for note in runs.notes)
    one_without = read_runs(named.replace({"model": {"b-125m": "b"}}))
    assert "params" not in one_without.table
    assert any("such as 'b'" in note for note in one_without.notes)
    assert read_runs(named.assign(params=7e9)).table["params"].tolist() == [7e9] * 4
    losses = named.rename(columns={"accuracy": "loss"})
    assert read_runs(losses).table["params"].tolist() == [1e9, 1e9, 125e6, 125e6]
    assert "params" not in read_runs(losses.rename(columns={"tokens": "examples"})).table


def test_a_table_that_was_saved_is_read_as_it_was():
    runs = read_runs(scores(stderr=0.02, loss=[3.0, np.nan, 2.0, np.nan], chance=0.25, task="piqa"))
    again = read_runs(runs.table.drop(columns="row"))
    assert again.content_hash == runs.content_hash
    assert (
        read_runs(runs.table.drop(columns=["row", "chance", "questions", "model_loss"]))
        .table["loss"]
        .equals(runs.table["loss"])
    )


def test_expressions_know_both_names_and_the_values_that_are_read():
    frame = scores((30, 40, 50, 60), name="acc")
    for expression in ("acc > 0.45", "accuracy > 0.45", "loss < 0.55"):
        assert read_runs(frame, where=expression).table["accuracy"].tolist() == [0.5, 0.6]
        assert read_runs(frame).where(expression).table["accuracy"].tolist() == [0.5, 0.6]
    by_name = WIDE.assign(winogrande=[0.5, 0.6], gsm8k=[0.1, 0.2])
    assert read_runs(by_name, where="chance > 0 and questions > 1000").tasks == ("winogrande",)


def test_units_of_sizes_and_compute_are_asked_at_once_the_likeliest_first():
    frame = WIDE.assign(size=[7.0, 0.5], tokens=[0.3, 0.2], flops=[12.6, 0.6], mmlu=[0.3, 0.4])
    assert [one.options[0] for one in understand(frame).questions] == [
        "size=params:B",
        "tokens=tokens:T",
        "flops=compute:1e21",
    ]
    without_tokens = understand(frame.drop(columns="tokens"))  # they would follow from compute, in whatever unit
    assert [one.options[0] for one in without_tokens.questions] == ["size=params:B"]


def test_the_sheet_says_what_the_columns_of_scores_became():
    found = understand(scores(stderr=0.02, c4_loss=[3.0, np.nan, 2.0, np.nan], chance=0.25)).to_dict()
    assert {one["source"]: (one["role"], one["unit"]) for one in found["columns"]} == {
        "model": ("model", ""),
        "tokens": ("tokens", "tokens"),
        "task": ("task", ""),
        "accuracy": ("accuracy", "share, higher is better"),
        "stderr": ("accuracy_se", ""),
        "c4_loss": ("model_loss", "nats"),
        "chance": ("chance", ""),
    }
    assert found["head"][1]["model_loss"] is None
    wide = understand(WIDE.assign(piqa=[0.5, 0.6])).columns[-1]
    assert (wide.source, wide.role, wide.why) == ("piqa", "accuracy", "a heading that names a task")


@published
def test_published_checkpoints():
    with pytest.raises(RunsError, match="metric == 'acc'"):
        read_runs(downstream("pythia_checkpoints.csv"))
    table = read_runs(downstream("pythia_checkpoints.csv"), where="metric == 'acc'").table
    assert len(table) == 16 * 26 * 5
    by_task = table.groupby("task")[["questions", "chance"]].agg(["min", "max"])
    assert by_task.loc["arc_easy"].tolist() == [2376, 2376, 0.25, 0.25]
    assert by_task.loc["lambada_openai"].tolist() == [5153, 5153, 0, 0]
    assert by_task.loc["wsc"].tolist() == [104, 104, 0.5, 0.5]
    assert (table["params"].min(), table["params"].max()) == (70e6, 12e9)


@published
def test_published_checkpoints_with_losses():
    table = read_runs(downstream("gemstones.csv")).table
    assert len(table) == 3740
    assert int(table["model_loss"].notna().sum()) == 330
    assert set(table.loc[table["task"] == "arc:easy", "questions"]) == {1000}
    assert set(table.loc[table["task"] == "siqa", "chance"]) == {1 / 3}


def test_percent_in_a_heading_and_shares_below_it_are_asked_about():
    shares = scores().rename(columns={"accuracy": "accuracy (%)"})
    with pytest.raises(OpenQuestionsError, match="is in percent by its name, and has no number above") as caught:
        read_runs(shares)
    assert caught.value.questions[0].options == ("accuracy (%)=accuracy:share", "accuracy (%)=accuracy:percent")
    said = [read_runs(shares, roles={"accuracy (%)": f"accuracy:{unit}"}) for unit in ("share", "percent")]
    np.testing.assert_allclose(said[0].table["accuracy"], 100 * said[1].table["accuracy"])
    signed = shares.assign(**{"accuracy (%)": [f"{100 * x:.1f}%" for x in shares["accuracy (%)"]]})
    np.testing.assert_allclose(read_runs(signed).table["accuracy"], said[0].table["accuracy"], atol=1e-3)


def test_files_in_different_units_are_saved_as_shares_first(tmp_path):
    shares, percent = tmp_path / "shares.csv", tmp_path / "percent.csv"
    scores().to_csv(shares, index=False)
    renamed = scores().assign(model=lambda table: table["model"] + "-other")
    renamed.assign(accuracy=lambda table: 100 * table["accuracy"]).to_csv(percent, index=False)
    with pytest.raises(RunsError, match="files in different units, save each as shares with bayeslaw read FILE -o"):
        read_runs([shares, percent])
    saved = []
    for path in (shares, percent):
        saved.append(tmp_path / f"new_{path.name}")
        read_runs(path).table.drop(columns="row").to_csv(saved[-1], index=False)
    accuracies = read_runs(saved).table["accuracy"].to_numpy()
    np.testing.assert_allclose(accuracies[: len(accuracies) // 2], accuracies[len(accuracies) // 2 :])


def test_one_odd_score_is_not_of_another_file():
    odd = scores()
    odd.loc[3, "accuracy"] = 61.0
    with pytest.raises(RunsError, match="most numbers are shares") as refused:
        read_runs(odd)
    assert "files" not in str(refused.value)
