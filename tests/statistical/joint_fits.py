"""How joint fits of 12 to 300 rows end, and how long they take: python tests/statistical/joint_fits.py FOLDER.

Fifty tables: published ones and parts of them, drawn at random where they are not whole, and simulated ones. Each is
fitted twice, so that the second time is that of a compiled program; beside other work, the seconds of CPU that it took
say more (`taskset -c 0` makes them those of one core). FOLDER keeps a JSON line a table; what is there is not fitted
again. It prints them as a table, and the share of those whose sampler is content.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))
from joint_tables import Layout, simulate

import bayeslaw as bl
from bayeslaw.laws import get_law
from bayeslaw.verdicts import overall

ROWS = (12, 26, 120, 300)
OF_SAMPLER = ("r_hat", "ess_bulk", "ess_tail", "divergences", "e_bfmi", "tree_depth", "stuck_chains")
TOKENS = tuple(float(d) for d in np.geomspace(2e9, 6e10, 6).round(-8))
SIMULATED = {
    12: Layout(("x", "y"), (1e8, 8e8), TOKENS[::2]),
    26: Layout(("x",), (1e8, 2e8, 4e8, 8e8, 1.6e9), TOKENS[:5]),
    120: Layout(("x", "y", "z", "u"), (1e8, 2e8, 4e8, 8e8, 1.6e9), TOKENS),
    300: Layout(tuple("abcdefghij"), (1e8, 2e8, 4e8, 8e8, 1.6e9), TOKENS),
}
"""By about how many rows they have; the second has one family of one model a size."""
OF_TWO = ("chinchilla", "multiplicative", "additive", "rectified_joint", "overtraining")


def published(data):
    """Tables by name, each with its law."""
    points = pd.read_csv(data / "pretrain" / "chinchilla_points.csv")
    points = points.rename(columns={"Model Size": "params", "Training FLOP": "compute"})
    points["tokens"] = points["compute"] / (6 * points["params"])
    yield "chinchilla points", "chinchilla", points[["params", "tokens", "loss"]]
    isoflops = pd.read_csv(data / "pretrain" / "isoflops.csv")
    isoflops = isoflops[~isoflops["outlier"].astype(bool)]
    for name, runs in isoflops.groupby("dataset"):
        yield str(name), "chinchilla", runs[["model", "params", "tokens", "loss"]]
    grid = pd.read_csv(data / "pretrain" / "overtraining_grid.csv")
    grid = grid[grid["metric"] == "loss:openlm"].rename(columns={"value": "loss", "dataset": "family"})
    yield "over-training grid", "overtraining", grid[["family", "params", "tokens", "loss"]]
    repeated = pd.read_csv(data / "pools" / "data_constrained.csv")
    yield "repeated data", "data_constrained", repeated[["params", "tokens", "unique_tokens", "loss"]]
    streams = pd.read_csv(data / "pools" / "parallel.csv")
    streams = streams.rename(columns={"num_params": "params", "group": "family"})
    yield "parallel streams", "parallel", streams[["family", "params", "parallel_size", "loss"]]
    for task in ("flan", "gigaword"):
        runs = bl.read_runs(data / "finetune" / f"{task}.csv").table
        kept = runs.loc[runs["data"] <= 204_800, ["model", "family", "params", "data", "loss"]]
        yield task, "rectified_joint", kept
        large = kept["family"].value_counts().index[:2]
        yield f"{task}, largest family", "rectified_joint", kept[kept["family"] == large[0]]
        yield f"{task}, two families", "rectified_joint", kept[kept["family"].isin(large)]


def tables(data):
    """Name, law and runs of each table."""
    for name, law, runs in published(data):
        for n in [n for n in ROWS if n < len(runs) and law != "rectified_joint"]:
            rng = np.random.default_rng([n, len(runs)])
            yield f"{name}, {n} of {len(runs)}", law, runs.iloc[np.sort(rng.choice(len(runs), n, replace=False))]
        if len(runs) <= ROWS[-1] * 1.2:
            yield f"{name}, all {len(runs)}", law, runs
    for name in OF_TWO:
        for n, layout in SIMULATED.items():
            frame, _ = simulate(layout, get_law(name), np.random.default_rng([7, n]))
            yield f"simulated {name}, {len(frame)}", name, frame


def fitted(name, law, runs):
    """What two fits of a table say."""
    seconds = []
    for seed in (0, 1):
        began, spent = time.perf_counter(), time.process_time()
        fit = bl.fit(runs, law=law, seed=seed)
        seconds.append(time.perf_counter() - began)
    spent = time.process_time() - spent
    checks = fit.posterior.checks
    return {
        "table": name, "law": law, "runs": len(runs), "first": round(seconds[0], 1), "again": round(seconds[1], 1),
        "CPU s": round(spent, 1),
        "status": fit.status, "sampler": overall(check for check in checks if check.name in OF_SAMPLER),
        "not passed": ", ".join(f"{check.name} {check.value:.3g}" for check in checks if check.status != "PASS"),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "joint_fits.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for name, law, runs in tables(Path(os.environ["BAYESLAW_DATA"])):
        if name not in {row["table"] for row in rows}:
            rows.append(fitted(name, law, runs))
            kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
            print(rows[-1], file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    content, quick = (table["sampler"] == "PASS").mean(), (table["CPU s"] <= 15).mean()
    print(f"{len(table)} tables; the sampler is content with {content:.0%}; {quick:.0%} take 15 s of CPU or less")


if __name__ == "__main__":
    main()
