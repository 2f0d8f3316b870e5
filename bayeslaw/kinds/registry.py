"""From a law to the kind of model that fits it, and from a table to a model."""

import importlib
import os
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bayeslaw import kinds
from bayeslaw.errors import LawError, PriorError
from bayeslaw.kinds.base import Kind, Model
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.kinds.shared.stated import Statement, state_priors
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law, Level
from bayeslaw.laws.files import require_working
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.repeats import require_one_kind


def kind_of(law: Law) -> Kind[Any]:
    """The kind of model that fits a law: the one that it carries, or the one of the package that it names.

    Raises
    ------
    LawError
        If it names one that is not in the package.
    """
    if not isinstance(law.kind, str):
        kind: Kind[Any] = law.kind
        return kind
    names = [m.name for m in pkgutil.iter_modules(kinds.__path__) if m.ispkg and m.name != "shared"]
    if law.kind not in names:
        raise LawError(f"The {law.name} law has kind={law.kind!r}, expected one of {', '.join(names)}, or a Kind.")
    kind = importlib.import_module(f"bayeslaw.kinds.{law.kind}").KIND
    return kind


def read_for(
    runs: Runs | pd.DataFrame | str | os.PathLike[str], law: str | Law, early_tokens: float
) -> tuple[Runs, Law]:
    """Find a law by its name and read a table for it, without the runs that its kind of model leaves out.

    Raises
    ------
    LawError
        If the law is unknown, or cannot be evaluated.
    RunsError
        If the table cannot be read, one model and size has losses of two kinds, or ``early_tokens`` is no number of
        tokens.
    """
    if isinstance(law, Law):
        require_working(law, "law=…", "bl.check_law(law)")
    else:
        law = get_law(law)
    runs = runs if isinstance(runs, Runs) else read_runs(runs)
    kind = kind_of(law)
    runs = kind.prepare(runs, law, early_tokens)
    if is_log_loss(kind, law) and law.axis in runs.table and (runs.table[LOSS.name] > 0).all():
        require_one_kind(runs.table, runs.source, law.axis, fixed_columns(law, runs.table.columns))
    return runs, law


def is_log_loss(kind: Kind[Any], law: Law) -> bool:
    """Whether a law is of the logarithm of losses, of which checks of tables know what is usual."""
    return kind.outcome.name == LOSS.name and not law.link


def fixed_columns(law: Law, columns: Iterable[str]) -> list[str]:
    """Columns that are one value along a curve: covariates of the law but for its axis, and the size of the model."""
    here = set(columns)
    names = [c.name for c in law.covariates if c.name != law.axis]
    return [name for name in dict.fromkeys([*names, "params"]) if name in here]


def build_model(
    runs: Runs,
    law: Law,
    *,
    pooling: Mapping[str, Level] | None = None,
    scales: Any = None,
    priors: Mapping[str, Statement] | None = None,
    borrowed: Borrowed | None = None,
) -> Model:
    """Build the model of a law on a table of runs, with pooling, stated priors, and a prior to borrow from.

    Raises
    ------
    LawError
        If the table lacks what the law needs, ``pooling`` names what the law does not have, ``scales`` are those of
        another kind of model, or either is given beside a prior.
    PriorError
        If stated priors cannot be used, or are given beside a prior.
    """
    kind = kind_of(law)
    if borrowed is not None and scales is not None:
        raise LawError("A fit with a prior has the scales that the prior knows. Leave out scales, or the prior.")
    if borrowed is not None and priors:
        raise PriorError("A fit with a prior believes what the prior says. Leave out stated priors, or the prior.")
    default = kind.scale_priors(law)
    scales = scales or (default if borrowed is None else borrowed.scales)
    if type(scales) is not type(default):
        wanted, found = type(default).__name__, type(scales).__name__
        raise LawError(f"The {law.name} law takes scales of the type {wanted}, not {found}.")
    layout = kind.layout(runs, law, borrowed)
    if priors:
        law, scales = state_priors(law, layout, scales, priors)
    return kind.model(law, layout, kind.pool(law, layout, pooling), scales)
