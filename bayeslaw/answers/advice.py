"""Whether a table of runs can carry a scaling law to a target: the verdicts that a fit would give, before there is one.

Beside the verdicts, suggestions of Choshen et al. 2024 (arXiv 2410.11840), who fitted more than a thousand laws to 485
models and found what makes predictions good: several sizes of model, and checkpoints rather than final losses only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import TargetError
from bayeslaw.kinds.reach import budget_check, target_check
from bayeslaw.kinds.registry import kind_of, read_for
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.kinds.shared.points import curves_on, require_covariates
from bayeslaw.kinds.table_checks import table_checks
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.laws.suited import suited_law
from bayeslaw.results import Result, checks_sentence, verdict
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.runs.table import families_of
from bayeslaw.verdicts import Check

SIZES_MIN = 5
"""Model sizes of a family that are a fair minimum (their section on the number of models)."""

CHECKPOINTS_MIN = 4
"""Points of a run from which on its trajectory counts as known."""


@dataclass(frozen=True, eq=False, repr=False)
class Advice(Result):
    """Verdicts on a table before anything is fitted.

    Attributes
    ----------
    checks : tuple of Check
        With the number found, the threshold and a remedy: those that a fit of the law gives this table and target, but
        for those of the sampler.
    source : str
        Where the table is from.
    runs : int
        Rows of the table that the law uses.
    law : str
        The law that the table was judged for.
    suggestions : tuple of str
        What would make predictions better; no verdict rests on them.
    """

    checks: tuple[Check, ...]
    source: str
    runs: int
    law: str = ""
    suggestions: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """How many checks passed, and which did not."""
        return f"{self.source}, {self.runs} runs: {checks_sentence(self.checks)}"

    def to_frame(self) -> pd.DataFrame:
        """One row a check."""
        return pd.DataFrame([check.as_dict() for check in self.checks])

    def to_dict(self) -> dict[str, Any]:
        """The verdicts as plain values."""
        return {
            "source": self.source,
            "runs": self.runs,
            "law": self.law,
            "suggestions": list(self.suggestions),
            **verdict(self.checks),
        }


def advise(
    runs: Runs, at: Mapping[str, float] | None = None, *, law: str | Law | None = None, task: str | None = None
) -> Advice:
    """Judge a table before a law is fitted to it.

    Parameters
    ----------
    runs : Runs
    at : mapping, optional
        The point to be predicted, such as ``{"data": 1638400}`` or ``{"params": 7e10, "data": 1.4e12}``; or a budget,
        ``{"compute": 1e24}``. Covariates that it leaves out are not judged.
    law : str or Law, optional
        The law to be fitted. If it is not named, ``chinchilla`` for a target that gives ``params`` or ``compute``, or
        for a table with ``params`` if there is no target; else ``rectified``. For a table of scores, the law that
        suits it.
    task : str, optional
        Task of the target, if the table has several; all of them if it is not named.

    Returns
    -------
    Advice

    Raises
    ------
    LawError
        If the law is unknown or needs columns that the table lacks.
    RunsError
        If one model and size has losses of two kinds.
    TargetError
        If the target is none of the law's.
    TaskError
        If there is no such task.
    """
    runs, law = read_for(runs, law or _asked_for(runs, at), EARLY_TOKENS)
    layout = kind_of(law).layout(runs, law, None)
    checks = table_checks(runs, law, layout)
    if task is not None:
        curves_on(layout, task)
    if at and set(at) == {"compute"} and {"params", "data"} <= {c.name for c in law.covariates}:
        if not 0 < at["compute"] < np.inf:
            raise TargetError(f"compute={at['compute']:g} cannot be a budget; it must be a positive number.")
        checks.append(budget_check(layout, at["compute"]))
    elif at:
        require_covariates(law, at)
        checks.append(target_check(layout, law, at, task))
    return Advice(tuple(checks), runs.source, len(runs.table), law.name, _suggestions(runs.table, law))


def _asked_for(runs: Runs, at: Mapping[str, float] | None) -> Law:
    """The law of a table and a target, if none is named."""
    suited = get_law(suited_law(runs)[0])
    if suited.outcome != LOSS.name:
        return suited
    joint = bool({"params", "compute"} & set(at)) if at else "params" in runs.table
    return get_law("chinchilla" if joint else "rectified")


def _suggestions(table: pd.DataFrame, law: Law) -> tuple[str, ...]:
    """What a table for a joint law might have more of."""
    if "params" not in [c.name for c in law.covariates]:
        return ()
    said = []
    families = table.groupby([table["task"], families_of(table)], sort=False)["params"].nunique()
    if families.min() < SIZES_MIN:
        name = " / ".join(dict.fromkeys(families.index[int(families.argmin())]))
        said.append(
            f"Models of {name} have {families.min()} sizes, and five are a fair minimum: small models help, too, and "
            "one odd model then weighs less."
        )
    points = table.groupby(["task", "family", "model", "params"])[law.axis].nunique()
    if law.axis != "params" and (points >= CHECKPOINTS_MIN).mean() < 0.5:
        said.append("Most models have few losses: those of intermediate checkpoints make predictions better.")
    return tuple(said)
