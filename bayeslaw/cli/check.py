"""The command that judges a saved fit."""

from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import say_repairs
from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, Ways, give, ways
from bayeslaw.cli.law_option import LawOfFit, asked_law
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import (
    Allow,
    FitFile,
    Json,
    Seed,
    Task,
    interruptible,
    progress_bar,
    say_what_is_read,
    show,
)
from bayeslaw.errors import OutputError, TargetError

if TYPE_CHECKING:
    from bayeslaw.fitting.facade import Fit


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
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Print the verdicts on a saved fit."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read([fit], how.quiet)
    from bayeslaw.fitting.fit import load

    if at and not sensitivity:
        raise TargetError("--at is for --sensitivity, which was not asked for. Add it, or leave --at out.")
    if sensitivity and last_third:
        raise OutputError("--sensitivity and --last-third are two answers. Ask for one at a time.")
    fitted = load(fit, law=asked_law(law))
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
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    with interruptible(), progress_bar("a fit of the smaller two thirds of the sizes", how.quiet) as progress:
        use_compilation_cache()
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
