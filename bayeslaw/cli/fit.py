"""The command that fits a law."""

from typing import Any

from bayeslaw.cli.fitting import FitOptions, new_fit, say_repairs, say_what_went_in
from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import LawOfPrior
from bayeslaw.cli.prior_option import PriorOf
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    PriorName,
    Quick,
    RunsPaths,
    Scores,
    Seed,
    TokensPerStep,
    Where,
    Widen,
    roles_said,
    say_what_is_read,
    show,
)


def fit(
    runs: RunsPaths,
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
    """Fit a scaling law and report its parameters."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)
    fitted = new_fit(runs, options, how)
    borrowed = fitted.posterior.prior is not None

    def for_people() -> None:
        from bayeslaw.views.text import checks_table, parameters_table

        say_what_went_in(fitted.posterior)
        show(parameters_table(found.records))
        if borrowed:
            from bayeslaw.views.prior_text import borrowing_table

            show(borrowing_table(fitted.borrowing(seed=seed).shares))
        show(checks_table(fitted.posterior.checks))
        say_repairs(fitted.posterior)

    def more() -> dict[str, Any]:
        return {"borrowed": fitted.borrowing(seed=seed).records()} if borrowed else {}

    found = fitted.parameters()
    give(found, how, for_people, fit=fitted, more=more)
