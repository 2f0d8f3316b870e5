"""How a command gives its answer: as tables for people, as JSON, CSV or Markdown, and in files beside."""

import shlex
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayeslaw.cli.shared import finish, tell
from bayeslaw.errors import OutputError
from bayeslaw.files import require_writable

if TYPE_CHECKING:
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.results import Result
    from bayeslaw.runs import Runs

Csv = Annotated[
    bool, typer.Option("--csv", help="Print the answer's table as CSV, and nothing else, on standard output.")
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print the tables in Markdown.")]
Output = Annotated[
    list[Path] | None,
    typer.Option("-o", "--output", help="Save the fit (.nc) or the answer's table (.csv, .md) here; may be repeated."),
]
Table = Annotated[
    list[Path] | None,
    typer.Option("-o", "--output", help="Save the answer's table here (.csv, .md); may be repeated."),
]
Plot = Annotated[Path | None, typer.Option(help="Save a picture here (.png, .pdf or .svg).")]
Report = Annotated[Path | None, typer.Option(help="Save a report here: one page that can be sent on (.html).")]

TABLES, PICTURES = (".csv", ".md"), (".png", ".pdf", ".svg")


@dataclass(frozen=True)
class Ways:
    """How an answer is to be given.

    Attributes
    ----------
    json, csv, markdown : bool
        What is printed in place of tables for people.
    outputs : tuple of Path
        Where the fit and the table go.
    plot, report : Path, optional
    allow_failed_checks : bool
    began : float
        When the command began, as `time.perf_counter` has it.
    """

    json: bool
    csv: bool
    markdown: bool
    outputs: tuple[Path, ...]
    plot: Path | None
    report: Path | None
    allow_failed_checks: bool
    began: float

    @property
    def quiet(self) -> bool:
        """Whether nothing but the answer is to be said."""
        return self.json or self.csv or self.markdown

    @property
    def fits(self) -> tuple[Path, ...]:
        """Where the fit goes."""
        return tuple(path for path in self.outputs if path.suffix.lower() == ".nc")


def ways(
    json: bool,
    csv: bool,
    markdown: bool,
    outputs: "list[Path] | None",
    plot: Path | None,
    report: Path | None,
    allow_failed_checks: bool,
    *,
    fit: bool = True,
) -> Ways:
    """Check how an answer is to be given before anything is computed; ``fit`` tells whether there is one to save.

    Raises
    ------
    OutputError
        If two formats are asked for, or a file cannot be written.
    """
    asked = [name for name, wanted in (("--json", json), ("--csv", csv), ("--markdown", markdown)) if wanted]
    if len(asked) > 1:
        raise OutputError(f"{' and '.join(asked)} are given together, and standard output has one answer. Leave one.")
    for path in outputs or ():
        require_writable(path, suffixes=(".nc", *TABLES) if fit else TABLES)
    for other, suffixes in ((plot, PICTURES), (report, (".html",))):
        if other is not None:
            require_writable(other, suffixes=suffixes)
    return Ways(json, csv, markdown, tuple(outputs or ()), plot, report, allow_failed_checks, time.perf_counter())


def give(
    result: "Result",
    how: Ways,
    for_people: Callable[[], None],
    *,
    fit: "Fit | None" = None,
    runs: "Runs | None" = None,
    figure: Callable[[], Any] | None = None,
    more: Callable[[], Mapping[str, Any]] = dict,
) -> None:
    """Give an answer: files first, then what is printed; the exit status is 3 if a check failed.

    Parameters
    ----------
    result : Result
    how : Ways
    for_people : function
        Prints the tables.
    fit : Fit, optional
        Behind the answer.
    runs : Runs, optional
        What was read, where there is no fit.
    figure : function, optional
        Draws another picture than the usual one.
    more : function
        What JSON holds besides.
    """
    _save(result, how, fit, runs, figure)
    if how.json:
        from bayeslaw.views.records import timed, to_json

        print(to_json({**timed(result, time.perf_counter() - how.began), **more()}))
    elif how.csv:
        print(result.to_frame().to_csv(index=False), end="")
    elif how.markdown:
        print(_markdown(result))
    else:
        for_people()
    if result.status != "PASS" and (how.csv or how.markdown):
        from bayeslaw.results import checks_sentence

        tell(f"Checks: {checks_sentence(result.checks)}")
    finish(result.status, how.allow_failed_checks)


def _save(
    result: "Result",
    how: Ways,
    fit: "Fit | None",
    runs: "Runs | None",
    figure: Callable[[], Any] | None,
) -> None:
    from bayeslaw.files import replacing, write_csv

    for path in how.outputs:
        suffix = path.suffix.lower()
        if suffix == ".nc" and fit is not None:
            fit.save(path)
        elif suffix == ".csv":
            write_csv(result.to_frame(), path)
        else:
            with replacing(path) as temporary:
                temporary.write_text(_markdown(result) + "\n", encoding="utf-8")
    if how.plot is None and how.report is None:
        return
    from bayeslaw.views.figures import figure_of
    from bayeslaw.views.plots.saving import save_figure

    posterior = None if fit is None else fit.posterior
    drawn = figure() if figure is not None else figure_of(posterior, result)
    if how.plot is not None:
        save_figure(drawn, how.plot)
    if how.report is not None:
        from bayeslaw.views.report.page import write_report

        write_report(how.report, [result], posterior, runs=runs, figures={0: drawn}, command=this_command())


def this_command() -> str:
    """The command line as it could be typed again."""
    return shlex.join(["bayeslaw", *sys.argv[1:]])


def _markdown(result: "Result") -> str:
    from bayeslaw.views.grids import grid_of, markdown
    from bayeslaw.views.tables import tables_of

    return markdown(grid_of(table) for table in tables_of(result))
