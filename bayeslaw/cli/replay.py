"""The command that replays ways to measure on finished tables."""

from pathlib import Path
from typing import Annotated

import typer

from bayeslaw.cli.backtest import Jobs, Tables, check_jobs, replayed
from bayeslaw.cli.giving import PICTURES, Plot
from bayeslaw.cli.law_option import LawName, read_law
from bayeslaw.cli.shared import (
    Allow,
    As,
    Json,
    Scores,
    TokensPerStep,
    Where,
    finish,
    roles_said,
    say_what_is_read,
    show,
    tell,
)
from bayeslaw.errors import TargetError
from bayeslaw.files import require_writable


def replay(
    tables: Tables,
    start: Annotated[
        str | None, typer.Option(help="What is known at the start, such as 'data <= 3200'; two sizes of each model.")
    ] = None,
    goal: Annotated[str, typer.Option(help="choose: which model is the best at the target; foretell: its runs.")] = (
        "choose"
    ),
    split: Annotated[
        str | None, typer.Option(help="Column that says pool or target; the largest size is the target unless told.")
    ] = None,
    law: LawName = "rectified",
    cost: Annotated[
        str | None,
        typer.Option(help="Column or expression; else training FLOP, or 'params * data' where data are examples."),
    ] = None,
    shares: Annotated[str, typer.Option(help="Shares of the cost of all runs to compare at.")] = ".01,.05,.1",
    policies: Annotated[str | None, typer.Option(help="Policies, comma-separated; all unless told.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Replays of policies that depend on chance.")] = 1,
    tasks: Annotated[int | None, typer.Option(help="Take so many tasks of each table, the first ones.")] = None,
    where: Where = None,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    jobs: Jobs = -1,
    out: Annotated[Path, typer.Option(help="Folder for results; finished replays in it are used.")] = Path("replay"),
    json: Json = False,
    plot: Plot = None,
    allow_failed_checks: Allow = False,
) -> None:
    """Replay sequential measuring on finished tables, every policy paying for what it looks at."""
    say_what_is_read(tables, json)
    from bayeslaw.evidence.replay.replay import replay as run_replay

    check_jobs(jobs)
    if plot is not None:
        require_writable(plot, suffixes=PICTURES)
    if goal not in ("choose", "foretell"):
        raise TargetError(f"--goal {goal!r}: expected choose or foretell.")
    names = None if policies is None else [name.strip() for name in policies.split(",") if name.strip()]
    fractions, named = _shares(shares), read_law(law)
    found = replayed(
        lambda report: run_replay(
            tables,
            goal=goal,  # type: ignore[arg-type]
            start=start,
            split=split,
            law=named,
            cost=cost,
            where=where,
            roles=roles_said(answers, tokens_per_step, scores),
            first=tasks,
            shares=fractions,
            policies=names,
            seeds=seeds,
            workers=jobs,
            folder=out,
            report=report,
        ),
        out,
    )
    from bayeslaw.files import replacing, write_csv
    from bayeslaw.views.records import to_json

    with replacing(out / "replay.json") as temporary:
        temporary.write_text(to_json(found.to_dict()), encoding="utf-8")
    write_csv(found.to_frame(), out / "steps.csv")
    if plot is not None:
        from bayeslaw.views.plots.replay import plot_replay
        from bayeslaw.views.plots.saving import save_figure

        save_figure(plot_replay(found), plot)
    if found.reused:
        tell(f"{found.reused} replays were made before and taken from {out}.")
    for failure in found.failures:
        tell(failure)
    if json:
        print(to_json(found.to_dict()))
    else:
        from bayeslaw.views.replay_text import replay_tables

        show(*(part for table in replay_tables(found) for part in (table, "")))
        print(found.sentence)
        tell(f"Written to {out}.")
    finish(found.status, allow_failed_checks)


def _shares(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or not all(0 < share <= 1 for share in found):
        raise TargetError(f"--shares {text!r}: expected numbers above 0 and up to 1, separated by commas.")
    return found
