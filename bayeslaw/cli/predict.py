"""The command that predicts from a saved fit."""

from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, give, ways
from bayeslaw.cli.law_option import LawOfFit, asked_law
from bayeslaw.cli.points import point_of_law, several_points
from bayeslaw.cli.shared import (
    Allow,
    FitFile,
    Json,
    Seed,
    say_what_is_read,
    show,
    show_failing,
)

Points = Annotated[
    list[str],
    typer.Option("--at", help="Point to predict at, such as data=1.6M or params=70B,data=1.4T; may be repeated."),
]


def predict(
    fit: FitFile,
    at: Points,
    kind: Annotated[str, typer.Option(help="run, curve or new-family.")] = "run",
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
    """Predict the loss at one or more points from a saved fit."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read([fit], how.quiet)
    points = several_points(at)
    from bayeslaw.fitting.fit import load

    fitted = load(fit, law=asked_law(law))
    points = [point_of_law(point, fitted.posterior.law, fitted.posterior.runs) for point in points]
    prediction = fitted.predictions(points, kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import predictions_table

        show(predictions_table(prediction.records()))
        show_failing(prediction.checks)

    give(prediction, how, for_people, fit=fitted)
