"""Scores of the largest model of each family of a public leaderboard, foretold from all others.

Run with ``pytest -m slow -s tests/statistical/test_published_leaderboard.py``: a fit of some minutes for each law.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares
from scipy.special import expit

import bayeslaw as bl
from bayeslaw.sampling.nuts import SamplerSettings

DATA = os.environ.get("BAYESLAW_DATA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables"),
]

TASKS = {
    "arc": (0.25, 1172), "hellaswag": (0.25, 10_042), "mmlu": (0.25, 14_042), "truthfulqa": (0.31, 817),
    "winogrande": (0.5, 1267), "gsm8k": (0.0, 1319),
}  # fmt: skip
"""What guessing reaches, and how many questions there are."""


def leaderboard():
    board = pd.read_csv(Path(DATA) / "downstream" / "leaderboard.csv")
    board = board.assign(params=1e9 * board["size"], tokens=1e12 * board["tokens"])
    board = board.melt(["model", "family", "params", "tokens", "flops"], list(TASKS), "task", "accuracy")
    known = pd.DataFrame(TASKS, index=["chance", "questions"]).T
    return board.join(known, on="task")


def shared_sigmoid(seen, hidden):
    """A sigmoid of the log of compute for each task, with a ceiling, by least squares."""
    found = pd.Series(index=hidden.index, dtype=float)
    for task, rows in seen.groupby("task"):
        chance, centre = TASKS[task][0], np.log(rows["flops"]).mean()

        def curve(b, flops, chance=chance, centre=centre):
            return chance + (1 - chance) * expit(b[2]) * expit(b[0] + b[1] * (np.log(flops) - centre))

        b = least_squares(lambda b, r=rows, c=curve: c(b, r["flops"]) - r["accuracy"], [0.0, 0.5, 2.0]).x
        there = hidden["task"] == task
        found[there] = curve(b, hidden.loc[there, "flops"])
    return found


def nearest_sibling(seen, hidden):
    """The score of the model of the family whose size is nearest."""

    def one(row):
        own = seen[(seen["family"] == row["family"]) & (seen["task"] == row["task"])]
        return own["accuracy"].iloc[np.abs(np.log(own["params"] / row["params"])).argmin()]

    return hidden.apply(one, axis=1)


@pytest.mark.parametrize("law", ["capability", "trajectory"])
def test_the_largest_model_of_each_family(law):
    board = leaderboard()
    of_family = board.groupby(["task", "family"])["params"]
    out = (of_family.transform("size") > 1) & (of_family.rank(method="first") == of_family.transform("size"))
    seen, hidden = board[~out].drop(columns="flops"), board[out].reset_index(drop=True)
    fitted = bl.fit(bl.read_runs(seen), law=law, sampler=SamplerSettings(warmup=200, draws=200), seed=0)
    found = []
    for row in hidden.drop_duplicates("model").itertuples():
        told = fitted.predict(at={"params": row.params, "data": row.tokens})
        found.append(told[told["family"] == row.family].assign(model=row.model))
    told = hidden.merge(pd.concat(found), on=["model", "task"], validate="one_to_one")
    truth = told["accuracy"]
    scores = pd.DataFrame(
        {
            "error": (truth - told["median"]).abs(),
            "bias": truth - told["median"],
            "sigmoid": (hidden["accuracy"] - shared_sigmoid(board[~out], hidden)).abs(),
            "nearest": (hidden["accuracy"] - nearest_sibling(seen, hidden)).abs(),
            "half width": (told["p95"] - told["p05"]) / 2,
            "in 90%": ((told["p05"] <= truth) & (truth <= told["p95"])).astype(float),
        }
    ).groupby(told["task"])
    table = scores.mean()
    print(f"\n{law}: {fitted!r}\n{(table * [100, 100, 100, 100, 100, 1]).round(2).to_string()}")
    print(f"90% intervals of all hold {table['in 90%'].mean():.2f}")
    assert (table["error"] < table["sigmoid"]).sum() >= 5
    assert (table["error"] < table["nearest"]).sum() >= 5
    assert table["in 90%"].mean() >= 0.7
