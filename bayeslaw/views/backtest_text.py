"""Backtests for people: one line a method, one a cell, and the cells that went worst."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.backtest.result import OURS, Backtest, answered, mean_scores
from bayeslaw.views.names import clean, elide

REFERENCES = {"finetune": "accept_then_stop", "curves": "m4"}
"""The method that each cell of bayeslaw is set against."""

_WORST = 3
_SHOWN = 40
_NAME = 30
_STATUS_STYLES = {"PASS": "green", "REVIEW": "yellow", "FAIL": "bold red"}

_COLUMNS = {
    "rmsle": "RMSLE", "crps_log": "CRPS", "coverage_50": "in\n50%", "coverage_90": "in\n90%",
    "width_90": "90%\nwidth", "rel_acc": "rel.\nacc.", "pear_corr": "Pear-\nson",
    "brier_p_best": "Brier",
}  # fmt: skip


def backtest_tables(found: Backtest) -> list[Table]:
    """Means by method, by domain if there are several, and bayeslaw cell by cell where it was run."""
    tables = [method_table(found)]
    if len(_domains(found)) > 1:
        tables.append(domain_table(found))
    if any(cell["method"] == OURS for cell in found.cells):
        tables.append(cell_table(found))
    return tables


def method_table(found: Backtest) -> Table:
    """Mean scores, one line a method, bayeslaw first."""
    names = [column for column in _COLUMNS if any(cell["scores"][column] is not None for cell in found.cells)]
    table = _table("Means over cells (RMSLE, CRPS and width in log loss)")
    table.add_column("method", no_wrap=True)
    for heading in ("cells", *(_COLUMNS[name] for name in names)):
        table.add_column(heading, justify="right", no_wrap=True)
    for method in _methods(found):
        own = [cell for cell in found.cells if cell["method"] == method]
        means = mean_scores(own)
        table.add_row(
            Text(method),
            str(sum(map(answered, own))),
            *(_score(name, means[name]) for name in names),
            style="bold" if method == OURS else "",
        )
    return table


def domain_table(found: Backtest) -> Table:
    """Mean RMSLE of each method in each domain."""
    domains = _domains(found)
    table = _table("Mean RMSLE by domain")
    table.add_column("method", no_wrap=True)
    for domain in domains:
        table.add_column(Text(elide(clean(domain), 16)), justify="right", no_wrap=True)
    for method in _methods(found):
        means = [
            mean_scores(cell for cell in found.cells if (cell["method"], cell["domain"]) == (method, domain))
            for domain in domains
        ]
        table.add_row(
            Text(method), *(_score("rmsle", mean["rmsle"]) for mean in means), style="bold" if method == OURS else ""
        )
    return table


def cell_table(found: Backtest) -> Table:
    """Every cell of bayeslaw, its CRPS beside that of the reference method."""
    reference = REFERENCES[found.kind]
    beside = {_identity(cell): cell["scores"]["crps_log"] for cell in found.cells if cell["method"] == reference}
    own = [cell for cell in found.cells if cell["method"] == OURS]
    budgets = found.kind == "finetune"
    table = _table("bayeslaw, cell by cell")
    table.add_column("task", overflow="fold", min_width=8)
    headings = ["budget"] if budgets else ["points"]
    headings += ["RMSLE", "CRPS", f"({reference})".replace("accept_then_stop", "a.t.s."), "in\n50%", "in\n90%"]
    headings += ["90%\nwidth", *(["rel.\nacc.", "Pear-\nson"] if budgets else [])]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for cell in own[:_SHOWN]:
        scores = cell["scores"]
        names = ["coverage_50", "coverage_90", "width_90", *(["rel_acc", "pear_corr"] if budgets else [])]
        table.add_row(
            Text(elide(clean(cell["task"]), _NAME)),
            f"1/{cell['budget']:g}" if budgets else str(cell["models"]),
            _score("rmsle", scores["rmsle"]),
            _score("crps_log", scores["crps_log"]),
            _score("crps_log", beside.get(_identity(cell))),
            *(_score(name, scores[name]) for name in names),
            Text(cell["status"] or "-", style=_STATUS_STYLES.get(cell["status"] or "", "")),
        )
    if len(own) > _SHOWN:
        table.caption = Text(f"and {len(own) - _SHOWN} more")
    return table


def worst_cells(found: Backtest) -> str:
    """The cells in which bayeslaw had the largest CRPS, in sentences; and what it could not answer."""
    own = [cell for cell in found.cells if cell["method"] == OURS]
    scored = [cell for cell in own if cell["scores"]["crps_log"] is not None]
    lines = []
    if scored:
        lines.append("Where bayeslaw was worst, by CRPS:")
        ordered = sorted(scored, key=lambda cell: -cell["scores"]["crps_log"])
        lines += [f"  {_described(cell)}" for cell in ordered[:_WORST]]
    for method in dict.fromkeys(cell["method"] for cell in found.cells):
        silent = [cell for cell in found.cells if cell["method"] == method and not answered(cell)]
        if silent:
            reason = elide(clean(silent[0]["note"] or "no score is defined"), 160)
            lines.append(f"{method} has no answer in {_cells(len(silent))}; {_named(silent[0])}: {reason}")
    return "\n".join(lines)


def _described(cell: Mapping[str, Any]) -> str:
    scores = cell["scores"]
    parts = [f"CRPS {_score('crps_log', scores['crps_log'])}, RMSLE {_score('rmsle', scores['rmsle'])}"]
    if scores["coverage_90"] is not None:
        parts.append(f"{scores['coverage_90']:.0%} of {cell['models']} inside the 90% interval")
    if scores["regret"] is not None:
        parts.append(f"choice {_score('regret', scores['regret'])} above the best loss")
    if cell["status"] not in (None, "PASS"):
        parts.append(f"checks {cell['status']}")
    return f"{_named(cell)}: " + ", ".join(parts)


def _named(cell: Mapping[str, Any]) -> str:
    name = elide(clean(cell["task"]), _NAME)
    return name if cell["budget"] is None else f"{name} at 1/{cell['budget']:g}"


def _domains(found: Backtest) -> list[str]:
    return list(dict.fromkeys(cell["domain"] for cell in found.cells))


def _methods(found: Backtest) -> list[str]:
    """The method under test first."""
    return sorted(dict.fromkeys(cell["method"] for cell in found.cells), key=lambda name: name != OURS)


def _cells(count: int) -> str:
    return f"{count} cell{'s' if count > 1 else ''}"


def _identity(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    return cell["domain"], cell["task"], cell["budget"]


def _score(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name.startswith("coverage"):
        return f"{value:.0%}"
    text = (
        f"{value:.3f}" if 0.00995 <= abs(value) < 10 or value == 0 else f"{value:.4f}" if value < 1 else f"{value:.4g}"
    )
    return text.replace("0.", ".", 1) if abs(value) < 1 else text  # no score needs its zero, and lines are short


def _table(title: str) -> Table:
    return Table(
        title=Text(title), title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD, pad_edge=False,
        show_edge=False, collapse_padding=True, header_style="dim",
    )  # fmt: skip


def as_text(tables: Sequence[Table], width: int = 100) -> str:
    """Tables as plain text of a width, for a file."""
    import io

    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=False, color_system=None)
    for table in tables:
        console.print(table)
        console.print()
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
