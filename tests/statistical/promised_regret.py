"""Regret found and promised where tails of losses are cut: python tests/statistical/promised_regret.py FOLDER.

Of each published table the largest runs are hidden, and a model is chosen for them: the one of least mean loss, draws
of a loss beyond a quantile at either end counting as that quantile. The regret promised is the mean over draws, the
regret found that of the choice, in units of the loss. FOLDER keeps a JSON line a table; what is there is not
fitted again. It prints means over collections, for several quantiles, and how often the difference of two of the six
most promising models lies in its 90% interval.
"""

import argparse
import itertools
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

import bayeslaw as bl
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings

SAMPLER = SamplerSettings(warmup=300, draws=300, enough="REVIEW")
FINETUNE = ("flan", "gigaword")
CUTS = (0.002, 0.01, 0.025, 0.05, 0.1)


def tables(data):
    """Collection, name, the runs that are seen, the target, and the loss that each model reached there."""
    for task in FINETUNE:
        yield from hidden("fine-tuning", bl.read_runs(data / "finetune" / f"{task}.csv"), (3200, 25_600))
    bundled = bl.load_dataset("small-finetune")
    for task in bundled.tasks:
        yield from hidden("bundled", bundled.for_task(task), (800, 3200))
    classifiers = bl.read_runs(data / "selection" / "lcdb.csv")
    for number, task in enumerate(sorted(classifiers.tasks)):
        name = "other classifiers" if number % 3 else "every third table of classifiers"
        yield from hidden(name, classifiers.for_task(task), (64,))


def hidden(collection, runs, sizes):
    """The runs of a task up to each of some sizes; the target is the largest size that all models have."""
    whole = runs.table
    target = whole.groupby("model")["data"].max().min()
    there = whole[whole["data"] == target].groupby("model")["loss"].mean()
    for size in sizes:
        yield collection, f"{runs.tasks[0]}, {size}", runs.where(f"data <= {size}"), target, there


def scored(runs, target, there):
    """What a choice promises and costs, by quantile, and how often differences lie in their intervals."""
    fit = bl.fit(runs, law="rectified", seed=0, sampler=SAMPLER)
    models = [curve.model for curve in fit.posterior.layout.curves]
    known = [i for i, model in enumerate(models) if model in there.index]
    losses = np.exp(fit.predictions([{"data": float(target)}], seed=0).linked[:, known, 0])
    truth = there[[models[i] for i in known]].to_numpy()
    found = {"models": len(known)}
    for share in CUTS:
        cut = np.clip(losses, *np.quantile(losses, [share, 1 - share], axis=0))
        chosen = cut.mean(axis=0).argmin()
        found[f"promised {share}"] = float((cut[:, chosen] - cut.min(axis=1)).mean())
        found[f"found {share}"] = float(truth[chosen] - truth.min())
    best = np.argsort(losses.mean(axis=0))[:6]
    below = [np.mean(losses[:, i] / losses[:, j] < truth[i] / truth[j]) for i, j in itertools.combinations(best, 2)]
    return found | {"pairs inside": float(np.mean(np.abs(np.array(below) - 0.5) <= 0.45))}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    use_compilation_cache()
    kept = folder / "promised_regret.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for collection, name, runs, target, there in tables(Path(os.environ["BAYESLAW_DATA"])):
        if (collection, name) not in {(row["collection"], row["table"]) for row in rows}:
            rows.append({"collection": collection, "table": name, **scored(runs, target, there)})
            kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
            print(rows[-1], file=sys.stderr, flush=True)
    means = pd.DataFrame(rows).groupby("collection").mean(numeric_only=True)
    for share in CUTS:
        means[f"found / promised {share}"] = means[f"found {share}"] / means[f"promised {share}"]
    means["tables"] = pd.DataFrame(rows).groupby("collection").size()
    print(means.T.round(3).to_string())


if __name__ == "__main__":
    main()
