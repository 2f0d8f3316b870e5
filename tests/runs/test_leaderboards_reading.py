"""Leaderboards, with a column for each benchmark: what their rows become, and what is refused or asked about them."""

import numpy as np
import pandas as pd
import pytest
from score_frames import WIDE, downstream, published, scores

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.benchmarks import benchmark_in, known_benchmark


def test_a_leaderboard_gets_a_row_for_each_model_and_benchmark():
    frame = WIDE.assign(hellaswag=[0.3, 0.4], mine=[0.2, None])
    runs = read_runs(frame, scores=("hellaswag", "mine"))
    assert runs.table[["row", "model", "task", "accuracy"]].values.tolist() == [
        [1, "a", "hellaswag", 0.3],
        [1, "a", "mine", 0.2],
        [2, "b", "hellaswag", 0.4],
    ]
    assert [(one.row, one.reason) for one in runs.left_out] == [(2, "no score on mine")]
    assert runs.content_hash == read_runs(frame, scores="hellaswag, mine").content_hash
    by_name = read_runs(frame)
    assert by_name.tasks == ("hellaswag",)
    assert any("by the names; --scores" in note for note in by_name.notes)
    assert read_runs(frame.assign(loss=None)).tasks == ("hellaswag",)
    with pytest.raises(RunsError, match="no column of losses"):
        read_runs(scores(name="hellaswag"))


def test_a_single_column_of_scores_names_the_task():
    assert read_runs(WIDE.assign(mine=[0.3, 0.4]), scores=["mine"]).tasks == ("mine",)
    assert read_runs(WIDE.assign(**{"arc_easy/acc": [0.3, 0.4]})).tasks == ("arc_easy",)
    assert read_runs(scores(name="mine"), scores=["mine"]).tasks == ("exam",)
    chart = pd.DataFrame({"tokens": [1e9, 2e9], "a - arc_easy/acc": [0.3, 0.4], "b - arc_easy/acc": [0.4, 0.5]})
    assert read_runs(chart).tasks == ("arc_easy",)


def test_benchmarks_with_their_metrics_behind_them_are_all_read():
    headings = ["HumanEval pass@1", "MBPP pass@1", "TriviaQA EM", "gsm8k_exact_match", "hellaswag acc norm"]
    frame = WIDE.assign(**{heading: [0.3, 0.4] for heading in headings}, **{"WMT BLEU": [20.0, 21.0]})
    assert set(read_runs(frame).tasks) == {"HumanEval", "MBPP", "TriviaQA", "gsm8k", "hellaswag"}
    alone = read_runs(WIDE.assign(**{"HumanEval pass@1": [0.3, 0.4]})).table
    assert alone["questions"].tolist() == [164, 164]


def test_a_measure_that_is_not_known_is_told_how_scores_are_read():
    with pytest.raises(RunsError, match=r"of scores one named accuracy.*--as COLUMN=accuracy reads other shares"):
        read_runs(WIDE.assign(**{"pass@10": [0.3, 0.4]}))


def test_standard_errors_stand_beside_scores_of_a_leaderboard():
    frame = WIDE.assign(**{"piqa/acc,none": [0.5, 0.6], "piqa/acc_stderr,none": 0.05, "copa/acc,none": [0.7, 0.8]})
    table = read_runs(frame).table.sort_values("task")
    assert table["accuracy_se"].tolist() == pytest.approx([np.nan, np.nan, 0.05, 0.05], nan_ok=True)


@pytest.mark.parametrize("error", ["piqa,acc_stderr", "piqa_acc_stderr", "piqa_stderr", "piqa_se"])
def test_standard_errors_are_found_by_the_name_of_the_score_or_of_its_benchmark(error):
    runs = read_runs(WIDE.assign(**{"piqa,acc": [0.5, 0.6], error: [0.04, 0.05]}))
    assert runs.table["accuracy_se"].tolist() == [0.04, 0.05]
    assert any(note.endswith(f"Their standard errors are in {error}.") for note in runs.notes)


def test_standard_errors_that_may_be_of_either_of_two_scores_are_of_none():
    frame = WIDE.assign(**{"piqa,acc": [0.5, 0.6], "piqa,acc_norm": [0.5, 0.7], "piqa_stderr": 0.05})
    assert "accuracy_se" not in read_runs(frame, scores=["piqa,acc"]).table


def test_a_leaderboard_with_another_outcome_is_read_as_scores_if_that_is_said():
    frame = WIDE.assign(val_loss=[3.0, 2.0], hellaswag=[0.3, 0.4], piqa=[0.5, 0.6])
    losses = read_runs(frame)
    assert losses.table["loss"].tolist() == [3.0, 2.0]
    assert any("--scores hellaswag,piqa" in note for note in losses.notes)
    assert read_runs(frame, scores=["hellaswag", "piqa"]).table["model_loss"].tolist() == [3.0, 3.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("frame", "roles", "fragments"),
    [
        (WIDE.assign(piqa=1.0, mine=0.5), {"piqa": "accuracy", "mien": "accuracy"}, ["'mien'", "did you mean 'mine'?"]),
        (WIDE.assign(piqa=1.0, mine=0.5), {"piqq": "accuracy"}, ["did you mean 'piqa'?", "'model', 'tokens', 'piqa'"]),
        (WIDE.assign(val_loss=3.0), {"val_loss": "accuracy"}, ["a loss by its name", "--as val_loss=accuracy:share"]),
        (WIDE.assign(brier=0.3, piqa=0.5), {"brier": "accuracy", "piqa": "accuracy"}, ["Brier score is"]),
        (WIDE.assign(x=1, y=1), {"x": "accuracy", "y": "accuracy:percent"}, ["several units", "y=accuracy:percent"]),
        (scores(name="x", y=1), {"x": "accuracy", "y": "accuracy"}, ["'x', 'y' are benchmarks", "a column 'task' too"]),
        (WIDE.assign(x=1, c="c"), {"x": "accuracy", "c": "task"}, ["each benchmark is a task", "--as c=variant"]),
        (WIDE.assign(**{"x": 1, "a b": "c"}), {"x": "accuracy", "a b": "task"}, ["--as 'a b=variant'"]),
        (WIDE.assign(**{"piqa/acc": 0.5, "piqa/acc_norm": 0.5}), {}, ["both scores on 'piqa'", "--scores"]),
        (
            WIDE.assign(piqa=[55, 60], gsm8k=[0.4, 2.0]),
            {},
            ["column 'gsm8k': found 0.4", "--as piqa=accuracy:percent --as gsm8k=accuracy:percent"],
        ),
    ],
)  # fmt: skip
def test_leaderboards_that_cannot_be_used_are_explained(frame, roles, fragments):
    with pytest.raises(RunsError) as caught:
        read_runs(frame, roles=roles)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_names_of_benchmarks():
    assert known_benchmark("ARC_Challenge (25-shot)").questions == 1172
    assert known_benchmark("truthfulqa_mc2").chance is None
    assert known_benchmark("mmlu_abstract_algebra").chance == 0.25
    assert known_benchmark("mmlu_pro") is known_benchmark("mmlu_pro_law") is known_benchmark("mine") is None
    assert benchmark_in("arc_easy/acc_norm,none") == "arc_easy"
    assert benchmark_in("arc_easy/loss") is None
    assert benchmark_in("eval/arc_easy_acc") == benchmark_in("eval/lm/arc_easy/acc_norm") == "arc_easy"
    assert benchmark_in("eval/arc_easy/loss") is None


@published
def test_published_leaderboard():
    columns = ("arc", "hellaswag", "mmlu", "truthfulqa", "winogrande", "gsm8k")
    roles = {"size": "params:B", "tokens": "tokens:T", "flops": "compute:1e21"}
    runs = read_runs(downstream("leaderboard.csv"), roles=roles, scores=columns)
    assert runs.tasks == columns
    assert len(runs.table) == 168 * 6
    assert runs.content_hash == read_runs(downstream("leaderboard.csv"), roles=roles).content_hash
    sizes = runs.table.loc[runs.table["model"] == "bloom", ["params", "tokens", "compute"]].drop_duplicates()
    assert sizes.values.tolist() == [[176e9, 0.366e12, pytest.approx(386.496e21)]]


@pytest.mark.parametrize("dash", ["-", "–", "—", "--", "n.a.", "#N/A"])  # noqa: RUF001
def test_dashes_are_no_scores(dash):
    frame = pd.DataFrame({"model": list("abc"), "params": [1e9, 2e9, 7e9], "tokens": [1e12] * 3})
    runs = read_runs(frame.assign(hellaswag=["50.1", dash, "70.2"], piqa=["60", "65", "70"]))
    assert len(runs.table) == 5
    assert [out.reason for out in runs.left_out] == ["no score on hellaswag"]
