"""The commands that rank candidates: on runs of one's own, and on measurements whose outcome is known."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from bayeslaw.cli.fitting import FitOptions, fit_of, fit_table, read_tokens, say_repairs, say_what_went_in
from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, Ways, give, ways
from bayeslaw.cli.law_option import LawOfPrior, read_law
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.prior_option import PriorOf
from bayeslaw.cli.several_tasks import choose_by_several, several_tasks
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
    Task,
    TokensPerStep,
    Where,
    Widen,
    roles_said,
    say_what_is_read,
    show,
    show_failing,
    tell,
)
from bayeslaw.errors import BayeslawError, TargetError

if TYPE_CHECKING:
    from bayeslaw.answers.candidates import Charge
    from bayeslaw.answers.risk import Risk
    from bayeslaw.evidence.hindsight import Hidden
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs


At = Annotated[list[str], typer.Option("--at", help="Point to choose for, such as data=1.6M or params=7B,data=1T.")]
DEMO_BEYOND = 16
"""The demonstration chooses for a data size this many times the largest it sees."""


@dataclass(frozen=True)
class Wanted:
    """What a choice goes by: the risk, charges beside the loss, and a condition on what may be chosen."""

    risk: "Risk" = "mean"
    charge: "Charge | None" = None
    where_final: str | None = None


def select(
    runs: RunsOrFit,
    at: At,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    task: Task = None,
    risk: Annotated[
        str, typer.Option(help="What to go by: mean regret, cvar90 (its worst tenth), median-regret, or probability.")
    ] = "mean",
    charge: Annotated[
        list[str] | None,
        typer.Option(help="What candidates cost beside their loss: model=0.01, or '0.005 * log2(params)'; repeatable."),
    ] = None,
    where_final: Annotated[str | None, typer.Option(help="What may be chosen, such as 'params <= 8e9'.")] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="Choose by several tasks: the weight of each, such as arc=1,hellaswag=2; repeatable."),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", help="What is to be reached on a task, such as 'accuracy:arc>=.5'; repeatable."),
    ] = None,
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
    """Rank the candidate models at a target size, with the odds and the cost of being wrong."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    wanted = Wanted(_risk(risk), _charges(charge), where_final)
    several = several_tasks(weights, threshold, task, charge)
    target = one_point(at)
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)
    if several is not None:
        fitted = fit_of(runs, options, how, require=lambda table, law: several.require(table, law, target, where_final))
        choose_by_several(fitted, target, several, wanted.risk, where_final, seed, how)
        return
    fitted = fit_of(
        runs,
        options,
        how,
        require=lambda table, law: _require(table, law, point_of_law(target, law, table), task, wanted),
    )
    target = point_of_law(target, fitted.posterior.law, fitted.posterior.runs)
    _select(fitted, target, task, wanted, seed, how)


def demo(
    task: Annotated[str, typer.Option(help="Task to choose for: python or bible.")] = "python",
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Output = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Run the main job on bundled measurements, the largest hidden, and reveal the truth beside the prediction."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    if not how.quiet:
        tell("Reading the bundled dataset small-finetune.")
    from bayeslaw.datasets import load_dataset
    from bayeslaw.evidence.hindsight import hide_largest

    hidden = hide_largest(load_dataset("small-finetune").for_task(task), beyond=DEMO_BEYOND)
    tell(
        f"Measured runs of {len(hidden.seen.models)} small language models, fine-tuned on the task {task!r} (dataset "
        f"small-finetune); all above 1/{DEMO_BEYOND} of the largest data size are hidden. What came out is the mean of "
        "the runs at the largest."
    )
    target = {"data": hidden.target}
    fitted = fit_table(hidden.seen, read_law("rectified"), seed, read_tokens(None), quiet=how.quiet)
    _select(fitted, target, None, Wanted(), seed, how, hidden)


def _require(table: "Runs", law: "Law", target: dict[str, float], task: str | None, wanted: Wanted) -> None:
    """Refuse what is no target of candidates of a table, and what cannot be wanted of them."""
    from bayeslaw.answers.candidates import charges, members
    from bayeslaw.answers.selection_checks import require_choice
    from bayeslaw.kinds.registry import kind_of
    from bayeslaw.kinds.shared.outcome import outcome_as_given

    kind = kind_of(law)
    outcome = outcome_as_given(kind.outcome, table.loss_given)
    layout = kind.layout(table, law, None)
    task = require_choice(layout, law, outcome, target, task)
    charges(table, layout, members(table, layout, task, wanted.where_final), wanted.charge)


def _select(
    fitted: "Fit",
    target: dict[str, float],
    task: str | None,
    wanted: Wanted,
    seed: int,
    how: Ways,
    hidden: "Hidden | None" = None,
) -> None:
    borrowed = fitted.posterior.prior is not None
    options: Any = {
        "at": target,
        "task": task,
        "charge": wanted.charge,
        "where_final": wanted.where_final,
        "seed": seed,
    }
    selection = fitted.select(risk=wanted.risk, **options)

    def figure() -> Any:
        from bayeslaw.views.plots.selection_page import plot_selection

        return plot_selection(fitted.posterior, selection, None if hidden is None else hidden.measured)

    def more() -> dict[str, Any]:
        record: dict[str, Any] = {}
        if hidden is not None:
            record |= {"truth": dict(hidden.measured), "outcome": asdict(hidden.outcome(selection))}
        if borrowed:
            record |= {"borrowed": fitted.borrowing(at=target, seed=seed).records()}
        return record

    def for_people() -> None:
        from bayeslaw.views.text import outcome_summary, selection_table, shortlist_summary, truth_table

        say_what_went_in(fitted.posterior)
        show(selection_table(selection))
        print(f"\n{selection.sentence}\n")
        if len(selection.candidates) > 1:
            print(f"{shortlist_summary(selection)}\n")
        if hidden is not None:
            show(truth_table(selection, hidden.measured, limit=len(hidden.measured)))
            print(f"{outcome_summary(hidden.outcome(selection))}\n")
        if borrowed:
            from bayeslaw.views.prior_text import borrowing_table

            show(borrowing_table(fitted.borrowing(at=target, seed=seed).shares))
        show_failing(selection.checks)
        say_repairs(fitted.posterior)
        if hidden is None:
            print(f"\n{_another_run(fitted, options, wanted.risk, selection.recommended)}")

    give(selection, how, for_people, fit=fitted, figure=figure, more=more)


def _another_run(fitted: "Fit", options: Any, risk: "Risk", chosen: str) -> str:
    """Whether another run would change the choice, and which; or why that is not known."""
    try:
        found = fitted.next_runs(**options)
    except BayeslawError as error:
        return f"Whether another run would change the choice is not known: {error}"
    if risk == "mean":
        return found.another_run
    named = found.now.recommendation
    which = "" if named == chosen else f", which recommends {named}"
    return f"By expected regret{which}, and not by {risk}: {found.another_run}"


def _risk(text: str) -> "Risk":
    from bayeslaw.answers.risk import Risk

    if text not in get_args(Risk):
        raise TargetError(f"--risk {text!r}: expected one of {', '.join(get_args(Risk))}.")
    return cast("Risk", text)


def _charges(texts: list[str] | None) -> "Charge | None":
    from bayeslaw.answers.candidates import read_charges

    return read_charges(texts or [])
