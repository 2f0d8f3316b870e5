"""The runs laid out as arrays: one curve a (task, model), padded to a common length.

Shapes: C curves, M points on the longest curve, T tasks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bayeslaw.errors import LawError
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.laws import get_law, takes_any_column
from bayeslaw.laws.base import Covariate, Law
from bayeslaw.laws.registry import builtin_names
from bayeslaw.runs import Runs

TYPICAL_NOISE = 0.005
"""Run-to-run sd of log loss, relative to which standard errors of the table become weights; measured: .002 to .01."""

WHOLE_WITHIN = 0.02
"""How far from 1 shares of a whole may sum, as those of four parts that are rounded to percent do."""

LABELS = ("task", "family", "model")
"""Columns that name a curve."""


@dataclass(frozen=True)
class Curve:
    """Labels of a curve: the points of one model on one task."""

    task: str
    family: str
    model: str


@dataclass(frozen=True, eq=False)
class Layout:
    """A table of runs as arrays; kinds of models add their own.

    Attributes
    ----------
    curves : tuple of Curve, length C
        In order of first appearance among the points.
    tasks : tuple of str, length T
    families : tuple of (task, family)
        Families within tasks.
    task_of, family_of : ndarray of int, shape (C,)
        Index of each curve into the two tuples above.
    covariates : dict of ndarray, shape (C, M)
        In the units of the table; padding repeats the last point.
    axis : ndarray, shape (C, M)
        Log of the covariate along which curves are extrapolated, relative to the reference point of the curve.
    y : ndarray, shape (C, M)
        The outcome on the scale of the link, such as log loss; 0 where padded.
    weight : ndarray, shape (C, M)
        Precision of a point relative to one run without measurement error (of averaged points: to the point that
        stands for most); 0 where padded.
    largest : ndarray, shape (C,)
        The largest value of the axis covariate on each curve.
    reference : dict of ndarray, shape (C,)
        The point at which coordinates are stated.
    borrowed : Borrowed or None
        The prior that the fit borrows from, for the tasks of the table.
    """

    curves: tuple[Curve, ...]
    tasks: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    task_of: np.ndarray
    family_of: np.ndarray
    covariates: dict[str, np.ndarray]
    axis: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    largest: np.ndarray
    reference: dict[str, np.ndarray]
    borrowed: Borrowed | None


class Points(NamedTuple):
    """Points of a table, one per row.

    Attributes
    ----------
    curve : DataFrame
        Labels of the curve of each point: `LABELS`.
    values : DataFrame
        Covariates of the law, and the outcome, by name.
    weight : Series
        Precision relative to one run without measurement error.
    """

    curve: pd.DataFrame
    values: pd.DataFrame
    weight: pd.Series


def points_of_table(runs: Runs, law: Law, outcome: Outcome) -> Points:
    """Every run of a table as a point.

    Raises
    ------
    LawError
        If the table lacks a covariate of the law; the message names the laws that fit the table.
    """
    require_columns(runs, law)
    _require_linkable(runs, law, outcome)
    values = runs.table[[*(c.name for c in law.covariates), outcome.name]].astype(float)
    weight = pd.Series(run_weights(runs.table, outcome), values.index)
    return Points(runs.table[list(LABELS)].astype(str), values, weight)


def largest_of_curves(points: Points, axis: str) -> pd.Series:
    """The largest value of the axis on each curve, by its labels."""
    return points.values[axis].groupby([points.curve[label] for label in LABELS], sort=False).max()


def lay_out(
    points: Points,
    law: Law,
    outcome: Outcome,
    *,
    largest: pd.Series,
    axis_reference: Callable[[np.ndarray, np.ndarray], np.ndarray],
    family: Callable[[pd.DataFrame], pd.Series],
    borrowed: Borrowed | None,
) -> dict[str, Any]:
    """Fields of a `Layout`, by name.

    Parameters
    ----------
    points : Points
        After averaging, if the kind averages.
    law : Law
    outcome : Outcome
    largest : Series
        Largest value of the axis of each curve, by its labels; before averaging.
    axis_reference : callable
        ``(largest, geometric mean) -> reference``, shapes (C,): the reference point along the axis.
    family : callable
        From labels of the curves to the family of each.
    borrowed : Borrowed or None
        With a prior, coordinates are stated at its reference point.
    """
    curve, values, weight = points
    names = [c.name for c in law.covariates]
    curve_of, labels = pd.factorize(pd.MultiIndex.from_frame(curve))
    furthest = largest.reindex(labels).to_numpy()
    curves = tuple(Curve(*label) for label in labels)
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
    reference[law.axis] = axis_reference(furthest, reference[law.axis])
    reference.update({c.name: reference[c.like] for c in law.covariates if c.like})
    if law.link == "identity":
        reference[outcome.name] = np.full(len(curves), outcome.scale)
    if borrowed is not None:
        reference.update({name: np.full(len(curves), value) for name, value in borrowed.reference.items()})
    task_of, tasks = pd.factorize(np.array([c.task for c in curves], dtype=object))
    frame = pd.DataFrame(curves)
    family_of, families = pd.factorize(pd.MultiIndex.from_arrays([frame["task"], family(frame)]))
    return {
        "curves": curves,
        "tasks": tuple(map(str, tasks)),
        "families": tuple((str(task), str(name)) for task, name in families),
        "task_of": task_of,
        "family_of": family_of,
        "covariates": covariates,
        "axis": np.round(np.log(covariates[law.axis] / reference[law.axis][:, None]), 10),
        "y": np.where(seen, outcome.link(spread_out(values[outcome.name])), 0.0),
        "weight": np.where(seen, spread_out(weight), 0.0),
        "largest": furthest,
        "reference": reference,
        "borrowed": None if borrowed is None else borrowed.for_tasks(map(str, tasks)),
    }


def run_weights(table: pd.DataFrame, outcome: Outcome = LOSS) -> np.ndarray:
    """Precision of each row, relative to that of a run without measurement error: shape (rows,).

    The variance of a row is noise^2 (1 + se^2 / typical noise^2), which is noise^2 + se^2 if the noise is typical.
    """
    if "loss_se" not in table:
        return np.ones(len(table))
    values = table[outcome.name].to_numpy(float)
    linked = outcome.linked_error(np.nan_to_num(table["loss_se"].to_numpy(float)), values)
    return TYPICAL_NOISE**2 / (TYPICAL_NOISE**2 + linked**2)


def laws_fed_by(runs: Runs) -> tuple[str, ...]:
    """Names of the laws whose outcome and covariates a table has for every run."""
    laws = {law.name: (law.outcome, *(c.name for c in law.covariates)) for law in map(get_law, builtin_names())}
    return tuple(name for name, needed in laws.items() if all(_has(runs.table, column) for column in needed))


def _has(table: pd.DataFrame, name: str) -> bool:
    return name in table and not table[name].isna().any()


def require_columns(runs: Runs, law: Law) -> None:
    """Refuse a table that lacks a covariate of a law for some run.

    Raises
    ------
    LawError
        The message names the laws that fit the table.
    """
    table = runs.table
    missing = [c for c in law.covariates if not _has(table, c.name)]
    if missing:
        fitting = laws_fed_by(runs)
        remedy = (
            f"Laws that this table can feed: {', '.join(fitting)}." if fitting else "No law here can use this table."
        )
        needed = ", ".join(f"{c.name!r} ({c.unit})" for c in missing)
        raise LawError(
            f"{runs.source}: the {law.name} law needs {needed}, which the table does not have for every run."
            f"{_how_to_have(table, law, missing)} {remedy}"
        )
    for c in law.covariates:
        _require_positive(runs, law, c)
    _require_whole(runs, law)


def _how_to_have(table: pd.DataFrame, law: Law, missing: Sequence[Covariate]) -> str:
    """Words, after a blank, on how a table comes to have the covariates that it lacks; none if nothing is known."""
    names = [c.name for c in missing]
    told = [
        f" Row {table.loc[table[name].isna(), 'row'].iloc[0]} has no {name}: fill it in, or leave such rows out with "
        f'--where "{name} > 0".'
        for name in names
        if name in table
    ]
    told += [f" {c.hint}" for c in missing if c.hint and c.name not in table]
    if not told and takes_any_column(law.name):
        other = f"{law.name}({'COLUMN+OTHER' if law.covariates[0].share else 'COLUMN'})"
        if not set(names) & {c.name for c in get_law(other).covariates}:
            told.append(f" From another column: --law '{other}'.")
    return "".join(told)


def _require_whole(runs: Runs, law: Law) -> None:
    """Refuse shares that do not sum to 1; the law takes them relative to their sum, so that rounding does no harm."""
    names = [c.name for c in law.covariates if c.share]
    if not names:
        return
    total = runs.table[names].to_numpy(float).sum(axis=1)
    off = np.flatnonzero(np.abs(total - 1.0) > WHOLE_WITHIN)
    if len(off):
        row, found = runs.table["row"].iloc[off[0]], total[off[0]]
        others = f" (and those of {len(off) - 1} more rows)" if len(off) > 1 else ""
        raise LawError(
            f"{runs.source}: the {law.name} law needs shares of a whole, which sum to 1, but {' + '.join(names)} of "
            f"row {row} is {found:g}{others}.{percent(found)} Name every domain of the mixture; what is left of it may "
            "be a column of its own."
        )


def percent(total: float) -> str:
    """What to say of shares whose sum may be 1 in percent."""
    return " Divide percent by 100." if abs(total / 100.0 - 1.0) <= WHOLE_WITHIN else ""


def _require_positive(runs: Runs, law: Law, covariate: Covariate) -> None:
    name = covariate.name
    values = runs.table[name]
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise LawError(
            f"{runs.source}: the {law.name} law needs numbers in {name!r}, but found {str(values.iloc[0])!r} "
            f"(row {runs.table['row'].iloc[0]}). Name a column of sizes."
        )
    bad = ~(values.to_numpy(float) > 0)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        remedy = f'Leave such rows out: --where "{name} > 0".'
        if covariate.share:
            remedy = "A share of 0 has no logarithm: write 0.001 in its place, to which losses are the same."
        raise LawError(
            f"{runs.source}: the {law.name} law needs positive {name!r}, but row {runs.table['row'].iloc[first]} has "
            f"{values.iloc[first]:g}. {remedy}"
        )


def _require_linkable(runs: Runs, law: Law, outcome: Outcome) -> None:
    """Refuse losses that have no logarithm, where the law is of log losses."""
    bad = ~(runs.table[outcome.name].to_numpy(float) > 0)
    if outcome.link_name != "log" or not bad.any():
        return
    row, value = (runs.table[name].iloc[int(np.flatnonzero(bad)[0])] for name in ("row", outcome.name))
    raise LawError(
        f"{runs.source}: the {law.name} law is of the logarithm of a positive {outcome.name}, but row {row} has "
        f"{value:g} (and {int(bad.sum()) - 1} more are not positive). A law of the loss itself has link=identity in "
        f"its name, as in 'chinchilla(link=identity)'; mistakes are left out with --where \"{outcome.name} > 0\"."
    )
