"""Is the table what it should be, and what does bayeslaw make of it? The numbers of the card come from here.

    python check.py [small_finetune.csv] [--only table,order,beyond]

table   rows, seeds, noise between seeds, and how many runs were best at their step limit
order   probability that the pre-learned data size grows with pretraining: scratch < short < long
beyond  90% intervals 16 times beyond the data shown, next to accept-then-stop
"""

import argparse

import numpy as np
import pandas as pd
from pre_learned import learned

import bayeslaw as bl
from bayeslaw.evidence.hindsight import hide_largest

PARTS = ("table", "order", "beyond")
BEYOND = 16


def describe(runs: bl.Runs) -> pd.DataFrame:
    """What was measured of each task, one task a row."""
    table = runs.table.assign(log_loss=np.log(runs.table["loss"]))
    cells = table.groupby(["task", "model", "data"])
    spread = cells["log_loss"].var().groupby("task").mean() ** 0.5
    large = table[table["data"] > table["data"].max() / BEYOND]
    return pd.DataFrame(
        {
            "rows": table.groupby("task").size(),
            "models": table.groupby("task")["model"].nunique(),
            "cells": cells.size().groupby("task").size(),
            "fewest seeds": cells["seed"].nunique().groupby("task").min(),
            "sd between seeds (log loss)": spread.round(4),
            "at step limit": (table["best_step"] == table["most_steps"]).groupby(table["task"]).mean().round(2),
            "at step limit, large sizes": (large["best_step"] == large["most_steps"])
            .groupby(large["task"])
            .mean()
            .round(2),
        }
    )


def trios(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Models of one architecture and width that saw none, some and much of one pretraining text."""
    models = table.drop_duplicates("model").fillna({"pretraining_text": ""})
    scratch = models[models["pretraining_steps"] == 0].set_index(["architecture", "width"])["model"]
    found = []
    for (architecture, width, _), group in models[models["pretraining_steps"] > 0].groupby(
        ["architecture", "width", "pretraining_text"]
    ):
        pretrained = group.sort_values("pretraining_steps")["model"].tolist()
        if len(pretrained) == 2 and (architecture, width) in scratch.index:
            found.append((scratch[architecture, width], *pretrained))
    return found


def order(runs: bl.Runs) -> pd.DataFrame:
    """Probability that the pre-learned data size is in the order of the pretraining, one trio a row; all sizes."""
    rows = []
    for (task, _, width), group in runs.table.groupby(["task", "architecture", "width"]):
        found = trios(group)
        if not found:
            continue
        of_model, models = pd.factorize(group["model"])
        draws, r_hat = learned(group["loss"].to_numpy(float), group["data"].to_numpy(float), of_model)
        for trio in found:
            none, short, long = (draws[:, list(models).index(model)] for model in trio)
            medians = [f"{np.median(values):,.0f}" for values in (none, short, long)]
            rows.append(
                {
                    "task": task,
                    "longest pretraining": trio[2],
                    "P(scratch < short < long)": round(float(np.mean((none < short) & (short < long))), 3),
                    "medians (sequences)": "  ".join(medians),
                }
            )
        print(f"{task}, width {width}: R-hat at most {r_hat:.3f}", flush=True)
    return pd.DataFrame(rows)


def beyond(runs: bl.Runs) -> pd.DataFrame:
    """How runs at the largest size compare with what was predicted from those up to 1/16 of it, one task a row."""
    rows = []
    for task in runs.tasks:
        hidden = hide_largest(runs.for_task(task), beyond=BEYOND)
        selection = bl.fit(hidden.seen).select(data=hidden.target)
        found = hidden.outcome(selection)
        rows.append(
            {
                "task": task,
                "inside 90%": f"{found.inside_90} of {found.models}",
                "RMSLE": round(found.rmsle, 3),
                "of accept-then-stop": round(found.rmsle_baseline, 3),
                "regret": round(found.regret, 3),
                "of accept-then-stop's choice": round(found.regret_baseline, 3),
            }
        )
        print(f"{task}: {worst(selection.checks)}", flush=True)
    return pd.DataFrame(rows)


def worst(checks: tuple) -> str:
    """Name the checks that did not pass."""
    failing = [f"{check.name} {check.value:.3g}" for check in checks if check.status != "PASS"]
    return "checks pass" if not failing else "not passed: " + ", ".join(failing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", help="table written by sweep.py; default: the bundled one")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    args = parser.parse_args()
    chosen = args.only.split(",")
    if not set(chosen) <= set(PARTS):
        parser.error(f"--only {args.only}: expected some of {','.join(PARTS)}")
    runs = bl.read_runs(args.table) if args.table else bl.load_dataset("small-finetune")
    for part, function in zip(PARTS, (describe, order, beyond), strict=True):
        if part in chosen:
            print(function(runs).to_string(index=part == "table"), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
