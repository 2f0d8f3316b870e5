"""The command that judges a saved fit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import open_fit, say_repairs
from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, Ways, give, ways
from bayeslaw.cli.law_option import LawOfFit
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import (
    Allow,
    As,
    FitFile,
    Json,
    Scores,
    Seed,
    Task,
    Where,
    interruptible,
    progress_bar,
    read_table,
    roles_said,
    say_what_is_read,
    say_what_was_read,
    show,
    show_failing,
)
from bayeslaw.errors import OutputError, TargetError

if TYPE_CHECKING:
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.runs import Runs


def check(
    fit: FitFile,
    law: LawOfFit = None,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="Say how far parameters, and a choice (--at), depend on the prior."),
    ] = False,
    last_third: Annotated[
        bool,
        typer.Option(
            "--last-third", help="Fit again without the last third of the sizes, and foretell the runs there."
        ),
    ] = False,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="With --sensitivity: point to choose for, such as data=1.6M.")
    ] = None,
    task: Task = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Runs that the fit does not know, to be set beside predictions: tables or logs; repeatable."),
    ] = None,
    where: Where = None,
    answers: As = None,
    scores: Scores = None,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Print the verdicts on a saved fit, or how its predictions fare on runs that it does not know."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read([fit, *(against or [])], how.quiet)
    if at and not sensitivity:
        raise TargetError("--at is for --sensitivity, which was not asked for. Add it, or leave --at out.")
    asked = {"--against": bool(against), "--sensitivity": sensitivity, "--last-third": last_third}
    if sum(asked.values()) > 1:
        several = " and ".join(name for name, wanted in asked.items() if wanted)
        raise OutputError(f"{several} ask for different answers. Ask for one at a time.")
    if not against and (where is not None or answers or scores):
        raise TargetError(
            "--where, --as and --scores are for the runs that --against names. Name some, or leave it out."
        )
    fitted = open_fit(fit, law, how.quiet)
    if against:
        _give_reliability(fitted, read_table(against, where, roles_said(answers, None, scores)), seed, how)
        return
    if sensitivity:
        target = point_of_law(one_point(at), fitted.posterior.law, fitted.posterior.runs) if at else None
        _give_sensitivity(fitted, target, task, seed, how)
        return

    if last_third:
        _give_last_third(fitted, seed, how)
        return

    def for_people() -> None:
        from bayeslaw.views.text import checks_table

        show(checks_table(fitted.posterior.checks))
        say_repairs(fitted.posterior)

    give(fitted.checks, how, for_people, fit=fitted)


def _give_last_third(fitted: "Fit", seed: int, how: Ways) -> None:
    from bayeslaw.evidence.last_third import last_third

    with interruptible(), progress_bar("a fit of the smaller two thirds of the sizes", how.quiet) as progress:
        found = last_third(fitted, seed=seed, progress=progress)

    def for_people() -> None:
        from bayeslaw.views.last_third_text import last_third_table
        from bayeslaw.views.text import checks_table

        show(last_third_table(found), checks_table(found.checks))
        print(f"\n{found.sentence}")

    give(found, how, for_people, fit=fitted)


def _give_sensitivity(fitted: "Fit", target: dict[str, float] | None, task: str | None, seed: int, how: Ways) -> None:
    from bayeslaw.evidence.sensitivity import sensitivity

    found = sensitivity(fitted, target, task=task, seed=seed)

    def for_people() -> None:
        from bayeslaw.views.sensitivity_text import sensitivity_tables
        from bayeslaw.views.text import checks_table

        show(*sensitivity_tables(found), checks_table(found.checks))
        print(f"\n{found.sentence}")

    give(found, how, for_people, fit=fitted)


def _give_reliability(fitted: "Fit", runs: "Runs", seed: int, how: Ways) -> None:
    if not how.quiet:
        say_what_was_read(runs)
    found = fitted.reliability(runs, seed=seed)

    def for_people() -> None:
        from bayeslaw.views.text import reliability_table

        show(reliability_table(found))
        print(f"\n{found.sentence}\n")
        show_failing(found.checks)

    give(found, how, for_people, fit=fitted)
