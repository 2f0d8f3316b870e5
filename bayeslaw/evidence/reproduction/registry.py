"""Which papers there are: the modules of ``papers``."""

import importlib
import pkgutil
from pathlib import Path

from bayeslaw.errors import DatasetError, did_you_mean
from bayeslaw.evidence.reproduction.paper import Paper

_FOLDER = Path(__file__).parent / "papers"


def paper_names() -> tuple[str, ...]:
    """Names of the papers, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(_FOLDER)])))


def get_paper(name: str) -> Paper:
    """The paper of that name.

    Raises
    ------
    DatasetError
        If there is none.
    """
    names = paper_names()
    if name not in names:
        hint = did_you_mean(name, names)
        raise DatasetError(f"There is no paper {name!r} to reproduce.{hint} Name one of: {', '.join(names)}.")
    paper: Paper = importlib.import_module(f"bayeslaw.evidence.reproduction.papers.{name}").PAPER
    return paper
