"""Time and memory of fits of large tables, each in a process of its own.

``python tests/benchmarks/sizes.py SIZES.jsonl`` writes a line for each table that ends; those that are in the file are
not fitted again, so that it can be stopped and resumed. ``--only rows,tasks`` takes some of them, ``--quick`` takes few
draws, ``--limit 3600`` stops a fit after so many seconds, which is a line too.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

NOISE = 0.005


def curves(rng: np.random.Generator, count: int, points: int, *, families: int = 0, tasks: int = 1) -> pd.DataFrame:
    """Runs of the rectified law: ``count`` models, each on every task, at ``points`` sizes; levels by family."""
    sizes = 200.0 * 2 ** (np.arange(points) * 11 / max(points - 1, 1))
    family = np.arange(count) % max(families, 1) if families else np.arange(count)
    height = 0.15 * rng.standard_normal(family.max() + 1)[family] + 0.1 * rng.standard_normal(count)
    parts = []
    for task in range(tasks):
        beta, floor = np.exp(rng.normal(np.log(0.35), 0.2)), rng.uniform(0.1, 0.5)
        shape = floor + (1 - floor) / (1 + (sizes / sizes[0]) ** beta / 3)
        loss = np.exp(1 + height[:, None] + NOISE * rng.standard_normal((count, points))) * shape
        part = {"task": f"t{task}", "model": np.repeat(np.arange(count), points), "data": np.tile(sizes, count)}
        parts.append(pd.DataFrame({**part, "loss": loss.ravel()}))
    table = pd.concat(parts, ignore_index=True)
    table["family"] = [f"f{family[i]}" for i in table["model"]]
    table["model"] = [f"m{i}" for i in table["model"]]
    return table


def grid(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Runs of the Chinchilla law at so many places, one run a place."""
    params = np.exp(rng.uniform(np.log(5e7), np.log(5e9), count))
    tokens = params * np.exp(rng.uniform(np.log(5), np.log(200), count))
    loss = (1.7 + 400 / params**0.34 + 1000 / tokens**0.31) * np.exp(NOISE * rng.standard_normal(count))
    return pd.DataFrame({"model": [f"m{i}" for i in range(count)], "params": params, "tokens": tokens, "loss": loss})


TABLES: dict[str, tuple[str, Callable[[np.random.Generator], pd.DataFrame]]] = {
    "rows": ("rectified", lambda rng: curves(rng, 50, 1000)),
    "families": ("rectified", lambda rng: curves(rng, 200, 8)),
    "tasks": ("rectified", lambda rng: curves(rng, 8, 8, tasks=30)),
    "joint": ("chinchilla", lambda rng: grid(rng, 2000)),
    "three_hundred": ("rectified", lambda rng: curves(rng, 300, 12, families=20)),
    "three_thousand": ("rectified", lambda rng: curves(rng, 3000, 12, families=20)),
}
"""50,000 rows; 200 families of one model; 30 tasks; 2,000 runs of a joint law; 300 and 3,000 curves of 20 families."""


def fitted(name: str, quick: bool) -> dict[str, object]:
    """Read and fit a table, and say what it took."""
    import bayeslaw as bl
    from bayeslaw.sampling.nuts import QUICK

    law, make = TABLES[name]
    table = make(np.random.default_rng(0))
    began, spent = time.perf_counter(), time.process_time()
    runs = bl.read_runs(table)
    read = time.perf_counter() - began
    fit = bl.fit(runs, law=law, sampler=QUICK if quick else None, seed=0)
    return {
        "table": name, "quick": quick, "law": law, "rows": len(runs.table), "models": len(runs.models),
        "status": fit.status, "failing": [c.name for c in fit.posterior.checks if c.status != "PASS"],
        "read_s": round(read, 1), "sampling_s": fit.posterior.settings["sampling_seconds"],
        "seconds": round(time.perf_counter() - began, 1), "cpu_s": round(time.process_time() - spent, 1),
        "peak_GiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }  # fmt: skip


def in_a_process(name: str, quick: bool, limit: float) -> dict[str, object]:
    """Fit a table in a process of its own, for its memory."""
    command = [sys.executable, __file__, "-", "--one", name, *(["--quick"] if quick else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"table": name, "quick": quick, "status": "STOPPED", "seconds": limit}
    if done.returncode:
        return {"table": name, "quick": quick, "status": "DIED", "said": done.stderr[-300:]}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", default=",".join(TABLES), help=f"tables, of {', '.join(TABLES)}")
    parser.add_argument("--quick", action="store_true", help="few draws")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds of each")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(fitted(asked.one, asked.quick)))
        return
    lines = asked.results.read_text().splitlines() if asked.results.exists() else []
    records = [json.loads(line) for line in lines if line.endswith("}")]
    done = {(record["table"], record["quick"]) for record in records}
    for name in asked.only.split(","):
        if (name, asked.quick) not in done:
            records.append(in_a_process(name, asked.quick, asked.limit))
            with asked.results.open("a") as file:
                file.write(json.dumps(records[-1]) + "\n")
    print(pd.DataFrame(records).to_string(index=False))


if __name__ == "__main__":
    main()
