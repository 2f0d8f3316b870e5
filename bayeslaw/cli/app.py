"""The command line: parse, call, print.

Exit status: 0 fine, 2 unusable input or arguments, 3 a check failed (the answer is still printed).
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayeslaw.cli.backtest import backtest
from bayeslaw.cli.compare import compare
from bayeslaw.cli.law_option import LawOfFit, LawOfPrior, asked_law, read_law
from bayeslaw.cli.laws import advise, crossing, laws, optimum
from bayeslaw.cli.points import one_point, point_of_law, several_points
from bayeslaw.cli.prior_option import PriorOf, read_statements, say_what_was_stated
from bayeslaw.cli.priors import priors
from bayeslaw.cli.read import read
from bayeslaw.cli.reproduce import reproduce
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    FitFile,
    Json,
    Output,
    Plot,
    PriorName,
    RunsOrFit,
    RunsPaths,
    Seed,
    Where,
    Widen,
    borrow,
    check_outputs,
    finish,
    fit_table,
    interruptible,
    read_table,
    read_tokens,
    saved_fit,
    say_repairs,
    say_what_is_read,
    say_what_was_borrowed,
    say_what_was_read,
    show,
    show_failing,
    tell,
)
from bayeslaw.cli.speedup import speedup
from bayeslaw.errors import BayeslawError

if TYPE_CHECKING:
    from bayeslaw.evidence.hindsight import Hidden
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.kinds.shared.stated import Statement
    from bayeslaw.laws.base import Law
    from bayeslaw.prior.prior import Prior
    from bayeslaw.runs import Runs

app = typer.Typer(
    help="Turn cheap training runs into decisions about expensive ones, with honest odds.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(backtest, name="backtest")
app.add_typer(priors, name="priors")
app.command()(read)
app.command()(optimum)
app.command()(crossing)
app.command()(advise)
app.command()(compare)
app.command()(laws)
app.command()(reproduce)
app.command()(speedup)

At = Annotated[list[str], typer.Option("--at", help="Point to choose for, such as data=1.6M or params=7B,data=1T.")]
Points = Annotated[
    list[str],
    typer.Option("--at", help="Point to predict at, such as data=1.6M or params=70B,data=1.4T; several are several."),
]
Task = Annotated[str | None, typer.Option(help="Task to choose for, if the table has several.")]

DEMO_BEYOND = 16
"""The demonstration chooses for a data size this many times the largest it sees."""


@app.command()
def select(
    runs: RunsOrFit,
    at: At,
    where: Where = None,
    answers: As = None,
    task: Task = None,
    law: LawOfPrior = None,
    prior: PriorName = None,
    widen: Widen = 1.0,
    prior_of: PriorOf = None,
    early_tokens: EarlyTokens = None,
    seed: Seed = 0,
    json: Json = False,
    output: Output = None,
    plot: Plot = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Rank the candidate models at a target size, with the odds and the cost of being wrong."""
    began = time.perf_counter()
    say_what_is_read(runs, json)
    target, first_tokens = one_point(at), read_tokens(early_tokens)
    stated = read_statements(prior_of)
    check_outputs(output, plot)
    fitted = saved_fit(runs, where, law, prior, widen, early_tokens, answers, prior_of, output)
    if fitted is None:
        table = read_table(runs, where, answers)
        named, lender = borrow(table, prior, widen, asked_law(law))
        target = point_of_law(target, named, table)
        fitted = _fit_for(table, target, task, named, first_tokens, seed, lender, stated, quiet=json)
    target = point_of_law(target, fitted.posterior.law, fitted.posterior.runs)
    _select(fitted, target, task, seed, json, output, plot, allow_failed_checks, began)


@app.command()
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
    output: Output = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Fit a scaling law and report its parameters."""
    began = time.perf_counter()
    say_what_is_read(runs, json)
    first_tokens, stated = read_tokens(early_tokens), read_statements(prior_of)
    check_outputs(output)
    table = read_table(runs, where, answers)
    named, lender = borrow(table, prior, widen, asked_law(law))
    fitted = fit_table(table, named, seed, first_tokens, lender, stated, quiet=json)
    if output is not None:
        fitted.save(output)
    from bayeslaw.views.records import timed, to_json

    found = fitted.parameters()
    record = timed(found, time.perf_counter() - began)
    if lender is not None:
        record |= {"borrowed": fitted.borrowing(seed=seed).records()}
    if json:
        print(to_json(record))
    else:
        from bayeslaw.views.text import checks_table, parameters_table

        say_what_was_read(fitted.posterior.runs)
        say_what_was_borrowed(fitted.posterior)
        say_what_was_stated(fitted.posterior)
        show(parameters_table(found.records))
        if lender is not None:
            from bayeslaw.views.prior_text import borrowing_table

            show(borrowing_table(fitted.borrowing(seed=seed).shares))
        show(checks_table(fitted.posterior.checks))
        say_repairs(fitted.posterior)
    finish(fitted.status, allow_failed_checks)


@app.command()
def predict(
    fit: FitFile,
    at: Points,
    kind: Annotated[str, typer.Option(help="run, curve or new-family.")] = "run",
    law: LawOfFit = None,
    seed: Seed = 0,
    json: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Save the predictions here (.csv).")] = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Predict the loss at one or more points from a saved fit."""
    began = time.perf_counter()
    points = several_points(at)
    check_outputs(output, suffix=".csv")
    from bayeslaw.fitting.fit import load
    from bayeslaw.views.records import timed, to_json

    fitted = load(fit, law=asked_law(law))
    points = [point_of_law(point, fitted.posterior.law, fitted.posterior.runs) for point in points]
    prediction = fitted.predictions(points, kind=kind, seed=seed)  # type: ignore[arg-type]
    if output is not None:
        from bayeslaw.files import write_csv

        write_csv(prediction.to_frame(), output)
    if json:
        print(to_json(timed(prediction, time.perf_counter() - began)))
    else:
        from bayeslaw.views.text import predictions_table

        show(predictions_table(prediction.records()))
        show_failing(prediction.checks)
    finish(prediction.status, allow_failed_checks)


@app.command()
def check(
    fit: FitFile,
    law: LawOfFit = None,
    seed: Seed = 0,
    json: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Save the verdicts here (.csv).")] = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Print the verdicts on a saved fit."""
    began = time.perf_counter()
    check_outputs(output, suffix=".csv")
    from bayeslaw.fitting.fit import load
    from bayeslaw.views.records import timed, to_json

    fitted = load(fit, law=asked_law(law))
    if output is not None:
        from bayeslaw.files import write_csv

        write_csv(fitted.check(), output)
    if json:
        print(to_json(timed(fitted.checks, time.perf_counter() - began)))
    else:
        from bayeslaw.views.text import checks_table

        show(checks_table(fitted.posterior.checks))
        say_repairs(fitted.posterior)
    finish(fitted.status, allow_failed_checks)


@app.command()
def demo(
    task: Annotated[str, typer.Option(help="Task to choose for: python or bible.")] = "python",
    seed: Seed = 0,
    json: Json = False,
    output: Output = None,
    plot: Plot = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Run the main job on bundled measurements, the largest hidden, and reveal the truth beside the prediction."""
    began = time.perf_counter()
    check_outputs(output, plot)
    from bayeslaw.datasets import load_dataset
    from bayeslaw.evidence.hindsight import hide_largest

    hidden = hide_largest(load_dataset("small-finetune").for_task(task), beyond=DEMO_BEYOND)
    tell(
        f"Measured runs of {len(hidden.seen.models)} small language models, fine-tuned on the task {task!r} (dataset "
        f"small-finetune); all above 1/{DEMO_BEYOND} of the largest data size are hidden. What came out is the mean of "
        "the runs at the largest."
    )
    target = {"data": hidden.target}
    fitted = _fit_for(hidden.seen, target, None, read_law("rectified"), read_tokens(None), seed, quiet=json)
    _select(fitted, target, None, seed, json, output, plot, allow_failed_checks, began, hidden)


def _fit_for(
    table: "Runs",
    target: dict[str, float],
    task: str | None,
    law: "Law",
    early_tokens: float,
    seed: int,
    prior: "Prior | None" = None,
    stated: "Mapping[str, Statement] | None" = None,
    *,
    quiet: bool,
) -> "Fit":
    """Fit a table of candidates, once the target is known to be one."""
    from bayeslaw.answers.selection import require_target
    from bayeslaw.kinds.registry import kind_of

    require_target(kind_of(law).layout(table, law, None), law, target, task)
    return fit_table(table, law, seed, early_tokens, prior, stated, quiet=quiet)


def _select(
    fitted: "Fit",
    target: dict[str, float],
    task: str | None,
    seed: int,
    json: bool,
    output: Path | None,
    plot: Path | None,
    allow_failed_checks: bool,
    began: float,
    hidden: "Hidden | None" = None,
) -> None:
    borrowed = fitted.posterior.prior is not None
    selection = fitted.select(at=target, task=task, seed=seed)
    if output is not None:
        fitted.save(output)
    if plot is not None:
        from bayeslaw.views.plots.selection import plot_selection, save_figure

        truth = None if hidden is None else hidden.measured
        save_figure(plot_selection(fitted.posterior, selection, truth), plot)
    if json:
        from bayeslaw.views.records import timed, to_json

        record = timed(selection, time.perf_counter() - began)
        if hidden is not None:
            record |= {"truth": dict(hidden.measured), "outcome": asdict(hidden.outcome(selection))}
        if borrowed:
            record |= {"borrowed": fitted.borrowing(at=target, seed=seed).records()}
        print(to_json(record))
    else:
        from bayeslaw.views.text import outcome_summary, selection_table, truth_table

        say_what_was_read(fitted.posterior.runs)
        say_what_was_borrowed(fitted.posterior)
        say_what_was_stated(fitted.posterior)
        show(selection_table(selection))
        print(f"\n{selection.sentence}\n")
        if hidden is not None:
            show(truth_table(selection, hidden.measured, limit=len(hidden.measured)))
            print(f"{outcome_summary(hidden.outcome(selection))}\n")
        if borrowed:
            from bayeslaw.views.prior_text import borrowing_table

            show(borrowing_table(fitted.borrowing(at=target, seed=seed).shares))
        show_failing(selection.checks)
        say_repairs(fitted.posterior)
    finish(selection.status, allow_failed_checks)


def main() -> None:
    """Run the command line."""
    run: Callable[[], Any] = app
    try:
        with interruptible("interrupted."):
            run()
    except BayeslawError as error:
        tell(f"bayeslaw: {error}")
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
