"""Independent jobs, several at a time; what is finished is on disk at once, so that a killed run goes on from there."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayeslaw.errors import BayeslawError, SamplingError
from bayeslaw.jobs.store import job_hash, load, prepare, save, stored_path
from bayeslaw.results import plain_values

Record = dict[str, Any]

REACHED_WITHIN = 20.0
"""Seconds within which a cluster is to answer."""


def _always(cells: Sequence[Record]) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Job:
    """One piece of work that answers one or several cells.

    Attributes
    ----------
    name : str
        For people.
    depends_on : mapping
        Everything that the answer depends on; plain values.
    heads : tuple of mappings
        What each cell is, such as its task and method.
    work : callable
        Gives for each cell what is to be added to its head, ``note``, ``status`` and ``checks`` among it. Must be
        picklable if jobs run in processes.
    weight : float
        Rough duration relative to other jobs.
    lacking : mapping
        What a cell without an answer has in place of one. Every cell has mappings of these names.
    holds : callable
        Whether stored cells still hold, such as that files which they speak of are there.
    """

    name: str
    depends_on: Mapping[str, Any]
    heads: tuple[Mapping[str, Any], ...]
    work: Callable[[], Sequence[Mapping[str, Any]]]
    weight: float = 1.0
    lacking: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    holds: Callable[[Sequence[Record]], bool] = _always


@dataclass(frozen=True)
class Step:
    """How far jobs have come: cells finished, cells in all, those of them computed before, and the job at hand.

    ``share`` is the finished part of the work, by the weight of the jobs; ``name`` is of the job just finished.
    """

    done: int
    total: int
    reused: int
    share: float
    name: str


Report = Callable[[Step], None]


@dataclass(frozen=True, eq=False)
class Finished:
    """Cells in the order of the jobs, and how many of them had been computed before."""

    cells: tuple[Record, ...]
    reused: int


def run_jobs(
    jobs: Sequence[Job],
    folder: Path | None,
    *,
    workers: int = 1,
    cluster: str | None = None,
    report: Report | None = None,
) -> Finished:
    """Run the jobs that were not run before.

    Parameters
    ----------
    jobs : sequence of Job
    folder : Path or None
        Where finished jobs are stored and found again; None stores nothing.
    workers : int
        Processes; -1 for one a core. With 1 everything runs in this process.
    cluster : str, optional
        Address of the scheduler of a dask cluster, whose workers run the jobs in place of processes here.
    report : callable, optional
        Called before the first job and after each.

    Raises
    ------
    SamplingError
        If a worker process died, or the cluster cannot be used; what was finished is kept.
    """
    found: list[list[Record] | None] = [None] * len(jobs)
    keys = [job_hash(job.depends_on) for job in jobs]
    if folder is not None:
        prepare(folder)
        found = [_stored(folder, job, key) for job, key in zip(jobs, keys, strict=True)]
    missing = [i for i, cells in enumerate(found) if cells is None]
    missing.sort(key=lambda i: -jobs[i].weight)  # the longest first, so that no worker is left with one at the end
    total = sum(len(job.heads) for job in jobs)
    reused = done = total - sum(len(jobs[i].heads) for i in missing)
    weight, whole = 0.0, sum(jobs[i].weight for i in missing) or 1.0
    if report is not None:
        report(Step(done, total, reused, 0.0, ""))
    for i, outcome in _outcomes([(i, jobs[i]) for i in missing], workers, cluster):
        found[i] = outcome.cells
        if folder is not None and not outcome.crashed:
            save(stored_path(folder, jobs[i].name, keys[i]), keys[i], outcome.cells)
        done, weight = done + len(outcome.cells), weight + jobs[i].weight
        if report is not None:
            report(Step(done, total, reused, weight / whole, jobs[i].name))
    return Finished(tuple(cell for cells in found if cells is not None for cell in cells), reused)


def _stored(folder: Path, job: Job, key: str) -> list[Record] | None:
    """Cells of a job that was run before, if they hold."""
    cells = load(stored_path(folder, job.name, key), key, job.heads, tuple(job.lacking))
    return cells if cells is not None and job.holds(cells) else None


@dataclass(frozen=True, eq=False)
class _Outcome:
    cells: list[Record]
    crashed: bool


Outcome = tuple[int, _Outcome]
"""Of a job, with its number."""


def _outcomes(jobs: Sequence[tuple[int, Job]], workers: int, cluster: str | None) -> Iterator[Outcome]:
    """Outcomes as they come in."""
    if cluster is not None:
        yield from _on_cluster(jobs, cluster)
        return
    if workers == 1 or len(jobs) < 2:
        yield from ((i, _execute(job)) for i, job in jobs)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    pool = Parallel(n_jobs=min(workers, len(jobs)), backend="loky", return_as="generator_unordered")
    try:
        yield from pool(delayed(_execute_numbered)(i, job) for i, job in jobs)
    except TerminatedWorkerError as error:
        raise SamplingError(
            "A worker process was killed, probably for want of memory. What was finished is kept: run the same again "
            "with fewer workers (--jobs 1)."
        ) from error


def _on_cluster(jobs: Sequence[tuple[int, Job]], address: str) -> Iterator[Outcome]:
    """Outcomes from the workers of a dask cluster; jobs of a worker that is lost are given to the others.

    By dask's own futures: through joblib one would wait for ever for a scheduler that is lost.
    """
    try:
        from distributed import CancelledError, Client, KilledWorker, as_completed
        from distributed.comm import get_address_host_port
    except ImportError as error:
        raise SamplingError("A dask cluster needs dask.distributed: pip install 'bayeslaw[dask]'.") from error
    try:
        get_address_host_port(address)  # of what is no address, a client would say so in a traceback of its own
        client = Client(address, timeout=REACHED_WITHIN, set_as_default=False)
        client.wait_for_workers(1, timeout=REACHED_WITHIN)
    except (OSError, ValueError) as error:
        raise SamplingError(
            f"{address}: no worker of a dask cluster was reached there ({error}). Expected the address that its "
            "scheduler prints, such as tcp://10.0.0.1:8786, and one worker at least."
        ) from error
    with client:
        futures = [client.submit(_execute_numbered, i, job, pure=False) for i, job in jobs]
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
                future.release()
        except KilledWorker as error:
            raise SamplingError(
                f"{address}: a job was lost with every worker that took it, probably for want of memory. What was "
                "finished is kept: run the same again with more memory a worker."
            ) from error
        except (CancelledError, OSError) as error:
            logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it says of this on closing
            raise SamplingError(
                f"{address}: the scheduler of the dask cluster was lost. What was finished is kept: run the same again."
            ) from error
        except Exception as error:  # jobs keep their own errors
            raise SamplingError(
                f"{address}: the workers cannot run jobs ({type(error).__name__}: {error}). They need bayeslaw in the "
                "versions that are here."
            ) from error


def _execute_numbered(number: int, job: Job) -> Outcome:
    return number, _execute(job)


def _execute(job: Job) -> _Outcome:
    """Run a job; one that fails yields empty cells with the reason, for the others are to go on."""
    began = time.perf_counter()
    try:
        answers, crashed = list(job.work()), False
    except BayeslawError as error:
        answers, crashed = [_without_answer(job, str(error)) for _ in job.heads], False
    except Exception as error:  # a defect or a lack of memory: said in the cell, and tried again next time
        answers, crashed = [_without_answer(job, f"{type(error).__name__}: {error}", "FAIL") for _ in job.heads], True
    seconds = round((time.perf_counter() - began) / len(job.heads), 3)
    cells = [{**head, **answer, "seconds": seconds} for head, answer in zip(job.heads, answers, strict=True)]
    return _Outcome([plain_values(cell) for cell in cells], crashed)


def _without_answer(job: Job, note: str, status: str | None = None) -> Record:
    return {**job.lacking, "note": note, "status": status, "checks": []}
