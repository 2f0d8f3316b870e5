"""The runs of a campaign: those of every addition under the columns of the first, and what a new one says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.campaign.journal import Journal, Record, sha256_of
from bayeslaw.errors import CampaignError, RunsError
from bayeslaw.files import write_csv
from bayeslaw.results import counted, listed
from bayeslaw.runs import Runs
from bayeslaw.runs.columns import CANONICAL, MEASURES
from bayeslaw.runs.joining import require_like_units, unit_of_all
from bayeslaw.runs.repeats import EXPLAINED_MIN

SHOWN = 5
"""Repeats that are told of one by one."""


@dataclass(frozen=True, eq=False)
class Addition:
    """New runs under the columns of a campaign, and what there is to say of them, in sentences."""

    table: pd.DataFrame
    said: tuple[str, ...]


def read_table(journal: Journal) -> Runs:
    """The runs of a campaign, in the order in which they were added.

    Raises
    ------
    CampaignError
        If a file of rows is missing or was altered.
    """
    added = journal.of_kind("added")
    first = added[0]
    parts = [_read_rows(journal.folder, record) for record in added]
    table = pd.concat([part[list(parts[0].columns)] for part in parts], ignore_index=True)
    table.insert(0, "row", np.arange(1, len(table) + 1))
    return Runs(
        table,
        (),
        tuple(first["notes"]),
        journal.folder.resolve().name,
        tuple((there, here) for there, here in first["spelling"]),
        tuple((there, float(by)) for there, by in first["scales"]),
        unit_of_all(record.get("loss_given", "") for record in added),  # older journals do not say it
    )


def write_rows(folder: Path, number: int, table: pd.DataFrame) -> Record:
    """Write the rows of an addition; what the journal says of them.

    Raises
    ------
    CampaignError, OutputError
        If they cannot be written.
    """
    path = folder / "runs" / f"{number:04d}.csv"
    rows = table.drop(columns="row", errors="ignore")
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise CampaignError(f"{path.parent}: cannot be used as a folder ({error.strerror}).") from error
    write_csv(rows, path)
    kinds = {str(name): _kind(rows[name]) for name in rows}
    return {"file": f"runs/{path.name}", "file_sha256": sha256_of(path), "rows": len(rows), "columns": kinds}


def added_to(before: Runs, new: Runs) -> Addition:
    """New runs as they go into a table: completed by what is known of their models, and without those that are there.

    Parameters
    ----------
    before : Runs
        Of the campaign.
    new : Runs
        As they were read.

    Raises
    ------
    RunsError
        If data or losses are of another kind, a column cannot be completed, or no run is new.
    """
    require_like_units(new, before)
    new = replace(new, table=new.table.rename(columns=_as_before(before, new)))
    table = _completed(before, new)
    said = [f"{counted(len(table), 'run')} read from {new.source}."]
    if "task" not in {here for _, here in new.spelling}:
        said.append(f"They are taken to be of the task of the campaign, {before.tasks[0]!r}.")
    if new.loss_given != before.loss_given:
        said.append(
            f"Losses are given in {new.loss_given or 'nats'}, and those of the campaign in "
            f"{before.loss_given or 'nats or several units'}. Make sure that all are of one metric and unit."
        )
    here = [name for name in CANONICAL if name in before.table]
    keys = [name for name in here if name not in MEASURES]
    there = _index(table, [*keys, "loss"]).isin(_index(before.table, [*keys, "loss"]))
    if there.all():
        raise RunsError(f"{new.source}: all {len(table)} runs are in the campaign already. Nothing was added.")
    if there.any():
        are = "is" if there.sum() == 1 else "are"
        said.append(f"{int(there.sum())} of them {are} in the campaign already, and {are} not added again.")
    table = table[~there].reset_index(drop=True)
    said += _repeats(before.table, table, keys)
    foreign = [str(name) for name in new.table if name not in before.table]
    if foreign:
        said.append(f"Kept, but not used, for the first runs have no such columns: {listed(foreign)}.")
    return Addition(table, tuple(said))


def _as_before(before: Runs, new: Runs) -> dict[str, str]:
    """Columns that a campaign, as an older one may, has under the heading that they have in a new table."""
    return {here: there for there, here in new.spelling if there in before.table and here not in before.table}


def _completed(before: Runs, new: Runs) -> pd.DataFrame:
    """New rows with every column of the table: by model, or where the whole table has one value."""
    table, given = new.table.copy(), {here for _, here in new.spelling}
    if "task" not in given:
        if len(before.tasks) > 1:
            raise RunsError(
                f"{new.source}: there is no column of tasks, and the campaign has {len(before.tasks)}: "
                f"{listed(before.tasks)}. Add a column 'task'."
            )
        if "model" not in given:  # models without names are called after the task
            table["model"] = table["model"].mask(table["model"] == table["task"], before.tasks[0])
        table["task"] = before.tasks[0]
    lacking = [str(name) for name in before.table if name not in table]
    for name in [*(["family"] if "family" not in given else []), *lacking]:
        table[name] = _known(before.table, table, name)
    unknown = [name for name in lacking if name in CANONICAL and table[name].isna().any()]
    if unknown:
        row = table.loc[table[unknown[0]].isna()].iloc[0]
        raise RunsError(
            f"{new.source}, row {row['row']}: the runs of the campaign have {listed(unknown)}, which is not known of "
            f"the model {row['model']!r}. Add such columns to the new table."
        )
    return table


def _known(before: pd.DataFrame, table: pd.DataFrame, name: str) -> pd.Series:
    """What a column has for each new row: the value of its model, or the only one; of a new model, its own name."""
    values = {}
    for model, own in before.groupby(["task", "model"], sort=False)[name]:
        values[model] = own.iloc[0] if own.nunique() == 1 else None
    found = pd.Series(_index(table, ["task", "model"]).map(values), index=table.index, dtype=object)
    if name == "family":
        return found.where(found.notna(), table["model"]).astype(before[name].dtype)
    only = before[name].iloc[0] if before[name].nunique(dropna=False) == 1 else None
    found = found.where(found.notna(), only)
    return pd.to_numeric(found) if pd.api.types.is_numeric_dtype(before[name]) else found


def _repeats(before: pd.DataFrame, new: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """What new runs say of models and sizes that were measured before, those first that agree the least."""
    place = [name for name in keys if name != "seed"]
    measured = before.groupby(_index(before, place))["loss"].mean()
    found = [
        (abs(row["loss"] / measured[key] - 1), row, measured[key])
        for key, row in zip(_index(new, place), new.to_dict("records"), strict=True)
        if key in measured.index
    ]
    if not found:
        return []
    found.sort(key=lambda one: -one[0])
    told = [
        f"{row['model']}{_at(row)}: {row['loss']:.6g}, and {loss:.6g} before ({apart:.1%} apart)"
        for apart, row, loss in found[:SHOWN]
    ]
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    said = [f"Measured before, and kept as repeated runs: {'; '.join(told)}{more}."]
    far = sum(bool(apart > EXPLAINED_MIN) for apart, _, _ in found)
    if far:
        said.append(
            f"{far} of these disagree{'s' * (far == 1)} by more than {EXPLAINED_MIN:.0%}, which seeds seldom do: look "
            "whether metric, data and training are the same. Both count; to leave one out, begin another campaign."
        )
    return said


def _at(row: Mapping[Any, Any]) -> str:
    return f" at data = {row['data']:.12g}" if "data" in row else ""


def _index(table: pd.DataFrame, names: Sequence[str]) -> pd.Index:
    """The cells of a row in some columns, as one value that can be looked up."""
    cells = [[_cell(value) for value in table[name].tolist()] for name in names]
    return pd.Index(list(zip(*cells, strict=True)), tupleize_cols=False)


def _cell(value: Any) -> Any:
    """A cell that is equal to itself whatever its storage type."""
    if value is None or value != value:
        return None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _kind(cells: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(cells):
        return "flag"
    return "number" if pd.api.types.is_numeric_dtype(cells) else "text"


def _read_rows(folder: Path, record: Mapping[str, Any]) -> pd.DataFrame:
    path, kinds = folder / record["file"], record["columns"]
    if sha256_of(path) != record["file_sha256"]:
        raise CampaignError(
            f"{path}: was altered after it was added. Restore it from a copy; to leave runs out or correct them, begin "
            "another campaign."
        )
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    read = {"number": lambda cell: float(cell) if cell else np.nan, "flag": lambda cell: cell == "True"}
    return pd.DataFrame(
        {name: table[name].map(read[kind]) if kind in read else table[name] for name, kind in kinds.items()}
    )
