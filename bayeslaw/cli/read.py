"""The command that shows how files are understood, before anything is fitted."""

from pathlib import Path
from typing import Annotated

import typer

from bayeslaw.cli.shared import (
    As,
    Json,
    RunsPaths,
    Scores,
    TokensPerStep,
    Where,
    check_output,
    roles_said,
    say_what_is_read,
    screen_width,
    show,
    tell,
)


def read(
    runs: RunsPaths,
    answers: As = None,
    tokens_per_step: TokensPerStep = None,
    scores: Scores = None,
    where: Where = None,
    json: Json = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Save the runs under canonical names here (.csv).")
    ] = None,
) -> None:
    """Show how tables and logs are understood: what each column became and why, and what is open.

    Reads CSV, TSV, Parquet, JSON (lines), Markdown, Excel; logs of the Hugging Face Trainer, W&B, TensorBoard, MLflow,
    Lightning, lm-evaluation-harness; text logs of nanoGPT, Megatron, llm-foundry, NeMo, torchtitan, OLMo and llm.c, and
    lines of steps and losses; and folders of them. Where a column is not what it seems, --as says so: size=params:M
    (millions), tok=tokens:B, step=data:32 (examples a step), ratio=tokens_per_param, ppl=loss:perplexity,
    error=accuracy:error, method=variant (tells models apart), lr=best (of a sweep, the best counts), note=ignore. A
    file bayeslaw.toml beside the logs, with a table [columns], says it once for all. What logs don't say of their
    models, such as sizes, a second path may: a table with one row a model and nothing measured. Of a leaderboard, with
    a column for each benchmark, --scores names those columns. Exit status 2 while something is open.
    """
    say_what_is_read(runs, json)
    check_output(output, ".csv")
    from bayeslaw.runs.reading import understand

    found = understand(list(runs), where=where, roles=roles_said(answers, tokens_per_step, scores))
    if json:
        from bayeslaw.views.records import to_json

        print(to_json(found.to_dict()))
    else:
        from bayeslaw.views.runs_text import questions_lines, understood_lines, understood_tables

        for line in understood_lines(found):
            print(line)
        show(*understood_tables(found, screen_width()))
        for line in questions_lines(found):
            print(line)
    if found.questions:
        if output is not None:
            tell(f"{output} is not written while something is open. Answer with --as, as above.")
        raise typer.Exit(2)
    if output is not None:
        from bayeslaw.files import write_csv

        write_csv(found.table.drop(columns="row"), output)
