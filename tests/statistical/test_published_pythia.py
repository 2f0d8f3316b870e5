"""Checkpoints of published pretraining runs: where a run will end, from its beginning and from its siblings.

``pytest -m slow -s tests/statistical/test_published_pythia.py`` prints the figures. One fit a run: a quarter of an
hour to two hours.
"""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl

DATA = os.environ.get("BAYESLAW_DATA")
SHARE = 0.305
"""Of its tokens that is seen of a run: 30% and the checkpoint next to it."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables"),
]


def sibling_of(curve):
    """Parameters and family of a Pythia run by its name, or None."""
    found = re.fullmatch(r"pythia-([\d.]+)(m|b)((?:-deduped)?(?:-5shot)?(?:-v0)?)", curve)
    return (float(found[1]) * {"m": 1e6, "b": 1e9}[found[2]], f"pythia{found[3]}") if found else None


@pytest.fixture(scope="module")
def checkpoints():
    table = pd.read_csv(Path(DATA) / "pretrain" / "training_curves.csv").drop_duplicates()
    named = table["curve"].map(sibling_of)
    table = table[named.notna()].rename(columns={"curve": "model"})
    table = table.assign(params=[n for n, _ in named.dropna()], family=[f for _, f in named.dropna()])
    return table.assign(task=table["family"].str.replace("-deduped", ""))


def last_of(table):
    return table.sort_values("tokens").groupby("model").tail(1).set_index("model")


def score(fit, model, end):
    told = fit.predict(data=float(end["tokens"])).set_index("model").loc[model]
    return {
        "model": model,
        "error": abs(told["median"] / end["loss"] - 1),
        "inside": told["p05"] <= end["loss"] <= told["p95"],
        "width": np.log(told["p95"] / told["p05"]),
    }


def ends(checkpoints, law, pooled):
    """Errors of the final loss of each run from its first 30% of tokens."""
    last, rows = last_of(checkpoints), []
    for model, end in last.iterrows():
        own = checkpoints["model"] == model
        seen = checkpoints[~own | (checkpoints["tokens"] <= SHARE * end["tokens"])]
        seen = seen[seen["family"] == end["family"]] if pooled else seen[seen["model"] == model]
        rows.append(score(bl.fit(bl.read_runs(seen[seen["tokens"] >= 1e10]), law=law), model, end))
        print(rows[-1], flush=True)
    found = pd.DataFrame(rows)
    print(f"{law}, pooled {pooled}: {len(found)} runs, median error {found['error'].median():.2%}, inside 90%", end=" ")
    print(f"{found['inside'].mean():.2f}, median width {found['width'].median():.3f}", flush=True)
    return found


def test_where_a_run_ends_is_told_from_its_beginning_and_better_with_its_siblings(checkpoints):
    pooled, alone = ends(checkpoints, "chinchilla", pooled=True), ends(checkpoints, "vanilla", pooled=False)
    assert pooled["error"].median() <= 0.04
    assert 0.8 <= pooled["inside"].mean() <= 1.0
    assert pooled["error"].median() < alone["error"].median()


def test_larger_models_are_told_from_the_smallest_and_borrowed_exponents(checkpoints):
    """Of each family its smallest model is seen, of its sibling all: exponents come from there.

    Siblings were trained and evaluated alike, on the whole or the deduplicated data. Runs called v0 and those evaluated
    with five examples are on another scale of loss, and so other tasks.
    """
    last, rows = last_of(checkpoints), []
    for family, own in last.groupby("family"):
        smallest, largest = own["params"].idxmin(), own["params"].idxmax()
        end = own.loc[largest]
        siblings = checkpoints[checkpoints["task"] == end["task"]]
        seen = siblings[(siblings["family"] != family) | (siblings["model"] == smallest)]
        for borrowed in (True, False):
            part = seen if borrowed else seen[seen["family"] == family]
            fit = bl.fit(bl.read_runs(part[part["tokens"] >= 1e10]), law="chinchilla")
            told = fit.predict(at=[{"params": end["params"], "data": end["tokens"]}]).set_index("family")
            told = told.loc[family if family in told.index else told.index[0]]
            row = {"family": family, "borrowed": borrowed, "error": abs(told["median"] / end["loss"] - 1)}
            rows.append({**row, "inside": told["p05"] <= end["loss"] <= told["p95"]})
            print(rows[-1], flush=True)
    errors = pd.DataFrame(rows).groupby("borrowed")["error"].median()
    print(errors.to_dict())
    assert errors[True] <= 0.08
    assert errors[True] < errors[False]
