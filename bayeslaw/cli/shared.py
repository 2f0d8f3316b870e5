"""What the commands have in common: arguments, points, and how they speak."""

import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayeslaw.errors import TargetError
from bayeslaw.progress import progress_shown

if TYPE_CHECKING:
    from bayeslaw.progress import Progress
    from bayeslaw.runs import Runs
    from bayeslaw.verdicts import Check, Status

SENTENCE = 48
"""Columns that sentences in a table have in a file."""

RunsPaths = Annotated[
    list[Path],
    typer.Argument(help="Tables or logs of runs, files or folders; see 'bayeslaw read'.", show_default=False),
]
RunsOrFit = Annotated[
    list[Path],
    typer.Argument(help="Tables or logs of runs, files or folders; or a saved fit (.nc).", show_default=False),
]
As = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="COLUMN=ROLE", help="What a column is, such as size=params:M; see 'bayeslaw read'."),
]
TokensPerStep = Annotated[
    str | None,
    typer.Option("--tokens-per-step", help="Tokens of a step of training, such as 524288, if sizes are steps."),
]
Scores = Annotated[
    list[str] | None,
    typer.Option("--scores", metavar="COLUMN,…", help="Columns that are scores on benchmarks, such as arc,hellaswag."),
]
FitFile = Annotated[Path, typer.Argument(help="A fit saved with -o.")]

PriorName = Annotated[
    str | None, typer.Option("--prior", help="Borrow from a released prior, or the file of a prior or of a fit.")
]
Widen = Annotated[
    float, typer.Option("--widen", help="Borrow with standard deviations so many times those of the prior; 1 or more.")
]
Task = Annotated[str | None, typer.Option(help="Task, if the table has several.")]
Where = Annotated[str | None, typer.Option(help="Rows to use, such as \"data <= 204800 and family != 'T5'\".")]
Seed = Annotated[int, typer.Option(min=0, help="Random seed; equal seeds give equal answers.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on standard output.")]
EarlyTokens = Annotated[
    str | None,
    typer.Option(
        help="Joint laws leave out checkpoints from the first so many tokens of long runs, 10B unless told; 0 keeps "
        "them."
    ),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Fit with few draws for a first look; every answer of it asks for a second one.")
]
Allow = Annotated[bool, typer.Option("--allow-failed-checks", help="Exit with 0 even if a check failed.")]


def read_number(text: str, option: str, example: str) -> float:
    """Read the number of an option, such as 2e20 or 1.6M.

    Raises
    ------
    TargetError
        If it is none.
    """
    from bayeslaw.runs.flop import read_flop
    from bayeslaw.runs.units import read_count

    value = read_count(text)
    if value is None:
        flop = read_flop(text)
        near = "" if flop is None else f" It is {flop:.4g} FLOP: where FLOP are meant, say --{option} {flop:.4g}."
        raise TargetError(f"--{option} {text!r} is not a number. Expected something like {example}.{near}")
    return value


def screen_width() -> int | None:
    """Columns of the screen that standard output goes to; None if it goes to a file."""
    from rich.console import Console

    console = Console()
    return console.width if console.is_terminal else None


def show(*tables: Any) -> None:
    """Print tables on standard output, headings and captions as wide as the screen, not as the table; or lines."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, *(_width_of(console, table) for table in tables), 0)
    for table in tables:
        if not isinstance(table, Table):
            console.print(table)
            continue
        title, caption = table.title, table.caption
        table.title = table.caption = None
        for part, style in ((title, "italic"), (table, None), (caption, "dim italic")):
            if part:
                console.print(part, style=style)


def _width_of(console: Any, table: Any) -> int:
    """Columns that a table needs in a file, where no name in it is broken; sentences are, between words."""
    from rich.measure import Measurement

    options, sentences = console.options.update(max_width=10_000), 0
    for column in getattr(table, "columns", ()):
        if column.ratio is not None:
            sentences += SENTENCE
            continue
        found = [Measurement.get(console, options, cell) for cell in (column.header, *column.cells)]
        longest_word = max(one.minimum for one in found)
        column.width = min(max(one.maximum for one in found), max(longest_word, SENTENCE))
    return Measurement.get(console, options, table).minimum + sentences


def tell(text: str) -> None:
    """Say something that is not the answer, on standard error."""
    print(text, file=sys.stderr)


def forget_output() -> None:
    """Let what is still to be printed go nowhere, when standard output has failed and Python would try again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_what_is_read(paths: Sequence[Path], quiet: bool) -> None:
    """Say what a command begins with, before anything that takes time is imported or read."""
    if not quiet:
        tell(f"Reading {', '.join(path.name or str(path) for path in paths)}.")


def finish(status: "Status", allow_failed_checks: bool) -> None:
    """Let the exit status be 3 if a check failed."""
    if status == "FAIL" and not allow_failed_checks:
        raise typer.Exit(3)


def roles_said(
    answers: Sequence[str] | None, tokens_per_step: str | None, scores: Sequence[str] | None = None
) -> dict[str, str]:
    """What columns were said to be: by ``--as``, and by ``--scores`` and ``--tokens-per-step``, which are short for it.

    Raises
    ------
    RunsError, TargetError
        If an answer is not of the form, or that is no number of tokens.
    """
    from bayeslaw.runs.stated import STEPS, parse_answers, scores_as_roles

    columns = [f"{column}={role}" for text in scores or () for column, role in scores_as_roles(text).items()]
    if tokens_per_step is not None:
        tokens = read_number(tokens_per_step, "tokens-per-step", "524288 or 0.5M")
        if not 1 <= tokens < math.inf:
            raise TargetError(f"--tokens-per-step {tokens_per_step}: expected 1 or more, such as 524288 or 0.5M.")
        columns.append(f"{STEPS}=tokens:{tokens:.17g}")
    return parse_answers([*(answers or ()), *columns])


def read_table(paths: Sequence[Path], where: str | None, roles: Mapping[str, str]) -> "Runs":
    """Read the rows to use."""
    from bayeslaw.runs import read_runs

    return read_runs(list(paths), where=where, roles=roles)


@contextmanager
def interruptible(message: str = "interrupted; nothing was written.") -> Iterator[None]:
    """Let an interrupt end the process at once, with a message.

    By a handler of its own: the exception that Python raises may be lost in a callback of a library, and Python would
    wait for a thread that compiles.
    """

    def end(*_: object) -> None:
        cursor = b"\x1b[?25h" if sys.stderr.isatty() else b""  # a progress bar hides it
        # past Python's buffers, which may be in use
        os.write(2, cursor + f"bayeslaw: {message}\n".encode())
        os._exit(130)

    with interrupts_to(end):
        yield


@contextmanager
def interrupts_to(handler: Callable[..., None]) -> Iterator[None]:
    """Give interrupts to a handler for a while, unless they are ignored, as under nohup."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress_bar(what: str, quiet: bool) -> "Iterator[Progress | None]":
    """A progress bar on standard error, or lines; where there is no terminal and all is quiet, nothing."""
    if quiet and not sys.stderr.isatty():
        yield None
        return
    with progress_shown(what) as shown:
        yield shown


def check_output(output: Path | None, suffix: str) -> None:
    """Refuse an output that cannot be written before anything is computed."""
    from bayeslaw.files import require_writable

    if output is not None:
        require_writable(output, suffixes=(suffix,))


def say_what_was_read(runs: "Runs", before: "Runs | None" = None) -> None:
    """Say how a table was understood and what was left out; of a table that was told ``before``, what is new."""
    from bayeslaw.views.runs_text import left_out_summary

    for note in runs.notes[len(before.notes) if before is not None else 0 :]:
        tell(note)
    left_out = runs.left_out[len(before.left_out) if before is not None else 0 :]
    if left_out:
        tell(left_out_summary(left_out))


def show_failing(checks: "Sequence[Check]") -> None:
    """Print the checks that did not pass, those of a quick fit as one, or say that all did."""
    from bayeslaw.verdicts import for_people
    from bayeslaw.views.text import checks_table

    failing = [c for c in for_people(checks) if c.status != "PASS"]
    if failing:
        show(checks_table(failing))
    else:
        print(f"All {len(checks)} checks pass.")
