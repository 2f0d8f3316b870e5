"""The command that ranks the runs that could be made next."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import FitOptions, fit_of, say_repairs, say_what_went_in
from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, give, ways
from bayeslaw.cli.law_option import LawOfPrior
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
    Task,
    TokensPerStep,
    Where,
    Widen,
    read_number,
    roles_said,
    say_what_is_read,
    show,
    show_failing,
    tell,
)
from bayeslaw.errors import TargetError

if TYPE_CHECKING:
    from bayeslaw.answers.next_runs import NextRuns
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

CROSSING_SEPARATOR = ":"


def next_(
    runs: RunsOrFit,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Target, such as data=1638400, or another covariate; repeatable.")
    ] = None,
    compute: Annotated[str | None, typer.Option(help="In place of a target: a budget in FLOP to be split.")] = None,
    crossing: Annotated[
        str | None, typer.Option(help="In place of a target: two choices whose crossing is wanted, as A:B.")
    ] = None,
    foretell: Annotated[
        str | None, typer.Option(help="Model (of a joint law, family) whose run at the target is to be foretold.")
    ] = None,
    task: Task = None,
    charge: Annotated[
        list[str] | None, typer.Option(help="What candidates cost beside their loss; see bayeslaw select.")
    ] = None,
    where_final: Annotated[str | None, typer.Option(help="What may be chosen, such as 'params <= 8e9'.")] = None,
    candidates: Annotated[
        Path | None, typer.Option(help="Table of the runs that could be made: models and sizes, without losses.")
    ] = None,
    cost: Annotated[
        str | None,
        typer.Option(help="Column or expression; else training FLOP, or 'params * data' where data are examples."),
    ] = None,
    continued: Annotated[
        bool, typer.Option("--continued", help="Runs go on from checkpoints, and cost the difference.")
    ] = False,
    budget: Annotated[str | None, typer.Option(help="Cost that the runs of all slots may have together.")] = None,
    slots: Annotated[int, typer.Option(help="Number of runs to be made at once.")] = 1,
    price: Annotated[str | None, typer.Option(help="Units of cost that a unit of loss is worth.")] = None,
    tolerance: Annotated[
        str | None, typer.Option(help="Without a price: expected regret (or width) at which to stop.")
    ] = None,
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
    """Rank the runs that could be made next by what they are worth, and say whether to stop."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    from bayeslaw.answers.candidates import read_charges
    from bayeslaw.answers.next_runs import next_runs, require_numbers
    from bayeslaw.answers.questions import Question, require_question
    from bayeslaw.kinds.registry import kind_of
    from bayeslaw.laws.suited import law_of_budgets
    from bayeslaw.runs.arithmetic import computed
    from bayeslaw.runs.readers.opened import require_there

    point = one_point(at or [])
    numbers = {
        name: None if text is None else read_number(text, name, "2e20")
        for name, text in (("compute", compute), ("budget", budget), ("price", price), ("tolerance", tolerance))
    }
    require_numbers(numbers["budget"], slots, numbers["price"], numbers["tolerance"])
    question = Question(
        point, numbers["compute"], _pair(crossing), foretell, task, read_charges(charge or []), where_final
    )
    if candidates is not None:
        require_there(candidates)
    roles = roles_said(answers, tokens_per_step, scores)
    options = FitOptions(where, roles, law, prior, widen, prior_of, early_tokens, seed, quick)

    def require(table: "Runs", named: "Law") -> None:
        asked = replace(question, at=point_of_law(point, named, table))
        require_question(table, kind_of(named).layout(table, named, None), named, asked)
        if cost is not None and candidates is None:
            computed(table.table, cost, dict(table.spelling), "--cost")

    fitted = fit_of(runs, options, how, require=require, default=None if compute is None else law_of_budgets)
    question = replace(question, at=point_of_law(point, fitted.posterior.law, fitted.posterior.runs))
    found = next_runs(
        fitted.posterior,
        question,
        candidates=candidates,
        cost=cost,
        continued=continued,
        budget=numbers["budget"],
        slots=slots,
        price=numbers["price"],
        tolerance=numbers["tolerance"],
        seed=seed,
    )

    def for_people() -> None:
        say_what_went_in(fitted.posterior)
        show_next_runs(found)
        say_repairs(fitted.posterior)

    give(found, how, for_people, fit=fitted)


def show_next_runs(found: "NextRuns") -> None:
    """Print the runs, what they cost, and the checks that did not pass."""
    from bayeslaw.views.next_text import next_runs_lines

    show(*next_runs_lines(found))
    for told in (found.cost_sentence, *found.notes):
        tell(told)
    show_failing(found.checks)


def _pair(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(CROSSING_SEPARATOR)]
    if len(names) != 2 or not all(names):
        raise TargetError(f"--crossing {text!r}: expected two models or families, as in --crossing full:lora.")
    return names[0], names[1]
