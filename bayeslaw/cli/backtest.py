"""The commands that hide the large runs, predict them, and see what came out."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bayeslaw.cli.law_option import LawName, is_law_file, read_law
from bayeslaw.cli.points import one_point
from bayeslaw.cli.shared import (
    Allow,
    As,
    Json,
    Seed,
    TokensPerStep,
    Where,
    finish,
    interrupts_to,
    roles_said,
    say_what_is_read,
    show,
    tell,
)
from bayeslaw.errors import BayeslawWarning, TargetError

if TYPE_CHECKING:
    from bayeslaw.evidence.backtest.result import Backtest
    from bayeslaw.jobs.run import Report, Step

backtest = typer.Typer(
    help="Hide the large runs of tables, predict them with every method, and score what was said.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Found = TypeVar("Found")

Tables = Annotated[list[Path], typer.Argument(help="Tables of runs: CSV, TSV, Parquet or JSON lines; tidy or wide.")]
Methods = Annotated[str | None, typer.Option(help="Methods to run, comma-separated; all if not given.")]
Target = Annotated[list[str] | None, typer.Option("--at", help="Target, such as data=409600; default: largest.")]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        "--leave-out",
        help="Collection that changes of slope are learned without, such as the one that is tested: lcdb; may be "
        "repeated.",
    ),
]
Jobs = Annotated[int, typer.Option(help="Jobs at a time; -1 for one a core.")]

QUIET = 2.0
"""Seconds before progress is shown."""

_BETWEEN_LINES = 30.0  # where nobody watches, a line now and then
_FIRST_LINE = 5.0  # seconds until the first, if nothing is finished before


@backtest.command()
def finetune(
    tables: Tables,
    budgets: Annotated[str, typer.Option(help="How many times the target exceeds the data fitted.")] = "8,16,…,512",
    at: Target = None,
    borrow: Annotated[str | None, typer.Option(help="'others': fit along the full tables of the others.")] = None,
    methods: Methods = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    law: LawName = "rectified",
    leave_out: LeaveOut = None,
    seed: Seed = 0,
    jobs: Jobs = -1,
    out: Annotated[Path, typer.Option(help="Folder for results; finished cells in it are used.")] = Path(
        "backtest-finetune"
    ),
    json: Json = False,
    allow_failed_checks: Allow = False,
) -> None:
    """Choose among fine-tuning candidates from small runs, at several budgets, with every method."""
    say_what_is_read(tables, json)
    from bayeslaw.evidence.backtest.finetune import backtest_finetune
    from bayeslaw.evidence.backtest.finetune_cells import parse_budgets
    from bayeslaw.evidence.backtest.finetune_methods import METHODS
    from bayeslaw.evidence.backtest.settings import choose_methods

    if borrow not in (None, "others"):
        raise TargetError(f"--borrow {borrow!r} is not understood. Expected --borrow others, or nothing.")
    asked, names, target = parse_budgets(budgets), choose_methods(methods, METHODS), _target(at)
    roles = roles_said(answers, tokens_per_step)
    check_jobs(jobs)
    named = read_law(law) if is_law_file(law) else law
    _run(
        lambda report: backtest_finetune(
            tables,
            budgets=asked,
            target=target,
            borrow=borrow is not None,
            methods=names,
            law=named,
            seed=seed,
            leave_out=leave_out or (),
            where=where,
            roles=roles,
            workers=jobs,
            folder=out,
            report=report,
        ),
        out,
        json,
        allow_failed_checks,
    )


@backtest.command()
def selection(
    tables: Tables,
    beyond: Annotated[str, typer.Option(help="How many times the target exceeds the data fitted.")] = "8,64",
    tasks: Annotated[int | None, typer.Option(help="Take so many tasks of each table, the first ones.")] = None,
    at: Target = None,
    methods: Methods = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    law: LawName = "rectified",
    leave_out: LeaveOut = None,
    seed: Seed = 0,
    jobs: Jobs = -1,
    out: Annotated[Path, typer.Option(help="Folder for results; finished cells in it are used.")] = Path(
        "backtest-selection"
    ),
    json: Json = False,
    allow_failed_checks: Allow = False,
) -> None:
    """Choose among candidates from small runs, task by task, with every method, and score choices and odds."""
    say_what_is_read(tables, json)
    from bayeslaw.evidence.backtest.finetune_cells import parse_budgets
    from bayeslaw.evidence.backtest.selection import backtest_selection
    from bayeslaw.evidence.backtest.selection_methods import METHODS
    from bayeslaw.evidence.backtest.settings import choose_methods

    asked, names, target = parse_budgets(beyond, option="--beyond"), choose_methods(methods, METHODS), _target(at)
    roles = roles_said(answers, tokens_per_step)
    check_jobs(jobs)
    named = read_law(law) if is_law_file(law) else law
    _run(
        lambda report: backtest_selection(
            tables,
            beyond=asked,
            first=tasks,
            target=target,
            methods=names,
            law=named,
            seed=seed,
            leave_out=leave_out or (),
            where=where,
            roles=roles,
            workers=jobs,
            folder=out,
            report=report,
        ),
        out,
        json,
        allow_failed_checks,
    )


@backtest.command()
def curves(
    tables: Tables,
    hide_last: Annotated[
        float | None, typer.Option(help="Share of each curve's sizes to hide, for tables without a column Training.")
    ] = None,
    methods: Methods = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    law: Annotated[
        str | None, typer.Option("--law", help="Scaling law that bayeslaw fits: a name, or a file (.py).")
    ] = None,
    leave_out: LeaveOut = None,
    seed: Seed = 0,
    jobs: Jobs = -1,
    out: Annotated[Path, typer.Option(help="Folder for results; finished cells in it are used.")] = Path(
        "backtest-curves"
    ),
    json: Json = False,
    allow_failed_checks: Allow = False,
) -> None:
    """Extrapolate learning curves from their first part with every method."""
    say_what_is_read(tables, json)
    from bayeslaw.evidence.backtest.curves import DEFAULT_LAW, METHODS, backtest_curves
    from bayeslaw.evidence.backtest.settings import choose_methods

    names = choose_methods(methods, METHODS)
    roles = roles_said(answers, tokens_per_step)
    check_jobs(jobs)
    named = read_law(law) if law is not None and is_law_file(law) else law or DEFAULT_LAW
    _run(
        lambda report: backtest_curves(
            tables,
            hide_last=hide_last,
            methods=names,
            law=named,
            seed=seed,
            leave_out=leave_out or (),
            where=where,
            roles=roles,
            workers=jobs,
            folder=out,
            report=report,
        ),
        out,
        json,
        allow_failed_checks,
    )


def replayed(
    work: "Callable[[Report], Found]", out: Path, what: str = "cells", between: float = _BETWEEN_LINES
) -> "Found":
    """Do work that can be interrupted and gone on with, with progress on standard error.

    Parameters
    ----------
    work : callable
    out : Path
        Where it keeps what is finished.
    what : str
        What it is done by.
    between : float
        Seconds between lines of progress, where nobody watches.
    """
    try:
        with interrupts_to(signal.default_int_handler), _warnings_told(), _progress(what, between) as report:
            return work(report)
    except KeyboardInterrupt:
        from joblib.externals.loky import get_reusable_executor

        tell(f"bayeslaw: interrupted; finished {what} are in {out}, and the same command goes on from there.")
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        os._exit(130)  # at once: a thread may be compiling, and Python would wait for it


def _run(work: "Callable[[Report], Backtest]", out: Path, json: bool, allow_failed_checks: bool) -> None:
    """Run a backtest, write its files, print its answer."""
    found = replayed(work, out)
    from bayeslaw.views.backtest_files import write_backtest
    from bayeslaw.views.backtest_text import backtest_tables, worst_cells
    from bayeslaw.views.records import to_json

    write_backtest(found, out)
    for note in found.notes:
        tell(note)
    if found.reused:
        tell(f"{found.reused} of {len(found.cells)} cells were computed before and taken from {out}.")
    if json:
        print(to_json(found.record(whole=False)))
    else:
        show(*(part for table in backtest_tables(found) for part in (table, "")))
        print(worst_cells(found))
        tell(f"Written to {out}.")
    finish(found.status, allow_failed_checks)


def _target(at: list[str] | None) -> float | None:
    if not at:
        return None
    point = one_point(at)
    value = point.get("data", 0.0)
    if set(point) != {"data"} or not 0 < value < float("inf"):
        raise TargetError(f"--at {' '.join(at)!r}: expected one positive data size, such as --at data=1638400.")
    return value


def check_jobs(jobs: int) -> None:
    """Refuse a number of jobs at a time that is none."""
    if jobs == 0 or jobs < -1:
        raise TargetError(f"--jobs {jobs}: expected a number of jobs at a time, such as 2, or -1 for one a core.")


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Say our own warnings in one line each; others are left as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", BayeslawWarning)
        before = warnings.showwarning

        def say(message, category, filename, lineno, file=None, line=None):  # type: ignore[no-untyped-def]
            if issubclass(category, BayeslawWarning):
                tell(f"bayeslaw: {message}")
            else:
                before(message, category, filename, lineno, file, line)

        warnings.showwarning = say
        yield


@contextmanager
def _progress(what: str, between: float) -> "Iterator[Report]":
    """Progress on standard error after two seconds: a bar if a person is watching, a line now and then if not."""
    if not sys.stderr.isatty():
        with _lines(what, between) as report_line:
            yield report_line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=1.0)

    def report(step: "Step") -> None:
        bar.update(task, description=_description(step, what), completed=step.share)

    timer = threading.Timer(QUIET, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield report
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


@contextmanager
def _lines(what: str, between: float) -> "Iterator[Report]":
    """A line when something is finished, and one at times while nothing is, from a thread of its own."""
    began = time.perf_counter()
    said: list[float] = []
    latest: list[Step] = []
    ended = threading.Event()
    one_at_a_time = threading.Lock()  # so that no line breaks into another

    def report(step: "Step") -> None:
        with one_at_a_time:
            latest[:] = [step]
            now = time.perf_counter()
            if now - began < QUIET or (said and now - said[-1] < between) or step.done == step.total:
                return
            said.append(now)
            left = f", about {(now - began) * (1 - step.share) / step.share:.0f} s left" if step.share else ""
            tell(f"{_description(step, what)}{left}")

    def tell_while_nothing_is_finished() -> None:
        due = began + _FIRST_LINE
        while not ended.wait(max(due - time.perf_counter(), 0.0)):
            with one_at_a_time:
                now = time.perf_counter()
                if latest and (not said or now - said[-1] >= _BETWEEN_LINES):
                    said.append(now)
                    tell(f"{_description(latest[0], what)}, after {now - began:.0f} s")
                due = (said[-1] if said else now) + _BETWEEN_LINES

    thread = threading.Thread(target=tell_while_nothing_is_finished, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join()


def _description(step: "Step", what: str) -> str:
    from bayeslaw.views.names import clean, elide

    return f"{step.done} of {step.total} {what}" + (f", last {elide(clean(step.name), 40)}" if step.name else "")
