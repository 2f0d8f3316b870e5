"""Runs that could be made: models of the table at sizes not yet run, models of other sizes, or those of a list."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.answers.growth import OTHERS, Growth, growths
from bayeslaw.answers.new_models import new_models_check, respelt
from bayeslaw.errors import TargetError, did_you_mean
from bayeslaw.kinds.predictor import NEW_MODEL
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.points import curves_on, unknown_name
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import listed
from bayeslaw.runs.columns import meaning, other_size
from bayeslaw.runs.readers.registry import read_raw
from bayeslaw.runs.units import is_blank, read_numbers, read_plain, read_texts
from bayeslaw.verdicts import Check

SIZES = 16
"""Sizes at most at which a model is proposed."""

POINTS = 1500
"""Points, of all models together, beyond which fewer sizes are proposed, down to `FEWEST`: they are drawn jointly."""

FEWEST = 4

DESIGNS = 8
"""Numbers of parameters, or values of another covariate, at which new models are proposed."""

UNIT = 1000.0
"""A list all of whose sizes are so many times smaller than any of the table is in another unit."""

RATIO = 2.0
"""Least ratio of sizes beyond the data."""

MISSPELT = 0.8
"""How alike a heading of a list must be to that of a column it lacks, to be that one with a slip."""

NAMES = ("model", "family", "task")


@dataclass(frozen=True)
class NewModel:
    """A model that is not in the table: its name, its family, and its covariates other than the axis."""

    name: str
    family: str
    covariates: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Proposals:
    """R runs that could be made on a task.

    Attributes
    ----------
    table : DataFrame
        One row a run: ``model``, ``family``, ``task``, covariates of the law, and what else is known of the model.
    curve : ndarray of int, shape (R,)
        The curve that a run is on; -1 for a new model.
    new : tuple of NewModel, length R
        Or None, for a model of the table.
    further : tuple of str
        Columns that a list of candidates has beyond names, covariates and what the table of runs has; and that of the
        outcome, which a run to be made cannot have.
    checks : tuple of Check
        Of the models of a list of candidates.
    """

    table: pd.DataFrame
    curve: np.ndarray
    new: tuple[NewModel | None, ...]
    further: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def keep(self, mask: np.ndarray) -> "Proposals":
        """The runs of a mask."""
        new = tuple(n for n, kept in zip(self.new, mask, strict=True) if kept)
        table = self.table[mask].reset_index(drop=True)
        return replace(self, table=table, curve=self.curve[mask], new=new)


def sizes_to_try(seen: np.ndarray, to: float, most: int = SIZES) -> np.ndarray:
    """Sizes of a table, and beyond them in steps as between them, up to ``to``; thinned to ``most``."""
    sizes = np.unique(seen)
    steps = np.diff(np.log(sizes))
    step = max(float(np.median(steps[-4:])) if len(steps) else 0.0, np.log(RATIO))
    beyond = max(int(np.floor((np.log(to) - np.log(sizes[-1])) / step + 1e-9)), 0)
    further = sizes[-1] * np.exp(step * np.arange(1, beyond + 1))
    if to > sizes[-1] and (not beyond or to > further[-1] * 1.2):
        further = np.append(further, to)
    elif beyond:
        further[-1] = to
    whole = np.concatenate([sizes, further])
    if len(whole) > most:
        wanted = np.linspace(np.log(whole[0]), np.log(whole[-1]), most)
        whole = whole[np.unique(np.abs(np.log(whole)[:, None] - wanted).argmin(axis=0))]
    return np.array([float(f"{size:.6g}") for size in whole])


def of_the_table(posterior: Posterior, task: str, to: float, at: Mapping[str, float]) -> Proposals:
    """Every model of a task at every size not yet run, from the smallest of the task up to ``to``.

    ``at`` has the covariates, other than the axis, that vary along curves.
    """
    layout, axis = posterior.layout, posterior.law.axis
    runs = posterior.runs.table
    here = curves_on(layout, task)
    seen = runs.loc[runs["task"].astype(str) == task]
    most = int(np.clip(POINTS // len(here), FEWEST, SIZES))
    sizes = sizes_to_try(seen[axis].to_numpy(float), to, most)
    rows, curves, growth = [], [], growths(posterior)
    for i in here:
        label = layout.curves[i]
        own = seen[(seen["model"].astype(str) == label.model) & (seen["family"].astype(str) == label.family)]
        measured = own[axis].to_numpy(float)
        for size in sizes:
            if np.min(np.abs(np.log(measured / size))) > 1e-6:
                known = known_of(posterior, growth, own, size)
                rows.append({**known, **at, axis: size, "model": label.model, "family": label.family, "task": task})
                curves.append(i)
    table = pd.DataFrame(rows) if rows else pd.DataFrame(columns=[*at, axis, *NAMES])
    return Proposals(table, np.array(curves, int), (None,) * len(rows))


def known_of(posterior: Posterior, growth: Mapping[str, Growth], own: pd.DataFrame, size: float) -> dict[str, float]:
    """Columns of numbers at another size of a model, from its own runs.

    What is the same in all runs stays so; what is positive and varies, such as measured seconds, goes on.
    """
    known: dict[str, float] = {}
    axis = posterior.law.axis
    for name in own.columns:
        if name in (axis, posterior.outcome.name, *OTHERS) or not pd.api.types.is_numeric_dtype(own[name]):
            continue
        cells = own[[axis, name]].astype(float).dropna()
        values = cells[name].to_numpy()
        if len(values) and np.ptp(values) == 0:
            known[name] = float(values[0])
        elif len(values) and name in growth and (values > 0).all():
            known[name] = growth[name].at(cells[axis].to_numpy(), values, size)
    return known


def at_their_longest(posterior: Posterior, proposals: Proposals) -> pd.DataFrame:
    """The longest run of the model of each proposed run, with the columns of `known_of`; empty for a new one."""
    layout, axis, runs = posterior.layout, posterior.law.axis, posterior.runs.table
    found: dict[int, dict[str, Any]] = {-1: {}}
    growth = growths(posterior)
    for i in set(proposals.curve.tolist()) - {-1}:
        label = layout.curves[i]
        own = runs[(runs["model"].astype(str) == label.model) & (runs["task"].astype(str) == label.task)]
        size = float(own[axis].max())
        found[i] = {**known_of(posterior, growth, own, size), axis: size}
    rows = pd.DataFrame([found[i] for i in proposals.curve.tolist()])
    return rows.reindex(columns=proposals.table.columns)


def designs(posterior: Posterior, task: str, families: Sequence[str], to: Mapping[str, float]) -> Proposals:
    """New models of a joint law, on a grid from the least covariates of the table to those of a target.

    Parameters
    ----------
    posterior : Posterior
    task : str
    families : sequence of str
        Surfaces on which they lie.
    to : mapping
        The target, every covariate; those of which the table has a single value stay at the target's.
    """
    layout, law = posterior.layout, posterior.law
    here, axis = curves_on(layout, task), posterior.law.axis
    grids = {}
    for c in law.covariates:
        values = layout.covariates[c.name][here]
        low, high = float(values.min()), float(max(to[c.name], values.max()))
        if c.name == axis:
            grids[c.name] = sizes_to_try(values.ravel(), to[axis])
        elif high / low > 1.001:
            grids[c.name] = np.array([float(f"{v:.4g}") for v in np.geomspace(low, high, DESIGNS)])
        else:
            grids[c.name] = np.array([to[c.name]])
    mesh = np.meshgrid(*grids.values(), indexing="ij")
    points = pd.DataFrame({name: values.ravel() for name, values in zip(grids, mesh, strict=True)})
    tables, new = [], []
    for family in families:
        others = [name for name in grids if name != axis]
        made = [
            NewModel(NEW_MODEL, family, tuple((name, float(row[name])) for name in others))
            for row in points.to_dict("records")
        ]
        tables.append(points.assign(model=NEW_MODEL, family=family, task=task))
        new.extend(made)
    table = pd.concat(tables, ignore_index=True)
    return Proposals(table, np.full(len(table), -1), tuple(new))


def listed_runs(
    posterior: Posterior, task: str, source: str | os.PathLike[str] | pd.DataFrame, at: Mapping[str, float]
) -> Proposals:
    """The runs of a list: a table with models and sizes, but no losses.

    Raises
    ------
    TargetError
        If the list lacks a column, has a size that is no positive number, a family that is not in the table, a model
        whose name is spelt in another way there, or runs of other tasks alone.
    """
    table, name = _read_list(posterior, source, at, task)
    layout, law = posterior.layout, posterior.law
    here = {layout.curves[i].model: i for i in curves_on(layout, task)}
    others = [c.name for c in law.covariates if c.name != law.axis]
    families = {family for family, of_task, _ in posterior.predictor.groups() if of_task == task}
    joint = kind_of(law).is_new_model(law, {c.name: 1.0 for c in law.covariates})
    runs, growth = posterior.runs.table, growths(posterior)
    rows, curves, new = [], [], []
    for cells in table.to_dict("records"):
        record = {heading: cell for heading, cell in cells.items() if heading == "model" or not is_blank(cell)}
        model = str(record["model"])
        family = str(record.get("family", model))
        curve = here.get(model, -1)
        if curve >= 0:
            label = layout.curves[curve]
            own = runs[(runs["model"].astype(str) == model) & (runs["task"].astype(str) == task)]
            known: dict[Any, Any] = known_of(posterior, growth, own, float(record[law.axis]))
            record = known | record
            family = label.family
        elif joint and family not in families:
            if len(families) > 1:
                raise unknown_name("family", family, sorted(families))
            (family,) = families
        made = None if curve >= 0 else NewModel(model, family, tuple((n, float(record[n])) for n in others))
        rows.append({**record, "model": model, "family": family, "task": task})
        curves.append(curve)
        new.append(made)
    if not rows:
        raise TargetError(f"{name}: the list of candidates is empty, expected one row a run that could be made.")
    common = {*NAMES, *(c.name for c in law.covariates), *runs.columns} - {posterior.outcome.name}
    further = tuple(heading for heading in table.columns if heading not in common)
    unknown = list(dict.fromkeys(made.name for made in new if made is not None))
    checks = () if joint else new_models_check(unknown, list(here))
    return Proposals(pd.DataFrame(rows), np.array(curves, int), tuple(new), further, checks)


def _read_list(
    posterior: Posterior, source: str | os.PathLike[str] | pd.DataFrame, at: Mapping[str, float], task: str
) -> tuple[pd.DataFrame, str]:
    """The runs of a list on a task under canonical names, names and covariates checked."""
    if isinstance(source, pd.DataFrame):
        cells, name = source, "<candidates>"
    else:
        cells, name = read_raw(Path(source)).cells, Path(source).name
    known = {str(heading): meaning(str(heading)) for heading in cells.columns}
    scales = {heading: found.scale for heading, found in known.items() if found is not None}
    own = {heading: found.role for heading, found in known.items() if found is not None}
    own |= {heading: here for heading, here in posterior.runs.spelling if heading in cells and heading not in own}
    table = pd.DataFrame(index=cells.index)
    wanted = [c.name for c in posterior.law.covariates]
    left = [str(heading) for heading in cells.columns if heading not in {*own, *wanted}]
    lacking = set(wanted) - {*own.values(), *cells}
    own |= {heading: size for heading in left if (size := other_size(heading)) is not None and size in lacking}
    if "data" in wanted and "data" not in own.values() and "tokens" in own.values():
        own = {heading: "data" if here == "tokens" else here for heading, here in own.items()}
    problems: list[str] = []
    for heading in cells.columns:
        here = own.get(str(heading), str(heading))
        if here in NAMES:
            table[here] = read_texts(cells[heading])
        elif here in wanted:
            if here in table:
                problems.append(f"two columns mean {here!r}")
            values = read_numbers(cells[heading], counts=True).values * scales.get(str(heading), 1.0)
            bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
            if len(bad):
                found_there = str(cells[heading].iloc[bad[0]])
                problems.append(f"row {bad[0] + 1}, {heading}: found {found_there!r}, expected a positive number")
            least = float(posterior.layout.covariates[here].min())
            if not len(bad) and len(values) and values.max() < least / UNIT:
                problems.append(
                    f"{heading}: found {values.max():g} at most, and the table has {here} of {least:g} or more. Write "
                    "sizes in full, such as 7B"
                )
            table[here] = values
        else:
            table[here] = read_plain(cells[heading]).to_numpy()
    for here in wanted:
        if here not in table and here in at:
            table[here] = float(at[here])
    missing = [here for here in ("model", *wanted) if here not in table]
    understood = {*own, *map(str, posterior.runs.table.columns)}
    near = {here: did_you_mean(here, set(map(str, cells.columns)) - understood, MISSPELT) for here in missing}
    if missing == ["model"] and len(wanted) > 1 and not near["model"]:
        others = [here for here in wanted if here != posterior.law.axis]
        told = table[others].to_dict("records")
        table["model"] = [", ".join(f"{here}={value:.4g}" for here, value in row.items()) for row in told]
        missing = []
    hints = {here: f" ({said.strip().replace('Did', 'did')})" for here, said in near.items() if said}
    problems += [f"there is no column {here!r}{hints.get(here, '')}" for here in missing]
    problems += _names_that_differ(posterior, table, task)
    if problems:
        raise TargetError(
            f"{name}: {'; '.join(problems[:5])}. A list of candidates has one row a run, with columns "
            f"model, {', '.join(wanted)}, and for joint laws family."
        )
    return table if "task" not in table else table[_on_task(table["task"], task)].reset_index(drop=True), name


def _on_task(tasks: pd.Series, task: str) -> np.ndarray:
    """Which rows of a list are on a task; those that say nothing are."""
    return np.array([is_blank(cell) or str(cell) == task for cell in tasks])


def _names_that_differ(posterior: Posterior, table: pd.DataFrame, task: str) -> list[str]:
    """What is wrong with the names of a list: tasks that the runs do not have, and models that are spelt otherwise."""
    curves, problems = posterior.layout.curves, []
    tasks = {curve.task for curve in curves}
    told = [str(cell) for cell in dict.fromkeys(table.get("task", [])) if not is_blank(cell)]
    for name in told:
        if name not in tasks:
            problems.append(f"task: found {name!r}, and the runs are of {listed(sorted(tasks), 8)}")
    if tasks.intersection(told) and not _on_task(table["task"], task).any():
        problems.append(f"task: found no row of {task!r}, the task that is asked about")
    known = [curve.model for curve in curves if curve.task == task]
    models = [str(cell) for cell in table.get("model", [])]
    for name in dict.fromkeys(models):
        there = None if name in known else respelt(name, known)
        if there is not None:
            row = models.index(name) + 1
            problems.append(f"row {row}, model: found {name!r}, expected {there!r}, as it is in the table")
    return problems
