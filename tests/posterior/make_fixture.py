"""Make the files of `fits/` in the format of today (older ones stay): python tests/posterior/make_fixture.py.

A fit of each kind of model with a few draws, and beside it what it answers without random numbers.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import bayeslaw as bl
from bayeslaw.posterior.file import FORMAT, save_posterior
from bayeslaw.sampling.nuts import SamplerSettings

FOLDER = Path(__file__).parent / "fits"


def tables():
    """A small table and its law for each kind of model and discrepancy."""
    rng = np.random.default_rng(7)
    sizes = 100.0 * 2.0 ** np.arange(6)
    curves = [
        {"model": m, "task": "t", "data": d, "loss": (1 + 0.2 * i) * (1 + 3 * d**-0.3) * np.exp(0.004 * rng.normal())}
        for i, m in enumerate("abc")
        for d in sizes
    ]
    yield "slope", pd.DataFrame(curves), "rectified"
    long = 100.0 * 1.3 ** np.arange(24)
    yield (
        "level",
        pd.DataFrame([{"model": m, "data": d, "loss": 1 + 3 * d**-0.4} for m in "ab" for d in long]),
        "broken",
    )
    surface = [
        {"model": f"m{n:g}", "family": "f", "params": n, "tokens": d, "loss": 1.8 + 480 * n**-0.35 + 2000 * d**-0.37}
        for n in (1e8, 2e8, 4e8)
        for d in (2e9, 8e9, 2e10, 4e10)
    ]
    yield "surface", pd.DataFrame(surface), "chinchilla"


def told(fit):
    """What a fit answers without random numbers: the law at the runs, expected losses, and log densities."""
    predictor = fit.posterior.predictor
    runs = predictor.runs()
    seen = fit.posterior.layout.weight > 0
    return {
        "law": predictor.law_alone(runs)[:, seen].mean(axis=0).tolist(),
        "expected": predictor.expected(runs)[:, seen].mean(axis=0).tolist(),
        "log_likelihood": predictor.log_likelihood()[:, seen].mean(axis=0).tolist(),
    }


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, table, law in tables():
        fit = bl.fit(table, law=law, sampler=SamplerSettings(warmup=100, draws=50), seed=1)
        few = replace(
            fit.posterior,
            draws=fit.posterior.draws.isel(draw=slice(0, 8)),
            stats=fit.posterior.stats.isel(draw=slice(0, 8)),
        )
        path = FOLDER / f"format_{FORMAT}_{name}.nc"
        save_posterior(few, path)
        path.with_suffix(".json").write_text(json.dumps(told(bl.load(path))) + "\n")
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
