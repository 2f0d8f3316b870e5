"""Runs and two choices on a command line: ``RUNS… A B``, or ``A B RUNS…``."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

_DATA_SUFFIX = re.compile(r"\.[A-Za-z]{2,7}(\.gz)?\Z")

RunsOfPair = Annotated[
    list[str],
    typer.Argument(
        help="Tables or logs of runs, files or folders; or a saved fit (.nc). They may follow the two names as well.",
        show_default=False,
    ),
]
First = Annotated[str, typer.Argument(help="Model, or family of a joint law.")]


def runs_and_pair(runs: Sequence[str], a: str, b: str) -> tuple[list[Path], str, str]:
    """Tell runs from the two names beside them, which stand behind them or before them.

    Parameters
    ----------
    runs, a, b : as they are read where runs come first.

    Returns
    -------
    tuple of list of Path, str and str
        Runs come first unless the last word looks more like them than the first does: as something that is there, and
        by its suffix.
    """
    words = [*runs, a, b]
    if _like_runs(words[-1]) > _like_runs(words[0]):
        return [Path(word) for word in words[2:]], words[0], words[1]
    return [Path(word) for word in runs], a, b


def _like_runs(word: str) -> tuple[bool, bool]:
    return os.path.exists(word), _DATA_SUFFIX.search(word) is not None
