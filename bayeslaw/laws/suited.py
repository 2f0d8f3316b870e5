"""The law that is fitted to a table if nobody says which."""

from bayeslaw.runs import Runs, counts_tokens

SIZES_OF_A_CURVE = 3
"""Data sizes of a model from which on it has a curve of its own, in the middle of a table's models."""


def suited_law(runs: Runs) -> tuple[str, str]:
    """Name of the law for a table: joint in N and D where models are points and no curves, else in D.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    tuple of two str
        The name, and why it is a joint law; empty if it is none.
    """
    table = runs.table
    if "params" not in table or not counts_tokens(runs) or table["params"].nunique() < 2:
        return "rectified", ""
    sizes = table.groupby(["task", "model"], sort=False)["data"].nunique().median()
    if sizes >= SIZES_OF_A_CURVE:
        return "rectified", ""
    if "unique_data" in table and (table["unique_data"] < table["data"]).any():
        return "data_constrained", "the table has parameters, tokens and unique tokens"
    return "chinchilla", "the table has parameters and tokens"
