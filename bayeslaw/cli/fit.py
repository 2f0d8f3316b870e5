"""The command that fits a law."""

from typing import Any

from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import LawOfPrior, asked_law
from bayeslaw.cli.prior_option import PriorOf, read_statements, say_what_was_stated
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    PriorName,
    RunsPaths,
    Seed,
    Where,
    Widen,
    borrow,
    fit_table,
    read_table,
    read_tokens,
    say_repairs,
    say_what_is_read,
    say_what_was_borrowed,
    show,
)


def fit(
    runs: RunsPaths,
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
    """Fit a scaling law and report its parameters."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    first_tokens, stated = read_tokens(early_tokens), read_statements(prior_of)
    table = read_table(runs, where, answers)
    named, lender = borrow(table, prior, widen, asked_law(law))
    fitted = fit_table(table, named, seed, first_tokens, lender, stated, quiet=how.quiet)

    def for_people() -> None:
        from bayeslaw.views.text import checks_table, parameters_table

        say_what_was_borrowed(fitted.posterior)
        say_what_was_stated(fitted.posterior)
        show(parameters_table(found.records))
        if lender is not None:
            from bayeslaw.views.prior_text import borrowing_table

            show(borrowing_table(fitted.borrowing(seed=seed).shares))
        show(checks_table(fitted.posterior.checks))
        say_repairs(fitted.posterior)

    def more() -> dict[str, Any]:
        return {} if lender is None else {"borrowed": fitted.borrowing(seed=seed).records()}

    found = fitted.parameters()
    give(found, how, for_people, fit=fitted, more=more)
