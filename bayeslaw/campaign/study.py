"""What is done in a campaign: it is begun, runs are added, and steps record what was believed and advised."""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bayeslaw.answers.costs import spent_on
from bayeslaw.answers.next_runs import NextRuns, next_runs
from bayeslaw.answers.questions import Question, require_question
from bayeslaw.answers.selection import select
from bayeslaw.answers.stopping import Stop
from bayeslaw.campaign.journal import FORMAT, Journal, Record, append, read_journal, require_room, writing
from bayeslaw.campaign.originals import copy_originals, require_apart
from bayeslaw.campaign.table import added_to, read_table, write_rows
from bayeslaw.errors import SamplingError
from bayeslaw.fitting.facade import Fit
from bayeslaw.fitting.fit import load
from bayeslaw.fitting.kept import CODE, FitSettings, fit_job
from bayeslaw.fitting.tables import ReadTable
from bayeslaw.jobs.run import run_jobs
from bayeslaw.jobs.store import code_version
from bayeslaw.kinds.registry import kind_of, read_for
from bayeslaw.kinds.shared.layout import require_columns
from bayeslaw.laws import law_as_written
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.progress import Progress
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.sampling.nuts import SamplerSettings

ADVISED = 5
"""Runs that a step keeps of those it advises, the best."""


@dataclass(frozen=True)
class Terms:
    """What runs cost and what knowing is worth.

    Attributes
    ----------
    cost : str or None
        A column or an expression, as for ``bayeslaw next``.
    continued : bool
        Whether runs go on from checkpoints, and cost the difference.
    price, tolerance : float or None
        When to stop, as for ``bayeslaw next``.
    budget : float or None
        Cost that all runs after the first ones may have together.
    """

    cost: str | None = None
    continued: bool = False
    price: float | None = None
    tolerance: float | None = None
    budget: float | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """An answer, the fit behind it, what the journal says of it, and whether that is new."""

    found: NextRuns
    fit: Fit
    record: Record
    is_new: bool


def begin(
    folder: Path,
    runs: Runs,
    originals: Sequence[Path],
    *,
    law: Law,
    question: Question,
    terms: Terms,
    seed: int,
) -> Journal:
    """Begin a campaign in a folder of its own.

    Parameters
    ----------
    folder : Path
    runs : Runs
    originals : sequence of Path
        What they were read from; copied.
    law : Law
        By name one of the package, or of an installed package.
    question : Question
    terms : Terms
    seed : int

    Raises
    ------
    CampaignError
        If the folder is one of a campaign, holds other files, or lies in a folder of runs.
    RunsError, LawError, TargetError, SelectionError
        If the question cannot be asked of the runs.
    """
    require_usable(runs, law, question, terms)
    require_apart(folder, originals)
    require_room(folder)
    with writing(folder):
        require_room(folder)
        begun = {
            "kind": "begun", "format": FORMAT, "question": asdict(question), "terms": asdict(terms), "law": law.name,
            "seed": seed, "versions": _versions(),
        }  # fmt: skip
        return append(Journal(folder, ()), begun, _added(folder, 1, runs, runs, originals, ()))


def add(folder: Path, new: Runs, originals: Sequence[Path]) -> Record:
    """Add measured runs to a campaign; its record says what came in, and what there is to say of it.

    Raises
    ------
    CampaignError
        If there is no campaign, or another process is writing to it.
    RunsError, LawError, TargetError
        If the runs do not go with those that are there, or none is new.
    """
    read_journal(folder)
    require_apart(folder, originals)
    with writing(folder):
        journal = read_journal(folder)
        before = read_table(journal)
        addition = added_to(before, new)
        number = len(journal.of_kind("added")) + 1
        record = _added(folder, number, replace(new, table=addition.table), new, originals, addition.said)
        added = Journal(folder, (*journal.records, record))
        require_usable(read_table(added), *asked_in(journal))
        return append(journal, record).records[-1]


def step(folder: Path, *, sampler: SamplerSettings | None = None, progress: Progress | None = None) -> Step:
    """Fit the runs of a campaign, unless that was done, say which to make next, and record what is believed.

    A step is recorded once for the same runs and versions.

    Raises
    ------
    CampaignError
        If there is no campaign, or another process is writing to it.
    SamplingError
        If the runs cannot be fitted.
    """
    read_journal(folder)
    with writing(folder):
        journal = read_journal(folder)
        runs = read_table(journal)
        law, question, terms = asked_in(journal)
        seed = int(journal.records[0]["seed"])
        fitted, file = _fit(folder, runs, law, FitSettings(sampler=sampler, seed=seed), progress)
        spent, left = _money(journal, runs, law, terms)
        found = _answer(fitted.posterior, question, terms, left, seed)
        record = {
            "kind": "step", "rows": len(runs.table), "runs_sha256": runs.content_hash, "spent": spent, "left": left,
            **_believed(found, fitted.posterior, question, seed), "fit": file, "versions": _versions(),
        }  # fmt: skip
        same = ("runs_sha256", "fit", "versions")
        last = (journal.of_kind("step") or [{}])[-1]
        if all(last.get(name) == record[name] for name in same):
            return Step(found, fitted, last, False)
        return Step(found, fitted, append(journal, record).records[-1], True)


def asked_in(journal: Journal) -> tuple[Law, Question, Terms]:
    """Law, question and terms of a campaign."""
    begun = journal.records[0]
    question = dict(begun["question"])
    if question["crossing"] is not None:
        question["crossing"] = tuple(question["crossing"])
    return law_as_written(begun["law"]), Question(**question), Terms(**begun["terms"])


def require_usable(runs: Runs, law: Law, question: Question, terms: Terms) -> None:
    """Refuse runs of which a question cannot be asked, before anything is written or sampled.

    Raises
    ------
    RunsError, LawError, TargetError, SelectionError
    """
    require_columns(runs, law)
    prepared, _ = read_for(runs, law, EARLY_TOKENS)
    require_question(prepared, kind_of(law).layout(prepared, law, None), law, question)
    spent_on(runs, law.axis, terms.cost, continued=terms.continued)


def _added(
    folder: Path, number: int, rows: Runs, read: Runs, originals: Sequence[Path], said: Sequence[str]
) -> dict[str, Any]:
    """Keep the originals and rows of an addition; what the journal is to say of them."""
    large = copy_originals(originals, folder / "original" / f"{number:04d}")
    told = [f"Not copied, for they are large: {', '.join(large)}."] if large else []
    return {
        "kind": "added", "number": number, "source": read.source, **write_rows(folder, number, rows.table),
        "notes": list(read.notes), "spelling": [list(pair) for pair in read.spelling],
        "scales": [list(pair) for pair in read.scales], "loss_given": read.loss_given,
        "left_out": [{"row": out.row, "reason": out.reason} for out in read.left_out], "said": [*said, *told],
    }  # fmt: skip


def _fit(folder: Path, runs: Runs, law: Law, settings: FitSettings, progress: Progress | None) -> tuple[Fit, str]:
    """The fit of the runs, made or found in the folder, and its file."""
    table = ReadTable("campaign", f"{len(runs.table)}-runs-{runs.content_hash[:8]}", runs, law)
    job = fit_job(table, settings, code_version(*CODE), folder / "fits", progress)
    (cell,) = run_jobs([job], folder / "fits").cells
    if "sha256" not in cell:
        raise SamplingError(f"{folder}: the runs cannot be fitted. {cell['note']}")
    return load(folder / "fits" / cell["file"]), f"fits/{cell['file']}"


def _money(journal: Journal, runs: Runs, law: Law, terms: Terms) -> tuple[float, float | None]:
    """What all runs cost, and what is left of the budget for more."""
    spent = spent_on(runs, law.axis, terms.cost, continued=terms.continued)
    if terms.budget is None:
        return spent, None
    first = runs.where_rows(runs.table["row"].to_numpy() <= journal.of_kind("added")[0]["rows"], "added later")
    return spent, terms.budget - spent + spent_on(first, law.axis, terms.cost, continued=terms.continued)


def _answer(posterior: Posterior, question: Question, terms: Terms, left: float | None, seed: int) -> NextRuns:
    """What to run next, within what is left of the budget."""
    options: dict[str, Any] = {
        "cost": terms.cost, "continued": terms.continued, "price": terms.price, "tolerance": terms.tolerance,
        "seed": seed,
    }  # fmt: skip
    found = next_runs(posterior, question, **options)
    if left is None:
        return found
    cheapest = min(run.cost for run in found.runs)
    if cheapest <= left:
        return next_runs(posterior, question, budget=left, **options)
    unit = found.cost_unit
    told = f"Stop: {max(left, 0.0):.4g} {unit} is left of the budget, and the cheapest run costs {cheapest:.4g}."
    return replace(found, runs=(), stop=Stop("stop", left, cheapest, told))


def _believed(found: NextRuns, posterior: Posterior, question: Question, seed: int) -> dict[str, Any]:
    """What a step keeps of an answer, with the odds of each candidate where one is to be chosen."""
    odds = []
    if found.goal == "choose":
        chosen = select(
            posterior, question.at, task=question.task, charge=question.charge, where_final=question.where_final,
            seed=seed,
        )  # fmt: skip
        quantiles = ("loss_median", "loss_p05", "loss_p95")
        likeliest = sorted(chosen.candidates, key=lambda one: -one.p_best)
        odds = [
            {"model": one.model, "p_best": one.p_best, **{name: getattr(one, name) for name in quantiles}}
            for one in likeliest
        ]
    return {
        "goal": found.goal, "task": found.task, "unit": found.unit, "cost_unit": found.cost_unit, **asdict(found.now),
        "odds": odds, "next": [asdict(run) for run in found.runs[:ADVISED]], "stop": asdict(found.stop),
        "sentence": found.sentence, "status": found.status,
        "checks": [check.as_dict() for check in found.checks if check.status != "PASS"],
    }  # fmt: skip


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("bayeslaw", "jax", "numpyro", "numpy")}
