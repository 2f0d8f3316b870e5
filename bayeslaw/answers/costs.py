"""What runs cost: in FLOP, in data, or by a column or an expression of the user's."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.answers.proposals import Proposals, at_their_longest
from bayeslaw.errors import TargetError
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.runs.arithmetic import computed

FLOP = "6 * params * data"
"""Training FLOP of a run (Kaplan et al. 2020); nothing is evaluated that is not trained."""


@dataclass(frozen=True, eq=False)
class Costs:
    """Costs of runs that could be made.

    Attributes
    ----------
    values : ndarray, shape (R,)
    unit : str
        What they are counted in.
    sentence : str
        How they were computed.
    """

    values: np.ndarray
    unit: str
    sentence: str


def cost_expression(table: pd.DataFrame, axis: str, cost: str | None) -> tuple[str, str]:
    """How the cost of runs is computed, and its unit: as asked, else training FLOP where parameters are known."""
    if cost is not None:
        return cost, cost
    known = {"params", "data"} <= set(table) and bool(table["params"].notna().all())
    return (FLOP, "FLOP") if known else (axis, axis)


def costs_of(posterior: Posterior, proposals: Proposals, cost: str | None, *, continued: bool = False) -> Costs:
    """Cost of each of the runs that could be made.

    Parameters
    ----------
    posterior : Posterior
    proposals : Proposals
        With the columns that their cost depends on.
    cost : str, optional
        A column, or an expression of columns; ``6 * params * data`` where the numbers of parameters are known, else
        the size of the data.
    continued : bool
        Whether runs go on from the last checkpoint of their model, and so cost the difference.

    Raises
    ------
    TargetError
        If the cost of some run is not a positive number.
    SelectionError
        If ``cost`` is not understood.
    """
    table, axis = proposals.table, posterior.law.axis
    expression, unit = cost_expression(table, axis, cost)
    spelling = dict(posterior.runs.spelling)
    values = computed(table, expression, spelling, "--cost")
    told = "Costs are training FLOP, 6 N D" if unit == "FLOP" else f"Costs are {expression}"
    if continued:
        before = computed(at_their_longest(posterior, proposals), expression, spelling, "--cost")
        values = values - np.where(proposals.curve >= 0, before, 0.0)
        told += ", less those of the longest run of the same model, from which it goes on"
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        run = table.iloc[bad[0]]
        raise TargetError(
            f"--cost {expression!r}: the run of {run['model']!r} at {axis}={run[axis]:g} would cost "
            f"{values[bad[0]]:g}, expected a positive number. Give a column or an expression that is positive for "
            "every run, such as 'params * data'."
        )
    return Costs(values, unit, f"{told}.")
