"""The command that finds where two choices cross."""

from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, give, ways
from bayeslaw.cli.law_option import LawOfFit, asked_law
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import (
    Allow,
    FitFile,
    Json,
    Seed,
    Task,
    read_number,
    say_what_is_read,
    show,
    show_failing,
)


def crossing(
    fit: FitFile,
    a: Annotated[str, typer.Argument(help="Model, or family of a joint law.")],
    b: Annotated[str, typer.Argument(help="Another model, or family.")],
    at: Annotated[list[str] | None, typer.Option("--at", help="Other covariates, such as params=8e9.")] = None,
    task: Task = None,
    low: Annotated[str | None, typer.Option(help="Look from this size on; from the smallest seen unless told.")] = None,
    high: Annotated[str | None, typer.Option(help="Look up to this size; 100 times the largest seen.")] = None,
    kind: Annotated[str, typer.Option(help="curve, or law: as if laws held at any distance.")] = "curve",
    law: LawOfFit = None,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Find the data size from which on one choice beats another, from a saved fit, and the odds that it ever does."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read([fit], how.quiet)
    others = one_point(at or [])
    limits = [
        None if text is None else read_number(text, name, "1.6M") for text, name in ((low, "low"), (high, "high"))
    ]
    from bayeslaw.fitting.fit import load

    fitted = load(fit, law=asked_law(law))
    others = point_of_law(others, fitted.posterior.law, fitted.posterior.runs)
    found = fitted.crossing(a, b, at=others, task=task, low=limits[0], high=limits[1], kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import crossing_table

        show(crossing_table(found))
        show_failing(found.checks)

    give(found, how, for_people, fit=fitted)
