"""The commands about priors: which were released, what one lends, and how to make one."""

import time
from pathlib import Path
from typing import Annotated

import typer

from bayeslaw.cli.fitting import fit_table, read_tokens, say_repairs
from bayeslaw.cli.law_option import LawName, LawOfFit, asked_law, read_law
from bayeslaw.cli.shared import (
    As,
    EarlyTokens,
    Json,
    Scores,
    Seed,
    TokensPerStep,
    Where,
    check_output,
    finish,
    read_table,
    roles_said,
    say_what_is_read,
    show,
    show_failing,
    tell,
)

priors = typer.Typer(
    help="What fits of known tasks lend to a new table: list, show and make priors.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@priors.command("list")
def list_priors(json: Json = False) -> None:
    """List the priors that come with bayeslaw."""
    if not json:
        tell("Reading the released priors.")
    from bayeslaw.prior.released import released_folder, released_names, released_prior

    found = {name: released_prior(name) for name in released_names()}
    if json:
        from bayeslaw.views.records import priors_record, to_json

        print(to_json(priors_record(found)))
    elif found:
        from bayeslaw.views.prior_text import priors_table

        show(priors_table(found))
    else:
        tell(f"There is no released prior in {released_folder()}. Make one of your own: bayeslaw priors make.")


@priors.command("show")
def show_prior(
    prior: Annotated[str, typer.Argument(help="Name of a released prior, or the file of a prior or of a fit.")],
    law: LawOfFit = None,
    json: Json = False,
) -> None:
    """Show what a prior lends, and what it was made from."""
    if not json:
        tell(f"Reading the prior {prior}.")
    from bayeslaw.fitting.build import open_prior
    from bayeslaw.prior.released import released_card

    found, card = open_prior(prior, asked_law(law)), released_card(prior)
    where = None if card is None else str(card)
    if json:
        from bayeslaw.views.records import prior_record, to_json

        print(to_json(prior_record(found, where)))
    else:
        from bayeslaw.prior.summary import coordinate_records, scale_records
        from bayeslaw.views.prior_text import prior_tables

        show(*prior_tables(found, coordinate_records(found), scale_records(found), where))


@priors.command("make")
def make_prior(
    runs: Annotated[list[Path], typer.Argument(help="Tables of runs, of a task each or of several.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Save the prior here (.json).")],
    law: LawName = "rectified",
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    name: Annotated[str | None, typer.Option(help="What to call it; if not given, as the file is called.")] = None,
    early_tokens: EarlyTokens = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Fit tables together, and save what the fit lends to others."""
    began = time.perf_counter()
    say_what_is_read(runs, json)
    first_tokens = read_tokens(early_tokens)
    check_output(output, ".json")
    from bayeslaw.lending.lend import as_prior
    from bayeslaw.runs import join_runs

    roles = roles_said(answers, tokens_per_step, scores)
    table = join_runs([read_table([path], where, roles) for path in runs])
    fitted = fit_table(table, read_law(law), seed, first_tokens, quiet=json)
    made = None if fitted.status == "FAIL" else as_prior(fitted.posterior, name or output.stem, seed=seed)
    if made is not None:
        made.save(output)
    if json:
        from bayeslaw.views.records import made_prior_record, to_json

        print(to_json(made_prior_record(fitted.posterior, made, time.perf_counter() - began)))
    else:
        from bayeslaw.views.prior_text import priors_table

        if made is not None:
            show(priors_table({made.name: made}, f"Saved in {output}"))
        show_failing(fitted.posterior.checks)
        say_repairs(fitted.posterior)
    if made is None:
        tell("bayeslaw: no prior was made, for a fit that failed its checks lends nothing. Mend the fit first.")
    finish(fitted.status, allow_failed_checks=False)
