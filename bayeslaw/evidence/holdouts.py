"""Hide the largest runs of a table, a step further each time, and score what a fit of the others says of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import RunsError
from bayeslaw.evidence.scores import log_score_mixture
from bayeslaw.model.joint import surfaces
from bayeslaw.posterior import Posterior
from bayeslaw.runs import Runs

STEP = 2.0
"""Scales within this factor of each other are hidden together."""

LEAST_DATA, LEAST_OTHER = 3, 2
"""Steps of a task (along data), or of a family (along anything else), that stay in sight."""


@dataclass(frozen=True, eq=False)
class Holdout:
    """A table in two parts.

    Attributes
    ----------
    seen : Runs
        What may be fitted.
    hidden : pandas.DataFrame
        Rows of the table that are larger.
    """

    seen: Runs
    hidden: pd.DataFrame


def rolling_holdouts(runs: Runs, along: str, folds: int) -> tuple[Holdout, ...]:
    """Hide the largest step of scales, then the largest two, and so on.

    Parameters
    ----------
    runs : Runs
    along : str
        Column of the scale. Along ``data`` the largest of each task are hidden, along anything else those of each
        family; groups that would keep too few steps are kept whole.
    folds : int
        Holdouts at most; there are fewer where the table has few steps.

    Raises
    ------
    RunsError
        If the column is not one of positive numbers, or no group has a step to spare.
    """
    table = runs.table
    if along not in table or not pd.api.types.is_numeric_dtype(table[along]) or not (table[along] > 0).all():
        raise RunsError(f"{runs.source}: runs can be held out along a column of positive numbers, found {along!r}.")
    if folds < 1:
        raise RunsError(f"Runs can be held out 1 or more times, found {folds}.")
    keys = ["task"] if along == "data" else ["task", "family"]
    least = LEAST_DATA if along == "data" else LEAST_OTHER
    group = table.groupby(keys)[along]
    below = np.floor(np.log(group.transform("max") / table[along]) / np.log(STEP) + 1e-9)
    by_group = below.groupby([table[key] for key in keys])
    rank = by_group.rank(method="dense").astype(int)  # 1 is the largest step of the group
    steps = rank.groupby([table[key] for key in keys]).transform("max")
    found = []
    for fold in range(1, folds + 1):
        hidden = ((rank <= fold) & (steps - fold >= least)).to_numpy()
        if not hidden.any():
            break
        kept = runs.where_rows(~hidden, f"held out: the {fold} largest steps of {along}")
        found.append(Holdout(kept, table[hidden].reset_index(drop=True)))
    if not found:
        what = "task" if along == "data" else "family"
        raise RunsError(
            f"{runs.source}: no {what} has more than {least} steps of {along} by a factor of {STEP:g}, so that none "
            "can be held out. Hold out along another column, or add runs."
        )
    return tuple(found)


def score_hidden(posterior: Posterior, hidden: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Median, 90% interval and log score of each hidden run."""
    expected, noise, tail = _expected_of(posterior, hidden, seed)
    rng = np.random.default_rng([seed, 5])
    scatter = rng.standard_normal(expected.shape) if tail is None else rng.standard_t(tail)
    low, median, high = np.exp(np.quantile(expected + noise * scatter, [0.05, 0.5, 0.95], axis=0))
    score = log_score_mixture(expected, noise, hidden["loss"], tail=tail)
    return pd.DataFrame({"median": median, "p05": low, "p95": high, "log_score": score}, index=hidden.index)


def _expected_of(
    posterior: Posterior, hidden: pd.DataFrame, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Draws of the log loss of rows without their noise, of its scale, and of its degrees of freedom: shapes (S, n)."""
    law, design = posterior.law, posterior.design
    curve_of = {(c.task, c.family, c.model): i for i, c in enumerate(design.curves)}
    labels = zip(hidden["task"], hidden["family"], hidden["model"], strict=True)
    own = np.array([curve_of.get(label, -1) for label in labels])
    task_of = [design.tasks.index(task) for task in hidden["task"]]
    others = [c.name for c in law.covariates if c.name != law.axis]
    fixed = all(np.all(design.covariates[name] == design.covariates[name][:, :1]) for name in others)
    expected = np.empty((len(posterior.flat("level")), len(hidden)))
    seen = (own >= 0) & fixed
    if seen.any():
        sizes, index = np.unique(hidden[law.axis][seen].to_numpy(float), return_inverse=True)
        drawn = predict(posterior, [{law.axis: size} for size in sizes], kind="curve", seed=seed)
        expected[:, seen] = drawn.log_loss[:, own[seen], index]
    if not seen.all():
        names = [(s.family, s.task) for s in surfaces(design)]
        rows = hidden[~seen]
        points, index = np.unique(rows[[law.axis, *others]].to_numpy(float), axis=0, return_inverse=True)
        at = [dict(zip([law.axis, *others], point.tolist(), strict=True)) for point in points]
        drawn = predict(posterior, at, kind="curve", seed=seed)
        families = rows["task"] if design.one_model_each else rows["family"]
        places = [names.index(name) for name in zip(families, rows["task"], strict=True)]
        expected[:, ~seen] = drawn.log_loss[:, places, index.ravel()]
    if law.strays == "surface":
        return expected, posterior.flat("noise")[:, task_of], posterior.flat("tail")[:, task_of]
    return expected, posterior.flat("noise")[:, own], None
