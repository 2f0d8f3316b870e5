"""Scores of Gemstones at the end of training: five large shapes from smaller ones, and all shapes from first halves.

Run with ``pytest -m slow -s tests/statistical/test_published_gemstones.py``: five fits, some minutes each.
"""

import os
from pathlib import Path

import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.sampling.nuts import SamplerSettings

DATA = os.environ.get("BAYESLAW_DATA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables"),
]


NAMES = ["task", "model", "family", "params", "tokens", "accuracy", "chance", "questions"]
SAMPLER = SamplerSettings(warmup=200, draws=200)


def shapes(task):
    """Checkpoints of all shapes on a task; accuracies are of 1,000 questions."""
    table = pd.read_csv(Path(DATA) / "downstream" / "gemstones.csv")
    return table[(table["task"] == task) & (table["tokens"] > 0)].assign(family="gemstone", questions=1000)


@pytest.mark.parametrize("task", ["arc:easy", "commonsense_qa"])
def test_last_halves(task):
    """Which hardly move: the mean of the last three checkpoints seen is hard to beat."""
    table = shapes(task)
    end = table.groupby("model")["tokens"].transform("max")
    seen = table[table["tokens"] <= end / 2]
    fitted = bl.fit(bl.read_runs(seen[NAMES]), law="trajectory", sampler=SAMPLER, seed=0)
    truth = table[table["tokens"] == end].set_index("model")
    told = pd.concat(
        fitted.predict(data=tokens).set_index("model").loc[rows.index] for tokens, rows in truth.groupby("tokens")
    ).loc[truth.index]
    recent = seen.sort_values("tokens").groupby("model")["accuracy"].apply(lambda a: a.tail(3).mean())
    error = 100 * (truth["accuracy"] - told["median"])
    usual = 100 * (truth["accuracy"] - recent.loc[truth.index])
    inside = (told["p05"] <= truth["accuracy"]) & (truth["accuracy"] <= told["p95"])
    middle = (told["p25"] <= truth["accuracy"]) & (truth["accuracy"] <= told["p75"])
    print(f"\n{task}, first halves of {len(truth)} shapes: {fitted!r}")
    print(f"mean error {error.abs().mean():.2f} points, bias {error.mean():+.2f}", end="; ")
    print(f"mean of the last three {usual.abs().mean():.2f}, {usual.mean():+.2f}")
    late = table[table["tokens"] > 0.4 * end].sort_values("tokens")
    scatter = late.groupby("model")["accuracy"].apply(lambda a: a.diff().dropna()).std() / 2**0.5
    p = late["accuracy"].mean()
    print(f"scatter of checkpoints {100 * scatter:.2f}, of a test {100 * (p * (1 - p) / 1000) ** 0.5:.2f}", end="; ")
    print(f"90% intervals hold {inside.mean():.2f}, 50% {middle.mean():.2f}, ", end="")
    print(f"half width {50 * (told['p95'] - told['p05']).mean():.2f}")
    assert error.abs().mean() < 1.5 * usual.abs().mean()
    assert inside.mean() >= 0.75


@pytest.mark.parametrize(("task", "seen"), [("arc:easy", 0.3), ("commonsense_qa", 0.3), ("arc:easy", 0.0)], ids=str)
def test_the_five_largest_shapes(task, seen):
    """Of which a share of the tokens was seen."""
    table = shapes(task)
    large = table.groupby("model")["params"].first().nlargest(5).index
    end = table.groupby("model")["tokens"].transform("max")
    out = table["model"].isin(large) & (table["tokens"] > seen * end)
    fitted = bl.fit(bl.read_runs(table.loc[~out, NAMES]), law="trajectory", sampler=SAMPLER, seed=0)
    truth = table[out & (table["tokens"] == end)].set_index("model")
    found = []
    for model, row in truth.iterrows():
        at = {"data": row["tokens"]} | ({} if seen else {"params": row["params"]})
        told = fitted.predict(at=at)
        found.append((told[told["model"] == model] if seen else told).iloc[0])
    told = pd.DataFrame(found).set_index(truth.index)
    error = 100 * (truth["accuracy"] - told["median"])
    inside = (told["p05"] <= truth["accuracy"]) & (truth["accuracy"] <= told["p95"])
    half = 50 * (told["p95"] - told["p05"]).mean()
    print(
        f"\n{task}, {seen:.0%} seen: {fitted!r}\nmean error {error.abs().mean():.1f} points, bias {error.mean():+.1f}"
    )
    print(f"inside 90% intervals {inside.sum()} of {len(inside)}, half width {half:.1f}")
    assert error.abs().mean() < 4.0
    assert inside.mean() >= 0.6
