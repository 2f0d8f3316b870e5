"""The command that judges a table before a fit."""

from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, give, ways
from bayeslaw.cli.law_option import asked_law
from bayeslaw.cli.points import one_point, point_of_table
from bayeslaw.cli.shared import (
    Allow,
    As,
    Json,
    RunsPaths,
    Scores,
    Task,
    TokensPerStep,
    Where,
    read_table,
    roles_said,
    say_what_is_read,
    say_what_was_read,
    show,
)


def advise(
    runs: RunsPaths,
    at: Annotated[list[str] | None, typer.Option("--at", help="Target, such as params=70B; may be repeated.")] = None,
    where: Where = None,
    law: Annotated[
        str | None, typer.Option("--law", help="Law to be fitted; as the target asks for, if not named.")
    ] = None,
    task: Task = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Judge whether a table of runs can carry a law to a target, before anything is fitted."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read(runs, how.quiet)
    from bayeslaw.answers.advice import advise as judge

    table = read_table(runs, where, roles_said(answers, tokens_per_step, scores))
    advice = judge(table, point_of_table(one_point(at), table) if at else None, law=asked_law(law), task=task)

    def for_people() -> None:
        from bayeslaw.views.text import checks_table

        say_what_was_read(table)
        show(checks_table(advice.checks))
        for suggestion in advice.suggestions:
            print(suggestion)

    give(advice, how, for_people, runs=table)
