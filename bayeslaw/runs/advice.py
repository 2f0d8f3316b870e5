"""Whether a table of runs can carry a scaling law to a target: what others have measured, applied to this table.

Choshen et al. 2024 (arXiv 2410.11840) fitted more than a thousand laws to 485 models and found what makes predictions
good: several sizes (five are a fair minimum), checkpoints rather than final losses only, and no loss from the first ten
billion tokens. How far is too far is from there, too. That parameters and tokens must not grow in step is algebra.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import TargetError
from bayeslaw.numerics import collinearity
from bayeslaw.results import Result, checks_sentence, verdict
from bayeslaw.runs import Runs
from bayeslaw.runs.columns import MEASURES
from bayeslaw.runs.early import EARLY_TOKENS, early_rows
from bayeslaw.runs.table import families_of
from bayeslaw.verdicts import COLLINEAR_MAX, Check, at_least, at_most

SIZES_MIN = 5
"""Model sizes of a family that are a fair minimum (their section on the number of models)."""

CHECKPOINTS_MIN = 4
"""Points of a run from which on its trajectory counts as known."""

SCALE_UP_MAX = 34
"""Times the largest model, up to which predictions were still reliable in the family in which this was tried."""


@dataclass(frozen=True, eq=False, repr=False)
class Advice(Result):
    """Verdicts on a table before anything is fitted.

    Attributes
    ----------
    checks : tuple of Check
        With the number found, the threshold and a remedy; those that do not apply to the table are left out.
    source : str
        Where the table is from.
    runs : int
        Rows of the table.
    """

    checks: tuple[Check, ...]
    source: str
    runs: int

    @property
    def sentence(self) -> str:
        """How many checks passed, and which did not."""
        return f"{self.source}, {self.runs} runs: {checks_sentence(self.checks)}"

    def to_frame(self) -> pd.DataFrame:
        """One row a check."""
        return pd.DataFrame([check.as_dict() for check in self.checks])

    def to_dict(self) -> dict[str, Any]:
        """The verdicts as plain values."""
        return {"source": self.source, "runs": self.runs, **verdict(self.checks)}


def advise(runs: Runs, at: Mapping[str, float] | None = None) -> Advice:
    """Judge a table before a law is fitted to it.

    Parameters
    ----------
    runs : Runs
    at : mapping, optional
        The point to be predicted, such as ``{"params": 7e10, "data": 1.4e12}``.

    Returns
    -------
    Advice

    Raises
    ------
    TargetError
        If the target names a column that the table does not have, or is not a positive number.
    """
    table = runs.table
    checks = [_trajectories(table)]
    if "params" in table:
        checks += [_sizes(table), _collinearity(table)]
    if "tokens" in table:
        checks.append(_early_tokens(table))
    first = ("params", "data", "tokens", "compute")
    others = [str(name) for name in table if name not in ("row", "seed", *MEASURES, *first)]
    sizes = [name for name in (*first, *others) if name in table and _is_size(table[name])]
    for name, value in (at or {}).items():
        if name not in sizes:
            has = ", ".join(sizes)
            raise TargetError(f"{runs.source}: the target is at {name}={value:g}, but the table has {has} only.")
        if not (np.isfinite(value) and value > 0):
            raise TargetError(f"{name}={value:g} cannot be a target; it must be a positive number.")
        checks.append(_distance(table, name, value))
    return Advice(tuple(checks), runs.source, len(table))


def _is_size(column: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return bool(numeric and (column > 0).all())


def _families(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Runs that one law has to describe, by name."""
    families = table.groupby([table["task"], families_of(table)], sort=False)
    return [(" / ".join(map(str, dict.fromkeys(key))), group) for key, group in families]


def _sizes(table: pd.DataFrame) -> Check:
    name, group = min(_families(table), key=lambda item: item[1]["params"].nunique())
    found = group["params"].nunique()
    return at_least(
        "model_sizes", found, SIZES_MIN, 2,
        f"Every family has models of {found} or more sizes (fewest: {name}); five are a fair minimum.",
        "Add small models: more of them help even if none is larger, and one odd model then weighs less.",
    )  # fmt: skip


def _trajectories(table: pd.DataFrame) -> Check:
    points = table.groupby(["task", "family", "model"])["data"].nunique()
    share = float((points >= CHECKPOINTS_MIN).mean())
    return at_least(
        "checkpoints", share, 0.5, 0.0,
        f"{share:.0%} of the models have losses at {CHECKPOINTS_MIN} or more data sizes.",
        "Final losses alone predict worse than trajectories: add the losses of intermediate checkpoints.",
    )  # fmt: skip


def _collinearity(table: pd.DataFrame) -> Check:
    found = {}
    for name, group in _families(table):
        logs = np.log(group[["params", "data"]].to_numpy(float))
        varying = np.ptp(logs, axis=0).min() > 0 and len(logs) > 2
        found[name] = collinearity(logs) if varying else np.inf
    worst = max(found, key=lambda name: found[name])
    correlate = f"The logarithms of parameters and data correlate by {found[worst]:.2f} (most: {worst})."
    same = f"Parameters and data do not both vary over three runs or more (as of {worst}), as if they grew in step."
    return at_most(
        "collinearity", min(found[worst], 1.0), COLLINEAR_MAX, 1.0, correlate if np.isfinite(found[worst]) else same,
        "Where they grow in step the exponents of the two cannot be told apart: train some models on more tokens a "
        "parameter and some on fewer, or borrow one exponent.",
    )  # fmt: skip


def _early_tokens(table: pd.DataFrame) -> Check:
    early, limit = int(early_rows(table).sum()), f"{EARLY_TOKENS:g}".replace("+", "")
    return at_most(
        "early_tokens", early, 0, np.inf,
        f"{early} losses are from the first {limit} tokens of long runs, where loss does not follow a law yet.",
        f'Joint laws leave them out by default; for other laws: --where "tokens >= {limit}".',
    )  # fmt: skip


def _distance(table: pd.DataFrame, name: str, value: float) -> Check:
    times = value / float(table[name].max())
    return at_most(
        f"distance_{name}", times, SCALE_UP_MAX, 30 * SCALE_UP_MAX,
        f"The target has {times:.3g} times the largest {name} of the table.",
        "Beyond what has been found to hold, what the law leaves out decides: make a run in between.",
    )  # fmt: skip
