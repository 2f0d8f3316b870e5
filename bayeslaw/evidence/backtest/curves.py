"""Backtest of extrapolated learning curves: hide the last part of each, predict it, and compare."""

import functools
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayeslaw.evidence.backtest.curve_cells import Curve, Domain, read_curves
from bayeslaw.evidence.backtest.curve_methods import BASELINES, answer_jointly
from bayeslaw.evidence.backtest.result import OURS, Backtest, summarise
from bayeslaw.evidence.backtest.scoring import Answer, coverage_at_levels, distribution_scores, no_scores
from bayeslaw.evidence.backtest.settings import MethodSettings, checked_law
from bayeslaw.jobs.run import Job, Record, Report, run_jobs
from bayeslaw.jobs.store import code_version

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings

METHODS = (OURS, *BASELINES)
DEFAULT_LAW = "broken"
"""Law that bayeslaw fits to learning curves if none is named."""

_LACKING = {"scores": no_scores()}
_CODE_OF_BASELINES = (
    "runs", "evidence/baselines/curves.py", "evidence/scores.py", "evidence/backtest/scoring.py",
    "evidence/backtest/curve_cells.py", "evidence/backtest/curve_methods.py",
)  # fmt: skip
_CODE = (
    *_CODE_OF_BASELINES, "laws", "kinds", "prior", "sampling", "posterior", "answers", "lending", "fitting",
    "streams.py", "numerics.py", "verdicts.py", "results.py",
)  # fmt: skip


def backtest_curves(
    tables: Sequence[str | os.PathLike[str] | pd.DataFrame],
    *,
    hide_last: float | None = None,
    methods: Sequence[str] = METHODS,
    law: "str | Law" = DEFAULT_LAW,
    seed: int = 0,
    sampler: "SamplerSettings | None" = None,
    leave_out: Sequence[str] = (),
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    workers: int = 1,
    folder: str | os.PathLike[str] | None = None,
    report: Report | None = None,
) -> Backtest:
    """Extrapolate every curve with every method, and score what was said on the points that were hidden.

    bayeslaw fits all curves of a domain together; the other methods see one curve at a time.

    Parameters
    ----------
    tables : sequence of paths or DataFrames
        See `bayeslaw.evidence.backtest.curve_cells.read_curves`.
    hide_last : float, optional
        Share of the sizes of each curve to hide; default: the column ``Training`` tells.
    methods : sequence of str
        Names from `METHODS`.
    law, seed, sampler
        As for `bayeslaw.fit`.
    leave_out : sequence of str
        Collections that what bayeslaw has learned about changes of slope beyond the data is to be learned without, so
        that a collection is scored by what others say; see `bayeslaw.evidence.slope_changes`.
    where : str, optional
        Rows to use of every table.
    roles : mapping of str to str, optional
        What columns of every table are, as for `bayeslaw.read_runs`.
    workers : int
        Processes; -1 for one a core.
    folder : path, optional
        Where finished cells are kept, and found again by a later run with the same tables and settings.
    report : callable, optional
        Called with how far it has come.

    Returns
    -------
    Backtest
        A cell is a curve: ``task`` is its name, ``models`` counts the points that were hidden, ``budget`` is None,
        ``dataset`` is its task without the number of shots, by which ``summary_by_dataset`` has means.

    Raises
    ------
    RunsError, SelectionError, TargetError, LawError
        If a table or setting cannot be used.
    """
    began = time.perf_counter()
    read = read_curves(tables, hide_last=hide_last, where=where, roles=roles)
    settings = MethodSettings(checked_law(law) if OURS in methods else law, seed, sampler, tuple(leave_out))
    settings.scales()  # refuses unknown collections before anything is fitted
    versions = {True: code_version(*_CODE), False: code_version(*_CODE_OF_BASELINES)}
    jobs = [
        job
        for method in methods
        for domain in read.domains
        for job in _jobs(domain, method, settings, versions[method == OURS])
    ]
    finished = run_jobs(jobs, None if folder is None else Path(folder), workers=workers, report=report)
    told = {
        "kind": "curves",
        "hide_last": hide_last,
        "domains": [
            {"domain": d.name, "source": d.runs.source, "curves": len(d.curves), "runs_sha256": d.runs.content_hash}
            for d in read.domains
        ],
        "methods": list(methods),
        "where": where,
        "roles": dict(roles or {}),
        **settings.as_dict(OURS),
        "versions": versions[True],
    }
    return Backtest(
        "curves",
        finished.cells,
        summarise(finished.cells),
        told,
        time.perf_counter() - began,
        finished.reused,
        read.notes,
        summary_by_dataset=summarise(finished.cells, ("method", "domain", "dataset")),
    )


def _jobs(domain: Domain, method: str, settings: MethodSettings, versions: Record) -> list[Job]:
    """One job a curve; one for the whole domain if it is fitted jointly."""
    heads = tuple(_head(domain, curve, method) for curve in domain.curves)
    shared: Record = {"kind": "curves", **settings.as_dict(method), "versions": versions}
    outcomes = [_content(curve) for curve in domain.curves]
    if method == OURS:
        content = {**shared, "heads": list(heads), "runs": domain.runs.content_hash, "curves": outcomes}
        work = functools.partial(_answer_jointly, domain, settings)
        return [Job(f"{domain.name}-{method}", content, heads, work, 20.0 * len(heads), _LACKING)]
    return [
        Job(
            f"{domain.name}-{curve.trial.name}-{method}",
            {**shared, "heads": [head], "curves": [outcome]},
            (head,),
            functools.partial(_answer, curve, method, settings),
            BASELINES[method].weight,
            _LACKING,
        )
        for curve, head, outcome in zip(domain.curves, heads, outcomes, strict=True)
    ]


def _head(domain: Domain, curve: Curve, method: str) -> Record:
    return {
        "task": curve.trial.name,
        "budget": None,
        "method": method,
        "models": len(curve.measured),
        "target": {"data": float(curve.trial.ahead.max())},
        "domain": domain.name,
        "dataset": curve.dataset,
        "seen": len(curve.trial.x),
    }


def _content(curve: Curve) -> list[list[float]]:
    """Every number of a curve."""
    trial = curve.trial
    return [part.tolist() for part in (trial.x, trial.y, trial.ahead, curve.measured)]


def _answer(curve: Curve, method: str, settings: MethodSettings) -> list[Record]:
    return [_scored(curve, BASELINES[method].answer(curve.trial, settings))]


def _answer_jointly(domain: Domain, settings: MethodSettings) -> list[Record]:
    answers = answer_jointly(domain, settings)
    return [_scored(curve, answer) for curve, answer in zip(domain.curves, answers, strict=True)]


def _scored(curve: Curve, answer: Answer) -> Record:
    return {
        "scores": distribution_scores(answer, curve.measured),
        "note": "",
        "status": answer.status,
        "checks": list(answer.checks),
        **answer.details,
        "coverage_levels": coverage_at_levels(answer, curve.measured),
        "predictions": _predictions(curve, answer),
    }


def _predictions(curve: Curve, answer: Answer) -> Record:
    """What was said of each point, and what came out; six digits, for there are many points."""
    columns = {"data": curve.trial.ahead, "measured": curve.measured, "predicted": answer.predicted}
    if answer.draws is not None:
        columns["p05"], columns["p95"] = np.quantile(answer.draws, (0.05, 0.95), axis=0)
    return {
        name: [float(f"{v:.6g}") for v in values] if name != "data" else values.tolist()
        for name, values in columns.items()
        if values is not None
    }
