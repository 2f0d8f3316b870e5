"""The command that splits a compute budget."""

from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import asked_law
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
    Where,
    Widen,
    borrow,
    fit_table,
    read_number,
    read_table,
    read_tokens,
    saved_fit,
    say_repairs,
    say_what_is_read,
    say_what_was_borrowed,
    show,
    show_failing,
)


def optimum(
    runs: RunsOrFit,
    compute: Annotated[str, typer.Option(help="Budget in FLOP, such as 5.88e23.")],
    at: Annotated[
        list[str] | None, typer.Option("--at", help="What else the law needs, such as unique_data=100B.")
    ] = None,
    where: Where = None,
    answers: As = None,
    law: Annotated[
        str | None,
        typer.Option(
            "--law",
            help="Joint law of params and data, a name or a file (.py); if not given, the prior's, else chinchilla.",
        ),
    ] = None,
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
    """Split a compute budget over model size and tokens, with the odds and the cost of a wrong split."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    budget, held = read_number(compute, "compute", "5.88e23 (FLOP)"), one_point(at or [])
    from bayeslaw.answers.optimum import require_budget, require_tokens
    from bayeslaw.laws import get_law

    first_tokens, stated = read_tokens(early_tokens), read_statements(prior_of)
    fitted = saved_fit(runs, where, law, prior, widen, early_tokens, answers, prior_of, how.fits)
    if fitted is None:
        asked = asked_law(law)
        if asked is not None or prior is None:  # else the prior, once it is read, says which law
            require_budget(asked or get_law("chinchilla"), budget, held)
        table = read_table(runs, where, answers)
        require_tokens(table)
        named, lender = borrow(table, prior, widen, asked, default="chinchilla")
        held = point_of_law(held, named, table)
        require_budget(named, budget, held)
        fitted = fit_table(table, named, seed, first_tokens, lender, stated, quiet=how.quiet)
    held = point_of_law(held, fitted.posterior.law, fitted.posterior.runs)
    best = fitted.optimum(compute=budget, at=held, seed=seed)

    def for_people() -> None:
        from bayeslaw.views.text import optimum_tables

        say_what_was_borrowed(fitted.posterior)
        say_what_was_stated(fitted.posterior)
        show(*optimum_tables(best))
        show_failing(best.checks)
        say_repairs(fitted.posterior)

    give(best, how, for_people, fit=fitted)
