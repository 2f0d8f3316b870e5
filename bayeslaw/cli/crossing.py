"""The command that finds where two choices cross."""

from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import FitOptions, fit_of, say_repairs, say_what_went_in
from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import LawOfPrior
from bayeslaw.cli.pairs import First, RunsOfPair, runs_and_pair
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.prior_option import PriorOf
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    PriorName,
    Quick,
    Scores,
    Seed,
    Task,
    TokensPerStep,
    Where,
    Widen,
    read_number,
    roles_said,
    say_what_is_read,
    show,
    show_failing,
)

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs


def crossing(
    runs: RunsOfPair,
    a: First,
    b: Annotated[str, typer.Argument(help="Another model, or family.")],
    at: Annotated[list[str] | None, typer.Option("--at", help="Other covariates, such as params=8e9.")] = None,
    task: Task = None,
    low: Annotated[str | None, typer.Option(help="Look from this size on; from the smallest seen unless told.")] = None,
    high: Annotated[str | None, typer.Option(help="Look up to this size; 100 times the largest seen.")] = None,
    kind: Annotated[str, typer.Option(help="curve, or law: as if laws held at any distance.")] = "curve",
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
    """Find the data size from which on one choice beats another, and the odds that it ever does."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    paths, a, b = runs_and_pair(runs, a, b)
    say_what_is_read(paths, how.quiet)
    others = one_point(at or [])
    limits = [
        None if text is None else read_number(text, name, "1.6M") for text, name in ((low, "low"), (high, "high"))
    ]
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)

    def require(table: "Runs", named: "Law") -> None:
        from bayeslaw.answers.crossing import require_crossing
        from bayeslaw.kinds.registry import kind_of

        layout, place = kind_of(named).layout(table, named, None), point_of_law(others, named, table)
        require_crossing(layout, named, (a, b), place, task=task, low=limits[0], high=limits[1], kind=kind)  # type: ignore[arg-type]

    fitted = fit_of(paths, options, how, require=require)
    others = point_of_law(others, fitted.posterior.law, fitted.posterior.runs)
    found = fitted.crossing(a, b, at=others, task=task, low=limits[0], high=limits[1], kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import crossing_table

        say_what_went_in(fitted.posterior)
        show(crossing_table(found))
        show_failing(found.checks)
        say_repairs(fitted.posterior)

    give(found, how, for_people, fit=fitted)
