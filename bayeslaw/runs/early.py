"""The first tokens of long runs, where loss does not follow a scaling law yet."""

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import OTHER_SIZES, shares_among
from bayeslaw.runs.table import Runs

EARLY_TOKENS = 10e9
"""Choshen et al. 2024 (arXiv 2410.11840): leaving these out took errors from over 15% to 4 to 10%."""

LONG_RUN = 3.0
"""Times the early tokens, from which last tokens on a run has others enough."""

SCHEDULED = ("learning_rate", "batch_size", "rate_sum", "annealed_sum")
"""Columns that may change along one run."""

CHECKPOINTS_MIN = 10
"""Losses of a model of one size and seed from which on they are taken for checkpoints of one run, and not for runs of
their own."""


def early_rows(table: pd.DataFrame, tokens: float = EARLY_TOKENS) -> np.ndarray:
    """Which rows are checkpoints from the first tokens of a long run, shape (rows,)."""
    if "tokens" not in table:
        return np.zeros(len(table), bool)
    others = ("unique_data", *OTHER_SIZES, *shares_among(table.columns))
    keys = [name for name in ("task", "family", "model", "params", "seed", *others) if name in table]
    scheduled = [name for name in SCHEDULED if name in keys]
    steady = [name for name in keys if name not in scheduled]
    keys = steady + [name for name in scheduled if _tells_apart(table, name, [*steady, "tokens"])]
    by_run = table.groupby(keys, dropna=False)["tokens"]
    checkpoints = by_run.transform("nunique") >= CHECKPOINTS_MIN
    long = by_run.transform("max") >= LONG_RUN * tokens
    return np.asarray((table["tokens"] < tokens) & checkpoints & long)


def _tells_apart(table: pd.DataFrame, name: str, keys: list[str]) -> bool:
    """Whether runs differ in a column at the same number of tokens; a schedule has one value there."""
    return bool((table.groupby(keys, dropna=False)[name].nunique() > 1).any())


def leave_out_early(runs: Runs, tokens: float = EARLY_TOKENS) -> Runs:
    """Leave out checkpoints from the first tokens of long runs; 0 keeps them all.

    Raises
    ------
    RunsError
        If the number of tokens is negative or not a number.
    """
    if not (np.isfinite(tokens) and tokens >= 0):
        raise RunsError(f"early_tokens={tokens:g}: expected a number of tokens to leave out, or 0 to keep all.")
    early = early_rows(runs.table, tokens)
    if not early.any():
        return runs
    return runs.where_rows(~early, f"from the first {tokens:.3g} tokens of a long run (early_tokens=0 keeps it)")
