"""Published scores: through losses to larger models, and warnings about runs that were made to stand still.

Run with ``pytest -m slow -s tests/statistical/test_published_tracking.py``: three fits, some minutes each.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.answers.track import foretell
from bayeslaw.answers.watch import FALSE_ALARMS, watch
from bayeslaw.fitting.track import HEAD
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import QUICK, SamplerSettings

DATA = os.environ.get("BAYESLAW_DATA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables"),
]

CHANCE = {
    "arc_easy": 1 / 4, "bigbench_cs_algorithms": 0, "bigbench_dyck_languages": 0, "bigbench_novel_concepts": 1 / 4,
    "bigbench_operators": 0, "bigbench_qa_wikidata": 0, "boolq": 1 / 2, "commonsense_qa": 1 / 5, "copa": 1 / 2,
    "coqa": 0, "hellaswag_zeroshot": 1 / 4, "hellaswag": 1 / 4, "lambada_openai": 0, "piqa": 1 / 2,
    "pubmed_qa_labeled": 1 / 3, "squad": 0, "winograd": 1 / 2,
}  # fmt: skip
"""The tasks on which a model of 154M parameters gains ten points on chance, as Gadre et al. 2024 choose them."""

DEFAULT = SamplerSettings()

LARGEST = 412e6
"""Parameters of the largest models that are seen of the over-training grid."""

TASKS = ("lambada_openai", "arc_easy")
SIZES = {"70m": False, "160m": False, "410m": False, "1b": False, "1.4b": True, "2.8b": True, "6.9b": True, "12b": True}
"""Sizes of Pythia, and whether they are tracked; the others are whole."""

AGAIN = 20
"""Times that each fault is injected, with other noise of tests."""


def overtrained():
    """Models of the over-training grid, with their losses and the accuracy on each task, and the mean of these."""
    raw = pd.read_csv(Path(DATA) / "pretrain" / "overtraining_grid.csv")
    keys = ["run", "dataset", "params", "tokens"]
    wide = raw.pivot(index=keys, columns="metric", values="value").reset_index()
    wide["accuracy:average"] = wide[[f"accuracy:{task}" for task in CHANCE]].mean(axis=1)
    names = {"run": "model", "dataset": "family", "loss:c4_val": "loss"}
    return wide.rename(columns=names).rename(columns=lambda name: name.removeprefix("accuracy:"))


def chained_to(tasks, law, whole, sampler=DEFAULT):
    """A chain from size and tokens to scores on tasks, fitted to the smaller models."""
    keys = ["model", "family", "params", "tokens", "loss"]
    seen = whole[whole["params"] < 1.01 * LARGEST]
    scores = seen.melt(keys, list(tasks), "task", "accuracy").rename(columns={"loss": "model_loss"})
    scores["chance"] = scores["task"].map(tasks)
    losses = bl.fit(seen[keys], law="chinchilla", seed=0)
    return bl.chain(losses, bl.fit(scores, law=law, seed=0, sampler=sampler))


@pytest.mark.parametrize("law", ["loss_to_score", "loss_to_error"])
def test_average_scores_of_larger_models_through_their_losses(law):
    whole = overtrained()
    chained = chained_to({"average": float(np.mean(list(CHANCE.values())))}, law, whole)
    inside, off = [], []
    for row in whole[whole["params"] > 1.01 * LARGEST].itertuples():
        found = chained.predict(at={"params": row.params, "data": row.tokens}).set_index("family").loc[row.family]
        inside.append(found["p05"] <= row.average <= found["p95"])
        off.append((1 - found["median"]) / (1 - row.average) - 1)
        print(f"{row.model}: {row.average:.3f}, foretold {found['median']:.3f}, error off by {off[-1]:+.1%}")
    print(f"inside 90%: {np.mean(inside):.2f}")
    assert sum(inside) >= 5
    assert np.median(np.abs(off)) < 0.1


def test_single_scores_of_larger_models_through_their_losses():
    whole = overtrained()
    chained = chained_to(CHANCE, "loss_to_score", whole, QUICK)
    rows = []
    for _, row in whole[whole["params"] > 1.01 * LARGEST].iterrows():
        told = chained.predict(at={"params": row["params"], "data": row["tokens"]})
        found = told[told["family"] == row["family"]].set_index("task").loc[list(CHANCE)]
        truth = row[list(CHANCE)].astype(float)
        inside = (found["p05"] <= truth) & (truth <= found["p95"])
        rows.append(pd.DataFrame({"error": truth - found["median"], "inside": inside}))
    found = pd.concat(rows)
    by_task = found.groupby(level=0).agg(error=("error", "mean"), inside=("inside", "mean"))
    print("\n" + by_task.round(3).to_string())
    print(f"mean error {found['error'].abs().mean():.3f}, 90% intervals hold {found['inside'].mean():.2f}")
    assert found["inside"].mean() >= 0.7


def pythia():
    names = [f"pythia-{size}-deduped" for size in SIZES]
    where = f"metric == 'acc' and task in {list(TASKS)} and model in {names} and tokens >= 1e10"
    return read_runs(Path(DATA) / "downstream" / "pythia_checkpoints.csv", where=where)


def standing_still(measured, look, outcome, before, since, questions, rng):
    """Measurements of a run that gains nothing after a checkpoint, -1 for the last of its head: new tests of its level.

    Parameters
    ----------
    measured : (P,); look, outcome : (P,); before : (T,) scores at the head; since : checkpoint; questions : (T,)
    """
    found = measured.copy()
    for t in range(len(questions)):
        own = outcome == t
        level = before[t] if since < 0 else measured[own & (look == since)][0]
        later = own & (look > since)
        found[later] = rng.binomial(int(questions[t]), level, later.sum()) / questions[t]
    return found


def test_runs_that_stand_still_are_found_among_those_that_do_not():
    """The same fit, which knows two checkpoints of four runs, and many faults in each: one in four would tell less."""
    runs, rng = pythia(), np.random.default_rng(0)
    table, places = runs.table, np.unique(runs.table["data"])
    tracked = [f"pythia-{size}-deduped" for size, is_tracked in SIZES.items() if is_tracked]
    late = (table["model"].isin(tracked) & (table["data"] > places[HEAD - 1])).to_numpy(bool)
    early = bl.fit(runs.where_rows(~late, "later"), law="trajectory", seed=0, early_tokens=0, sampler=QUICK).posterior
    asked = {task: early.layout.questions[early.layout.tasks.index(task)] for task in TASKS}
    false, found = [], []
    for model in tracked:
        own = table[table["model"] == model].sort_values(["data", "task"])
        later = own[own["data"] > places[HEAD - 1]]
        before = own[own["data"] == places[HEAD - 1]].set_index("task")["accuracy"]
        foretold = foretell(early, model, list(TASKS), later, {"data": places[-1]}, 0)
        measured = later["accuracy"].to_numpy(float)
        false.append(watch(foretold, measured).alarm is not None)
        for since in range(-1, foretold.looks // 2):
            faults = [
                standing_still(measured, foretold.look, foretold.outcome, before[list(TASKS)].to_numpy(float), since,
                               [asked[task] for task in TASKS], rng)
                for _ in range(AGAIN)
            ]  # fmt: skip
            found.append(np.mean([watch(foretold, fault).alarm is not None for fault in faults]))
            print(f"{model}, still since checkpoint {since}: {found[-1]:.2f} found")
    print(f"false alarms {np.mean(false):.2f} (set to {FALSE_ALARMS})")
    print(f"faults of the first half that were found {np.mean(found):.2f}")
    assert np.mean(false) <= 0.25
    assert np.mean(found) >= 0.9
