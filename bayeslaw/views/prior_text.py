"""Priors for people: which there are, what one lends, and what a table borrowed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from bayeslaw.lending.borrowing import Share
from bayeslaw.numerics import count
from bayeslaw.prior.prior import Prior
from bayeslaw.views.names import clean, elide
from bayeslaw.views.rich_table import titled

HASH_SHOWN = 12
"""Digits of a hash that people get to see."""

_NAME = 40
_TASKS = 8


def priors_table(priors: Mapping[str, Prior], title: str = "Released priors") -> Table:
    """Priors, by the name to ask for."""
    table = titled(title)
    table.add_column("prior", no_wrap=True)  # what people are to type
    table.add_column("law", no_wrap=True)
    table.add_column("knows tasks", overflow="fold")
    for heading in ("families", "models"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("made from", overflow="fold")
    table.add_column("sha256", no_wrap=True)
    for name, prior in priors.items():
        families, models = ({name for _, name in pairs} for pairs in (prior.families, prior.models))
        table.add_row(
            Text(elide(clean(name), _NAME)),
            Text(prior.law.name),
            Text(_listed(prior.tasks)),
            str(len(families)),
            str(len(models)),
            Text("\n".join(_ranges(prior))),
            prior.sha256[:HASH_SHOWN],
        )
    return table


def prior_tables(
    prior: Prior, coordinates: Sequence[Mapping[str, Any]], scales: Sequence[Mapping[str, Any]], card: str | None
) -> list[Table]:
    """What a prior lends, from ``bayeslaw.prior.summary``."""
    return [_facts(prior, card), _coordinates_table(coordinates), _scales_table(scales)]


def borrowing_table(shares: Sequence[Share], limit: int = 12) -> Table:
    """How much of what is believed now was borrowed; of predictions, those of the first models."""
    table = titled("How much was borrowed")
    table.add_column("quantity", overflow="fold")
    table.add_column("of", overflow="fold")
    for heading in ("sd of the prior", "sd now", "borrowed"):
        table.add_column(heading, justify="right", no_wrap=True)
    for share in shares[:limit]:
        table.add_row(
            Text(share.quantity),
            Text(elide(clean(share.group), _NAME)),
            f"{share.prior_sd:.3g}",
            f"{share.posterior_sd:.3g}",
            f"{share.borrowed:.0%}",
        )
    if len(shares) > limit:
        table.add_row(Text(f"and {len(shares) - limit} more"), Text(""), "", "", "")
    return table


def prior_summary(prior: Prior, tasks: Iterable[str]) -> str:
    """Say in one line what a table of some tasks borrowed."""
    shared = [task for task in tasks if task in prior.tasks]
    of_table = (
        f"of this table it knows {_listed(shared)}"
        if shared
        else "it knows none of this table's, and lends what tasks have in common"
    )
    name = elide(clean(prior.name), _NAME)
    known = f"task{'s' if len(prior.tasks) > 1 else ''} {_listed(prior.tasks)}"
    return f"Prior: {name} (sha256 {prior.sha256[:HASH_SHOWN]}…), knows the {known}; {of_table}."


def _facts(prior: Prior, card: str | None) -> Table:
    table = titled(f"Prior {elide(clean(prior.name), _NAME)}")
    table.show_header = False
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold", ratio=1)
    families = {task: [family for t, family in prior.families if t == task] for task, _ in prior.families}
    models = {task: sum(t == task for t, _ in prior.models) for task, _ in prior.models}
    origin = prior.origin
    checks = origin.get("checks", {})
    before = origin.get("before")
    facts = {
        "law": f"{prior.law.name}: {prior.law.formula}",
        "units": ", ".join(f"{clean(name)} in {clean(unit)}" for name, unit in prior.units.items()),
        "stated at": ", ".join(f"{clean(name)} = {count(value)}" for name, value in prior.borrowed.reference.items())
        or "the last size of each curve",
        "made from": "\n".join(_ranges(prior)),
        "families": "\n".join(f"{elide(clean(task), _NAME)}: {_listed(found)}" for task, found in families.items()),
        "models": ", ".join(f"{number} on {elide(clean(task), _NAME)}" for task, number in models.items()),
        "paths known": "\n".join(
            f"{elide(clean(task), _NAME)}: at {len(path.knots) + 1} sizes"
            for task, path in prior.borrowed.paths.items()
        )
        or "none",
        "origin": "\n".join(
            f"{clean(name)}: {elide(clean(origin[name]), 80)}"
            for name in ("runs", "runs_sha256", "draws", "seed")
            if name in origin
        )
        + (f"\nlearned on top of: {clean(before['name'])} (sha256 {before['sha256'][:HASH_SHOWN]}…)" if before else ""),
        "checks": ", ".join(f"{clean(name)} {clean(status)}" for name, status in checks.items() if status != "PASS")
        or "all passed",
        "approximation": f"{prior.approximation:.3f}, the largest Kolmogorov distance of draws from the normal",
        "sha256": prior.sha256,
        "card": card or "none: not a released prior",
    }
    for name, value in facts.items():
        table.add_row(name, Text(value))
    return table


def _coordinates_table(records: Sequence[Mapping[str, Any]]) -> Table:
    table = titled("Coordinates of the law: on a task that is not known, and how groups differ (sd)")
    table.add_column("coordinate", overflow="fold")
    levels = list(dict.fromkeys(level for record in records for level in record["spreads"]))
    plural = {"task": "tasks", "family": "families", "model": "models"}
    for heading in ("median", "90%", *(f"between\n{plural[level]}" for level in levels)):
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        spreads = [record["spreads"].get(level) for level in levels]
        table.add_row(
            Text(f"{record['name']}: {record['meaning']}" if record["meaning"] != record["name"] else record["name"]),
            f"{record['median']:.3g}",
            _interval(record),
            *("" if spread is None else f"{spread['median']:.2g}\n{_interval(spread, 2)}" for spread in spreads),
        )
    return table


def _scales_table(records: Sequence[Mapping[str, Any]]) -> Table:
    table = titled("Noise and discrepancy")
    table.add_column("scale", no_wrap=True)
    table.add_column("task", overflow="fold")
    for heading in ("median", "90%"):
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        task = "not known" if record["task"] is None else elide(clean(record["task"]), _NAME)
        table.add_row(record["name"], Text(task), f"{record['median']:.3g}", _interval(record))
    return table


def _ranges(prior: Prior) -> list[str]:
    return [f"{clean(name)} {count(low)}-{count(high)}" for name, (low, high) in prior.ranges.items()]


def _listed(names: Sequence[str]) -> str:
    shown = [elide(clean(name), _NAME) for name in names[:_TASKS]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _interval(record: Mapping[str, Any], digits: int = 3) -> str:
    return f"{record['p05']:.{digits}g} to {record['p95']:.{digits}g}"
