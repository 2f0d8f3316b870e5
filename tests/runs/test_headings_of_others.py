"""Headings in other languages, or of which nothing is known: what a refusal offers."""

import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import meaning

LOSSES = [3.8, 3.5, 3.3, 3.2]


@pytest.mark.parametrize(
    ("columns", "answers"),
    [
        ({"Verlust": LOSSES, "Schritt": [1e3, 2e3, 4e3, 8e3]}, {"Verlust": "loss", "Schritt": "steps"}),
        ({"Testverlust": LOSSES, "Beispiele": [1, 2, 4, 8]}, {"Testverlust": "loss", "Beispiele": "data"}),
        ({"perte": LOSSES, "étapes": [1e3, 2e3, 4e3, 8e3]}, {"perte": "loss", "étapes": "steps"}),
        ({"損失": LOSSES, "データ数": [1000, 2000, 4000, 8000]}, {"損失": "loss", "データ数": "data"}),
        ({"loss_std": [0.01] * 4, "Q": LOSSES, "data": [1e3, 2e3, 4e3, 8e3]}, {"Q": "loss"}),
    ],
)  # fmt: skip
def test_columns_that_may_be_the_missing_ones_are_offered(columns, answers):
    with pytest.raises(RunsError) as refused:
        read_runs(pd.DataFrame({"model": list("aabb"), **columns}))
    offered = str(refused.value).partition("say which it is with ")[2].partition(". ")[0].removesuffix(".")
    said = dict(one.strip("'").split("=") for one in offered.replace("--as ", "").split(" or "))
    assert said == answers


def test_columns_of_other_numbers_are_not_offered():
    frame = pd.DataFrame({"model": list("ab"), "width": [64, 128], "elapsed time": [0.5, 0.7], "Q": [310.5, 200.5]})
    with pytest.raises(RunsError, match="--as COLUMN=loss or --as COLUMN=data"):
        read_runs(frame)


def test_benchmarks_of_unknown_names_are_offered_as_scores():
    frame = pd.DataFrame({"model": list("ab"), "tokens": [1e9, 2e9], "BBEH": [10.5, 12.1], "My Eval": [40.2, 41.0]})
    with pytest.raises(RunsError, match="of a leaderboard, --scores 'BBEH,My Eval' names its benchmarks"):
        read_runs(frame)
    assert len(read_runs(frame, scores=["BBEH", "My Eval"]).table) == 4


@pytest.mark.parametrize("heading", ["loss_mean", "val/loss_avg", "eval_loss_best"])
def test_a_loss_of_several_runs_is_a_loss(heading):
    assert meaning(heading).role == "loss"


def test_the_lowest_of_several_losses_is_not_taken_for_the_loss():
    frame = pd.DataFrame({"model": list("aa"), "data": [1e3, 2e3], "loss_min": [3.5, 3.2], "loss_max": [3.7, 3.4]})
    with pytest.raises(RunsError, match="no column of losses"):
        read_runs(frame)


def test_a_standard_deviation_beside_a_mean_is_no_loss():
    frame = pd.DataFrame({"model": list("aa"), "data": [1e3, 2e3], "loss_mean": [3.5, 3.2], "loss_std": [0.1, 0.2]})
    assert read_runs(frame).table["loss"].tolist() == [3.5, 3.2]


@pytest.mark.parametrize(("text", "count"), [("70 Mio", 70e6), ("1,3 Mrd".replace(",", "."), 1.3e9)])
def test_german_multiples(text, count):
    frame = pd.DataFrame({"params": [text, text], "data": [1e3, 2e3], "loss": [3.5, 3.2]})
    assert set(read_runs(frame).table["params"]) == {count}
