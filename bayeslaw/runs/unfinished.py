"""Runs that their tracker says did not end as they were to."""

import pandas as pd

from bayeslaw.runs.columns import plain
from bayeslaw.runs.questions import written

STOPPED = frozenset(
    {"crashed", "deleted", "failed", "killed", "running", "preempted", "preempting", "stopped", "timeout"}
)
"""States, in lower case, of runs that ended early or go on, as W&B, MLflow and schedulers of clusters call them."""


def runs_that_stopped(table: pd.DataFrame) -> tuple[str, ...]:
    """A note on runs that a column of states says were stopped, or still go on; none if there are none."""
    for column in table.columns:
        if plain(str(column)) not in ("state", "status", "runstate", "runstatus"):
            continue
        texts = table[column].astype(str)
        stopped = texts[texts.str.strip().str.lower().isin(STOPPED)]
        if stopped.empty:
            continue
        named = ", ".join(f"{count} {state!r}" for state, count in stopped.value_counts().items())
        name = column if str(column).isidentifier() else f"`{column}`"
        rows = " and ".join(f'{name} != "{state}"' for state in stopped.unique())
        return (
            f"Column {column!r} says of {len(stopped)} of {len(table)} rows that their runs did not end ({named}): "
            f"they are used as runs of the size that they came to. To leave them out: --where {written(rows)}.",
        )
    return ()
