"""The commands of a campaign: begin it, add what was measured, ask what to measure next, and look back."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import say_repairs
from bayeslaw.cli.giving import Csv, Markdown, Plot, Table, give, ways
from bayeslaw.cli.law_option import is_law_file
from bayeslaw.cli.next import show_next_runs
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import (
    Allow,
    As,
    Json,
    RunsPaths,
    Scores,
    Seed,
    Task,
    TokensPerStep,
    Where,
    interruptible,
    progress_bar,
    read_number,
    roles_said,
    say_what_is_read,
    say_what_was_read,
    show,
    tell,
)
from bayeslaw.errors import LawError

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

campaign = typer.Typer(
    help="Keep the table, the fits and the decisions of a study in one folder, each step with what was believed then.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the campaign.", show_default=False)]


@campaign.command()
def init(
    folder: Folder,
    runs: RunsPaths,
    at: Annotated[list[str], typer.Option("--at", help="Point to choose for, such as data=1.6M.")],
    task: Task = None,
    foretell: Annotated[
        str | None, typer.Option(help="Model (of a joint law, family) whose run at the target is to be foretold.")
    ] = None,
    where_final: Annotated[str | None, typer.Option(help="What may be chosen, such as 'params <= 8e9'.")] = None,
    cost: Annotated[
        str | None,
        typer.Option(help="Column or expression; else training FLOP, or 'params * data' where data are examples."),
    ] = None,
    continued: Annotated[
        bool, typer.Option("--continued", help="Runs go on from checkpoints, and cost the difference.")
    ] = False,
    budget: Annotated[str | None, typer.Option(help="Cost that all runs to come may have together.")] = None,
    price: Annotated[str | None, typer.Option(help="Units of cost that a unit of loss is worth.")] = None,
    tolerance: Annotated[
        str | None, typer.Option(help="Without a price: expected regret (or width) at which to stop.")
    ] = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    law: Annotated[
        str | None, typer.Option("--law", help="Scaling law, by name; if not given, the table says which.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Begin a campaign: copy the runs, and write down what is to be decided."""
    say_what_is_read(runs, quiet=False)
    from bayeslaw.answers.next_runs import require_numbers
    from bayeslaw.answers.questions import Question
    from bayeslaw.campaign.study import Terms, begin
    from bayeslaw.laws import get_law
    from bayeslaw.laws.suited import suited_law

    point = one_point(at)
    numbers = {
        name: None if text is None else read_number(text, name, "2e20")
        for name, text in (("budget", budget), ("price", price), ("tolerance", tolerance))
    }
    require_numbers(numbers["budget"], 1, numbers["price"], numbers["tolerance"])
    asked = _named_law(law)
    table = _read(runs, where, roles_said(answers, tokens_per_step, scores))
    say_what_was_read(table)
    named = asked or get_law(suited_law(table)[0])
    question = Question(point_of_law(point, named, table), foretell=foretell, task=task, where_final=where_final)
    terms = Terms(cost, continued, **numbers)
    journal = begin(folder, table, runs, law=named, question=question, terms=terms, seed=seed)
    for sentence in journal.records[-1]["said"]:
        tell(sentence)
    print(f"{folder}: a campaign with {len(table.table)} runs, {named.name} law. Now: bayeslaw campaign next {folder}")


@campaign.command()
def add(
    folder: Folder,
    runs: RunsPaths,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
) -> None:
    """Add runs that were measured; what is there already is told, and counted once."""
    say_what_is_read(runs, quiet=False)
    from bayeslaw.campaign.study import add as add_runs
    from bayeslaw.results import counted

    table = _read(runs, where, roles_said(answers, tokens_per_step, scores))
    say_what_was_read(table)
    record = add_runs(folder, table, runs)
    for sentence in record["said"]:
        tell(sentence)
    print(f"{folder}: {counted(record['rows'], 'run')} added. Now: bayeslaw campaign next {folder}")


@campaign.command("next")
def next_(
    folder: Folder,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Fit the runs, if that was not done, rank the runs that could be made next, and record what is believed."""
    how = ways(json, csv, markdown, output, None, None, allow_failed_checks, fit=False)
    say_what_is_read([folder], how.quiet)
    from bayeslaw.campaign.history import history
    from bayeslaw.campaign.study import step

    known = history(folder)
    what, quiet = f"{known.rows} runs, {known.asked['law']} law", how.quiet or known.is_answered
    with interruptible("interrupted; what was recorded before is kept."), progress_bar(what, quiet) as progress:
        done = step(folder, progress=progress)

    def for_people() -> None:
        show_next_runs(done.found)
        say_repairs(done.fit.posterior)
        spent = f"{done.record['spent']:.4g} {done.record['cost_unit']} spent"
        tell(f"Recorded; {spent}." if done.is_new else f"Nothing has changed since the last step; {spent}.")

    give(done.found, how, for_people, more=lambda: {"step": done.record})


@campaign.command()
def status(
    folder: Folder,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Show what was believed at each step against what had been spent."""
    how = ways(json, csv, markdown, output, plot, None, allow_failed_checks, fit=False)
    say_what_is_read([folder], how.quiet)
    from bayeslaw.campaign.history import history

    found = history(folder)

    def for_people() -> None:
        from bayeslaw.views.campaign_text import steps_table

        if found.steps:
            show(steps_table(found), "")
        print(found.sentence)

    give(found, how, for_people)


def _read(paths: list[Path], where: str | None, roles: Mapping[str, str]) -> "Runs":
    from bayeslaw.runs import read_runs

    return read_runs(list(paths), where=where, roles=roles)


def _named_law(text: str | None) -> "Law | None":
    """The law that is named, if one is.

    Raises
    ------
    LawError
        If it is unknown, or one of a file, which a campaign could not find again.
    """
    from bayeslaw.laws import get_law

    if text is not None and is_law_file(text):
        raise LawError(
            f"--law {text}: a campaign keeps laws by name. Name a law of bayeslaw, or of an installed package (entry "
            "point bayeslaw.laws)."
        )
    return None if text is None else get_law(text)
