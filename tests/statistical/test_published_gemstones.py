"""Scores of the five largest Gemstones at the end of training, foretold from smaller shapes.

Run with ``pytest -m slow -s tests/statistical/test_published_gemstones.py``: three fits, some minutes each.
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


@pytest.mark.parametrize(("task", "seen"), [("arc:easy", 0.3), ("commonsense_qa", 0.3), ("arc:easy", 0.0)], ids=str)
def test_the_five_largest_shapes(task, seen):
    """Of which a share of the tokens was seen; accuracies are of 1,000 questions."""
    table = pd.read_csv(Path(DATA) / "downstream" / "gemstones.csv")
    table = table[(table["task"] == task) & (table["tokens"] > 0)].assign(family="gemstone", questions=1000)
    large = table.groupby("model")["params"].first().nlargest(5).index
    end = table.groupby("model")["tokens"].transform("max")
    out = table["model"].isin(large) & (table["tokens"] > seen * end)
    names = ["task", "model", "family", "params", "tokens", "accuracy", "chance", "questions"]
    sampler = SamplerSettings(warmup=200, draws=200)
    fitted = bl.fit(bl.read_runs(table.loc[~out, names]), law="trajectory", sampler=sampler, seed=0)
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
