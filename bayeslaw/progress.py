"""How far work is: a bar on a terminal, a line now and then in a pipe, a log file or a notebook."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]
"""Called with what is being done, iterations done, and iterations planned."""

BETWEEN_LINES = 10.0
"""Seconds between lines where there is no terminal."""


def runs_in_words(models: int, runs: int) -> str:
    """What was read: so many models, so many runs."""
    return f"{models} model{'s' * (models > 1)}, {runs} run{'s' * (runs > 1)}"


def fit_in_words(models: int, runs: int, law: str) -> str:
    """What is fitted: so many models, so many runs, a law."""
    return f"{runs_in_words(models, runs)}, {law} law"


def tell_of(asked: Progress | bool | None, what: str) -> None:
    """Say at once, on standard error, what was read or done, if progress is to be shown there."""
    if asked is True:
        print(what, file=sys.stderr)


@contextmanager
def progress_shown(what: str) -> Iterator[Progress]:
    """Show on standard error how far work is, until the block ends.

    Parameters
    ----------
    what : str
        What is worked on; begins every line.
    """
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{what}: compiling", total=None)
        yield lambda phase, done, total: bar.update(task, description=f"{what}: {phase}", completed=done, total=total)


@contextmanager
def progress_of(asked: Progress | bool | None, what: str) -> Iterator[Progress | None]:
    """What is to be called of work: nothing, what was given, or for True what shows it; see `progress_shown`."""
    if asked is True:
        with progress_shown(what) as shown:
            yield shown
    else:
        yield asked or None


def _lines(what: str) -> Progress:
    """Say what is done, and every so many seconds how far it is."""
    print(f"{what}: compiling (up to minutes for the first table of its shape), then sampling.", file=sys.stderr)
    said = [time.monotonic()]

    def report(phase: str, done: int, total: int) -> None:
        if time.monotonic() - said[0] >= BETWEEN_LINES:
            said[0] = time.monotonic()
            print(f"{what}: {phase}" + (f", {done / total:.0%}" if total else ""), file=sys.stderr)

    return report
