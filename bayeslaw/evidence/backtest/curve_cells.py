"""Learning curves cut in two: the points that methods see, and the larger sizes they are scored on.

A cell is a curve. What methods see is kept apart from what they are scored on, so that nothing leaks.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.runs import Runs, read_runs

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CurveTrial:
    """What methods see of a curve.

    Attributes
    ----------
    name : str
    x, y : ndarray, shape (n,)
        Sizes and losses of the points to fit, by increasing size.
    ahead : ndarray, shape (P,)
        Sizes of the points to predict.
    """

    name: str
    x: Array
    y: Array
    ahead: Array


@dataclass(frozen=True, eq=False)
class Curve:
    """A trial and its outcome.

    Attributes
    ----------
    trial : CurveTrial
    measured : ndarray, shape (P,)
        Losses measured at the sizes to predict.
    dataset : str
        What the curve was measured on: its task without the number of shots.
    task, model : str
        As in the table.
    """

    trial: CurveTrial
    measured: Array
    dataset: str
    task: str
    model: str


@dataclass(frozen=True, eq=False)
class Domain:
    """Curves that are fitted together.

    Attributes
    ----------
    name : str
    curves : tuple of Curve
    runs : Runs
        The points that methods see, of all curves, with the tasks and models of the tables.
    """

    name: str
    curves: tuple[Curve, ...]
    runs: Runs


@dataclass(frozen=True, eq=False)
class CurveTables:
    """The domains of all tables, and what is left out of them."""

    domains: tuple[Domain, ...]
    notes: tuple[str, ...]


def read_curves(
    tables: Sequence[str | os.PathLike[str] | pd.DataFrame],
    *,
    hide_last: float | None = None,
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
) -> CurveTables:
    """Read tables of curves and cut each curve in two.

    A table with a column ``Domain`` has a curve for each task and model; domains of one name in several tables are
    one. In a table without it, the tasks are the domains and the models are the curves.

    Parameters
    ----------
    tables : sequence of paths or DataFrames
    hide_last : float, optional
        Share of the sizes of each curve that is hidden, the largest ones. Default: a column ``Training`` tells, with 1
        for the points to fit and 0 for those to predict.
    where : str, optional
        Rows to use of every table.
    roles : mapping of str to str, optional
        What columns of every table are, as for `bayeslaw.read_runs`.

    Raises
    ------
    RunsError, SelectionError, TargetError
        If a table cannot be used, does not say what to hide, or has a curve that another table has too.
    """
    if not tables:
        raise RunsError("found no table to test on, expected at least one. Name a file of curves.")
    if hide_last is not None and not 0 < hide_last < 1:
        raise TargetError(
            f"--hide-last {hide_last:g}: expected a share between 0 and 1, such as 0.5 for the last half."
        )
    parts: dict[str, list[tuple[Runs, pd.DataFrame]]] = {}
    notes: list[str] = []
    for table in tables:
        runs = read_runs(table, where=where, roles=roles)
        labelled, said = _labelled(runs, hide_last)
        notes += said
        for domain, rows in labelled.groupby("task", sort=False):
            parts.setdefault(str(domain), []).append((runs, rows))
    domains = [_domain(name, group, notes) for name, group in parts.items()]
    kept = tuple(domain for domain in domains if domain is not None)
    if not kept:
        raise RunsError(f"No curve has both points to fit and points to predict: {'; '.join(notes[:3])}.")
    return CurveTables(kept, tuple(notes))


_SEEN, _DATASET = "bayeslaw: seen", "bayeslaw: data set"  # headings that no table will have
_TASK, _MODEL, _FAMILY = "bayeslaw: task", "bayeslaw: model", "bayeslaw: family"
_SHOTS = re.compile(r"\('(?P<quoted>.+)', '\d+-shot'\)|(?P<plain>.+)_\d+")


def dataset_of(task: str) -> str:
    """Name the data set of a task: ``bird`` of ``bird_5``, ``qa`` of ``('qa', '2-shot')``, others as they are."""
    found = _SHOTS.fullmatch(task)
    return found[found.lastgroup or 0] if found else task


def _labelled(runs: Runs, hide_last: float | None) -> tuple[pd.DataFrame, list[str]]:
    """Rows with the domain as task, the curve as model, and whether they are seen."""
    table, notes = runs.table.copy(), []
    headings = {str(name).strip().casefold(): name for name in table.columns}
    domain, training = headings.get("domain"), headings.get("training")
    table[_DATASET] = table["task"].map(dataset_of)
    table[_TASK], table[_MODEL], table[_FAMILY] = table["task"], table["model"], table["family"]
    if domain is not None:
        table["model"] = table["task"] + ": " + table["model"]
        table["task"] = table[domain].astype(str)
    if hide_last is None:
        if training is None:
            raise RunsError(
                f"{runs.source}: found no column 'Training' (1 for points to fit, 0 for points to predict), which "
                "tells what to hide. Add it, or hide the largest sizes of every curve with --hide-last, such as "
                "--hide-last 0.5."
            )
        table[_SEEN] = _seen(runs, training)
    else:
        if training is not None:
            notes.append(f"{runs.source}: the column {training!r} is not used, for --hide-last was given.")
        table[_SEEN] = _all_but_last(table, hide_last)
    return table.drop(columns=[name for name in (domain, training) if name is not None]), notes


def _seen(runs: Runs, column: str) -> NDArray[np.bool_]:
    values = pd.to_numeric(runs.table[column], errors="coerce").to_numpy(float)
    bad = np.flatnonzero(~np.isin(values, (0.0, 1.0)))
    if bad.size:
        row, found = runs.table["row"].iloc[bad[0]], runs.table[column].iloc[bad[0]]
        raise RunsError(
            f"{runs.source}, row {row}, column {column!r}: found {found!r}, expected 1 (fit) or 0 (predict). Correct "
            "it, or hide the largest sizes of every curve with --hide-last."
        )
    return np.asarray(values == 1)


def _all_but_last(table: pd.DataFrame, share: float) -> NDArray[np.bool_]:
    """Hide the largest sizes of each curve, at least one."""
    curves = table.groupby(["task", "model"], sort=False)["data"]
    rank = curves.rank(method="dense").to_numpy()
    count = curves.transform("nunique").to_numpy()
    return np.asarray(rank <= count - np.maximum(np.round(share * count), 1))


def _domain(name: str, parts: Sequence[tuple[Runs, pd.DataFrame]], notes: list[str]) -> Domain | None:
    curves: list[Curve] = []
    sources: dict[str, str] = {}
    for runs, rows in parts:
        for curve, own in rows.groupby("model", sort=False):
            label = str(curve)
            if label in sources:
                raise RunsError(
                    f"{runs.source}: found the curve {label!r} of {name!r} again, which {sources[label]} has too; "
                    "expected each curve once. Rename one of them."
                )
            sources[label] = runs.source
            own = own.sort_values("data", kind="stable")
            seen, ahead = own[own[_SEEN]], own[~own[_SEEN]]
            if seen.empty or ahead.empty:
                notes.append(f"{name}, {label}: left out, no points to {'fit' if seen.empty else 'predict'}.")
                continue
            x, y, later, measured = (
                part[column].to_numpy(float) for part in (seen, ahead) for column in ("data", "loss")
            )
            dataset, task, model = (str(own[column].iloc[0]) for column in (_DATASET, _TASK, _MODEL))
            curves.append(Curve(CurveTrial(label, x, y, later), measured, dataset, task, model))
    if not curves:
        return None
    shared = [column for column in parts[0][1].columns if all(column in rows for _, rows in parts)]
    table = pd.concat([rows.loc[rows[_SEEN], shared] for _, rows in parts], ignore_index=True)
    table = table.drop(columns=[_SEEN, _DATASET, "task", "model", "family"])
    table = table.rename(columns={_TASK: "task", _MODEL: "model", _FAMILY: "family"})
    if len(parts) > 1:
        table["row"] = np.arange(1, len(table) + 1)
    source = " + ".join(dict.fromkeys(runs.source for runs, _ in parts))
    return Domain(name, tuple(curves), replace(parts[0][0], table=table, left_out=(), notes=(), source=source))
