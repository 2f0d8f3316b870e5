"""The command that splits a compute budget."""

from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import FitOptions, fit_of, names_a_fit, say_repairs, say_what_went_in
from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import asked_law
from bayeslaw.cli.points import one_point, point_of_law
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
    read_number,
    roles_said,
    say_what_is_read,
    show,
    show_failing,
)

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

DEFAULT = "chinchilla"


def optimum(
    runs: RunsOrFit,
    compute: Annotated[str, typer.Option(help="Budget in FLOP, such as 5.88e23.")],
    at: Annotated[
        list[str] | None, typer.Option("--at", help="What else the law needs, such as unique_data=100B.")
    ] = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
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
    quick: Quick = False,
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
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)
    if not names_a_fit(runs):
        _require_law(law, prior, budget, held)

    from bayeslaw.laws.suited import law_of_budgets

    def require(table: "Runs", named: "Law") -> None:
        from bayeslaw.answers.optimum import require_budget, require_tokens

        require_tokens(table)
        require_budget(named, budget, point_of_law(held, named, table))

    fitted = fit_of(runs, options, how, require=require, default=law_of_budgets)
    held = point_of_law(held, fitted.posterior.law, fitted.posterior.runs)
    best = fitted.optimum(compute=budget, at=held, seed=seed)

    def for_people() -> None:
        from bayeslaw.views.text import optimum_tables

        say_what_went_in(fitted.posterior)
        show(*optimum_tables(best))
        show_failing(best.checks)
        say_repairs(fitted.posterior)

    give(best, how, for_people, fit=fitted)


def _require_law(law: str | None, prior: str | None, budget: float, held: dict[str, float]) -> None:
    """Refuse a law that has no best split before anything is read; the law of a prior is known once it is."""
    from bayeslaw.answers.optimum import require_budget
    from bayeslaw.laws import get_law

    asked = asked_law(law)
    if asked is not None:
        require_budget(asked, budget, held)
    elif prior is None:  # the table tells which law it is, and what that is of besides
        require_budget(get_law(DEFAULT), budget, {})
