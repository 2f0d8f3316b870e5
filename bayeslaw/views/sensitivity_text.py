"""Tables of how far parameters and a choice depend on the prior."""

from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.sensitivity import SENSITIVE, Sensitivity
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.numbers import chance, decimals, factor, fixed
from bayeslaw.views.rich_table import numbers, titled, words


def sensitivity_tables(found: Sensitivity, limit: int = 15) -> list[Table]:
    """Parameters, the most sensitive to the prior first, and the choice with the prior held otherwise.

    Parameters
    ----------
    found : Sensitivity
    limit : int
        Parameters at most.

    Returns
    -------
    list of rich.table.Table
    """
    title = "Movement of the posterior per doubling of the strength of prior and runs (0: none, 1: elsewhere)"
    table = titled(title)
    words(table, "parameter", "of")
    numbers(table, "prior", "runs")
    table.add_column("what it says", overflow="fold")
    for p in found.parameters[:limit]:
        table.add_row(
            Text(clean(p.name)), Text(clean(p.group)), fixed(p.prior, 3), fixed(p.likelihood, 3), Text(p.diagnosis)
        )
    hidden = len(found.parameters) - limit
    more = f"; and {hidden} more that depend on it less" if hidden > 0 else ""
    table.caption = Text(f"From {SENSITIVE} on a parameter depends on it{more}")
    return [table, *_choices(found)]


def _choices(found: Sensitivity) -> list[Table]:
    if found.selection is None:
        return []
    title = "The choice, with the prior held otherwise"
    table = titled(title)
    words(table, "prior held", "choice")
    numbers(table, "P(best)", "exp.\nregret", "Pareto k")
    names = short_names([c.model for c in found.selection.candidates], limit=60)
    best = found.selection.candidates[0]
    places = decimals(best.loss_median)
    table.add_row("as it is", Text(names[best.model]), chance(best.p_best), fixed(best.expected_regret, places), "")
    for held in found.held:
        table.add_row(
            f"{factor(held.power)} as strongly",
            Text(names[held.recommended]),
            chance(held.p_best[held.recommended]),
            fixed(held.expected_regret[held.recommended], places),
            fixed(held.k, 2),
        )
    return [table]
