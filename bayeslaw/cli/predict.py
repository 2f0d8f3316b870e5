"""The command that predicts runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import FitOptions, fit_of, open_fit, say_repairs, say_what_went_in
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
from bayeslaw.errors import TargetError

if TYPE_CHECKING:
    from bayeslaw.answers.prediction import Prediction
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

Points = Annotated[
    list[str],
    typer.Option("--at", help="Points to predict at, such as params=70B,data=1.4T or data=1M,2M; may be repeated."),
]


def predict(
    runs: RunsOrFit,
    at: Points,
    kind: Annotated[str, typer.Option(help="run, curve or new-family.")] = "run",
    outcome: Annotated[
        str | None, typer.Option(help="What to predict of several, such as accuracy:arc_easy; all tasks unless told.")
    ] = None,
    through: Annotated[
        Path | None,
        typer.Option(
            help="A saved fit of losses (.nc): scores are predicted through its losses, at points of its law, by a fit "
            "of the law loss_to_score or loss_to_error."
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="Task of the losses of --through, if they are of several.")] = None,
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
    """Predict the loss or the score at one or more points."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read([*runs, *([through] if through is not None else [])], how.quiet)
    if task is not None and through is None:
        raise TargetError("--task is of the losses that --through names. Say --outcome accuracy:TASK, or leave it out.")
    from bayeslaw.answers.prediction import require_kind

    points = several_points(at)
    require_kind(kind)
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)

    losses = None if through is None else _losses(through, how.quiet)

    def require(table: "Runs", law: "Law") -> None:
        from bayeslaw.answers.prediction import tasks_named
        from bayeslaw.kinds.registry import kind_of
        from bayeslaw.kinds.shared.points import require_point

        tasks_named(kind_of(law).outcome.name, table.tasks, outcome)
        if losses is not None:
            _require_chain(losses, law, task, points)
            return
        for point in points:
            require_point(table, law, point_of_law(point, law, table))

    fitted = fit_of(runs, options, how, require=require, default=None if through is None else "loss_to_score")
    prediction = _predicted(fitted, losses, task, points, kind, outcome, seed)

    def for_people() -> None:
        from bayeslaw.views.tables import tables_of

        say_what_went_in(fitted.posterior)
        show(*tables_of(prediction))
        show_failing(prediction.checks)
        say_repairs(fitted.posterior)

    give(prediction, how, for_people, fit=fitted)


def _losses(through: Path, quiet: bool) -> "Fit":
    """The fit of losses of a chain.

    Raises
    ------
    TargetError
        If the path is none of a saved fit.
    """
    if through.suffix != ".nc":
        raise TargetError(f"--through {through}: expected a saved fit of losses (.nc), as fit -o makes one.")
    return open_fit(through, None, quiet)


def _require_chain(losses: "Fit", law: "Law", task: str | None, points: list[dict[str, float]]) -> None:
    """Refuse before scores are fitted what a fit of losses cannot be chained with, or predict at."""
    from bayeslaw.answers.chain import require_chain
    from bayeslaw.kinds.shared.points import complete_point, curves_on

    behind = losses.posterior
    require_chain(behind.law, law)
    curves_on(behind.layout, task)
    for point in points:
        complete_point(behind.layout, behind.law, point_of_law(point, behind.law, behind.runs))


def _predicted(
    fitted: "Fit",
    losses: "Fit | None",
    task: str | None,
    points: list[dict[str, float]],
    kind: str,
    outcome: str | None,
    seed: int,
) -> "Prediction":
    """What a fit predicts at points, or it and a fit of losses together."""
    if losses is not None:
        from bayeslaw.answers.chain import require_chain

        require_chain(losses.posterior.law, fitted.posterior.law)
    behind = (fitted if losses is None else losses).posterior
    asked = [point_of_law(point, behind.law, behind.runs) for point in points]
    if losses is None:
        return fitted.predictions(asked, kind=kind, outcome=outcome, seed=seed)  # type: ignore[arg-type]
    from bayeslaw.fitting.chain import chain

    return chain(losses, fitted, task=task).predictions(asked, kind=kind, outcome=outcome, seed=seed)  # type: ignore[arg-type]
