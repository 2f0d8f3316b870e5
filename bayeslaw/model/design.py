"""The runs laid out as arrays: one curve a (task, model), padded to a common length.

Shapes: C curves, M points on the longest curve, T tasks.

Curves of a law that strays in slope are compared at equal size, and keep every point. Those of a law that strays in
level are lined up at the last size of each, and are condensed (see ``smoothed``). Those of a joint law are compared at
a point in the middle of the table, and only long ones, checkpoints of one run, are condensed.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.errors import LawError
from bayeslaw.laws import get_law, law_names
from bayeslaw.laws.base import Law
from bayeslaw.model.borrowed import Borrowed
from bayeslaw.model.smoothed import condense, raw_noise
from bayeslaw.runs import Runs
from bayeslaw.runs.table import families_of, whole_tasks

TYPICAL_NOISE = 0.005
"""Run-to-run standard deviation of log loss against which known standard errors are weighed; measured: .002 to .01."""

LONG = 24
"""Points beyond which those of a run of a joint law are taken for its checkpoints, and condensed."""

_LABELS = ["task", "family", "model"]


@dataclass(frozen=True)
class Curve:
    """What the points of one curve have in common."""

    task: str
    family: str
    model: str


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays that the model sees.

    Attributes
    ----------
    curves : tuple of Curve, length C
        In order of first appearance in the table; of a joint law, those that are condensed come last.
    tasks : tuple of str, length T
    families : tuple of (task, family)
        Families within tasks; of a joint law without a prior, a task whose families have a single model each is one
        family, called as the task.
    task_of, family_of : ndarray of int, shape (C,)
        Index of each curve into the two tuples above.
    covariates : dict of ndarray, shape (C, M)
        In the units of the table; padding repeats the last point.
    axis : ndarray, shape (C, M)
        Log of the covariate along which curves are extrapolated, relative to the reference point of the curve.
    log_loss : ndarray, shape (C, M)
        Log of the loss; 0 where padded.
    weight : ndarray, shape (C, M)
        Precision of a point relative to one run without measurement error (of condensed curves: to the point that
        stands for most); 0 where padded.
    largest : ndarray, shape (C,)
        The largest value of the axis covariate on each curve.
    reference : dict of ndarray, shape (C,)
        The point at which coordinates are stated: the largest value of the axis (of the table, or of each curve where
        they are lined up), the geometric mean of others. For a joint law, the geometric mean of all.
    raw_noise : ndarray, shape (C,)
        Standard deviation of a run about a curve that was smoothed; not a number where that is not known.
    borrowed : Borrowed or None
        What a prior lends to the tasks of the table.
    """

    curves: tuple[Curve, ...]
    tasks: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    task_of: np.ndarray
    family_of: np.ndarray
    covariates: dict[str, np.ndarray]
    axis: np.ndarray
    log_loss: np.ndarray
    weight: np.ndarray
    largest: np.ndarray
    reference: dict[str, np.ndarray]
    raw_noise: np.ndarray
    borrowed: Borrowed | None

    @functools.cached_property
    def one_model_each(self) -> bool:
        """Whether every family has a single model, so that families tell nothing that models do not.

        With a prior they do: it knows how families differ, whatever this table has.
        """
        return self.borrowed is None and whole_tasks(pd.DataFrame(self.curves)) == set(self.tasks)


def build_design(runs: Runs, law: Law, borrowed: Borrowed | None = None) -> Design:
    """Lay out a table of runs for a law; with a prior, relative to the point at which that states coordinates.

    Raises
    ------
    LawError
        If the table lacks a covariate of the law; the message names the laws that fit the table.
    """
    _require_covariates(runs, law)
    names = [c.name for c in law.covariates]
    curve = runs.table[_LABELS].astype(str)
    values = runs.table[[*names, "loss"]].astype(float)
    weight = pd.Series(run_weights(runs.table), values.index)
    by_curve = [curve[label] for label in _LABELS]
    last = values[law.axis].groupby(by_curve, sort=False).max()
    noise = np.full(len(last), np.nan)
    if law.strays == "level":
        noise = np.array([raw_noise(own, law.axis) for _, own in values.groupby(by_curve, sort=False)], float)
        curve, values, weight = condense(curve, values, weight, law.axis)
    elif law.strays == "surface":
        run = run_of(runs.table, [name for name in names if name != law.axis])
        long = has_checkpoints(run)
        if long.any():
            dense = condense(curve[long].assign(run=run[long]), values[long], weight[long], law.axis)
            curve = pd.concat([curve[~long], dense[0][_LABELS]], ignore_index=True)
            values = pd.concat([values[~long], dense[1]], ignore_index=True)
            weight = pd.concat([weight[~long], dense[2]], ignore_index=True)
    groups = pd.factorize(pd.MultiIndex.from_frame(curve))
    largest = last.reindex(groups[1]).to_numpy()
    curve_of = groups[0]
    curves = tuple(Curve(*label) for label in groups[1])
    order = np.lexsort((values[law.axis].to_numpy(), curve_of))
    counts = np.bincount(curve_of, minlength=len(curves))
    row = curve_of[order]
    column = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(curves), int(counts.max()))

    def spread_out(rows: pd.Series) -> np.ndarray:
        """Rows to (C, M); padding repeats the last point of the curve."""
        ordered = rows.to_numpy()[order]
        padded = np.empty(shape)
        padded[:] = ordered[np.cumsum(counts) - 1][:, None]
        padded[row, column] = ordered
        return padded

    seen = np.zeros(shape, bool)
    seen[row, column] = True
    covariates = {name: spread_out(values[name]) for name in names}
    reference = {name: np.full(len(curves), np.exp(np.log(values[name]).mean())) for name in names}
    if law.strays != "surface":
        reference[law.axis] = largest if law.strays == "level" else np.full(len(curves), largest.max())
    reference.update({c.name: reference[c.like] for c in law.covariates if c.like})
    if borrowed is not None:
        reference.update({name: np.full(len(curves), value) for name, value in borrowed.reference.items()})
    task_of, tasks = pd.factorize(np.array([c.task for c in curves], dtype=object))
    labels = pd.DataFrame(curves)
    family = families_of(labels) if law.strays == "surface" and borrowed is None else labels["family"]
    family_of, families = pd.factorize(pd.MultiIndex.from_arrays([labels["task"], family]))
    return Design(
        curves=curves,
        tasks=tuple(map(str, tasks)),
        families=tuple((str(task), str(family)) for task, family in families),
        task_of=task_of,
        family_of=family_of,
        covariates=covariates,
        axis=np.round(np.log(covariates[law.axis] / reference[law.axis][:, None]), 10),
        log_loss=np.where(seen, spread_out(np.log(values["loss"])), 0.0),
        weight=np.where(seen, spread_out(weight), 0.0),
        largest=largest,
        reference=reference,
        raw_noise=noise,
        borrowed=None if borrowed is None else borrowed.for_tasks(map(str, tasks)),
    )


def run_of(table: pd.DataFrame, covariates: Iterable[str]) -> pd.Series:
    """Number of the run that each row may be a checkpoint of: one of a model, at one seed and value of covariates."""
    keys = [*_LABELS, *covariates, *(["seed"] if "seed" in table else [])]
    return table.groupby(keys, sort=False, dropna=False).ngroup()


def has_checkpoints(run: pd.Series) -> pd.Series:
    """Which rows are of runs with so many that a joint law takes them for checkpoints, and averages them."""
    return run.map(run.value_counts()) > LONG


def run_weights(table: pd.DataFrame) -> np.ndarray:
    """Known standard errors make a point count for less.

    Its variance becomes noise^2 (1 + se^2 / typical noise^2), which is noise^2 + se^2 if the noise is the typical one.
    """
    if "loss_se" not in table:
        return np.ones(len(table))
    relative = np.nan_to_num(table["loss_se"].to_numpy(float)) / table["loss"].to_numpy(float)
    return TYPICAL_NOISE**2 / (TYPICAL_NOISE**2 + relative**2)


def laws_fed_by(runs: Runs) -> tuple[str, ...]:
    """Names of the laws whose covariates a table has for every run."""
    return tuple(name for name in law_names() if all(_has(runs.table, c.name) for c in get_law(name).covariates))


def _has(table: pd.DataFrame, name: str) -> bool:
    return name in table and not table[name].isna().any()


def _require_covariates(runs: Runs, law: Law) -> None:
    table = runs.table
    missing = [c for c in law.covariates if not _has(table, c.name)]
    if missing:
        fitting = laws_fed_by(runs)
        remedy = (
            f"Laws that this table can feed: {', '.join(fitting)}." if fitting else "No law here can use this table."
        )
        needed = ", ".join(f"{c.name!r} ({c.unit})" for c in missing)
        raise LawError(
            f"{runs.source}: the {law.name} law needs {needed}, which the table does not have for every run. {remedy}"
        )
    for c in law.covariates:
        _require_positive(runs, law, c.name)


def _require_positive(runs: Runs, law: Law, name: str) -> None:
    values = runs.table[name]
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise LawError(
            f"{runs.source}: the {law.name} law needs numbers in {name!r}, but found {str(values.iloc[0])!r} "
            f"(row {runs.table['row'].iloc[0]}). Name a column of sizes."
        )
    bad = ~(values.to_numpy(float) > 0)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise LawError(
            f"{runs.source}: the {law.name} law needs positive {name!r}, but row {runs.table['row'].iloc[first]} has "
            f'{values.iloc[first]:g}. Leave such rows out: --where "{name} > 0".'
        )
