"""What a prior does for families and tasks that it never saw: scores of fits with and without it, row by row."""

import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

import bayeslaw as bl
from bayeslaw.fitting.facade import Fit
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings

SAMPLER = SamplerSettings(warmup=300, draws=250)
COLUMNS = ["task", "family", "model", "params", "data", "tokens", "loss", "accuracy", "chance", "questions"]


def runs_of(table: pd.DataFrame) -> bl.Runs:
    """A table of runs of some rows of another."""
    return bl.read_runs(table[[name for name in COLUMNS if name in table]])


def fitted(
    runs: bl.Runs, law: str = "rectified", prior: object = None, seed: int = 1, sampler: SamplerSettings = SAMPLER
) -> Fit:
    """Fit with the settings of these measurements."""
    use_compilation_cache()
    return bl.fit(runs, law=law, prior=prior, sampler=sampler, seed=seed)


def score(fit: Fit, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Error, interval and its width in log loss of each run to be foretold, one row each."""
    rows = []
    for size, here in outcomes.groupby("data"):
        told = fit.predict(data=float(size)).set_index(["task", "model"])
        for run in here.itertuples():
            p = told.loc[(run.task, run.model)]
            error, width = np.log(p["median"] / run.loss), np.log(p["p95"] / p["p05"])
            rows.append((run.task, run.family, run.model, error, width, p["p05"] <= run.loss <= p["p95"], fit.status))
    return pd.DataFrame(rows, columns=["task", "family", "model", "error", "width", "inside", "status"])


def summary(scores: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Median absolute error, root mean squared error, bias, coverage and mean width of 90% intervals."""
    groups = scores.assign(size=scores["error"].abs(), square=scores["error"] ** 2).groupby(list(by), sort=False)
    found = groups.agg(
        runs=("error", "size"), median_error=("size", "median"), rms_error=("square", "mean"), bias=("error", "mean"),
        coverage_90=("inside", "mean"), width_90=("width", "mean"),
    )  # fmt: skip
    return found.assign(rms_error=np.sqrt(found["rms_error"]))


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table."""
    print(f"\n{title}\n{table.to_string(float_format=lambda v: f'{v:.3f}')}", flush=True)


def tell(what: str) -> None:
    """Say on standard error what has been done, and after how many seconds of computing."""
    print(f"{time.process_time():6.0f} s  {what}", file=sys.stderr, flush=True)
