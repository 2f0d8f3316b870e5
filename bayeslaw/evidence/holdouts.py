"""Hide the largest runs of a table, a step further each time, and score what a fit of the others says of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.answers.prediction import curve_log_loss_of_runs
from bayeslaw.answers.surfaces import Places, expected_log_loss, wandering
from bayeslaw.errors import RunsError
from bayeslaw.evidence.scores import log_score_mixture
from bayeslaw.model.design import has_checkpoints, run_of, run_weights
from bayeslaw.model.joint import stretch, surfaces
from bayeslaw.model.smoothed import bins, geometric_means
from bayeslaw.posterior import Posterior
from bayeslaw.runs import Runs
from bayeslaw.runs.table import families_of

STEP = 2.0
"""Scales are hidden in bins of this factor, counted from the largest of their group."""

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
    keys = [table["task"], *([] if along == "data" else [families_of(table)])]
    least = LEAST_DATA if along == "data" else LEAST_OTHER
    group = table.groupby(keys)[along]
    below = np.floor(np.log(group.transform("max") / table[along]) / np.log(STEP) + 1e-9)
    by_group = below.groupby(keys)
    rank = by_group.rank(method="dense").astype(int)  # 1 is the largest step of the group
    steps = rank.groupby(keys).transform("max")
    found = []
    for fold in range(1, folds + 1):
        hidden = ((rank <= fold) & (steps - fold >= least)).to_numpy()
        if not hidden.any():
            break
        kept = runs.where_rows(~hidden, f"held out: the {fold} largest steps of {along}")
        found.append(Holdout(kept, table[hidden]))
    if not found:
        what = "task" if along == "data" else "family"
        raise RunsError(
            f"{runs.source}: no {what} has more than {least} steps of {along} by a factor of {STEP:g}, so that none "
            "can be held out. Hold out along another column, or add runs."
        )
    return tuple(found)


def average_checkpoints(hidden: pd.DataFrame, table: pd.DataFrame, covariates: Iterable[str]) -> pd.DataFrame:
    """Average hidden checkpoints as a fit of a joint law does with those in sight, for its noise is of averages.

    Parameters
    ----------
    hidden : pandas.DataFrame
        Rows of a table under their index there: labels, ``row``, and positive numbers.
    table : pandas.DataFrame
        The whole table, which tells what runs have checkpoints.
    covariates : iterable of str
        Columns of the laws that are fitted.

    Returns
    -------
    pandas.DataFrame
        An average has the index and the ``row`` of the last of its runs.
    """
    keys = ["task", "family", "model"]
    run = run_of(table, [name for name in covariates if name != "data"])
    long = has_checkpoints(run)[hidden.index]
    if not long.any():
        return hidden
    rows = hidden[long]
    by_bin = bins(rows[keys].assign(run=run[rows.index]), rows["data"])
    positive = [name for name in rows if name not in (*keys, "row", "loss_se")]
    averaged = geometric_means(rows[positive].astype(float), by_bin)
    averaged["row"] = rows["row"].groupby(by_bin, sort=False).last()
    if "loss_se" in rows:  # may be 0, which has no logarithm
        averaged["loss_se"] = rows["loss_se"].groupby(by_bin, sort=False).mean()
    last = rows.index.to_series().groupby(by_bin, sort=False).last()
    averaged = averaged.reset_index()[list(hidden)].set_axis(last.to_numpy())
    return pd.concat([hidden[~long], averaged])


def score_hidden(posterior: Posterior, hidden: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Median, 90% interval and log score of each hidden run."""
    expected, noise, tail = _expected_of(posterior, hidden, np.random.default_rng([seed, 5]))
    noise = noise / np.sqrt(run_weights(hidden))
    rng = np.random.default_rng([seed, 6])
    scatter = rng.standard_normal(expected.shape) if tail is None else rng.standard_t(tail)
    low, median, high = np.exp(np.quantile(expected + noise * scatter, [0.05, 0.5, 0.95], axis=0))
    score = log_score_mixture(expected, noise, hidden["loss"], tail=tail)
    return pd.DataFrame({"median": median, "p05": low, "p95": high, "log_score": score}, index=hidden.index)


def _expected_of(
    posterior: Posterior, hidden: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Draws of the log loss of rows without their noise, of its scale, and of its degrees of freedom: shapes (S, n).

    Rows are drawn one by one: not jointly with each other.
    """
    design = posterior.design
    curve_of = {(c.task, c.family, c.model): i for i, c in enumerate(design.curves)}
    labels = zip(hidden["task"], hidden["family"], hidden["model"], strict=True)
    own = np.array([curve_of.get(label, -1) for label in labels])
    if posterior.law.strays == "surface":
        places = _places_of(posterior, hidden, own, rng)
        t = np.log(places.covariates[posterior.law.axis] / design.reference[posterior.law.axis][0])
        strayed = wandering(posterior, places.task_of, places.measured, t, rng)
        known = (expected_log_loss(posterior, places, None) + strayed)[..., 0]
        points = np.column_stack([np.log(v[:, 0] / design.reference[n][0]) for n, v in places.covariates.items()])
        unknown = np.empty(len(hidden))
        for g, field in enumerate(posterior.fields):
            here = places.surface_of == g
            unknown[here] = field.unknown(points[here])
        field_sd = posterior.flat("field_sd")[:, places.task_of]
        expected = known + field_sd * np.sqrt(unknown) * rng.standard_normal(known.shape)
        return expected, posterior.flat("noise")[:, places.task_of], posterior.flat("tail")[:, places.task_of]
    expected = curve_log_loss_of_runs(posterior, own, hidden[posterior.law.axis].to_numpy(float), rng)
    return expected, posterior.flat("noise")[:, own], None


def _places_of(posterior: Posterior, hidden: pd.DataFrame, own: np.ndarray, rng: np.random.Generator) -> Places:
    """Each row as a place of its own: of a model that was seen, or of a new one of its family (``own`` -1)."""
    design = posterior.design
    found = surfaces(design)
    names = [(s.family, s.task) for s in found]
    # a family may be called as its task; the one surface of a task is called so where it is the whole of it
    alone = {task for task, _ in design.families if sum(t == task for t, _ in design.families) == 1}
    families = families_of(hidden, {task for family, task in names if family == task and task in alone})
    surface_of = np.array([names.index(name) for name in zip(families, hidden["task"], strict=True)])
    new = own < 0
    curve = np.where(new, np.array([s.models[0] for s in found])[surface_of], own)
    task_of = design.task_of[curve]

    def own_or_drawn(name: str) -> np.ndarray:
        sd = posterior.flat(f"{name}_sd")[:, task_of]
        return np.where(new, sd * rng.standard_normal(sd.shape), posterior.flat(name)[:, curve])

    typical, measured = stretch(design).typical([s.models for s in found]).of(surface_of), stretch(design).of(curve)
    return Places(
        labels=(),
        covariates={c.name: hidden[[c.name]].to_numpy(float) for c in posterior.law.covariates},
        coordinates={c.name: posterior.flat(c.name)[:, curve] for c in posterior.law.coordinates},
        level=posterior.flat("level")[:, curve],
        offset=own_or_drawn("offset"),
        tilt=own_or_drawn("tilt"),
        curvature=own_or_drawn("curvature"),
        measured=measured.unless(new, typical),
        surface_of=surface_of,
        task_of=task_of,
        largest={},
    )
