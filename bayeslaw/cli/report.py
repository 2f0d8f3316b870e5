"""The command that writes a report of a saved fit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import open_fit
from bayeslaw.cli.giving import this_command
from bayeslaw.cli.law_option import LawOfFit
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import Allow, FitFile, Seed, Task, check_output, finish, say_what_is_read, tell

if TYPE_CHECKING:
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.results import Result


def report(
    fit: FitFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="Save the report here (.html).")],
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Point to choose for or to predict at, such as data=1.6M.")
    ] = None,
    task: Task = None,
    law: LawOfFit = None,
    seed: Seed = 0,
    allow_failed_checks: Allow = False,
) -> None:
    """Write a report of a saved fit: one page that opens without a network and can be sent on.

    With --at it is about the choice among the candidates there, or about the prediction where there is nothing to
    choose; without, about the parameters. Other questions: --report of the command that answers them.
    """
    say_what_is_read([fit], quiet=False)
    check_output(output, ".html")
    point = one_point(at or [])
    from bayeslaw.views.report.page import write_report

    fitted = open_fit(fit, law, quiet=False)
    answer = answer_at(fitted, point_of_law(point, fitted.posterior.law, fitted.posterior.runs), task, seed)
    write_report(output, [answer], fitted.posterior, command=this_command(), seed=seed)
    tell(f"{answer.sentence}\nThe report is in {output}.")
    if not point:
        axis = fitted.posterior.law.axis
        tell(f"Without --at it is about parameters; about a choice or a prediction it is with --at {axis}=….")
    finish(answer.status, allow_failed_checks)


def answer_at(fitted: "Fit", point: dict[str, float], task: str | None, seed: int) -> "Result":
    """The answer that a point asks for."""
    from bayeslaw.kinds.registry import kind_of

    posterior = fitted.posterior
    if not point:
        return fitted.parameters()
    if len(posterior.layout.curves) == 1 or kind_of(posterior.law).is_new_model(posterior.law, point):
        return fitted.predictions(point, seed=seed)
    return fitted.select(at=point, task=task, seed=seed)
