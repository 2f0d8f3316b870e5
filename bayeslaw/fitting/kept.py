"""A fit as a job: written to a folder, and found there again if nothing that it depends on has changed."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bayeslaw.fitting.fit import fit
from bayeslaw.fitting.tables import ReadTable
from bayeslaw.jobs.run import Job, Record
from bayeslaw.laws.base import Law
from bayeslaw.laws.fingerprint import law_record
from bayeslaw.progress import Progress
from bayeslaw.results import checks_sentence
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings

CODE = (
    "runs", "laws", "kinds", "prior", "sampling", "posterior", "lending", "fitting", "streams.py", "numerics.py",
    "verdicts.py", "results.py",
)  # fmt: skip
"""Parts of the package that a fit depends on."""


@dataclass(frozen=True)
class FitSettings:
    """What fits depend on beside table and law."""

    early_tokens: float = EARLY_TOKENS
    sampler: SamplerSettings | None = None
    seed: int = 0


def fit_job(
    table: ReadTable,
    settings: FitSettings,
    versions: Mapping[str, str],
    folder: Path | None,
    progress: Progress | None = None,
) -> Job:
    """The job that fits a table and writes ``STEM.nc`` into the folder.

    Parameters
    ----------
    table : ReadTable
        With runs and law.
    settings : FitSettings
    versions : mapping
        Of the code; see `bayeslaw.jobs.store.code_version` and `CODE`.
    folder : Path or None
    progress : callable, optional
        Of a fit in this process.
    """
    runs, law = table.runs, table.law
    assert runs is not None
    assert law is not None
    path = None if folder is None else folder / f"{table.stem}.nc"
    head = {
        "table": table.name, "file": None if path is None else path.name, "rows": len(runs.table),
        "models": len(runs.models), "law": law.name,
    }  # fmt: skip
    depends_on = {
        "kind": "fit", **head, **law_record(law), **asdict(settings), "runs": runs.content_hash,
        "versions": dict(versions),
    }  # fmt: skip
    work = functools.partial(_fit, runs, law, settings, path, progress)
    return Job(table.stem, depends_on, (head,), work, len(runs.table), holds=functools.partial(_holds, folder))


def _fit(runs: Runs, law: Law, settings: FitSettings, path: Path | None, progress: Progress | None) -> list[Record]:
    """Fit one table and write its file; a row of it."""
    use_compilation_cache()
    fitted = fit(
        runs, law=law, early_tokens=settings.early_tokens, sampler=settings.sampler, seed=settings.seed,
        progress=progress,
    )  # fmt: skip
    if path is not None:
        fitted.save(path)
    bad = [check.as_dict() for check in fitted.posterior.checks if check.status != "PASS"]
    note = "" if not bad else checks_sentence(fitted.posterior.checks)
    sha256 = None if path is None else _sha256(path)
    return [{"status": fitted.status, "note": note, "checks": bad, "sha256": sha256}]


def _holds(folder: Path | None, cells: Sequence[Record]) -> bool:
    """Whether the files of fits are those that were written."""
    made = [cell for cell in cells if cell.get("sha256") is not None]
    return all(folder is not None and _sha256(folder / cell["file"]) == cell["sha256"] for cell in made)


def _sha256(path: Path) -> str | None:
    """Hash of a file; none of one that cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
