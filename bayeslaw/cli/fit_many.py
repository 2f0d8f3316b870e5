"""The command that fits many tables, each by itself."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.backtest import Jobs, check_jobs, replayed
from bayeslaw.cli.giving import Csv, Markdown, give, ways
from bayeslaw.cli.law_option import asked_law
from bayeslaw.cli.shared import (
    Allow,
    As,
    Json,
    Scores,
    Seed,
    TokensPerStep,
    Where,
    roles_said,
    say_what_is_read,
    show,
    tell,
)

if TYPE_CHECKING:
    from bayeslaw.fitting.tables import ReadTable


def fit_many(
    tables: Annotated[
        list[Path], typer.Argument(help="Files of runs, or folders in which every file is a table.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the fits, NAME.nc each; those that still hold are kept.")],
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    law: Annotated[
        str | None, typer.Option("--law", help="Scaling law, a name or a file (.py); if not given, each by its table.")
    ] = None,
    seed: Seed = 0,
    jobs: Jobs = -1,
    dask: Annotated[
        str | None,
        typer.Option(help="Address of a dask scheduler whose workers make the fits, as tcp://10.0.0.1:8786."),
    ] = None,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    allow_failed_checks: Allow = False,
) -> None:
    """Fit many tables, each by itself, several at a time; go on where an earlier run ended."""
    how = ways(json, csv, markdown, None, None, None, allow_failed_checks, fit=False)
    check_jobs(jobs)
    say_what_is_read(tables, how.quiet)
    from bayeslaw.fitting.kept import FitSettings
    from bayeslaw.fitting.many import fit_tables
    from bayeslaw.fitting.tables import read_tables

    read = read_tables(tables, law=asked_law(law), where=where, roles=roles_said(answers, tokens_per_step, scores))
    if not how.quiet:
        for folder in filter(os.path.isdir, tables):
            _say_what_is_no_table(folder)
        for table in read:
            _say_what_was_read(table)
    found = replayed(
        lambda report: fit_tables(
            read, FitSettings(seed=seed), jobs=jobs, dask=dask, out=out, report=None if how.quiet else report
        ),
        out,
        "tables",
        between=0.0,
    )

    def for_people() -> None:
        from bayeslaw.views.many_text import fits_table

        show(fits_table(found))
        print(found.sentence)
        if found.reused:
            tell(f"{found.reused} of these fits were made before and kept.")

    give(found, how, for_people)


def _say_what_is_no_table(folder: Path) -> None:
    """Name what a folder holds that is not read."""
    from bayeslaw.fitting.tables import SUFFIXES, tables_in
    from bayeslaw.results import listed
    from bayeslaw.views.names import clean

    others = [path.name for path in tables_in(folder)[1]]
    if others:
        tell(f"{clean(str(folder))}: not read, for tables end in {', '.join(SUFFIXES)}: {clean(listed(others))}.")


def _say_what_was_read(table: "ReadTable") -> None:
    """One line of a table, and one of what was left out of it."""
    from bayeslaw.results import counted
    from bayeslaw.views.names import clean
    from bayeslaw.views.runs_text import left_out_summary

    if table.runs is None or table.law is None:
        tell(f"{clean(table.name)}: not fitted. {table.note}")
        return
    models, rows = counted(len(table.runs.models), "model"), counted(len(table.runs.table), "run")
    tell(f"{clean(table.name)}: {models}, {rows}, {table.law.name} law.")
    if table.runs.left_out:
        tell(left_out_summary(table.runs.left_out))
