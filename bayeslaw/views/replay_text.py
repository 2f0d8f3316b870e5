"""Tables of replays, for a terminal."""

from rich import box
from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.replay.replay import Replay
from bayeslaw.views.names import clean

_SHOWN = {
    "choose": (("relative_regret", "relative regret"), ("rel_acc", "RelAcc")),
    "foretell": (("r2", "R squared"), ("rmsle", "error of log loss"), ("coverage_90", "inside 90%")),
}


def replay_tables(found: Replay) -> list[Table]:
    """Means over tasks by policy and share of the cost, a table a score; tasks are in the JSON.

    Parameters
    ----------
    found : Replay

    Returns
    -------
    list of rich.table.Table
    """
    shares = list(dict.fromkeys(row["share"] for row in found.summary))
    means = {(row["policy"], row["share"]): row for row in found.summary if row["task"] is None}
    policies = list(dict.fromkeys(policy for policy, _ in means))
    tables = []
    for score, heading in _SHOWN[found.goal]:
        table = Table(
            title=Text(f"Mean {heading} at shares of the cost of all runs ({clean(found.cost_unit)})"),
            title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim",
        )  # fmt: skip
        table.add_column("policy")
        for share in shares:
            table.add_column(f"{100 * share:.3g}%", justify="right", no_wrap=True)
        for policy in policies:
            cells = [means.get((policy, share), {}).get(score) for share in shares]
            table.add_row(Text(policy), *("-" if value is None else f"{value:.4f}" for value in cells))
        tables.append(table)
    return tables
