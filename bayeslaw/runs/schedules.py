"""Where runs stand in their learning-rate schedules, which says what their losses are of.

A loss after the rate has decayed lies below what the same run had before (Tissue et al. 2024, arXiv 2408.11029; see
the law `annealing`): checkpoints on the way are no finished runs, and a curve of both has a bend that no law of sizes
knows.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from bayeslaw.runs.columns import counts_steps, last_part, plain
from bayeslaw.runs.questions import written
from bayeslaw.runs.units import read_numbers
from bayeslaw.verdicts import Check, at_most

_RATES = frozenset({"lr", "learningrate", "currentlr", "lrrate", "optimizerlr", "optimizerlearningrate"})
_SCHEDULES = frozenset({"schedule", "lrschedule", "lrschedulertype", "scheduler", "learningrateschedule"})

DECAYED, HELD = 0.3, 0.7
"""Shares of the peak rate: up to the first a run has decayed, from the second on its rate is held."""

ROWS_MIN = 3
"""Rows of a run, from which on its rates tell a schedule."""


def rate_column(headings: Iterable[str]) -> str | None:
    """The heading of a column of learning rates; None if there is none.

    Parameters
    ----------
    headings : iterable of str
        Of a table or a log; of ``train/learning_rate``, the last part counts.
    """
    return next((str(name) for name in headings if last_part(str(name)) in _RATES), None)


def schedule_check(table: pd.DataFrame, headings: tuple[str, ...] = ()) -> Check | None:
    """Judge whether all losses are of one stage of the learning-rate schedule, and say which.

    Parameters
    ----------
    table : DataFrame
        Of `bayeslaw.runs.Runs`.
    headings : tuple of str
        Those of its columns in the source.

    Returns
    -------
    Check or None
        None where no column tells of the schedule.
    """
    texts = next((name for name in table.columns if plain(str(name)) in _SCHEDULES), None)
    if texts is not None and not pd.api.types.is_numeric_dtype(table[texts]):
        return _of_texts(table, texts)
    column = rate_column(table.columns) if "data" in table else None
    if column is None:
        return None
    shares = [share for share in _shares(table, column) if len(share) >= ROWS_MIN]
    falling = [share for share in shares if share.min() < HELD]
    if not any(counts_steps(name) for name in (*headings, *table.columns)):  # rates may be those of runs of their own
        falling = falling if len(falling) == len(shares) and all(map(_decays, falling)) else []
        shares = falling
    if not shares:
        return None
    if falling:
        end = np.median([share[-1] for share in falling])
        return at_most(
            "schedule", len(falling), 0, np.inf,
            f"The learning rate ({column!r}) falls along the rows of {_models(len(falling), len(shares))}, to "
            f"{end:.0%} of its peak: rows before the end are checkpoints of a run whose rate had not decayed, and the "
            "last ones lie lower by the decay too.",
            "Compare runs that ended their schedule (one row a run), or checkpoints before the decay: a law of both "
            "foretells neither. --where chooses rows; the law 'annealing' has the schedule in it.",
        )  # fmt: skip
    stopped = "predictions are of runs that are stopped at that rate, not after a decay."
    held = f"The learning rate ({column!r}) is held along the rows: {stopped}"
    setting = (
        f"The learning rate ({column!r}) is one number in all rows of a run, as settings are: nothing tells whether it "
        f"decayed. If it was logged at every row, {stopped}"
    )
    return at_most("schedule", 0, 0, np.inf, held if _moves(table, column) else setting, "")


def _decays(share: np.ndarray) -> bool:
    return bool((np.diff(share) <= 0).all() and share[-1] <= DECAYED)


def _of_texts(table: pd.DataFrame, column: str) -> Check:
    """Judge a column that names schedules: the rows of one model should have one."""
    names = table.groupby(["task", "model"], sort=False)[column].nunique()
    mixed, kinds = int((names > 1).sum()), list(dict.fromkeys(map(str, table[column])))
    shown = ", ".join(map(repr, kinds[:3])) + (", …" if len(kinds) > 3 else "")
    if not mixed:
        return at_most("schedule", 0, 0, np.inf, f"Each model has runs of one schedule ({column!r}: {shown}).", "")
    return at_most(
        "schedule", mixed, 0, np.inf,
        f"The runs of {_models(mixed, len(names))} are of several schedules ({column!r}: {shown}), and a loss after a "
        "decay is lower than one before.",
        f"Keep one with --where \"{column} == '…'\", or make models of their own of them with "
        f"--as {written(f'{column}=variant')}.",
    )  # fmt: skip


def _moves(table: pd.DataFrame, column: str) -> bool:
    """Whether the rate of any run changes at all, as in a warm-up."""
    rates = pd.Series(read_numbers(table[column], counts=False).values, index=table.index)
    return bool((rates.groupby(_runs_of(table)).nunique() > 1).any())


def _runs_of(table: pd.DataFrame) -> pd.Series:
    """Number of the run that each row is of."""
    keys = [name for name in ("task", "family", "model", "params", "seed") if name in table]
    return table.groupby(keys, sort=False, dropna=False).ngroup()


def _models(count: int, of: int) -> str:
    return f"{count} of {of} models" if of > 1 else "the model"


def _shares(table: pd.DataFrame, column: str) -> Iterator[np.ndarray]:
    """Rates of each run along its sizes, as shares of the peak, from the peak on."""
    rates = read_numbers(table[column], counts=False).values
    size = table["data"].to_numpy(float)
    for rows in table.groupby(_runs_of(table), sort=False).indices.values():
        ordered = rates[np.asarray(rows)[np.argsort(size[rows], kind="stable")]]
        ordered = ordered[np.isfinite(ordered) & (ordered >= 0)]
        if len(ordered) and ordered.max() > 0:
            yield ordered[int(np.argmax(ordered)) :] / ordered.max()
