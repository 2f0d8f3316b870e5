"""Many independent fits: a file for each table, several at a time, kept if nothing that it depends on has changed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bayeslaw.fitting.kept import CODE, FitSettings, fit_job
from bayeslaw.fitting.tables import ReadTable, Tables, read_tables
from bayeslaw.jobs.run import Record, Report, run_jobs
from bayeslaw.jobs.store import code_version
from bayeslaw.laws.base import Law
from bayeslaw.results import Result, listed, verdict
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.verdicts import Check, Status, at_most


@dataclass(frozen=True)
class FittedTable:
    """What came of one table.

    Attributes
    ----------
    table : str
        Its name.
    rows, models : int or None
        None of a table that could not be read.
    law : str or None
    status : {"PASS", "REVIEW", "FAIL"} or None
        The worst verdict of the fit; None where there is none.
    seconds : float or None
        What the fit took when it was made.
    file : str or None
        Name of the file of the fit in the folder.
    note : str
        Checks that did not pass, or why there is no fit.
    """

    table: str
    rows: int | None
    models: int | None
    law: str | None
    status: Status | None
    seconds: float | None
    file: str | None
    note: str


@dataclass(frozen=True, eq=False, repr=False)
class ManyFits(Result):
    """What came of many tables, in the order in which they were given.

    Attributes
    ----------
    tables : tuple of FittedTable
    folder : str or None
        Where the fits are; ``bayeslaw.load`` reads one.
    reused : int
        Fits that had been made before.
    settings : mapping
    checks : tuple of Check
    """

    tables: tuple[FittedTable, ...]
    folder: str | None
    reused: int
    settings: Mapping[str, Any]
    checks: tuple[Check, ...]

    @property
    def sentence(self) -> str:
        """How many tables were fitted, and which were not."""
        lacking = [one.table for one in self.tables if one.status is None]
        where = f", in {self.folder}" if self.folder else ""
        without = f"; no fit of {listed(lacking)}" if lacking else ""
        return f"{len(self.tables) - len(lacking)} of {len(self.tables)} tables fitted{where}{without}."

    def to_frame(self) -> pd.DataFrame:
        """One row a table."""
        return pd.DataFrame([asdict(one) for one in self.tables])

    def to_dict(self) -> dict[str, Any]:
        """The rows as plain values, with settings and verdicts."""
        return {
            "tables": [asdict(one) for one in self.tables],
            "folder": self.folder,
            "reused": self.reused,
            "settings": dict(self.settings),
            **verdict(self.checks),
        }


def fit_many(
    tables: Tables,
    *,
    law: str | Law | None = None,
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    early_tokens: float = EARLY_TOKENS,
    sampler: SamplerSettings | None = None,
    seed: int = 0,
    jobs: int = 1,
    dask: str | None = None,
    out: str | os.PathLike[str] | None = None,
    report: Report | None = None,
) -> ManyFits:
    """Fit many tables, each by itself, several at a time.

    A table that cannot be read or fitted is told of in its row, and the others go on. Every fit is written as soon as
    it is made, and only a row of it is kept in memory; a fit that is there, of the same runs, law, settings and version
    of bayeslaw, is not made again.

    Parameters
    ----------
    tables : path, sequence of paths, or mapping of str to table
        Files, and folders whose files are tables; or paths, data frames or runs by name.
    law : str or Law, optional
        One for all; if not given, each table says which, as on the command line.
    where : str, optional
        Rows to use of every table.
    roles : mapping of str to str, optional
        What columns are, as for ``read_runs``.
    early_tokens : float
        As for ``fit``.
    sampler : SamplerSettings, optional
    seed : int
        Of every fit, whatever the number of jobs.
    jobs : int
        Processes; -1 for one a core. With 1 everything runs in this process.
    dask : str, optional
        Address of the scheduler of a dask cluster that makes the fits in place of processes here. Its workers see
        ``out`` under the same path, and have one thread each. Needs the extra ``dask``.
    out : path, optional
        Folder for the fits, ``NAME.nc`` each; without it only the rows are kept.
    report : callable, optional
        Called with how far it is, before the first fit and after each.

    Returns
    -------
    ManyFits

    Raises
    ------
    RunsError
        If there is no table.
    LawError
        If the law is unknown.
    OutputError
        If the folder cannot be used.
    SamplingError
        If a worker process died, or the cluster cannot be used; what was finished is kept.

    Examples
    --------
    A fit for each table of a folder::

        found = bl.fit_many("tables", law="rectified", jobs=4, out="fits")
        found.to_frame()[["table", "status"]]
        fit = bl.load("fits/flan.nc")
    """
    read = read_tables(tables, law=law, where=where, roles=roles)
    settings = FitSettings(early_tokens, sampler, seed)
    return fit_tables(read, settings, jobs=jobs, dask=dask, out=out, report=report)


def fit_tables(
    read: Sequence[ReadTable],
    settings: FitSettings,
    *,
    jobs: int = 1,
    dask: str | None = None,
    out: str | os.PathLike[str] | None = None,
    report: Report | None = None,
) -> ManyFits:
    """Fit tables that were read; see `fit_many`."""
    folder = None if out is None else Path(out).absolute()
    versions = code_version(*CODE)
    todo = [fit_job(table, settings, versions, folder) for table in read if table.runs is not None]
    finished = run_jobs(todo, folder, workers=jobs, cluster=dask, report=report)
    cells = {cell["table"]: cell for cell in finished.cells}
    rows = tuple(_row(table, cells.get(table.name), folder) for table in read)
    told = {"law": sorted({table.law.name for table in read if table.law is not None}), **asdict(settings)}
    return ManyFits(rows, None if out is None else str(out), finished.reused, told, _checks(rows))


def _row(table: ReadTable, cell: Record | None, folder: Path | None) -> FittedTable:
    if cell is None:
        return FittedTable(table.name, None, None, None, None, None, None, table.note)
    note, made = cell["note"], "sha256" in cell
    if made and folder is not None and not (folder / cell["file"]).exists():
        made, note = False, f"{cell['file']} is not in {folder}: workers on other machines must see the folder there."
    status, file = (cell["status"], cell["file"]) if made else (None, None)
    return FittedTable(table.name, cell["rows"], cell["models"], cell["law"], status, cell["seconds"], file, note)


def _checks(rows: Sequence[FittedTable]) -> tuple[Check, ...]:
    """Verdicts on all fits together."""
    by = {status: [row.table for row in rows if row.status == status] for status in (None, "FAIL", "REVIEW")}
    told = {status: f"{len(names)} of {len(rows)} tables: {listed(names) or 'none'}." for status, names in by.items()}
    return (
        at_most(
            "not_fitted", len(by[None]), 0, 0, f"Without a fit are {told[None]}",
            "The note in its row says why; `bayeslaw read` shows how a table is understood.",
        ),
        at_most(
            "failed_fits", len(by["FAIL"]), 0, 0, f"With a failed check are {told['FAIL']}",
            "Do not rely on these; `bayeslaw check` on the file of one says what failed.",
        ),
        at_most(
            "fits_to_look_at", len(by["REVIEW"]), 0, len(rows), f"With a check to look at are {told['REVIEW']}",
            "`bayeslaw check` on the file of one says at what.",
        ),
    )  # fmt: skip
