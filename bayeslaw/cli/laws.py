"""Commands about laws: which there are, how a budget is best split, and where two cross."""

import time
from typing import Annotated

import typer

from bayeslaw.cli.giving import Csv, Markdown, Output, Plot, Report, Table, give, ways
from bayeslaw.cli.law_option import LawOfFit, asked_law, read_law
from bayeslaw.cli.points import one_point, point_of_law, point_of_table
from bayeslaw.cli.prior_option import PriorOf, read_statements, say_what_was_stated
from bayeslaw.cli.shared import (
    Allow,
    As,
    EarlyTokens,
    FitFile,
    Json,
    PriorName,
    RunsOrFit,
    RunsPaths,
    Seed,
    Where,
    Widen,
    borrow,
    finish,
    fit_table,
    interruptible,
    progress_bar,
    read_number,
    read_table,
    read_tokens,
    saved_fit,
    say_repairs,
    say_what_is_read,
    say_what_was_borrowed,
    say_what_was_read,
    show,
    show_failing,
)


def laws(
    check: Annotated[
        str | None, typer.Option(help="Check one instead: its name, or a file that defines it (.py).")
    ] = None,
    simulate: Annotated[bool, typer.Option(help="Fit it to runs simulated from it, too: a minute or more.")] = True,
    seed: Seed = 0,
    json: Json = False,
    allow_failed_checks: Allow = False,
) -> None:
    """List the laws there are, with their formulas, columns and sources; or check one of your own."""
    from bayeslaw.laws import get_law, law_names

    if check is not None:
        _check_law(check, simulate, seed, json, allow_failed_checks)
        return
    found = [get_law(name) for name in law_names()]
    if json:
        from bayeslaw.views.records import laws_record, to_json

        print(to_json(laws_record(found)))
    else:
        from bayeslaw.views.text import laws_table

        show(laws_table(found))


def _check_law(named: str, simulate: bool, seed: int, json: bool, allow_failed_checks: bool) -> None:
    """Check a law, whatever is wrong with it."""
    began = time.perf_counter()
    law = read_law(named, working=False)
    from bayeslaw.evidence.law_checks import check_law
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    use_compilation_cache()
    with interruptible(), progress_bar(f"{law.name} law", json) as progress:
        found = check_law(law, simulate=simulate, seed=seed, progress=progress)
    if json:
        from bayeslaw.views.records import timed, to_json

        print(to_json(timed(found, time.perf_counter() - began)))
    else:
        from bayeslaw.views.text import checks_table

        show(checks_table(found.checks))
        print(found.sentence)
    finish(found.status, allow_failed_checks)


def optimum(
    runs: RunsOrFit,
    compute: Annotated[str, typer.Option(help="Budget in FLOP, such as 5.88e23.")],
    at: Annotated[
        list[str] | None, typer.Option("--at", help="What else the law needs, such as unique_data=100B.")
    ] = None,
    where: Where = None,
    answers: As = None,
    law: Annotated[
        str | None,
        typer.Option(
            "--law",
            help="Joint law of params and data, a name or a file (.py); if not given, the prior's, else chinchilla.",
        ),
    ] = None,
    prior: PriorName = None,
    widen: Widen = 1.0,
    prior_of: PriorOf = None,
    early_tokens: EarlyTokens = None,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Output = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Split a compute budget over model size and tokens, with the odds and the cost of a wrong split."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks)
    say_what_is_read(runs, how.quiet)
    budget, held = read_number(compute, "compute", "5.88e23 (FLOP)"), one_point(at or [])
    from bayeslaw.answers.optimum import require_budget, require_tokens
    from bayeslaw.laws import get_law

    first_tokens, stated = read_tokens(early_tokens), read_statements(prior_of)
    fitted = saved_fit(runs, where, law, prior, widen, early_tokens, answers, prior_of, how.fits)
    if fitted is None:
        asked = asked_law(law)
        if asked is not None or prior is None:  # else the prior, once it is read, says which law
            require_budget(asked or get_law("chinchilla"), budget, held)
        table = read_table(runs, where, answers)
        require_tokens(table)
        named, lender = borrow(table, prior, widen, asked, default="chinchilla")
        held = point_of_law(held, named, table)
        require_budget(named, budget, held)
        fitted = fit_table(table, named, seed, first_tokens, lender, stated, quiet=how.quiet)
    held = point_of_law(held, fitted.posterior.law, fitted.posterior.runs)
    best = fitted.optimum(compute=budget, at=held, seed=seed)

    def for_people() -> None:
        from bayeslaw.views.text import optimum_tables

        say_what_was_read(fitted.posterior.runs)
        say_what_was_borrowed(fitted.posterior)
        say_what_was_stated(fitted.posterior)
        show(*optimum_tables(best))
        show_failing(best.checks)
        say_repairs(fitted.posterior)

    give(best, how, for_people, fit=fitted)


def crossing(
    fit: FitFile,
    a: Annotated[str, typer.Argument(help="Model, or family of a joint law.")],
    b: Annotated[str, typer.Argument(help="Another.")],
    at: Annotated[list[str] | None, typer.Option("--at", help="Other covariates, such as params=8e9.")] = None,
    task: Annotated[str | None, typer.Option(help="Task, if the fit has several.")] = None,
    low: Annotated[str | None, typer.Option(help="Look from this size on; from the smallest seen unless told.")] = None,
    high: Annotated[str | None, typer.Option(help="Look up to this size; 100 times the largest seen.")] = None,
    kind: Annotated[str, typer.Option(help="curve, or law: as if laws held at any distance.")] = "curve",
    law: LawOfFit = None,
    seed: Seed = 0,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Find the data size from which on one choice beats another, from a saved fit, and the odds that it ever does."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    others = one_point(at or [])
    limits = [
        None if text is None else read_number(text, name, "1.6M") for text, name in ((low, "low"), (high, "high"))
    ]
    from bayeslaw.fitting.fit import load

    fitted = load(fit, law=asked_law(law))
    others = point_of_law(others, fitted.posterior.law, fitted.posterior.runs)
    found = fitted.crossing(a, b, at=others, task=task, low=limits[0], high=limits[1], kind=kind, seed=seed)  # type: ignore[arg-type]

    def for_people() -> None:
        from bayeslaw.views.text import crossing_table

        show(crossing_table(found))
        show_failing(found.checks)

    give(found, how, for_people, fit=fitted)


def advise(
    runs: RunsPaths,
    at: Annotated[list[str] | None, typer.Option("--at", help="Target, such as params=70B; may be repeated.")] = None,
    where: Where = None,
    law: Annotated[
        str | None, typer.Option("--law", help="Law to be fitted; as the target asks for, if not named.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="Task of the target, if the table has several.")] = None,
    answers: As = None,
    json: Json = False,
    csv: Csv = False,
    markdown: Markdown = False,
    output: Table = None,
    plot: Plot = None,
    report: Report = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Judge whether a table of runs can carry a law to a target, before anything is fitted."""
    how = ways(json, csv, markdown, output, plot, report, allow_failed_checks, fit=False)
    say_what_is_read(runs, how.quiet)
    from bayeslaw.answers.advice import advise as judge

    table = read_table(runs, where, answers)
    advice = judge(table, point_of_table(one_point(at), table) if at else None, law=asked_law(law), task=task)

    def for_people() -> None:
        from bayeslaw.views.text import checks_table

        say_what_was_read(table)
        show(checks_table(advice.checks))
        for suggestion in advice.suggestions:
            print(suggestion)

    give(advice, how, for_people, runs=table)
