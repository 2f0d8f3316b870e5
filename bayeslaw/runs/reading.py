"""Reading runs from files, folders or a DataFrame."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.checks import (
    check_metric,
    name_problems,
    number_problems,
    refuse,
    repeat_problems,
    seed_problems,
    unit_problems,
)
from bayeslaw.runs.counted_params import ask_about_sizes_of_models
from bayeslaw.runs.drafting import Draft, draft_of
from bayeslaw.runs.evidence import (
    ask_about_metric,
    ask_about_numbers,
    ask_about_shifted_sizes,
    ask_about_values,
    names_that_nearly_agree,
)
from bayeslaw.runs.questions import OpenQuestionsError, Question
from bayeslaw.runs.readers.base import Raw
from bayeslaw.runs.readers.nested_cells import with_records
from bayeslaw.runs.readers.opened import stem_of
from bayeslaw.runs.readers.registry import read_raw, read_several
from bayeslaw.runs.schedules import schedule_check
from bayeslaw.runs.score_checks import ask_about_scores, below_chance, check_metrics_are_scores, score_problems
from bayeslaw.runs.scores import are_accuracies
from bayeslaw.runs.settings import ask_what_tells_apart, repeats_with_other_settings
from bayeslaw.runs.sheets import Sheet, is_log, tidy_sheet
from bayeslaw.runs.stated import read_answers, scores_as_roles
from bayeslaw.runs.table import Runs, not_selected, nothing_selected
from bayeslaw.runs.understood import Understood, understood_columns
from bayeslaw.runs.unfinished import runs_that_stopped
from bayeslaw.runs.unfolded import VALUE_HEADING
from bayeslaw.runs.where import matching_rows

NEGATIVE = (
    "Losses are negative, as those relative to another model are: laws that allow for this are 'vocabulary', and "
    "others with an identity link, such as 'vanilla(link=identity)'."
)

Source = str | os.PathLike[str] | pd.DataFrame | Sequence[str | os.PathLike[str]]
"""What runs are read from: a file or folder, several of them, or a table."""

Table = Runs | pd.DataFrame | str | os.PathLike[str]
"""Runs, or what they are read from."""


def read_runs(
    source: Source,
    *,
    where: str | None = None,
    roles: Mapping[str, str] | None = None,
    scores: Sequence[str] = (),
) -> Runs:
    """Read training runs from wherever they are.

    The kind of a file is told by its content: tables (CSV, TSV, Parquet, JSON, Markdown, Excel; also compressed with
    gzip) and logs (Hugging Face Trainer, Weights & Biases, TensorBoard, MLflow, Lightning, lm-evaluation-harness, text
    logs of nanoGPT, Megatron, llm-foundry, NeMo, torchtitan, OLMo and llm.c, and lines of steps and losses). The
    columns are found by the names that are usual in the field, whatever their case and punctuation, and by what stands
    in them; a table may be tidy (one row a run) or wide (one column for each data size, for each model, or for each
    seed).

    Parameters
    ----------
    source : path, sequence of paths, or DataFrame
        A file; a folder of runs; several of them, which become one table; or a table, which is not changed. Of
        several, one that has a row a model and nothing measured tells the others the sizes of their models.
    where : str, optional
        An expression that chooses rows, for instance ``"metric == 'loss:c4_val' and params < 1e9"``. Rows that it drops
        are not checked.
    roles : mapping of str to str, optional
        What columns are, where their names do not tell: ``{"size": "params:M", "step": "data:32"}``. They come before
        those of a file ``bayeslaw.toml`` beside the source. ``steps`` is the column that counts steps of training,
        whatever its heading: ``{"steps": "tokens:524288"}``.
    scores : sequence of str, optional
        Columns that are accuracies on benchmarks, as of a leaderboard: ``("arc", "hellaswag")``. Each
        gets a row for each model, and is a task. The same as ``roles={"arc": "accuracy", "hellaswag": "accuracy"}``.

    Returns
    -------
    Runs
        The table under canonical names, with data in examples (or tokens), parameters and tokens as counts, compute
        in FLOP, and losses in nats; the rows that were left out; and notes on what was understood. A table of
        benchmark scores has ``accuracy`` (share of questions answered rightly), ``loss`` (1 - accuracy), and where
        they are known ``accuracy_se``, ``questions`` (how many), ``chance`` (what guessing reaches) and
        ``model_loss`` (of the model on text, in nats).

    Raises
    ------
    RunsError
        If the file or a cell in it cannot be used. The message names the place and the remedy.
    OpenQuestionsError
        If the table leaves open what it means; the message has the questions and the `roles` that answer them.
    SelectionError
        If `where` is not understood, or no row matches it.

    Examples
    --------
    >>> runs = read_runs(pd.DataFrame({"model": ["gpt2", "gpt2"], "examples": ["200", "1k"], "eval_loss": [3.1, 2.9]}))
    >>> runs.table[["model", "data", "loss"]].values.tolist()
    [['gpt2', 200.0, 3.1], ['gpt2', 1000.0, 2.9]]
    """
    _, sheet, draft, questions = _asked(source, where, {**scores_as_roles(scores), **(roles or {})})
    if questions:
        raise OpenQuestionsError(draft.source, questions)
    return _checked(draft, sheet).runs()


def understand(source: Source, *, where: str | None = None, roles: Mapping[str, str] | None = None) -> Understood:
    """Say what would be understood of a source, and what is open about it.

    Parameters
    ----------
    source, where, roles : as for `read_runs`.

    Raises
    ------
    RunsError, SelectionError
        As `read_runs`, but open questions are among what is returned.
    """
    raw, sheet, draft, questions = _asked(source, where, roles)
    if not questions:
        draft = _checked(draft, sheet)
    runs = draft.runs()
    return Understood(
        source=runs.source,
        format=raw.format,
        rows=len(runs.table),
        columns=understood_columns(sheet, _values(questions), _in_percent(draft)),
        left_out=runs.left_out,
        notes=runs.notes,
        questions=tuple(questions),
        table=runs.table,
    )


def read_zero_shot(
    source: Source, *, where: str | None = None, roles: Mapping[str, str] | None = None
) -> dict[tuple[str, str], float]:
    """Read the losses before any training, which `read_runs` leaves out because they are on no curve.

    Parameters
    ----------
    source, where, roles : as for `read_runs`.

    Returns
    -------
    dict from (task, model) to the loss at zero examples, the mean if there are several. Losses that are not numbers
    above zero are missing from it.

    Raises
    ------
    RunsError, SelectionError
        As `read_runs`, but cells are not checked.
    """
    table = _drafted(source, where, roles or {})[2].table
    zero = table[(table["data"] == 0) & np.isfinite(table["loss"]) & (table["loss"] > 0)]
    means = zero.groupby(["task", "model"], sort=False)["loss"].mean()
    return {(str(task), str(model)): float(loss) for (task, model), loss in means.items()}


def _drafted(source: Source, where: str | None, roles: Mapping[str, str]) -> tuple[Raw, Sheet, Draft]:
    """Read a source and keep the rows asked for; the cells are not checked yet.

    What values are may be said by the metric of those rows, and then they are read once more.
    """
    raw, name, task, folder = _found(source)
    beside = read_answers(folder) if folder is not None else {}
    sheet, draft = _selected(raw, name, task, where, roles, beside)
    measured = sheet.roles.measured
    if not measured.said and measured.heading in sheet.cells and are_accuracies(draft.table):
        raw = replace(raw, known={**raw.known, measured.heading: "accuracy"})
        sheet, draft = _selected(raw, name, task, where, roles, beside)
    return raw, sheet, draft


def _selected(
    raw: Raw, name: str, task: str, where: str | None, roles: Mapping[str, str], beside: Mapping[str, str]
) -> tuple[Sheet, Draft]:
    sheet = tidy_sheet(raw, name, roles, beside)
    draft = draft_of(sheet, name, task)
    if where is not None:
        mask = matching_rows(draft.with_known_tasks().table, where, dict(draft.spelling))
        if not mask.any():
            raise nothing_selected(name, where, draft.table)
        draft = draft.without(~mask, not_selected(where))
    return sheet, draft


def _found(source: Source) -> tuple[Raw, str, str, Path | None]:
    """Find a source: what is in it, its name, what its task is called, and the folder it lies in."""
    if isinstance(source, pd.DataFrame):
        cells, notes = with_records(source)
        return Raw("table", cells, notes), "<DataFrame>", "task", None
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        raw = read_raw(path)
        named = path if path.name else path.resolve()  # of "." and ".."
        return raw, named.name or str(path), stem_of(named) or "task", path if path.is_dir() else path.parent
    if isinstance(source, Sequence) and source and all(isinstance(one, str | os.PathLike) for one in source):
        paths = [Path(one) for one in source]
        if len(paths) == 1:
            return _found(paths[0])
        folder = paths[0] if paths[0].is_dir() else paths[0].parent
        return read_several(paths), " + ".join(path.name for path in paths), "task", folder
    raise RunsError(
        f"found a source of type {type(source).__name__}, expected the path of a file or folder, several paths, or a "
        f"DataFrame.{_as_table(source)}"
    )


def _as_table(source: object) -> str:
    """Words on how records or columns in Python become a table; empty for anything else."""
    if isinstance(source, Mapping):
        return " Of columns make one: read_runs(pd.DataFrame(columns))."
    records = isinstance(source, Sequence) and bool(source) and all(isinstance(one, Mapping) for one in source)
    return " Of records make one: read_runs(pd.DataFrame(records))." if records else ""


def _asked(
    source: Source, where: str | None, roles: Mapping[str, str] | None
) -> tuple[Raw, Sheet, Draft, list[Question]]:
    """Read a source, leave out what is on no curve, and find what is open about the rest."""
    raw, sheet, draft = _drafted(source, where, roles or {})
    if not sheet.roles.questions:  # else it is not yet known what the values are
        check_metric(draft.table, draft.source)
        if raw.known.get(sheet.roles.measured.heading) == "accuracy":  # as the metric says, see `_drafted`
            check_metrics_are_scores(draft.table, draft.source)
    if sheet.is_wide:
        draft = draft.without_losses_not_measured()
    of_losses = "zero-shot loss is not on the fine-tuning curve"
    of_examples = not {"accuracy", "tokens"} & set(draft.table)
    untrained = of_losses if of_examples else "measured before any training, which is on no curve"
    draft = draft.without((draft.table["data"] == 0).to_numpy(), untrained)
    if not len(draft.table):
        reasons = Counter(left_out.reason for left_out in draft.left_out)
        counted = "; ".join(f"{count} rows: {reason}" for reason, count in reasons.most_common(3))
        raise RunsError(
            f"{draft.source}: no run is left ({counted}), expected losses after some training. Add such runs."
        )
    draft = draft.without_empty().without_superseded(is_log=is_log(sheet.cells)).with_known_tasks()
    best, covariates = (draft.under_names_here(sheet.roles.several[role]) for role in ("best", "covariate"))
    draft = draft.with_the_best(best, covariates)
    questions = list(sheet.roles.questions)
    questions += ask_about_numbers(draft.table, draft.read, sheet.roles.columns)
    loss = sheet.roles.measured
    if sheet.is_wide and loss.heading == VALUE_HEADING and not loss.said:
        questions += ask_about_values(draft.table, VALUE_HEADING)
    questions += ask_about_metric(draft.table, loss)
    if "accuracy" in draft.read:
        questions += ask_about_scores(loss, draft.read["accuracy"])
    if not questions:
        questions += ask_about_sizes_of_models(draft.table)
    if not questions:
        questions += ask_about_shifted_sizes(draft.table, sheet.roles.columns)
        questions += ask_what_tells_apart(draft.table, covariates, best)
    return raw, sheet, draft, questions


def _in_percent(draft: Draft) -> bool:
    return "accuracy" in draft.read and draft.read["accuracy"].scale != 1


def _values(questions: Sequence[Question]) -> str | None:
    """What the cells of a wide table seem to be, if they were asked about."""
    accuracy = any(f"{VALUE_HEADING}=accuracy" == option for one in questions for option in one.options[:1])
    return "accuracy, higher is better" if accuracy else None


def _checked(draft: Draft, sheet: Sheet) -> Draft:
    """Refuse a table with cells that cannot be used, with all of them; repeated lines of a log are left out."""
    table, read = draft.table, draft.read
    cells = [*unit_problems(table, read), *score_problems(table, read), *number_problems(table, read)]
    refuse(draft.source, [*cells, *name_problems(table)])
    refuse(draft.source, [*seed_problems(table, read), *repeat_problems(table)])
    if "loss" in draft.read and (draft.table["loss"] <= 0).any():
        draft = replace(draft, notes=(*draft.notes, NEGATIVE))
    draft = draft.without_repeats()
    schedule = schedule_check(draft.table, tuple(there for there, _ in draft.spelling))
    said = (schedule.sentence,) if schedule is not None else ()
    return replace(
        draft,
        notes=(
            *draft.notes,
            *said,
            *names_that_nearly_agree(draft.table),
            *repeats_with_other_settings(draft.table, draft.under_names_here(sheet.roles.several["covariate"])),
            *below_chance(draft.table),
            *runs_that_stopped(draft.table),
        ),
    )
