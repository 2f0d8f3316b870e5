"""What a comparison of laws fits and holds out, and what is refused before anything is sampled."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import LawError, RunsError
from bayeslaw.evidence.comparison.holdouts import Holdout, rolling_holdouts
from bayeslaw.kinds.base import Kind
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import laws_fed_by
from bayeslaw.kinds.shared.outcome import outcome_of_law
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs
from bayeslaw.runs.table import families_of, whole_tasks


@dataclass(frozen=True, eq=False)
class Plan:
    """Laws to compare on one table.

    Attributes
    ----------
    laws : mapping of str to Law
        By their names.
    runs : Runs
        The table that all of them are fitted to, without early tokens where a joint law leaves them out.
    along : str
        Column along which the largest runs are held out.
    holdouts : tuple of Holdout
        One a fold.
    usable : tuple of Holdout
        The same without hidden runs that one of the laws cannot predict.
    """

    laws: Mapping[str, Law]
    runs: Runs
    along: str
    holdouts: tuple[Holdout, ...]
    usable: tuple[Holdout, ...]


def planned(runs: Runs, laws: Sequence[str | Law], *, along: str, folds: int, early_tokens: float) -> Plan:
    """Plan a comparison; see `bayeslaw.evidence.comparison.asked.compare`.

    Raises
    ------
    LawError, RunsError
        As `compare`.
    """
    named = _named(laws, runs)
    kinds = {kind_of(law) for law in named.values()}
    _require_one_outcome(named)
    for law in named.values():  # all laws are fitted to the same runs
        runs = kind_of(law).prepare(runs, law, early_tokens)
    for law in named.values():
        kind_of(law).layout(runs, law, None)
    covariates = sorted({c.name for law in named.values() for c in law.covariates})
    _require_scale(runs, along, covariates)
    holdouts = rolling_holdouts(runs, along, folds)
    return Plan(named, runs, along, holdouts, tuple(usable(one, runs, covariates, along, kinds) for one in holdouts))


def _require_one_outcome(laws: Mapping[str, Law]) -> None:
    """Refuse laws of several outcomes, or of one on several scales, whose densities cannot be compared."""
    outcomes = {name: outcome_of_law(kind_of(law).outcome, law) for name, law in laws.items()}
    first = next(iter(outcomes.values()))
    others = [name for name, outcome in outcomes.items() if outcome != first]
    if others:
        raise LawError(
            f"The {others[0]} law is of {outcomes[others[0]].linked_unit}, the {next(iter(outcomes))} law of "
            f"{first.linked_unit}: compare laws of one outcome with one link."
        )


def _named(laws: Sequence[str | Law], runs: Runs) -> dict[str, Law]:
    """The laws to compare by their names."""
    given: Sequence[str | Law] = (laws,) if isinstance(laws, (str, Law)) else tuple(laws)
    found = [law if isinstance(law, Law) else get_law(law) for law in given]
    named = {law.name: law for law in found}
    if len(named) < 2 or len(named) < len(found):
        raise LawError(
            f"Comparing takes two or more different laws, found {', '.join(law.name for law in found) or 'none'}. Laws "
            f"that {runs.source} can feed: {', '.join(laws_fed_by(runs))}."
        )
    return named


def _require_scale(runs: Runs, along: str, covariates: Sequence[str]) -> None:
    """Check that runs can be held out along a column."""
    scales = [name for name in dict.fromkeys(["data", "params", "compute", *covariates]) if name in runs.table]
    if along not in scales:
        raise RunsError(f"{runs.source}: found along={along!r}, expected one of {', '.join(scales)}.")
    values = runs.table[along].to_numpy(float)
    if not (np.isfinite(values) & (values > 0)).all():
        raise RunsError(
            f"{runs.source}: to hold out along {along!r} every run needs a positive number there; fill the gaps, or "
            "hold out along another column."
        )


def _known_by(rows: pd.DataFrame, seen: pd.DataFrame, label: str) -> Iterator[tuple[str, ...]]:
    """For each row, the label that must be among the fitted runs for a prediction: its model, or its family."""
    families = families_of(rows, whole_tasks(seen)) if label == "family" else rows["family"]
    return zip(rows["task"], families, *([] if label == "family" else [rows["model"]]), strict=True)


def usable(holdout: Holdout, runs: Runs, covariates: Sequence[str], along: str, kinds: Set[Kind[Any]]) -> Holdout:
    """The part of a holdout that all laws can predict: hidden runs of fitted models, or families for joint laws."""
    seen = holdout.seen.table
    columns = dict.fromkeys(["row", "task", "family", "model", "data", *covariates])
    columns |= dict.fromkeys(kind.outcome.name for kind in kinds)
    columns |= dict.fromkeys(["loss_se"] if "loss_se" in seen else [])
    known_of = np.ones(len(holdout.hidden), bool)
    labels = {kind.knows for kind in kinds}
    for label in labels:
        known = set(_known_by(seen, seen, label))
        known_of &= [place in known for place in _known_by(holdout.hidden, seen, label)]
    hidden = holdout.hidden.loc[known_of, [name for name in columns if name in holdout.hidden]]
    if hidden.empty:
        of, remedy = ("models", ", or compare joint laws only") if "model" in labels else ("families", "")
        raise LawError(
            f"{runs.source}: held out along {along!r}, all runs are of {of} that are not among the rest, of which "
            f"nothing can be predicted. Hold out along another column{remedy}."
        )
    if len(kinds) == 1:
        (kind,) = kinds
        hidden = kind.condense(hidden, runs.table, covariates)
    return Holdout(holdout.seen, hidden)
