"""The page of a report put together: everything that is shown, as plain values for the template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from bayeslaw.answers.parameters import parameters
from bayeslaw.answers.replications import Replications, replications
from bayeslaw.files import replacing, require_writable
from bayeslaw.fitting.assemble import drawn_from_prior
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result
from bayeslaw.runs import Runs
from bayeslaw.verdicts import Check, Status
from bayeslaw.views.figures import figure_of
from bayeslaw.views.grids import Grid, grid_of
from bayeslaw.views.names import clean
from bayeslaw.views.numbers import decimals, fixed
from bayeslaw.views.plots import posterior_predictive, residuals
from bayeslaw.views.plots.style import unshown
from bayeslaw.views.report.answers import Fact, changes_of, elsewhere, facts_of, question_of, to_look_at
from bayeslaw.views.report.pictures import Picture, inline
from bayeslaw.views.tables import tables_of

MOST_ROWS = 1000
"""Rows of a table that are on the page at most."""

LEFT_OUT = 20
"""Reasons for leaving rows out that are told at most."""

WORST_FIRST: tuple[Status, ...] = ("FAIL", "REVIEW", "PASS")
"""The order of checks on the page."""


@dataclass(frozen=True)
class Answer:
    """An answer on the page."""

    question: str
    sentence: str
    status: str
    facts: Sequence[Fact]
    changes: Sequence[str]
    picture: Picture
    tables: Sequence[Grid]


@dataclass(frozen=True)
class Fitted:
    """What is told of the fit behind the answers."""

    law: str
    formula: str
    source: str
    parameters: Grid
    picture: Picture
    pictures: Sequence[Picture]
    replications: str
    runs: Grid
    more_runs: int
    settings: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]
    sha256: str


@dataclass(frozen=True)
class Read:
    """What was read, and what was left out."""

    source: str
    runs: int
    models: int
    tasks: Sequence[str]
    notes: Sequence[str]
    left_out: int
    reasons: Sequence[tuple[str, str]] = field(default_factory=tuple)


def report_html(
    answers: Sequence[Result],
    posterior: Posterior | None = None,
    *,
    runs: Runs | None = None,
    figures: Mapping[int, Figure] | None = None,
    command: str = "",
    seed: int = 0,
) -> str:
    """One page of HTML with answers and the fit behind them, which needs no network.

    Parameters
    ----------
    answers : sequence of Result
        The first is the one that the page is about.
    posterior : Posterior, optional
        Of the fit; without it nothing is told of one.
    runs : Runs, optional
        What was read, where there is no posterior that knows it.
    figures : mapping, optional
        Pictures in place of the usual ones, by place of the answer.
    command : str
        What makes the page again.
    seed : int
        Of the draws from the prior and of replications.

    Returns
    -------
    str
    """
    shown = [_answer(posterior, result, (figures or {}).get(i)) for i, result in enumerate(answers)]
    read = posterior.runs if posterior is not None else runs
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=shown[0].question,
            answers=shown,
            looks=to_look_at(answers[0]),
            checks=_checks_of(answers),
            fit=None if posterior is None else _fitted(posterior, seed),
            read=None if read is None else _read(read),
            command=command,
        )
    )


def write_report(
    path: Path,
    answers: Sequence[Result],
    posterior: Posterior | None = None,
    *,
    runs: Runs | None = None,
    figures: Mapping[int, Figure] | None = None,
    command: str = "",
    seed: int = 0,
) -> None:
    """Write a page of HTML, all or nothing; see `report_html`.

    Raises
    ------
    OutputError
        If the suffix is not .html or the file cannot be written.
    """
    require_writable(path, suffixes=(".html",))
    page = report_html(answers, posterior, runs=runs, figures=figures, command=command, seed=seed)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bayeslaw.views.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    environment.filters["number"] = lambda value: f"{value:.4g}"
    return environment


def _checks_of(answers: Sequence[Result]) -> list[Check]:
    """The checks of all answers, the worst first; what several say alike is there once."""
    checks = {(c.name, c.status, c.sentence): c for result in answers for c in result.checks}
    return sorted(checks.values(), key=lambda check: WORST_FIRST.index(check.status))


def _answer(posterior: Posterior | None, result: Result, figure: Figure | None) -> Answer:
    grids = [grid_of(table) for table in tables_of(result)]
    cut = [_cut(grid) for grid in grids]
    sentence = clean(result.sentence)
    picture = inline(figure or figure_of(posterior, result), sentence)
    changes = [*changes_of(result), *([] if posterior is None else elsewhere(result, posterior))]
    return Answer(question_of(result), sentence, result.status, facts_of(result), changes, picture, cut)


def _cut(grid: Grid) -> Grid:
    """A table of not too many rows, which says how many more there are."""
    more = len(grid.rows) - MOST_ROWS
    if more <= 0:
        return grid
    told = f"and {more:,} more rows that are not shown here"
    return replace(grid, rows=grid.rows[:MOST_ROWS], caption=f"{grid.caption} {told}".strip())


def _fitted(posterior: Posterior, seed: int) -> Fitted:
    law = posterior.law
    found = parameters(posterior, drawn_from_prior(posterior, seed))
    again = replications(posterior, seed=seed)
    (grid,) = (grid_of(table) for table in tables_of(found))
    settings = dict(posterior.settings)
    versions = settings.pop("versions")
    sha256 = settings.pop("runs_sha256")
    return Fitted(
        law=clean(law.name),
        formula=clean(law.formula),
        source=clean(law.source),
        parameters=grid,
        picture=inline(figure_of(None, found), clean(found.sentence)),
        pictures=[
            inline(unshown(draw(again)), clean(again.sentence)) for draw in (residuals.plot, posterior_predictive.plot)
        ],
        replications=clean(again.sentence),
        runs=_runs_grid(again),
        more_runs=max(len(again.runs) - MOST_ROWS, 0),
        settings=list(_flat(settings)),
        versions=[(clean(name), clean(version)) for name, version in versions.items()],
        sha256=sha256,
    )


def _runs_grid(again: Replications) -> Grid:
    """The runs with their replications, one a row."""
    frame = again.to_frame()
    labels = [name for name in ("task", "family", "model") if name == "model" or frame[name].nunique() > 1]
    covariates = [name for name in again.runs.columns if name not in ("task", "family", "model", "measured")]
    places = decimals(float(frame["measured"].median()))
    rows = [
        (
            *(clean(row[name]) for name in labels),
            *(f"{row[name]:,.6g}" for name in covariates),
            fixed(row["measured"], places),
            f"{fixed(row['p05'], places)} to {fixed(row['p95'], places)}",
            "yes" if row["inside"] else "no",
            f"{row['standardized']:.2f}",
        )
        for row in frame.head(MOST_ROWS).to_dict(orient="records")
    ]
    numbers = (*covariates, "measured", "90% interval of replications", "inside", "residual (sd)")
    return Grid("", "", (*labels, *numbers), (False,) * len(labels) + (True,) * len(numbers), tuple(rows))


def _read(runs: Runs) -> Read:
    by_reason: dict[str, list[int]] = {}
    for out in runs.left_out:
        by_reason.setdefault(clean(out.reason), []).append(out.row)
    reasons = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    told = [(reason, _rows_text(rows)) for reason, rows in reasons[:LEFT_OUT]]
    if len(reasons) > LEFT_OUT:
        told.append((f"{len(reasons) - LEFT_OUT} other reasons", ""))
    notes = [clean(note) for note in runs.notes]
    tasks = [clean(task) for task in runs.tasks]
    return Read(clean(runs.source), len(runs.table), len(runs.models), tasks, notes, len(runs.left_out), told)


def _rows_text(rows: Sequence[int], most: int = 12) -> str:
    shown = ", ".join(map(str, rows[:most]))
    return f"{len(rows):,} ({'row' if len(rows) == 1 else 'rows'} {shown}{', …' if len(rows) > most else ''})"


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested settings as names with dots and their values."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name}.")
        else:
            text = f"{value:.6g}" if isinstance(value, float) else str(value)
            found.append((clean(f"{before}{name}"), clean(text)))
    return found
