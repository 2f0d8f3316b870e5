"""What runs cost: in FLOP, in parameters times examples, in data, or by a column or an expression of the user's."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.answers.growth import growths
from bayeslaw.answers.proposals import Proposals, at_their_longest
from bayeslaw.errors import TargetError
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import listed
from bayeslaw.runs import Runs, counts_tokens
from bayeslaw.runs.arithmetic import columns_of, computed
from bayeslaw.runs.units import FLOP_PER_TOKEN

FLOP = f"{FLOP_PER_TOKEN:g} * params * data"
"""Training FLOP of a run whose data are tokens; nothing is evaluated that is not trained."""

EXAMPLES = "params * data"
"""What stands for it where data are examples, whose numbers of tokens are not known."""


NAMED = 3
"""Runs of one sort that an error names."""


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


def cost_expression(runs: Runs, table: pd.DataFrame, axis: str, cost: str | None) -> tuple[str, str]:
    """How the cost of runs that could be made is computed, and its unit.

    Parameters
    ----------
    runs : Runs
        Those that were made, which tell whether data are tokens.
    table : DataFrame
        Those that could be made.
    axis : str
    cost : str, optional
        As asked; else training FLOP where parameters are known and data are tokens, parameters times examples where
        data are examples, and the axis where parameters are not known.
    """
    if cost is not None:
        return cost, cost
    if not {"params", "data"} <= set(table) or not bool(table["params"].notna().all()):
        return axis, axis
    return (FLOP, "FLOP") if counts_tokens(runs) else (EXAMPLES, "parameters times examples")


def costs_of(posterior: Posterior, proposals: Proposals, cost: str | None, *, continued: bool = False) -> Costs:
    """Cost of each of the runs that could be made.

    Parameters
    ----------
    posterior : Posterior
    proposals : Proposals
        With the columns that their cost depends on.
    cost : str, optional
        A column, or an expression of columns; see `cost_expression` for what it is unless given.
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
    expression, unit = cost_expression(posterior.runs, table, axis, cost)
    spelling = dict(posterior.runs.spelling)
    values = computed(table, expression, spelling, "--cost")
    told = _told(expression, unit) + _where_not_run(expression, posterior)
    if continued:
        before = computed(at_their_longest(posterior, proposals), expression, spelling, "--cost")
        values = values - np.where(proposals.curve >= 0, before, 0.0)
        told += ", less those of the longest run of the same model, from which it goes on"
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        used = columns_of(table, expression, spelling)
        raise _bad_costs(expression, axis, table.iloc[bad], values[bad], used)
    return Costs(values, unit, f"{told}.")


def _bad_costs(expression: str, axis: str, runs: pd.DataFrame, values: np.ndarray, used: list[str]) -> TargetError:
    """The error about runs, columns ``used`` of which tell no positive cost: what is not known, and what is too low."""
    unknown, low = [], []
    for (_, run), value in zip(runs.iterrows(), values, strict=True):
        where = f"the run of {run['model']!r} at {axis}={run[axis]:g}"
        lacking = [name for name in used if not np.isfinite(run[name])]
        if lacking:
            unknown.append(f"of {where}, {listed(lacking)} is not known")
        else:
            low.append(f"{where} would cost {value:g}, expected a positive number")
    told = "; ".join([*unknown[:NAMED], *low[:NAMED]])
    left = len(runs) - len(unknown[:NAMED]) - len(low[:NAMED])
    more = f" (and so for {left} more)" if left else ""
    remedies = []
    if unknown:
        remedies.append(
            "What the runs of the table do not tell of their models, and all that concerns new ones, comes from the "
            "list of candidates (--candidates): fill the column there, or give an expression of what is known of every "
            "run, such as 'params * data'."
        )
    if low:
        remedies.append("Give a column or an expression that is positive for every run, such as 'params * data'.")
    return TargetError(f"--cost {expression!r}: {told}{more}. {' '.join(remedies)}")


def _told(expression: str, unit: str) -> str:
    """How costs are computed, in words."""
    if unit == "FLOP":
        return f"Costs are training FLOP, {FLOP_PER_TOKEN:g} N D"
    return f"The cost of a run is {expression}" if unit == expression else f"Costs are {unit}, {expression}"


def _where_not_run(expression: str, posterior: Posterior) -> str:
    """How what costs depend on goes on at sizes that were not run, if it differs between the runs of a model.

    Covariates of the law do not go on: every run that could be made has its own.
    """
    own = set(columns_of(posterior.runs.table, expression, dict(posterior.runs.spelling)))
    own -= {c.name for c in posterior.law.covariates}
    axis = posterior.law.axis
    return "".join(
        f"; at sizes that were not run, {name} of a model goes on {growth.told(axis)}"
        for name, growth in growths(posterior).items()
        if name in own
    )


def spent_on(runs: Runs, axis: str, cost: str | None, *, continued: bool = False) -> float:
    """What the runs of a table cost together.

    Parameters
    ----------
    runs : Runs
    axis : str
        Of the law.
    cost : str, optional
        As for `costs_of`.
    continued : bool
        Whether runs of a model go on from one another, so that only the dearest of each counts.

    Raises
    ------
    TargetError
        If the cost of some run is not a positive number.
    SelectionError
        If ``cost`` is not understood.
    """
    table = runs.table
    expression, _ = cost_expression(runs, table, axis, cost)
    values = computed(table, expression, dict(runs.spelling), "--cost")
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        run = table.iloc[bad[0]]
        raise TargetError(
            f"--cost {expression!r}: the run of {run['model']!r} in row {run['row']} costs {values[bad[0]]:g}, "
            "expected a positive number. Fill the columns it is computed from for every run."
        )
    if not continued:
        return float(values.sum())
    own = [name for name in ("task", "model", "seed") if name in table]
    return float(pd.Series(values).groupby([table[name] for name in own], dropna=False).max().sum())
