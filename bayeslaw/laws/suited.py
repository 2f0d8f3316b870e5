"""The law that is fitted to a table if nobody says which."""

import numpy as np
import pandas as pd

from bayeslaw.laws import builtin_names, get_law
from bayeslaw.runs import Runs, counts_tokens
from bayeslaw.runs.columns import shares_among

SIZES_OF_A_CURVE = 3
"""Data sizes of a model from which on it has a curve of its own, in the middle of a table's models."""

OF_UNIQUE_TOKENS = "the table has parameters, tokens and unique tokens"
"""Why a law of repeated data is taken."""


def suited_law(runs: Runs) -> tuple[str, str]:
    """Name of the law for a table: joint where models are sizes or points, in C where that is all, else in D.

    Models that are named by their parameters alone are sizes of one, however many runs each has. Without any of these,
    that which makes use of the most columns.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    tuple of two str
        The name, and why; empty where nothing else would do.
    """
    table = runs.table
    if "accuracy" in table:
        return _law_of_scores(table)
    shares = shares_among(map(str, table))
    if "data" not in table and shares:
        return f"mixture({'+'.join(shares)})", "the table has shares of a mixture"
    if "data" not in table:
        covariates = {name: [c.name for c in get_law(name).covariates] for name in builtin_names()}
        fed = {name: needed for name, needed in covariates.items() if set(needed) <= set(table)}
        name = max(fed, key=lambda name: len(fed[name]), default="rectified")
        return name, f"the table has {' and '.join(fed[name])}" if fed else ""
    if "compute" in table and np.array_equal(table["compute"], table["data"]):
        return "vanilla(compute)", "the table has compute and no other size"
    if "params" not in table or not counts_tokens(runs) or table["params"].nunique() < 2:
        return "rectified", ""
    sizes = table.groupby(["task", "model"], sort=False)["data"].nunique().median()
    if sizes >= SIZES_OF_A_CURVE and not _are_sizes(table):
        return "rectified", "each model has a curve of its own, where chinchilla is of parameters and tokens together"
    if _repeats_data(table):
        return "data_constrained", OF_UNIQUE_TOKENS
    return "chinchilla", "the table has parameters and tokens"


def law_of_budgets(runs: Runs) -> tuple[str, str]:
    """Name of the law by which a budget is split over parameters and tokens, and why; empty of the usual one.

    A law that takes all tokens for fresh ones would split it wrongly where runs repeat their data.

    Parameters
    ----------
    runs : Runs
    """
    return ("data_constrained", OF_UNIQUE_TOKENS) if _repeats_data(runs.table) else ("chinchilla", "")


def _repeats_data(table: pd.DataFrame) -> bool:
    """Whether some runs saw more data than they had, by a column of unique data."""
    return {"data", "params", "unique_data"} <= set(table) and bool((table["unique_data"] < table["data"]).any())


def _are_sizes(table: pd.DataFrame) -> bool:
    """Whether models are named by their parameters alone, as in a table without a column of models."""
    by_size = [f"params={params:.12g}" for params in table["params"]]
    return all(model.endswith(size) for model, size in zip(table["model"], by_size, strict=True))


def _law_of_scores(table: pd.DataFrame) -> tuple[str, str]:
    """Name of the law for a table of scores, and why."""
    if "params" in table and table["params"].nunique() > 1:
        return "trajectory", "the table has scores of models of several sizes"
    return "loss_to_score" if "model_loss" in table else "trajectory", "the table has scores"
