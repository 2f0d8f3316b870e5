"""Every verdict on a table that needs no fit: the one list that advice, fits and predictions from the prior share."""

import numpy as np

from bayeslaw.kinds.curves.discrepancy import DISCREPANCIES
from bayeslaw.kinds.registry import fixed_columns, is_log_loss, kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS, early_rows
from bayeslaw.runs.misaligned import ahead_check, last_size_check, unit_check
from bayeslaw.runs.outliers import outlier_check
from bayeslaw.runs.rises import rise_check
from bayeslaw.runs.schedules import schedule_check
from bayeslaw.runs.staircase import steps_check
from bayeslaw.runs.trajectories import trajectories
from bayeslaw.verdicts import Check, at_most


def table_checks(runs: Runs, law: Law, layout: Layout) -> list[Check]:
    """Judge whether a table can carry a law: whether runs suffice, and whether its losses are what they seem.

    Parameters
    ----------
    runs : Runs
        Without those that the kind of model leaves out.
    law : Law
    layout : Layout
        Of the runs for the law.
    """
    kind = kind_of(law)
    return [*kind.checks(layout, law), *(loss_checks(runs, law) if is_log_loss(kind, law) else [])]


def loss_checks(runs: Runs, law: Law) -> list[Check]:
    """Judge losses and sizes, whatever the kind of model."""
    table = runs.table
    fixed = fixed_columns(law, table.columns)
    curves = trajectories(table, law.axis, fixed)
    sizes = [law.axis, *fixed]
    checks = [outlier_check(table, curves, sizes), rise_check(table, curves, sizes), unit_check(curves)]
    checks += [ahead_check(table, curves), last_size_check(curves), steps_check(curves)]
    schedule = schedule_check(table, tuple(there for there, _ in runs.spelling))
    checks += [schedule] if schedule is not None else []
    whole = law.discrepancy in DISCREPANCIES and DISCREPANCIES[law.discrepancy].whole_curves
    if "tokens" in table and not whole:
        checks.append(_early_tokens(runs))
    return checks


def _early_tokens(runs: Runs) -> Check:
    early, limit = int(early_rows(runs.table).sum()), f"{EARLY_TOKENS:g}".replace("+", "")
    return at_most(
        "early_tokens", early, 0, np.inf,
        f"{early} losses are from the first {limit} tokens of long runs, where loss does not follow a law yet.",
        f'Joint laws leave them out by default; for other laws: --where "tokens >= {limit}".',
    )  # fmt: skip
