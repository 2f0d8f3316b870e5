"""Tables for people, readable in a terminal and in a file 80 characters wide.

Names and sentences that hold them are put in as plain text, never as markup: they come from files.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from bayeslaw.answers.crossing import Crossing
from bayeslaw.answers.optimum import Optimum
from bayeslaw.answers.prediction import Prediction
from bayeslaw.answers.reliability import Reliability
from bayeslaw.answers.risk import MEANING
from bayeslaw.answers.selection import Selection
from bayeslaw.answers.speedup import Speedup
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.laws import takes_any_column
from bayeslaw.laws.base import Law
from bayeslaw.numerics import count, exact
from bayeslaw.verdicts import Check
from bayeslaw.views.names import also_at, clean, elide, short_names
from bayeslaw.views.numbers import chance, decimals, factor, fixed
from bayeslaw.views.rich_table import numbers, titled, words

if TYPE_CHECKING:
    from bayeslaw.evidence import hindsight
    from bayeslaw.kinds.shared.outcome import Outcome

_STATUS_STYLES = {"PASS": "green", "REVIEW": "yellow", "FAIL": "bold red"}


def selection_table(selection: Selection, limit: int = 15) -> Table:
    """Rank the candidates, the recommended one first.

    Parameters
    ----------
    selection : Selection
    limit : int
        Rows at most; a caption says how many more there are.

    Returns
    -------
    rich.table.Table
    """
    shown, hidden = selection.candidates[:limit], selection.candidates[limit:]
    point = ", ".join(f"{clean(name)} = {exact(value)}" for name, value in selection.target.items())
    task = elide(clean(selection.task), 40)
    table = titled(f"Run prediction at {point} ({task}), by {MEANING[selection.risk]}")
    names = short_names([c.model for c in selection.candidates], limit=60)
    families = _families([(c.model, c.family) for c in selection.candidates])
    words(table, "model", *(["family"] if families else []))
    given, records = selection.outcome.given, selection.records()
    numbers(table, _heading(selection.outcome), "90%\ninterval", *([f"{given}\n(90%)"] if given else []))
    numbers(table, "P(best)", "within\n1%", "exp.\nregret", "CVaR\nregret")
    places = decimals(selection.candidates[0].loss_median)
    for rank, c in enumerate(shown):
        table.add_row(
            Text(names[c.model]),
            *([Text(clean(c.family))] if families else []),
            fixed(c.loss_median, places),
            _interval(c.loss_p05, c.loss_p95, places),
            *([_given(records[rank], given)] if given else []),
            chance(c.p_best),
            chance(c.p_within_1pct),
            fixed(c.expected_regret, places),
            fixed(c.cvar_regret_90, places),
            style="bold" if rank == 0 else "",
        )
    if hidden:
        table.caption = Text(
            f"and {len(hidden)} more; chance that the best is among them: {chance(sum(c.p_best for c in hidden))}"
        )
    return table


def shortlist_summary(selection: Selection) -> str:
    """Say which candidates are to be kept if the best is not to be lost, and how likely they beat each other."""
    names = short_names([c.model for c in selection.candidates], limit=60)
    kept = [names[model] for model in selection.shortlist]
    told = f"The best is among {', '.join(kept)} with probability 95%." if len(kept) > 1 else ""
    first, *others = selection.candidates
    odds = [f"{names[c.model]} ({chance(p)})" for c, p in zip(others[:4], selection.beats[0, 1:], strict=False)]
    return f"{told} {names[first.model]} beats {', '.join(odds)}.".strip()


def truth_table(selection: Selection, truth: Mapping[str, float], limit: int = 15) -> Table:
    """Set predictions beside what was measured, for tables whose outcome is known.

    Parameters
    ----------
    selection : Selection
    truth : mapping
        Measured loss at the target by model.
    limit : int
        Rows at most, in the order of the selection.

    Returns
    -------
    rich.table.Table
    """
    table = titled("What came out")
    names = short_names([c.model for c in selection.candidates], limit=60)
    known = [c for c in selection.candidates if c.model in truth]
    words(table, "model")
    numbers(table, "rank", "predicted", "90% interval", "measured", "inside", "regret")
    best = min((truth[c.model] for c in known), default=0.0)
    order = sorted(truth[c.model] for c in known)
    places = decimals(selection.candidates[0].loss_median)
    inside = 0
    for i, c in enumerate(known):
        measured = truth[c.model]
        held = c.loss_p05 <= measured <= c.loss_p95
        inside += held
        if i < limit:
            table.add_row(
                Text(names[c.model]),
                str(order.index(measured) + 1),
                fixed(c.loss_median, places),
                _interval(c.loss_p05, c.loss_p95, places),
                fixed(measured, places),
                "yes" if held else "no",
                fixed(measured - best, places),
                style="bold" if c.model == selection.recommended else "",
            )
    table.caption = Text(f"{inside} of {len(known)} measured losses lie inside their 90% interval")
    return table


def optimum_tables(best: Optimum) -> list[Table]:
    """How to split a budget, a table for each family."""
    tables = []
    for f in best.families:
        name = clean(f.family) if f.family == f.task else f"{clean(f.family)} on {clean(f.task)}"
        table = titled(f"Best split of {best.compute:.4g} FLOP ({elide(name, 40)}){also_at(best.at)}")
        words(table, "")
        numbers(table, "median", "50% interval", "90% interval")
        shown = [("parameters", f.params), ("tokens", f.data), ("tokens a parameter", f.tokens_per_param)]
        if "unique_data" in best.at:
            epochs = {name: value / best.at["unique_data"] for name, value in f.data.items()}
            shown.append(("passes over the data", epochs))
        for label, values in shown:
            low, high = (f"{count(values[a])} to {count(values[b])}" for a, b in (("p25", "p75"), ("p05", "p95")))
            table.add_row(label, count(values["median"]), low, high)
        _level_rows(table, best.outcome, f.loss, " of a run there")
        places = decimals(f.loss["median"])
        table.caption = Text(
            f"Least expected loss at {count(f.recommended_params)} parameters and {count(f.recommended_data)} tokens; "
            f"expected to lose {fixed(f.expected_regret, places + 1)} in {clean(best.outcome.label)} to the unknown "
            "optimum"
        )
        tables.append(table)
    return tables


def crossing_table(found: Crossing) -> Table:
    """Odds that one choice is always better or is overtaken, and where that is."""
    a, b = (elide(clean(name), 40) for name in (found.a, found.b))
    table = titled(
        f"{found.kind.capitalize()}s of {a} and {b} from {count(found.low)} to {count(found.high)}{also_at(found.at)}"
    )
    words(table, "what happens")
    numbers(table, "chance")
    table.add_row(Text(f"{a} is better throughout"), chance(found.p_a_always))
    table.add_row(Text(f"{b} is better throughout"), chance(found.p_b_always))
    table.add_row(Text(f"{b} overtakes {a}"), chance(found.p_b_overtakes))
    table.add_row(Text(f"{a} overtakes {b}"), chance(found.p_a_overtakes))
    table.add_row(Text("one overtakes the other and loses again"), chance(found.p_returns))
    if found.size:
        winner, loser = (b, a) if found.p_b_overtakes >= found.p_a_overtakes else (a, b)
        low, high = count(found.size["p05"]), count(found.size["p95"])
        where = f"at {count(found.size['median'])} (90% interval {low} to {high})"
        level = f"{clean(found.outcome.label)} {found.outcome.told(found.loss)}"
        table.caption = Text(f"If {winner} overtakes {loser}, it does {where}. Both then have {level}.")
    return table


def speedup_table(found: Speedup) -> Table:
    """How many times as much one choice needs as another, and at what outcome."""
    a, b = (elide(clean(name), 40) for name in (found.a, found.b))
    table = titled(f"{a} over {b} at {', '.join(f'{clean(n)} = {exact(v)}' for n, v in found.at.items())}")
    words(table, "")
    numbers(table, "median", "50% interval", "90% interval")
    if factor_of := found.factor:
        intervals = (f"{factor_of[x]:.3g} to {factor_of[y]:.3g}" for x, y in (("p25", "p75"), ("p05", "p95")))
        table.add_row(f"times the {clean(found.of)}", f"{factor_of['median']:.3g}", *intervals)
    _level_rows(table, found.outcome, found.loss)
    return table


def _level_rows(table: Table, outcome: "Outcome", quantiles: Mapping[str, float], of: str = "") -> None:
    """Rows of an outcome: median, 50% and 90% interval, and those in the unit of the source if that is another."""
    for name, values in ((f"{clean(outcome.label)}{of}", quantiles), (outcome.given, outcome.in_given(quantiles))):
        if values:
            places = decimals(values["median"])
            inner, outer = (_interval(values[x], values[y], places) for x, y in (("p25", "p75"), ("p05", "p95")))
            table.add_row(name, fixed(values["median"], places), inner, outer)


def comparison_table(found: Comparison) -> Table:
    """Laws by the density they gave to the largest runs, the best first."""
    runs, folds = found.held_out.index.nunique(), found.held_out["fold"].nunique()
    table = titled(
        f"Laws by how they foretold {runs} held-out runs, the largest in {clean(found.along)} "
        f"({folds} time{'s' if folds > 1 else ''})"
    )
    words(table, "law")
    numbers(table, "log\nscore", "behind\nthe best", "weight", "error", "inside\n90%", "90%\nwidth", "leave-\none-out")
    for rank, s in enumerate(found.laws):
        loo = "-" if s.loo is None else f"{s.loo.elpd:.1f}" + (f" ({s.loo.unreliable}?)" if s.loo.unreliable else "")
        table.add_row(
            Text(s.law),
            fixed(s.log_score, 2),
            "" if rank == 0 else f"{fixed(s.behind, 2)} ± {fixed(s.behind_se, 2)}",
            chance(s.weight),
            f"{s.are_median:.1%}",
            f"{s.coverage_90:.0%}",
            f"{s.width_90:.1%}",
            loo,
            style="bold" if rank == 0 else "",
        )
    table.caption = Text(
        f"Log score: mean log density of {found.outcome.linked_unit}. Weight: share in the mixture that would have "
        "done best. Error: median of |predicted/measured - 1|. Leave-one-out is about runs in the midst of the data; "
        "of as many as said with ? it knows nothing, and of averaged curves (-) it is not computed."
    )
    return table


def laws_table(laws: Iterable[Law]) -> Table:
    """The laws there are."""
    table = titled("Laws")
    words(table, "law", fold=False)
    table.add_column("formula, columns, parameters and source", overflow="fold", ratio=1)
    for law in laws:
        columns = ", ".join(f"{c.name} ({c.unit})" for c in law.covariates)
        reported = ", ".join(p.name for p in law.parameters)
        others = (
            f"other columns: {law.name}(COLUMN+COLUMN+…)"
            if law.covariates[0].share
            else f"another column: {law.name}(COLUMN)"
        )
        choice = f"; or from {others}" if takes_any_column(law.name) else ""
        table.add_row(Text(law.name), Text(f"{law.formula}\nneeds {columns}{choice}; reports {reported}\n{law.source}"))
    return table


def outcome_summary(found: "hindsight.Outcome") -> str:
    """Say how far off the predictions were and what the choice cost, beside accept-then-stop."""
    return (
        f"Root mean squared error of log loss: {found.rmsle:.3f}; of accept-then-stop: {found.rmsle_baseline:.3f}.\n"
        f"Regret of the choice: {found.regret:.3f}; of accept-then-stop's, {clean(found.choice_baseline)}: "
        f"{found.regret_baseline:.3f}."
    )


def checks_table(checks: Iterable[Check]) -> Table:
    """Verdicts with the numbers behind them; below a sentence that is not a PASS, what to do."""
    table = titled("Checks")
    words(table, "check", fold=False)
    table.add_column("verdict", no_wrap=True)
    numbers(table, "found", "threshold")
    table.add_column("what it says", overflow="fold", ratio=1, min_width=20)
    for check in checks:
        says = clean(check.sentence) + (f"\n-> {clean(check.remedy)}" if check.remedy else "")
        table.add_row(
            Text(clean(check.name)),
            Text(check.status, style=_STATUS_STYLES[check.status]),
            f"{check.value:.4g}",
            f"{check.threshold:.4g}",
            Text(says),
        )
    return table


Interval = tuple[float, float, float]
"""The .05, .5 and .95 quantiles."""


def parameters_table(records: Sequence[Mapping[str, Any]], priors: Sequence[Interval | None] | None = None) -> Table:
    """Posterior summaries of parameters, from ``bayeslaw.answers.parameters.parameter_records``.

    Parameters
    ----------
    records : sequence of mapping
    priors : sequence, optional
        What the prior says of each; None of one that is flat.

    Returns
    -------
    rich.table.Table
    """
    table = titled("Parameters: posterior median and 90% interval")
    words(table, "parameter", fold=False)
    words(table, "of")
    numbers(table, "median", "5%", "95%", *(["prior\nmedian", "prior\n5%", "prior\n95%"] if priors else []))
    numbers(table, "R-hat", "least\nESS")
    models = dict.fromkeys(str(record["group"]) for record in records if record["level"] == "model")
    names = short_names(list(models), limit=60)
    before = None
    for i, record in enumerate(records):
        name, level = record["name"], record["level"]
        if before is not None and name != before and level in ("family", "model"):
            table.add_section()
        before = name
        group = "" if record["group"] is None else clean(record["group"])
        table.add_row(
            Text(clean(name)),
            Text(names[str(record["group"])] if level == "model" else f"{level} {group}".strip()),
            *(f"{record[value]:.3g}" for value in ("median", "p05", "p95")),
            *(_prior_cells(priors[i]) if priors else []),
            fixed(record["rhat"], 3),
            fixed(min(record["ess_bulk"], record["ess_tail"]), 0),
        )
    units = {clean(record["name"]): clean(record["unit"]) for record in records if record["unit"] != "1"}
    if units:
        table.caption = Text("Units: " + "; ".join(f"{name} in {unit}" for name, unit in units.items()))
    return table


def _prior_cells(prior: Interval | None) -> list[str]:
    return ["flat", "", ""] if prior is None else [f"{value:.3g}" for value in (prior[1], prior[0], prior[2])]


def predictions_table(prediction: Prediction) -> Table:
    """Predicted losses, and those in the unit of the source where they were converted."""
    records, given = prediction.records(), prediction.outcome.given
    table = titled(f"Predicted {prediction.outcome.label} (median, 50% and 90% intervals)")
    tasks = {record["task"] for record in records}
    names = short_names(list(dict.fromkeys(str(record["model"]) for record in records)), limit=60)
    words(table, "model", *(["task"] if len(tasks) > 1 else []))
    numbers(table, "at", _heading(prediction.outcome), "50%\ninterval", "90%\ninterval")
    numbers(table, *([f"{given}\n(90%)"] if given else []), "beyond\nthe data")
    for record in records:
        places = decimals(record["median"])
        at = "\n".join(f"{clean(name)}={count(value)}" for name, value in record["at"].items())
        table.add_row(
            Text(names[str(record["model"])]),
            *([Text(clean(record["task"]))] if len(tasks) > 1 else []),
            Text(at),
            fixed(record["median"], places),
            _interval(record["p25"], record["p75"], places),
            _interval(record["p05"], record["p95"], places),
            *([_given(record, given)] if given else []),
            factor(record["extrapolation"]),
        )
    return table


def reliability_table(result: Reliability) -> Table:
    """Errors and shares inside intervals of runs that a fit did not know, by task."""
    table = titled(f"Runs that the fit did not know: {result.outcome.label}")
    words(table, "task")
    numbers(table, "runs", "median\nerror", "inside\n50%", "inside\n90%")
    for row in result.by_task():
        error = fixed(row["median_abs_error"], 4)
        table.add_row(
            Text(clean(row["task"])), str(row["runs"]), error, f"{row['inside_50']:.0%}", f"{row['inside_90']:.0%}"
        )
    return table


def _heading(outcome: "Outcome") -> str:
    """Heading of a column of an outcome."""
    return clean(outcome.label).replace(" (", "\n(")


def _given(record: Mapping[str, Any], unit: str) -> str:
    """Median and 90% interval in the unit of the source."""
    median, low, high = (record[f"{unit}_{name}"] for name in ("median", "p05", "p95"))
    places = decimals(median)
    return f"{fixed(median, places)} ({_interval(low, high, places)})"


def _families(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether families tell anything that model names do not."""
    return any(model != family for model, family in pairs)


def _interval(low: float, high: float, places: int) -> str:
    below, above = fixed(low, places), fixed(high, places)
    return f"{below} to {above}" if "e" in below + above else f"{below}-{above}"
