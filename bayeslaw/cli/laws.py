"""The command that lists laws, and checks one."""

import time
from typing import Annotated

import typer

from bayeslaw.cli.law_option import read_law
from bayeslaw.cli.shared import (
    Allow,
    Json,
    Seed,
    finish,
    interruptible,
    progress_bar,
    show,
    tell,
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
    if not json:
        tell("Reading the laws." if check is None else f"Checking the law {check}.")
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
