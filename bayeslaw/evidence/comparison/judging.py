"""Laws judged one by one: fitted without the largest runs, which they then foretell, and fitted to all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from bayeslaw.errors import SamplingError
from bayeslaw.evidence.comparison.holdouts import Holdout, score_hidden
from bayeslaw.evidence.comparison.leave_one_out import LeaveOneOut, leave_one_out
from bayeslaw.fitting.facade import Fit
from bayeslaw.fitting.fit import fit
from bayeslaw.laws.base import Law
from bayeslaw.progress import Progress
from bayeslaw.runs import Runs
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.verdicts import Status


@dataclass(frozen=True, eq=False)
class Judged:
    """One law on one table.

    Attributes
    ----------
    held_out : pandas.DataFrame
        Hidden runs of each fold with what was foretold of them.
    fit : Fit
        To all runs.
    loo : LeaveOneOut or None
        In that fit.
    status : {"PASS", "REVIEW", "FAIL"}
        The worst verdict of all fits.
    """

    held_out: pd.DataFrame
    fit: Fit
    loo: LeaveOneOut | None
    status: Status


def judge_laws(
    laws: Mapping[str, Law],
    runs: Runs,
    holdouts: Sequence[Holdout],
    *,
    sampler: SamplerSettings | None,
    seed: int,
    workers: int,
    progress: Progress | None,
) -> dict[str, Judged]:
    """Judge laws, several at a time if there are workers for it, each in a process of its own.

    Parameters
    ----------
    laws : mapping of str to Law
    runs : Runs
    holdouts : sequence of Holdout
    sampler : SamplerSettings or None
    seed : int
    workers : int
        Processes; -1 for one a core. With 1 everything runs in this process.
    progress : callable or None
        Called with what is being fitted (of several processes, what was finished), fits finished, and fits in all.

    Raises
    ------
    SamplingError
        If a worker process died.
    """
    each, total = 1 + len(holdouts), len(laws) * (1 + len(holdouts))
    found: dict[str, Judged] = {}
    if workers == 1 or len(laws) < 2:
        for name, law in laws.items():
            report = None if progress is None else _counted(progress, name, len(found) * each, total)
            found[name] = judge(law, runs, holdouts, sampler, seed, report)
    else:
        if progress is not None:
            progress(f"{len(laws)} laws at once", 0, total)
        for name, judged in _in_processes(laws, runs, holdouts, sampler, seed, workers):
            # a law that crossed from one process to another is no longer the one that was given
            given = replace(judged.fit.posterior, law=laws[name])
            found[name] = replace(judged, fit=Fit(given))
            if progress is not None:
                progress(f"{name} done", len(found) * each, total)
    if progress is not None:
        progress("done", total, total)
    return {name: found[name] for name in laws}


def judge(
    law: Law,
    runs: Runs,
    holdouts: Sequence[Holdout],
    sampler: SamplerSettings | None,
    seed: int,
    progress: Progress | None = None,
) -> Judged:
    """Fit a law without the hidden runs of each holdout, score what it foretells, and fit it to all.

    Parameters
    ----------
    law : Law
    runs : Runs
    holdouts : sequence of Holdout
    sampler : SamplerSettings or None
    seed : int
    progress : callable, optional
        Called with what is being fitted, fits finished, and fits in all.
    """
    parts, statuses, total = [], [], 1 + len(holdouts)
    for fold, holdout in enumerate(holdouts, start=1):
        if progress is not None:
            progress(f"fold {fold}", fold - 1, total)
        fitted = fit(holdout.seen, law=law, early_tokens=0, sampler=sampler, seed=seed)
        statuses.append(fitted.status)
        scored = score_hidden(fitted.posterior, holdout.hidden, seed)
        parts.append(pd.concat([holdout.hidden, scored], axis=1).assign(law=law.name, fold=fold))
    if progress is not None:
        progress("all runs", len(holdouts), total)
    whole = fit(runs, law=law, early_tokens=0, sampler=sampler, seed=seed)
    worst = max([*statuses, whole.status], key=("PASS", "REVIEW", "FAIL").index)
    return Judged(pd.concat(parts), whole, leave_one_out(whole.posterior), worst)


def _counted(progress: Progress, name: str, before: int, total: int) -> Progress:
    """How one of several laws tells how far it is."""
    return lambda what, done, _: progress(f"{name}, {what}", before + done, total)


def _in_processes(
    laws: Mapping[str, Law],
    runs: Runs,
    holdouts: Sequence[Holdout],
    sampler: SamplerSettings | None,
    seed: int,
    workers: int,
) -> Iterator[tuple[str, Judged]]:
    """Laws by name as they are finished."""
    import jax
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    kept = getattr(jax.config, "jax_compilation_cache_dir", None) is not None
    pool = Parallel(n_jobs=workers, backend="loky", return_as="generator_unordered")
    jobs = (delayed(_judge_there)(name, law, runs, holdouts, sampler, seed, kept) for name, law in laws.items())
    try:
        yield from pool(jobs)
    except TerminatedWorkerError as error:
        raise SamplingError(
            "A worker process was killed, probably for want of memory. Compare fewer laws at a time (--jobs 1)."
        ) from error


def _judge_there(
    name: str,
    law: Law,
    runs: Runs,
    holdouts: Sequence[Holdout],
    sampler: SamplerSettings | None,
    seed: int,
    kept: bool,
) -> tuple[str, Judged]:
    """Judge a law in a process of its own, which keeps compiled programs if the first one does."""
    if kept:
        use_compilation_cache()
    return name, judge(law, runs, holdouts, sampler, seed)
