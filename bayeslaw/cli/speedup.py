"""The command that compares two recipes at equal loss."""

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
    roles_said,
    say_what_is_read,
    show,
    show_failing,
)

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs


def speedup(
    runs: RunsOfPair,
    a: First,
    b: Annotated[str, typer.Argument(help="Another: a needs so many times what b needs.")],
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
    """Find how many times the data or compute of one choice another needs for the same loss."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    paths, a, b = runs_and_pair(runs, a, b)
    say_what_is_read(paths, how.quiet)
    point = one_point(at)
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)

    def require(table: "Runs", named: "Law") -> None:
        from bayeslaw.answers.speedup import require_speedup
        from bayeslaw.kinds.registry import kind_of

        layout, place = kind_of(named).layout(table, named, None), point_of_law(point, named, table)
        require_speedup(table, layout, named, (a, b), place, task=task, kind=kind)  # type: ignore[arg-type]

    fitted = fit_of(paths, options, how, require=require)
    point = point_of_law(point, fitted.posterior.law, fitted.posterior.runs)
    found = fitted.speedup(a, b, at=point, task=task, kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import speedup_table

        say_what_went_in(fitted.posterior)
        show(speedup_table(found))
        print(found.sentence)
        show_failing(found.checks)
        say_repairs(fitted.posterior)

    give(found, how, for_people, fit=fitted)
