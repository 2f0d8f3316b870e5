"""Backtests for people: one line a method, one a cell, and the cells that went worst."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from bayeslaw.evidence.backtest.result import OURS, Backtest, answered, mean_scores
from bayeslaw.views.names import clean, elide
from bayeslaw.views.rich_table import titled

REFERENCES = {"finetune": "accept_then_stop", "curves": "m4"}
"""The method that each cell of bayeslaw is set against, where cells are listed."""

_WORST = 3
_SHOWN = 40
_NAME = 30
_STATUS_STYLES = {"PASS": "green", "REVIEW": "yellow", "FAIL": "bold red"}

_COLUMNS = {
    "rmsle": "RMSLE", "crps_log": "CRPS", "coverage_50": "in\n50%", "coverage_90": "in\n90%",
    "width_90": "90%\nwidth", "rel_acc": "rel.\nacc.", "pear_corr": "Pear-\nson",
    "brier_p_best": "Brier",
}  # fmt: skip


_CHOICE_COLUMNS = {
    "relative_regret": "rel.\nregret", "brier_p_best": "Brier", "log_score_p_best": "log\nscore",
    "calibration_p_best": "calib.\nerror", "rmsle": "RMSLE", "coverage_90": "in\n90%", "width_90": "90%\nwidth",
}  # fmt: skip


def backtest_tables(found: Backtest) -> list[Table]:
    """Means by method, by data set and domain if there are several, and bayeslaw cell by cell where it was run.

    Of selection: means by method, one table a collection and factor.
    """
    if found.kind == "selection":
        keys = dict.fromkeys((row["collection"], row["budget"]) for row in found.summary)
        return [choice_table(found, collection, factor) for collection, factor in keys]
    tables = [method_table(found)]
    if len({row["dataset"] for row in found.summary_by_dataset or ()}) > 1:
        tables.append(dataset_table(found))
    if len(_domains(found)) > 1:
        tables.append(domain_table(found))
    if any(cell["method"] == OURS for cell in found.cells):
        tables.append(cell_table(found))
    return tables


def method_table(found: Backtest) -> Table:
    """Mean scores, one line a method, bayeslaw first."""
    names = [column for column in _COLUMNS if any(cell["scores"][column] is not None for cell in found.cells)]
    table = titled("Means over cells (RMSLE, CRPS and width in log loss)")
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


def choice_table(found: Backtest, collection: str, factor: float) -> Table:
    """Means over the tasks of a collection at a factor, one line a method, the lowest relative regret first."""
    rows = [row for row in found.summary if (row["collection"], row["budget"]) == (collection, factor)]
    rows.sort(key=lambda row: (_value(row, "relative_regret") is None, _value(row, "relative_regret")))
    names = [name for name in _CHOICE_COLUMNS if any(_value(row, name) is not None for row in rows)]
    table = titled(f"{elide(clean(collection), _NAME)}, seen to 1/{factor:g}: means over tasks")
    table.add_column("method", no_wrap=True)
    for heading in ("tasks", *(_CHOICE_COLUMNS[name] for name in names)):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row["method"]),
            str(row["cells"]),
            *(_score(name, _value(row, name)) for name in names),
            style="bold" if row["method"] == OURS else "",
        )
    partly = [(row["method"], row["tasks"] - row["without_score"]["brier_p_best"], row["cells"]) for row in rows]
    said = [f"{method} has odds in {some} of {every} tasks" for method, some, every in partly if 0 < some < every]
    table.caption = Text("; ".join(said)) if said else None
    return table


def _value(row: Mapping[str, Any], name: str) -> float | None:
    """A mean of a row of the summary, or what it has beside its means."""
    value: float | None = row["scores"][name] if name in row["scores"] else row[name]
    return value


def dataset_table(found: Backtest) -> Table:
    """Mean RMSLE of each method on each data set, one line a data set."""
    means = {(row["dataset"], row["method"]): row["scores"]["rmsle"] for row in found.summary_by_dataset or ()}
    methods = _methods(found)
    table = titled("Mean RMSLE by data set")
    table.add_column("data set", overflow="fold", min_width=8)
    for method in methods:
        table.add_column(Text(method.replace("_", "_\n")), justify="right", no_wrap=True)
    for dataset in dict.fromkeys(name for name, _ in means):
        table.add_row(
            Text(elide(clean(dataset), 16)), *(_score("rmsle", means.get((dataset, method))) for method in methods)
        )
    return table


def domain_table(found: Backtest) -> Table:
    """Mean RMSLE of each method in each domain."""
    domains = _domains(found)
    table = titled("Mean RMSLE by domain")
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
    table = titled("bayeslaw, cell by cell")
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
    """The cells in which bayeslaw was worst, in sentences; and what methods could not answer.

    Worst is the largest CRPS, and of selection the largest relative regret.
    """
    score, words = ("relative_regret", "relative regret") if found.kind == "selection" else ("crps_log", "CRPS")
    own = [cell for cell in found.cells if cell["method"] == OURS]
    scored = [cell for cell in own if cell["scores"][score] is not None]
    lines = []
    if scored:
        lines.append(f"Where bayeslaw was worst, by {words}:")
        ordered = sorted(scored, key=lambda cell: -cell["scores"][score])
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
        share = scores.get("relative_regret")
        parts.append(
            f"choice {_score('regret', scores['regret'])} above the best loss" + (f" ({share:.0%})" if share else "")
        )
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
