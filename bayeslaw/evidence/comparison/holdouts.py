"""Rolling holdouts of the largest runs of a table, and scores of their predictions by a fit to the rest."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from bayeslaw import streams
from bayeslaw.errors import RunsError
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.runs import Runs
from bayeslaw.runs.table import families_of
from bayeslaw.streams import generator

STEP = 2.0
"""Scales are held out in bins of this factor, counted from the largest of their group."""

LEAST_DATA, LEAST_OTHER = 3, 2
"""Steps of a task (along data), or of a family (along anything else), that are always fitted."""


@dataclass(frozen=True, eq=False)
class Holdout:
    """A table in two parts.

    Attributes
    ----------
    seen : Runs
        What may be fitted.
    hidden : pandas.DataFrame
        Rows of the table that are larger, under their index there.
    """

    seen: Runs
    hidden: pd.DataFrame


def rolling_holdouts(runs: Runs, along: str, folds: int) -> tuple[Holdout, ...]:
    """Hide the largest step of scales, then the largest two, and so on.

    Parameters
    ----------
    runs : Runs
    along : str
        Column of the scale, of positive numbers. Along ``data`` the largest of each task are hidden, along anything
        else those of each family, or of each task where each model is its own family; groups that would keep too few
        steps are kept whole.
    folds : int
        Holdouts at most; there are fewer where the table has few steps.

    Raises
    ------
    RunsError
        If there is to be no holdout, or no group has a step to spare.
    """
    table = runs.table
    if folds < 1:
        raise RunsError(f"Runs can be held out 1 or more times, found {folds}.")
    rank, spare = _steps(table, along)
    found = []
    for fold in range(1, folds + 1):
        hidden = ((rank <= fold) & (spare >= fold)).to_numpy()
        if not hidden.any():
            break
        kept = runs.where_rows(~hidden, f"held out: the {fold} largest steps of {along}")
        found.append(Holdout(kept, table[hidden]))
    if not found:
        what, least = ("task", LEAST_DATA) if along == "data" else ("family", LEAST_OTHER)
        given = [name for name in ("data", "params") if name != along and name in table and (table[name] > 0).all()]
        others = [name for name in given if (_steps(table, name)[1] > 0).any()]
        elsewhere = f"Hold out along another column, --along {' or '.join(others)}, or add" if others else "Add"
        raise RunsError(
            f"{runs.source}: no {what} has more than {least} steps of {along} by a factor of {STEP:g}, so that none "
            f"can be held out. {elsewhere} runs."
        )
    return tuple(found)


def _steps(table: pd.DataFrame, along: str) -> tuple[pd.Series, pd.Series]:
    """Of each row its step in its group, 1 for the largest, and how many steps of the group may be hidden."""
    keys = [table["task"], *([] if along == "data" else [families_of(table)])]
    group = table.groupby(keys)[along]
    below = np.floor(np.log(group.transform("max") / table[along]) / np.log(STEP) + 1e-9)
    rank = below.groupby(keys).rank(method="dense").astype(int)
    return rank, rank.groupby(keys).transform("max") - (LEAST_DATA if along == "data" else LEAST_OTHER)


def score_hidden(posterior: Posterior, hidden: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Median, 90% interval and log score of each hidden run, each from its marginal (run prediction).

    The log score is that of the outcome on the scale of the link, in nats.
    """
    predictor = posterior.predictor
    rng = generator(seed, streams.HOLDOUT)
    targets = predictor.rows(hidden, rng)
    expected = predictor.expected(targets, rng)
    drawn = predictor.measured(expected, targets, generator(seed, streams.HOLDOUT_NOISE))[..., 0]
    values = predictor.outcome.inverse(np.quantile(drawn, [0.05, 0.5, 0.95], axis=0))
    low, median, high = values
    y = predictor.outcome.link(hidden[predictor.outcome.name].to_numpy(float))
    density = predictor.log_density(expected, targets, y[:, None])[..., 0]
    score = logsumexp(density, axis=0) - np.log(len(density))
    return pd.DataFrame({"median": median, "p05": low, "p95": high, "log_score": score}, index=hidden.index)
