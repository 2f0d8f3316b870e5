"""The command that predicts runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import FitOptions, fit_of, say_repairs, say_what_went_in
from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import LawOfPrior
from bayeslaw.cli.points import point_of_law, several_points
from bayeslaw.cli.prior_option import PriorOf
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    PriorName,
    Quick,
    RunsOrFit,
    Scores,
    Seed,
    TokensPerStep,
    Where,
    Widen,
    roles_said,
    say_what_is_read,
    show,
    show_failing,
)

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

Points = Annotated[
    list[str],
    typer.Option("--at", help="Point to predict at, such as data=1.6M or params=70B,data=1.4T; may be repeated."),
]


def predict(
    runs: RunsOrFit,
    at: Points,
    kind: Annotated[str, typer.Option(help="run, curve or new-family.")] = "run",
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    law: LawOfPrior = None,
    prior: PriorName = None,
    widen: Widen = 1.0,
    prior_of: PriorOf = None,
    early_tokens: EarlyTokens = None,
    seed: Seed = 0,
    quick: Quick = False,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Output = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Predict the loss at one or more points."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    from bayeslaw.answers.prediction import require_kind

    points = several_points(at)
    require_kind(kind)
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)

    def require(table: "Runs", law: "Law") -> None:
        from bayeslaw.kinds.shared.points import require_point

        for point in points:
            require_point(table, law, point_of_law(point, law, table))

    fitted = fit_of(runs, options, how, require=require)
    asked = [point_of_law(point, fitted.posterior.law, fitted.posterior.runs) for point in points]
    prediction = fitted.predictions(asked, kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import predictions_table

        say_what_went_in(fitted.posterior)
        show(predictions_table(prediction))
        show_failing(prediction.checks)
        say_repairs(fitted.posterior)

    give(prediction, how, for_people, fit=fitted)
