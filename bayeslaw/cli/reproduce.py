"""The command that finds published numbers again."""

import time
from pathlib import Path
from typing import Annotated

import typer

from bayeslaw.cli.shared import (
    Allow,
    Json,
    Seed,
    check_outputs,
    finish,
    interruptible,
    progress_bar,
    show,
    show_failing,
    tell,
)
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
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Save the table here (.csv).")] = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Find published numbers again from the runs behind them, with intervals, beside least squares as published."""
    began = time.perf_counter()
    if data is None:
        raise DatasetError(
            "Expected a folder of published tables, found none: name it with --data, or in the environment variable "
            "BAYESLAW_DATA."
        )
    check_outputs(output, suffix=".csv")
    if not json:
        tell(f"Reading published tables in {data}.")
    from bayeslaw.evidence.reproduction.registry import get_paper, paper_names
    from bayeslaw.evidence.reproduction.reproduce import reproduce as find_again
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    papers = [get_paper(name) for name in paper or paper_names()]
    use_compilation_cache()
    with interruptible(), progress_bar(f"{len(papers)} paper{'s' * (len(papers) > 1)}", json) as progress:
        found = find_again(data, papers, seed=seed, progress=progress)
    if output is not None:
        from bayeslaw.files import write_csv

        write_csv(found.to_frame(), output)
    if json:
        from bayeslaw.views.records import timed, to_json

        print(to_json(timed(found, time.perf_counter() - began)))
    else:
        from bayeslaw.views.evidence_text import reproduction_table

        show(reproduction_table(found))
        for name, file in found.missing:
            print(f"{name}: {file} is not in {data}, so that what it says of it is left out.")
        print(found.sentence)
        show_failing(found.checks)
    finish(found.status, allow_failed_checks)
