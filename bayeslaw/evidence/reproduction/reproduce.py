"""``reproduce``: published numbers found again from the runs behind them, with intervals, beside least squares."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import DatasetError
from bayeslaw.evidence.reproduction.least_squares import Estimates
from bayeslaw.evidence.reproduction.paper import LeastSquares, Paper, Quantity, Source, Study
from bayeslaw.evidence.reproduction.registry import get_paper, paper_names
from bayeslaw.fitting.facade import Fit
from bayeslaw.fitting.fit import fit
from bayeslaw.laws import get_law
from bayeslaw.progress import Progress
from bayeslaw.results import Result, verdict
from bayeslaw.runs import Runs, read_runs
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.verdicts import Check, worst

NINETY = 1.6449
"""Standard errors from the middle to the ends of a 90% interval of a normal distribution."""

HUNDRED = 100
"""Parts of a fit in which progress is told."""


@dataclass(frozen=True)
class Row:
    """A published number and what was found.

    Attributes
    ----------
    paper, quantity : str
    published : float
    published_se : float or None
        Standard error, if one was published.
    median, p05, p95 : float
        Of the posterior of the law's parameters (law alone: no noise, no departures from it).
    least_squares : float or None
        As the paper fitted; None if it found no such number from these runs.
    agrees : bool
        Whether the 90% interval of the posterior and the published number have a value in common, with a published
        standard error its 90% interval, 1.645 standard errors either way.
    """

    paper: str
    quantity: str
    published: float
    published_se: float | None
    median: float
    p05: float
    p95: float
    least_squares: float | None
    agrees: bool


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction(Result):
    """Published numbers, each beside its posterior and least squares.

    Attributes
    ----------
    rows : tuple of Row
    missing : tuple of (str, str)
        Papers and the tables of theirs that the folder lacks.
    fits : mapping of Source to Fit
    checks : tuple of Check
        The worst of each fit.
    """

    rows: tuple[Row, ...]
    missing: tuple[tuple[str, str], ...]
    fits: Mapping[Source, Fit]
    checks: tuple[Check, ...]

    @property
    def sentence(self) -> str:
        """How many numbers agree, and which tables are not here."""
        agreeing = sum(row.agrees for row in self.rows)
        papers = len({row.paper for row in self.rows})
        told = f"{agreeing} of {len(self.rows)} published numbers, of {papers} papers, agree with their runs"
        return told + (f"; {len(self.missing)} tables are not here." if self.missing else ".")

    def records(self) -> list[dict[str, Any]]:
        """One plain mapping a number.

        Returns
        -------
        list of dict
        """
        return [asdict(row) for row in self.rows]

    def to_frame(self) -> pd.DataFrame:
        """One row a number."""
        return pd.DataFrame(self.records(), columns=list(Row.__annotations__))

    def to_dict(self) -> dict[str, Any]:
        """Rows, missing tables and verdicts as plain values."""
        missing = [{"paper": paper, "file": file} for paper, file in self.missing]
        return {"rows": self.records(), "missing": missing, **verdict(self.checks)}


def reproduce(
    folder: str | os.PathLike[str],
    papers: Sequence[str | Paper] = (),
    *,
    sampler: SamplerSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Reproduction:
    """Find published numbers again from the runs behind them.

    Each table is fitted once, however many papers took numbers from it. Numbers are functions of the law's parameters:
    their intervals tell how well the runs pin them down if the law holds.

    Parameters
    ----------
    folder : path
        Published tables, laid out as ``bayeslaw.fetch_dataset`` keeps them.
    papers : sequence of str or Paper
        All that are known if empty.
    sampler : SamplerSettings, optional
    seed : int
    progress : callable, optional
        Called with what is being fitted, and how much is done of how much, a hundred a fit.

    Returns
    -------
    Reproduction
        Tables that are not in the folder are among ``missing``.

    Raises
    ------
    DatasetError
        If there is no such folder or no such paper, or none of the tables is in the folder.
    """
    place, asked = Path(folder), studies_of(papers)
    here = require_tables(place, papers)
    missing = dict.fromkeys((paper.name, study.source.file) for paper, study in asked if study.source not in here)
    tables: dict[Source, tuple[Runs, pd.DataFrame]] = {}
    fits: dict[Source, Fit] = {}
    points: dict[tuple[Source, LeastSquares], Estimates] = {}
    rows: list[Row] = []
    total = len(here)
    for paper, study in asked:
        source, way = study.source, (study.source, study.least_squares)
        if source not in here:
            continue
        if source not in fits:
            report = _part(progress, f"{paper.name}, {source.law} law on {source.file}", len(fits), total)
            tables[source] = _read(place, source)
            fits[source] = fit(tables[source][0], law=source.law, sampler=sampler, seed=seed, progress=report)
        if way not in points:
            points[way] = study.least_squares(get_law(source.law), tables[source][0].table)
        rows += _rows(paper, study, fits[source], points[way], tables[source][1])
    if progress is not None:
        progress("done", HUNDRED * total, HUNDRED * total)
    return Reproduction(tuple(rows), tuple(missing), fits, tuple(_verdict(s, one) for s, one in fits.items()))


def studies_of(papers: Sequence[str | Paper]) -> list[tuple[Paper, Study]]:
    """The studies of papers, of all that are known if none is named, each with its paper.

    Raises
    ------
    DatasetError
        If there is no such paper.
    """
    found = [paper if isinstance(paper, Paper) else get_paper(paper) for paper in papers or paper_names()]
    return [(paper, study) for paper in found for study in paper.studies]


def require_tables(folder: Path, papers: Sequence[str | Paper]) -> frozenset[Source]:
    """The tables of papers that are in a folder.

    Raises
    ------
    DatasetError
        If there is no such folder or no such paper, or none of the tables is there.
    """
    if not os.path.isdir(folder):
        raise DatasetError(f"{folder}: there is no such folder. Expected that of the published tables; name another.")
    sources = list(dict.fromkeys(study.source for _, study in studies_of(papers)))
    here = frozenset(source for source in sources if (folder / source.file).is_file())
    if not here:
        expected = ", ".join(source.file for source in sources)
        raise DatasetError(f"{folder}: found none of the published tables, expected one of {expected}.")
    return here


def _part(progress: Progress | None, what: str, finished: int, total: int) -> Progress | None:
    """How one of several fits tells how far it is."""
    if progress is None:
        return None
    told = progress

    def report(_: str, done: int, of: int) -> None:
        told(what, HUNDRED * finished + (HUNDRED * done // of if of else 0), HUNDRED * total)

    report("", 0, 0)
    return report


def _read(folder: Path, source: Source) -> tuple[Runs, pd.DataFrame]:
    """The runs to fit and the table of those held out, which may be empty."""

    def chosen(where: str) -> Runs:
        return read_runs(folder / source.file, where=where or None, roles=dict(source.roles) or None)

    runs = chosen(source.where)
    return runs, chosen(source.held_out).table if source.held_out else runs.table.iloc[:0]


def _rows(paper: Paper, study: Study, fitted: Fit, point: Estimates, held_out: pd.DataFrame) -> list[Row]:
    """Numbers of a study; all runs of its table have one law."""
    posterior = fitted.posterior
    draws = {parameter.name: posterior.flat(parameter.name)[:, 0] for parameter in posterior.law.parameters}
    return [_row(paper.name, quantity, draws, point, held_out) for quantity in study.quantities]


def _row(
    paper: str, quantity: Quantity, draws: Mapping[str, np.ndarray], point: Estimates, held_out: pd.DataFrame
) -> Row:
    p05, median, p95 = (float(v) for v in np.quantile(quantity.value(draws, held_out), [0.05, 0.5, 0.95]))
    by_least_squares: float | None = None
    with suppress(KeyError):  # the paper's way does not find all that the law has
        by_least_squares = float(quantity.value(point, held_out))
    around = NINETY * (quantity.published_se or 0.0)
    agrees = p05 <= quantity.published + around and quantity.published - around <= p95
    return Row(
        paper, quantity.name, quantity.published, quantity.published_se, median, p05, p95, by_least_squares, agrees
    )


def _verdict(source: Source, fitted: Fit) -> Check:
    """The worst check of a fit, which says of which table it is."""
    check = worst(fitted.posterior.checks)
    chosen = f" ({source.where})" if source.where else ""
    return replace(check, sentence=f"{source.law} on {source.file}{chosen}: {check.sentence}")
