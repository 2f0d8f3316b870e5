"""The command that tells whether a run is on track."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.cli.fitting import read_tokens
from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, give, ways
from bayeslaw.cli.law_option import asked_law
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    Quick,
    RunsPaths,
    Scores,
    Seed,
    TokensPerStep,
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

if TYPE_CHECKING:
    from bayeslaw.answers.thresholds import Threshold
    from bayeslaw.answers.track_result import Track
    from bayeslaw.fitting.track import Tracked

Thresholds = Annotated[
    list[str] | None,
    typer.Option("--threshold", help="What is to be reached: 'accuracy:arc_easy>=.6', 'loss<=2.5'; repeatable."),
]


def track(
    logs: RunsPaths,
    at: Annotated[list[str], typer.Option("--at", help="The end of the run, such as tokens=300B.")],
    siblings: Annotated[
        list[Path] | None,
        typer.Option(
            help="Whole runs of other models, such as smaller ones of the family: a table or log; repeatable."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Which model of the logs the run is, if they are of several; others are siblings."),
    ] = None,
    threshold: Thresholds = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    law: Annotated[
        str | None, typer.Option(help="Law of the losses or of the scores; what suits checkpoints, unless told.")
    ] = None,
    early_tokens: EarlyTokens = None,
    seed: Seed = 0,
    quick: Quick = False,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Tell what a run will reach from its checkpoints so far and its siblings, and warn if it stands still."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read([*logs, *(siblings or [])], how.quiet)
    point = one_point(at)
    tokens = read_tokens(early_tokens)
    from bayeslaw.answers.thresholds import read_threshold
    from bayeslaw.fitting.track import read_tracked, tracked

    asked = [read_threshold(text) for text in threshold or []]
    roles = roles_said(answers, tokens_per_step, scores)
    own = read_table(logs, where, roles)
    others = read_table(siblings, where, roles) if siblings else None
    if not how.quiet:
        for runs in (own, *([others] if others is not None else [])):
            say_what_was_read(runs)
    runs, name = read_tracked(own, others, model)
    parts = tracked(runs, asked_law(law), tokens)
    if not how.quiet:
        say_what_was_read(parts[0].runs, before=runs)
    target = point_of_law(point, parts[0].law, parts[0].runs)
    found = _tracked(parts, name, target, asked, seed, quick, how.quiet)

    def for_people() -> None:
        from bayeslaw.views.tables import tables_of

        show(*tables_of(found))
        print(f"\n{found.sentence}\n")
        show_failing(found.checks)

    give(found, how, for_people, runs=runs)


def _tracked(
    parts: "list[Tracked]",
    name: str,
    target: dict[str, float],
    asked: "list[Threshold]",
    seed: int,
    quick: bool,
    quiet: bool,
) -> "Track":
    """Fit and answer with progress; an interrupt ends the process."""
    laws = " and ".join(part.law.name for part in parts)
    models, rows = len(parts[0].runs.models), len(parts[0].runs.table)
    with (
        interruptible(),
        progress_bar(f"{name} beside {models - 1} others, {rows} runs, {laws} law", quiet) as progress,
    ):
        from bayeslaw.fitting.track import track_parts
        from bayeslaw.sampling.compilation_cache import use_compilation_cache
        from bayeslaw.sampling.nuts import QUICK

        use_compilation_cache()
        return track_parts(parts, name, target, asked, sampler=QUICK if quick else None, seed=seed, progress=progress)
