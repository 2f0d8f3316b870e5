"""The layout of joint laws: models of a family lie on one surface."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.kinds.shared.averaging import BIN, bins, condense, geometric_means
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.layout import LABELS, Layout, Points, largest_of_curves, lay_out, points_of_table
from bayeslaw.kinds.shared.outcome import LOSS, outcome_of_table
from bayeslaw.kinds.shared.points import resources
from bayeslaw.kinds.shared.scales import Foretold
from bayeslaw.kinds.surfaces.field import Field, surface_field
from bayeslaw.kinds.surfaces.frontier import Frontier, product_of
from bayeslaw.kinds.surfaces.origins import misfit_errors
from bayeslaw.kinds.surfaces.ranges import MeasuredRange, measured_ranges
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs
from bayeslaw.runs.table import families_of, whole_tasks

LONG = 24
"""A run with more points than this is taken to be given by its checkpoints, which are averaged over bins."""
EVEN = 12
"""So is one with more points than this at even steps, as logs are written: separate runs usually differ by factors."""
UNEVEN = 1.5
"""Steps are even where large ones (90%) are at most so many times small ones (10%)."""

RUNS_PER_MODEL = 3
"""Least mean number of runs per model on a task for its models to have effects (offset, tilt, curvature)."""


@dataclass(frozen=True, eq=False)
class SurfaceLayout(Layout):
    """Models as arrays, with the fields and ranges of the surfaces that they lie on.

    Coordinates are stated at the geometric mean of all runs. Models whose checkpoints were averaged come last. Without
    a prior, a task whose families have a single model each is one family, called as the task.

    Attributes
    ----------
    fields : tuple of Field
        Of each surface, in the order of ``families``.
    measured : MeasuredRange
        Of each curve.
    models_differ : ndarray of bool, shape (T,)
        Whether the models of a task have effects: they have enough runs to separate effects from noise.
    misfit_error : tuple of float, length T
        Root mean square, over directions, of errors of the law for runs of each task that are foretold from those
        before them (see ``origins``), in log loss; NaN where there are too few runs.
    misfit_by_direction : tuple of tuple of float, lengths T and D
        Error in each of the directions of ``frontier``, relative to that; 1 where there are too few runs.
    misfit_fall : tuple of float, length T
        Error along the product of resources that noise does not explain, likewise relative.
    """

    fields: tuple[Field, ...]
    measured: MeasuredRange
    models_differ: np.ndarray
    misfit_error: tuple[float, ...]
    misfit_by_direction: tuple[tuple[float, ...], ...]
    misfit_fall: tuple[float, ...]


def surface_layout(runs: Runs, law: Law, borrowed: Borrowed | None = None) -> SurfaceLayout:
    """Lay out a table of runs for a law; with a prior, relative to the reference point of the prior.

    Raises
    ------
    LawError
        If the table lacks a covariate of the law; the message names the laws that fit the table.
    """
    outcome = outcome_of_table(LOSS, law, runs.table, {} if borrowed is None else borrowed.reference)
    points = points_of_table(runs, law, outcome)
    largest = largest_of_curves(points, law.axis)
    run = run_of(runs.table, [c.name for c in law.covariates if c.name != law.axis])
    long = has_checkpoints(run, points.values[law.axis])
    if long.any():
        dense = condense(points.curve[long].assign(run=run[long]), points.values[long], points.weight[long], law.axis)
        single = Points(points.curve[~long], points.values[~long], points.weight[~long])
        points = Points(
            curve=pd.concat([single.curve, dense[0][list(LABELS)]], ignore_index=True),
            values=pd.concat([single.values, dense[1]], ignore_index=True),
            weight=pd.concat([single.weight, dense[2]], ignore_index=True),
        )

    def axis_reference(largest: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return mean

    def family(labels: pd.DataFrame) -> pd.Series:
        return families_of(labels) if borrowed is None else labels["family"]

    common = lay_out(
        points, law, outcome, largest=largest, axis_reference=axis_reference, family=family, borrowed=borrowed
    )
    plain = Layout(**common)
    of_task = np.bincount(plain.task_of, (plain.weight > 0).sum(axis=1))
    differ = of_task >= RUNS_PER_MODEL * np.bincount(plain.task_of)
    at, of_run = points_of(plain), plain.family_of[np.nonzero(plain.weight > 0)[0]]
    return SurfaceLayout(
        **common,
        fields=tuple(surface_field(at[of_run == g]) for g in range(of_run.max() + 1)),
        measured=measured_ranges(plain),
        models_differ=differ,
        **_misfit(plain, law, differ),
    )


def _misfit(layout: Layout, law: Law, models_differ: np.ndarray) -> dict[str, Any]:
    """Errors of the law from rolling origins inside the table, task by task: over all directions, and by direction."""
    seen = layout.weight > 0
    at, log_loss, curve = points_of(layout), layout.y[seen], np.nonzero(seen)[0]
    overall, by_direction, fall = [], [], []
    product = product_of(len(law.covariates), _spent(law))
    for k in range(len(layout.tasks)):
        surface = np.where(layout.task_of == k, layout.family_of, -1)[curve]
        members = [surface == g for g in np.unique(surface[surface >= 0])]
        errors = misfit_errors(
            law,
            [(at[own], log_loss[own]) for own in members],
            [curve[own] for own in members] if models_differ[k] else None,
        )
        overall.append(round(errors.overall(), 10))
        by_direction.append(tuple(np.round(errors.relative(), 8).tolist()))
        fall.append(round(errors.relative_fall(product), 8))
    return {
        "misfit_error": tuple(overall),
        "misfit_by_direction": tuple(by_direction),
        "misfit_fall": tuple(fall),
    }


def _spent(law: Law) -> tuple[int, ...]:
    """Numbers of the covariates whose product is the size of a run."""
    return tuple(v for v, c in enumerate(law.covariates) if c.name in resources(law))


def run_of(table: pd.DataFrame, covariates: Iterable[str]) -> pd.Series:
    """Number of the run that each row may be a checkpoint of: one of a model, at one seed and value of covariates."""
    keys = [*LABELS, *covariates, *(["seed"] if "seed" in table else [])]
    return table.groupby(keys, sort=False, dropna=False).ngroup()


def has_checkpoints(run: pd.Series, axis: pd.Series) -> pd.Series:
    """Whether each row belongs to a run that is given by its checkpoints, which are averaged.

    Parameters
    ----------
    run : Series of int
        Number of the run of each row; see `run_of`.
    axis : Series of float
        Its size, with the same index.
    """
    rows = run.map(run.value_counts())
    steps = axis.sort_values().groupby(run).diff().groupby(run)
    small, large = steps.quantile(0.1), steps.quantile(0.9)  # the last step of a log is often short
    even = (small > 0) & (large <= UNEVEN * small)  # runs of one size are repeats, at no steps
    return (rows > LONG) | ((rows > EVEN) & run.map(even))


def note_averages(runs: Runs, law: Law) -> Runs:
    """The same runs, with a note of those that are taken for checkpoints and averaged, if there are any."""
    names = [c.name for c in law.covariates]
    if not set(names) <= set(runs.table):
        return runs
    run = run_of(runs.table, [name for name in names if name != law.axis])
    long = has_checkpoints(run, runs.table[law.axis])
    count = run[long].nunique()
    note = (
        f"{long.sum()} losses of {count} run{'s' * (count > 1)} are taken for checkpoints, as they are more than "
        f"{LONG} a run, or more than {EVEN} at even steps: joint laws average them over bins of {BIN} "
        f"in the log of {law.axis}."
    )
    return replace(runs, notes=(*runs.notes, note)) if long.any() and note not in runs.notes else runs


def average_checkpoints(hidden: pd.DataFrame, table: pd.DataFrame, covariates: Iterable[str]) -> pd.DataFrame:
    """Average held-out checkpoints as the layout averages those that are fitted, so that noise means the same.

    Parameters
    ----------
    hidden : pandas.DataFrame
        Rows of a table under their index there: labels, ``row``, and positive numbers.
    table : pandas.DataFrame
        The whole table, from which runs with checkpoints are found.
    covariates : iterable of str
        Columns of the laws that are fitted.

    Returns
    -------
    pandas.DataFrame
        An average has the index and the ``row`` of the last of its runs.
    """
    if "data" not in table:
        return hidden
    keys = ["task", "family", "model"]
    run = run_of(table, [name for name in covariates if name != "data"])
    long = has_checkpoints(run, table["data"])[hidden.index]
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


def points_of(layout: Layout) -> np.ndarray:
    """Logs of the covariates of all runs, relative to the reference: shape (J, V), model by model."""
    seen = layout.weight > 0
    logs = [np.log(values / layout.reference[name][:, None])[seen] for name, values in layout.covariates.items()]
    return np.round(np.column_stack(logs), 10)  # rounded, so that a table in other units gives exactly the same numbers


def one_model_each(layout: Layout) -> bool:
    """Whether every family has a single model, so that families cannot be distinguished from models.

    Never with a prior, which has standard deviations between families whatever this table has.
    """
    return layout.borrowed is None and whole_tasks(pd.DataFrame(layout.curves)) == set(layout.tasks)


def frontier_of(layout: SurfaceLayout, law: Law, misfit: Foretold, members: np.ndarray) -> Frontier:
    """The edge of all runs of the surfaces that some curves of one task lie on, by index.

    The scale of errors beyond it is that of a typical direction; ``misfit`` is its distribution.
    """
    seen = np.concatenate([layout.fields[g].points for g in np.unique(layout.family_of[members])])
    task = layout.task_of[members[0]]
    relative, fall = np.array(layout.misfit_by_direction[task]), layout.misfit_fall[task]
    return Frontier(seen, relative**misfit.exponent, _spent(law), fall**misfit.exponent)


def unexplained(layout: Layout, fields: Sequence[Field]) -> np.ndarray:
    """Conditional variance of the field at each run given its patterns, at unit standard deviation: shape (J,)."""
    points, of_run = points_of(layout), layout.family_of[np.nonzero(layout.weight > 0)[0]]
    left = np.empty(len(points))
    for g, field in enumerate(fields):
        left[of_run == g] = field.unexplained(points[of_run == g])
    return left


@dataclass(frozen=True, eq=False)
class Surface:
    """A family within its task, or a task whose families have a single model each.

    Attributes
    ----------
    family, task : str
        The family is called as the task where it is the whole of it.
    models : ndarray of int
        Indices of its models among the curves.
    """

    family: str
    task: str
    models: np.ndarray


def surfaces(layout: Layout) -> tuple[Surface, ...]:
    """The surfaces of a table, in the order of its families."""
    names = enumerate(layout.families)
    return tuple(Surface(family, task, np.flatnonzero(layout.family_of == g)) for g, (task, family) in names)
