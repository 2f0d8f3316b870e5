"""Small tables of runs with known faults, for the tests of checks."""

import numpy as np
import pandas as pd

from bayeslaw.runs import read_runs

SIZES = 200 * 2 ** np.arange(7)


def falling(models=4, sizes=SIZES, noise=0.005, seed=0, exponent=0.1, **columns):
    """A frame of models whose losses fall as a power of the data."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"m{k}", float(size), (3 + 0.1 * k) * (size / 200) ** -exponent * np.exp(noise * rng.standard_normal()))
        for k in range(models)
        for size in sizes
    ]
    return pd.DataFrame(rows, columns=["model", "data", "loss"]).assign(**columns)


def table_of(frame):
    """The table that a frame is read as, without the questions that reading would ask about its faults."""
    if not {"data", "tokens"} & set(frame):  # wide, a column for each size
        return read_runs(frame).table
    count = len(frame)
    table = frame.assign(row=np.arange(1, count + 1))
    if "tokens" in table:
        table["data"] = table["tokens"]
    defaults = {"task": np.repeat("task", count), "family": table["model"]}
    return table.assign(**{name: values for name, values in defaults.items() if name not in table})
