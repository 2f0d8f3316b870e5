"""The command that compares laws on a table."""

import os
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayeslaw.cli.fitting import read_tokens
from bayeslaw.cli.giving import Csv, Markdown, Plot, Report, Table, give, ways
from bayeslaw.cli.law_option import is_law_file, read_law
from bayeslaw.cli.points import one_point, point_of_law
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    Json,
    RunsPaths,
    Scores,
    Seed,
    TokensPerStep,
    Where,
    check_output,
    interruptible,
    interrupts_to,
    progress_bar,
    read_table,
    roles_said,
    say_what_is_read,
    say_what_was_read,
    show,
    show_failing,
    tell,
)
from bayeslaw.errors import TargetError

if TYPE_CHECKING:
    from bayeslaw.evidence.comparison.plan import Plan
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs

ALL = "all"
"""In place of names: every law that the table can feed."""

_OUTSIDE_BRACKETS = re.compile(r",(?![^(]*\))")
"""Commas between names of laws."""


def compare(
    runs: RunsPaths,
    law: Annotated[
        list[str] | None,
        typer.Option(
            "--law", help="Laws to compare, names or files (.py): two or more, by commas or repeated, or all."
        ),
    ] = None,
    along: Annotated[
        str, typer.Option(help="Column whose largest runs are held out: data, params or compute.")
    ] = "data",
    folds: Annotated[int, typer.Option(min=1, help="How often: the largest step, the largest two, and so on.")] = 3,
    at: Annotated[list[str] | None, typer.Option("--at", help="Point to predict at with the mixture of laws.")] = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    early_tokens: EarlyTokens = None,
    jobs: Annotated[int, typer.Option(help="Laws at a time, each in a process; -1 for one a core.")] = -1,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    held_out: Annotated[Path | None, typer.Option(help="Save the held-out runs here (.csv).")] = None,
    predicted: Annotated[
        Path | None, typer.Option(help="With --at: save what is predicted there, and by how much laws differ (.csv).")
    ] = None,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Compare laws by how they would have foretold the largest runs of a table."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read(runs, how.quiet)
    point = one_point(at) if at else None
    first_tokens = read_tokens(early_tokens)
    if jobs == 0 or jobs < -1:
        raise TargetError(f"--jobs {jobs}: expected a number of laws at a time, such as 2, or -1 for one a core.")
    check_output(held_out, ".csv")
    check_output(predicted, ".csv")
    if predicted is not None and point is None:
        raise TargetError("--predicted is what is said of a point, and none is given. Add one, such as --at data=1.6M.")
    table = read_table(runs, where, roles_said(answers, tokens_per_step, scores))
    if not how.quiet:
        say_what_was_read(table)
    named, left_out = _laws(law or (), table, point)
    if point is not None and named:
        point = _checked(point, named, table)
    if not how.quiet:
        for reason in left_out:  # why there may be too few
            tell(f"Not compared: {reason}")
    from bayeslaw.evidence.comparison.plan import planned

    plan = planned(table, named, along=along, folds=folds, early_tokens=first_tokens)
    workers = min(os.cpu_count() or 1 if jobs < 0 else jobs, max(len(named), 1))
    if not how.quiet:
        _say_what_is_coming(plan, folds, workers)
    from bayeslaw.evidence.comparison.advantage import advantages, predicted_frame
    from bayeslaw.evidence.comparison.compare import compared as judge
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    use_compilation_cache()
    with _stopping(workers), progress_bar(f"{len(named)} laws", how.quiet) as progress:
        found = judge(plan, seed=seed, workers=workers, progress=progress)
    prediction = None if point is None else found.predict([point], seed=seed)
    worth = () if point is None else advantages(found, point, seed=seed)
    from bayeslaw.files import write_csv

    if held_out is not None:
        write_csv(found.held_out, held_out)
    if predicted is not None and prediction is not None:
        write_csv(predicted_frame(prediction, worth, found.laws[0].law), predicted)
    elif prediction is not None and (csv or markdown or output):
        tell("The table is of the laws. What is predicted, --predicted FILE.csv saves, and --json has.")

    def for_people() -> None:
        from bayeslaw.views.evidence_text import advantages_table
        from bayeslaw.views.text import comparison_table, predictions_table

        say_what_was_read(found.runs, before=table)
        show(comparison_table(found))
        if prediction is not None:
            show(predictions_table(prediction), advantages_table(worth, found.laws[0].law))
        show_failing(found.checks)

    def more() -> dict[str, Any]:
        predicted = [] if prediction is None else prediction.records()
        return {"predictions": predicted, "advantages": [asdict(one) for one in worth]}

    give(found, how, for_people, runs=found.runs, more=more)


def _laws(said: Sequence[str], table: "Runs", point: dict[str, float] | None) -> "tuple[list[Law], tuple[str, ...]]":
    """The laws named, or if none is all that can be asked at a point; of all, why some are left out.

    They may be joined by commas, other than those in brackets or in the name of a file that there is.
    """
    parts = [[text] if is_law_file(text) and Path(text).exists() else _OUTSIDE_BRACKETS.split(text) for text in said]
    names = [name.strip() for several in parts for name in several if name.strip()]
    if names and ALL not in names:
        return [read_law(name) for name in names], ()
    from bayeslaw.evidence.comparison.candidates import all_laws, asked_alike

    found, left_out = all_laws(table)
    if point is not None:
        found, others = asked_alike(found, {law.name: point_of_law(point, law, table) for law in found})
        left_out += others
    given = [read_law(name) for name in names if name != ALL]
    return [*(law for law in found if law.name not in {other.name for other in given}), *given], left_out


def _checked(point: dict[str, float], laws: "Sequence[Law]", table: "Runs") -> dict[str, float]:
    """A point in the covariates of laws, once it is one for all of them."""
    from bayeslaw.evidence.comparison.compare import point_for, require_alike
    from bayeslaw.kinds.shared.points import require_point

    point = point_of_law(point, laws[0], table)
    require_alike(laws, [point])
    for law in laws:
        require_point(table, law, point_for(law, laws, point))
    return point


def _say_what_is_coming(plan: "Plan", folds: int, workers: int) -> None:
    """Say which laws are compared, how many fits that is and about how long they take."""
    from bayeslaw.evidence.comparison.candidates import expected_seconds
    from bayeslaw.evidence.comparison.holdouts import STEP

    found = len(plan.holdouts)
    if found < folds:
        tell(
            f"Runs are held out {found} time{'s' * (found > 1)}, not {folds}: {plan.runs.source} has too few steps of "
            f"{plan.along} by a factor of {STEP:g} for more."
        )
    laws = tuple(plan.laws.values())
    minutes = max(round(expected_seconds(laws, plan.runs, found, workers) / 60), 1)
    tell(
        f"Comparing {len(laws)} laws ({', '.join(law.name for law in laws)}), up to {len(laws) * (1 + found)} fits, "
        f"{workers} at a time: about {minutes} minute{'s' * (minutes > 1)} if nothing was compiled before."
    )


@contextmanager
def _stopping(workers: int) -> Iterator[None]:
    """Let an interrupt end this process and its workers at once."""
    if workers == 1:
        with interruptible():
            yield
        return
    try:
        with interrupts_to(signal.default_int_handler):
            yield
    except KeyboardInterrupt:
        from joblib.externals.loky import get_reusable_executor

        tell("bayeslaw: interrupted; nothing was written.")
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        os._exit(130)  # at once: a thread may be compiling, and Python would wait for it
