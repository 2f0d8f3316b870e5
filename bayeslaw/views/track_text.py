"""Tables of a run that is tracked: what it will reach, and how that changed from checkpoint to checkpoint."""

from rich.table import Table
from rich.text import Text

from bayeslaw.answers.thresholds import threshold_told
from bayeslaw.answers.track_result import Look, Track
from bayeslaw.numerics import count
from bayeslaw.views.names import clean, elide
from bayeslaw.views.numbers import chance, decimals, fixed
from bayeslaw.views.rich_table import numbers, titled, words


def track_tables(result: Track) -> list[Table]:
    """What will be reached, and the history, a table for each kind of outcome."""
    tables = [_reached(result)]
    for outcome in dict.fromkeys(look.outcome for look in result.history):
        tables.append(_history(result, [look for look in result.history if look.outcome == outcome]))
    return tables


def _reached(result: Track) -> Table:
    at = ", ".join(f"{clean(name)} = {count(value)}" for name, value in result.target.items())
    table = titled(f"{elide(clean(result.model), 40)} at {at}")
    words(table, "outcome")
    texts = [text for r in result.reached for text in r.thresholds]
    numbers(table, "last\nmeasured", "at the\nend", "50%\ninterval", "90%\ninterval", *(["odds"] if texts else []))
    for r in result.reached:
        places = decimals(r.median)
        low, high = (f"{fixed(a, places)}-{fixed(b, places)}" for a, b in ((r.p25, r.p75), (r.p05, r.p95)))
        odds = "\n".join(f"{clean(text.removeprefix(r.name))}: {chance(p)}" for text, p in r.thresholds.items())
        cells = (fixed(r.last, places), fixed(r.median, places), low, high, *([odds] if texts else []))
        table.add_row(Text(clean(r.name)), *cells)
    if len(texts) > 1 and result.p_all is not None:
        table.caption = Text(f"All thresholds: {chance(result.p_all)}")
    return table


def _history(result: Track, looks: list[Look]) -> Table:
    outcome = looks[0].outcome
    warned = next(one for one in result.warnings if one.outcome == outcome)
    table = titled(f"How it changed: {clean(outcome)} from checkpoint to checkpoint")
    words(table, "after", "task")
    numbers(table, "foretold\n(90%)", "measured", "at the end\n(90%)", "odds", "evidence of\na stall")
    for look in looks:
        for i, (task, end) in enumerate(look.end.items()):
            places = decimals(end["median"])

            def told(values: dict[str, float], places: int = places) -> str:
                low, high = fixed(values["p05"], places), fixed(values["p95"], places)
                return f"{fixed(values['median'], places)} ({low}-{high})"

            ahead = look.foretold.get(task)
            own = [p for text, p in look.thresholds.items() if threshold_told(text).task == task]
            table.add_row(
                count(look.at) if i == 0 else "",
                Text(elide(clean(task), 20)),
                "-" if ahead is None else told(dict(ahead)),
                fixed(look.measured[task], places) if task in look.measured else "-",
                told(dict(end)),
                ", ".join(chance(p) for p in own) or "-",
                (fixed(look.evidence, 1) + (" !" if look.alarm else "")) if i == 0 else "",
                style="bold" if look.alarm else "",
            )
    table.caption = Text(
        f"Evidence is the log of a likelihood ratio; a warning (!) above {warned.threshold:.1f}, which "
        f"{warned.false_alarms:.1%} of runs that go as foretold come to at one of {warned.looks} checkpoints "
        f"({warned.chance:.0%} come to as much as this one)."
    )
    return table
