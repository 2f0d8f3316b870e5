"""``compare``: from a table of runs to a comparison of laws.

What is slow to import, the sampler above all, is imported inside, after it was said what is compared.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayeslaw.progress import Progress, progress_of, runs_in_words, tell_of
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.runs.reading import Table

if TYPE_CHECKING:
    from bayeslaw.evidence.comparison.compare import Comparison
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings

FOLDS = 3
"""Folds of the largest runs that are held out, unless another number is asked for."""


def compare(
    runs: Table,
    laws: "Sequence[str | Law]",
    *,
    along: str = "data",
    folds: int = FOLDS,
    early_tokens: float = EARLY_TOKENS,
    sampler: "SamplerSettings | None" = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | bool | None = None,
) -> "Comparison":
    """Compare laws by their predictive density for the largest runs of a table.

    Parameters
    ----------
    runs : Runs, DataFrame or path
        As for `bayeslaw.fit`.
    laws : sequence of str or Law
        Two or more laws of different names whose covariates the table has: names, or laws of one's own.
    along : str
        Column along which the largest runs are held out: ``data``, or for joint laws ``params`` or ``compute``.
    folds : int
        Number of folds: the largest step of scales is held out, then the largest two, and so on; a step is a factor of
        two.
    early_tokens : float
        As for ``fit``; what joint laws leave out is not held out either, and other laws leave it out as well.
    sampler : SamplerSettings, optional
    seed : int
    workers : int
        Processes in which laws are fitted, each with a gigabyte of memory or so; -1 for one a core. With 1 everything
        runs in this process.
    progress : bool or callable, optional
        Whether to show what is compared and how far it is, on standard error; or what is called with what is being
        fitted, fits finished, and fits in all.

    Returns
    -------
    Comparison

    Raises
    ------
    LawError
        If fewer than two laws are named, one twice, the table cannot feed one, or one of them predicts none of the
        models held out.
    RunsError
        If ``along`` is no scale of the table, or there is nothing that can be held out.
    """
    runs = runs if isinstance(runs, Runs) else read_runs(runs)
    several = f"{len(laws)} laws"
    tell_of(progress, f"{runs.source}: {runs_in_words(len(runs.models), len(runs.table))}, {several} to compare.")

    from bayeslaw.evidence.comparison.compare import compared
    from bayeslaw.evidence.comparison.plan import planned

    plan = planned(runs, laws, along=along, folds=folds, early_tokens=early_tokens)
    with progress_of(progress, several) as report:
        return compared(plan, sampler=sampler, seed=seed, workers=workers, progress=report)
