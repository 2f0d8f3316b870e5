"""The command that finds published numbers again."""

from pathlib import Path
from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Plot, Table, give, ways
from bayeslaw.cli.shared import Allow, Json, Seed, interruptible, progress_bar, show, show_failing, tell
from bayeslaw.errors import DatasetError


def reproduce(
    paper: Annotated[
        list[str] | None, typer.Argument(help="Papers, such as besiroglu2024; all if none.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(envvar="BAYESLAW_DATA", help="Folder of published tables.", show_default=False),
    ] = None,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Find published numbers again from the runs behind them, with intervals, beside least squares as published."""
    how = ways(json, csv, markdown, output, plot, None, allow_failed_checks, fit=False)
    if data is None:
        raise DatasetError(
            "Expected a folder of published tables, found none: name it with --data, or in the environment variable "
            "BAYESLAW_DATA."
        )
    if not how.quiet:
        tell(f"Reading published tables in {data}.")
    from bayeslaw.evidence.reproduction.reproduce import reproduce as find_again
    from bayeslaw.evidence.reproduction.reproduce import require_tables
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    papers, tables = paper or [], len(require_tables(data, paper or []))
    use_compilation_cache()
    with interruptible(), progress_bar(f"{tables} table{'s' * (tables > 1)}", how.quiet) as progress:
        found = find_again(data, papers, seed=seed, progress=progress)

    def for_people() -> None:
        from bayeslaw.views.evidence_text import reproduction_table

        show(reproduction_table(found))
        for name, file in found.missing:
            print(f"{name}: {file} is not in {data}, so that what it says of it is left out.")
        print(found.sentence)
        show_failing(found.checks)

    give(found, how, for_people)
