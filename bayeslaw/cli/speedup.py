"""The command that compares two recipes at equal loss."""

from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import LawOfPrior, asked_law
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.prior_option import PriorOf, read_statements, say_what_was_stated
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    PriorName,
    RunsOrFit,
    Seed,
    Task,
    Where,
    Widen,
    borrow,
    fit_table,
    read_table,
    read_tokens,
    saved_fit,
    say_repairs,
    say_what_is_read,
    say_what_was_borrowed,
    show,
    show_failing,
)


def speedup(
    a: Annotated[str, typer.Argument(help="Model, or family of a joint law.")],
    b: Annotated[str, typer.Argument(help="Another, whose saving over the first is asked for.")],
    runs: RunsOrFit,
    at: Annotated[
        list[str],
        typer.Option(
            "--at",
            help="Where: loss=2.5 of both, or data=1B of the second; for families with params=, or else "
            "compute=1e22 or a loss, each at its best size.",
        ),
    ],
    task: Task = None,
    kind: Annotated[str, typer.Option(help="curve, or law: as if laws held at any distance.")] = "curve",
    where: Where = None,
    answers: As = None,
    law: LawOfPrior = None,
    prior: PriorName = None,
    widen: Widen = 1.0,
    prior_of: PriorOf = None,
    early_tokens: EarlyTokens = None,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Output = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Find how many times the data or compute of one choice another needs for the same loss."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    point, first_tokens, stated = one_point(at), read_tokens(early_tokens), read_statements(prior_of)
    fitted = saved_fit(runs, where, law, prior, widen, early_tokens, answers, prior_of, how.fits)
    if fitted is None:
        table = read_table(runs, where, answers)
        named, lender = borrow(table, prior, widen, asked_law(law))
        fitted = fit_table(table, named, seed, first_tokens, lender, stated, quiet=how.quiet)
    point = point_of_law(point, fitted.posterior.law, fitted.posterior.runs)
    found = fitted.speedup(a, b, at=point, task=task, kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import speedup_table

        say_what_was_borrowed(fitted.posterior)
        say_what_was_stated(fitted.posterior)
        show(speedup_table(found))
        print(found.sentence)
        show_failing(found.checks)
        say_repairs(fitted.posterior)

    give(found, how, for_people, fit=fitted)
