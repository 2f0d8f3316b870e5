"""Scores of Pythia at the end of training, foretold from their first third and from whole smaller siblings.

Run with ``pytest -m slow -s tests/statistical/test_published_scores.py``: two fits, some minutes each.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import bayeslaw as bl
from bayeslaw.runs import read_runs

DATA = os.environ.get("BAYESLAW_DATA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables"),
]

LARGE = {
    "first third": ("pythia-6.9b", "pythia-6.9b-deduped", "pythia-12b", "pythia-12b-deduped"),
    "size not seen": ("pythia-12b", "pythia-12b-deduped"),
}
WIDEST = {"first third": 0.05, "size not seen": 0.06}
"""Median absolute error beyond which something is broken; that of the last three checkpoints is .096."""


@pytest.mark.parametrize("hidden", list(LARGE))
def test_scores_at_the_end(hidden):
    runs = read_runs(Path(DATA) / "downstream" / "pythia_checkpoints.csv", where="metric == 'acc'")
    table = runs.table
    end = table["data"].max()
    out = table["model"].isin(LARGE[hidden])
    if hidden == "first third":
        out &= table["data"] > 0.3 * end
    fitted = bl.fit(runs.where_rows(~out.to_numpy(), "foretold"), law="trajectory", seed=0)
    truth = table[out & (table["data"] == end)].set_index(["task", "model"])
    if hidden == "first third":
        found = fitted.predict(data=end).set_index(["task", "model"]).loc[truth.index]
    else:
        point = {"params": float(truth["params"].iloc[0]), "data": float(end)}
        found = fitted.predictions([point], kind="run").to_frame().set_index("task")
        found = found.loc[truth.index.get_level_values("task")].set_index(truth.index)
    error = truth["accuracy"] - found["median"]
    inside = (truth["accuracy"] >= found["p05"]) & (truth["accuracy"] <= found["p95"])
    middle = (truth["accuracy"] >= found["p25"]) & (truth["accuracy"] <= found["p75"])
    print(f"\n{hidden}: {fitted!r}")
    print((100 * error).round(1).unstack("task").to_string())
    print(f"median error {error.abs().median():.4f}, 90% {inside.mean():.2f}, 50% {middle.mean():.2f}")
    assert error.abs().median() < WIDEST[hidden]
    assert inside.mean() >= 0.7
    assert np.isfinite(found["p95"]).all()
