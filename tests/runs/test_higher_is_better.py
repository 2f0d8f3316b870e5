"""Columns of which higher is better, said to be losses."""

import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs


def table(heading):
    return pd.DataFrame({"model": ["a", "a", "b", "b"], "tokens": [1e9, 2e9] * 2, heading: [3.2, 3.1, 3.0, 2.9]})


@pytest.mark.parametrize("heading", ["elo", "Arena Elo", "win_rate", "F1", "ROUGE-L", "mean_reward", "arc_accuracy"])
def test_a_measure_of_which_higher_is_better_is_no_loss(heading):
    with pytest.raises(RunsError, match="higher is better by its name, expected a loss") as refused:
        read_runs(table(heading), roles={heading: "loss"})
    assert "=accuracy" in str(refused.value)


@pytest.mark.parametrize(
    "heading", ["1 - F1", "neg_reward", "elo_gap", "regret", "cost", "reward_model_loss", "Brier score", "loss score"]
)
def test_others_are_losses_if_so_said(heading):
    assert read_runs(table(heading), roles={heading: "loss"}).table["loss"].tolist() == [3.2, 3.1, 3.0, 2.9]


def test_who_says_the_unit_too_is_not_doubted():
    assert read_runs(table("reward"), roles={"reward": "loss:nats"}).table["loss"].tolist() == [3.2, 3.1, 3.0, 2.9]
