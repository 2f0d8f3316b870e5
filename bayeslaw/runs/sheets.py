"""From a table of cells to a tidy sheet: headings checked and recognised, wide tables unfolded, logs sorted out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import RATIOS, counts_steps, meaning, other_size, plain, shares_among
from bayeslaw.runs.headings import likely_answers, nearest, with_good_headings
from bayeslaw.runs.logs import carried, completed, counts_from_zero
from bayeslaw.runs.questions import written
from bayeslaw.runs.readers.base import Raw
from bayeslaw.runs.roles import Column, Roles, decide
from bayeslaw.runs.schedules import rate_column
from bayeslaw.runs.score_tables import require_accuracies, require_losses
from bayeslaw.runs.sizes_in_names import with_sizes_in_names
from bayeslaw.runs.stated import Stated, matching_heading, parse_role, says, stated_roles
from bayeslaw.runs.stray_rows import empty_rows, headings_again, require_names_above, summary_rows
from bayeslaw.runs.table import LeftOut, leave_out
from bayeslaw.runs.unfold import unfold
from bayeslaw.runs.unfolded import Unfolded
from bayeslaw.runs.units import holds_nothing, not_a_number, read_numbers, read_plain
from bayeslaw.runs.wide_scores import benchmarks_not_read, scores_by_name, scores_said, unfold_scores

BENCHMARKS_MIN, BENCHMARKS_SHOWN = 2, 3
"""Columns of shares without a meaning of their own from which on a table may be a leaderboard; how many are named."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A tidy table of cells, one row a run, not yet read as numbers.

    Attributes
    ----------
    cells : the cells under the headings of the source.
    rows : for each row of `cells`, the data row in the source, counted from 1.
    roles : what the columns are, and what is open about that.
    loss_headings : for each row of `cells`, the heading that its loss or accuracy stands under.
    is_wide : whether the source has one column for each data size, or for each model.
    made : columns that were made of such headings.
    left_out : rows that hold nothing, or no loss in a log.
    notes : what was understood.
    """

    cells: pd.DataFrame
    rows: NDArray[np.int64]
    roles: Roles
    loss_headings: NDArray[np.object_]
    is_wide: bool
    made: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def tidy_sheet(raw: Raw, source: str, answers: Mapping[str, str], beside: Mapping[str, str]) -> Sheet:
    """Bring a table of cells into tidy form.

    Parameters
    ----------
    raw : what a reader found.
    source : its name, for messages.
    answers, beside : roles by column, as the user gave them and as the file beside the logs does.

    Raises
    ------
    RunsError
        If headings are missing or repeated, if there is no row, or if there is no column of losses or of sizes.
    """
    cells, notes = with_good_headings(raw.cells, source)
    if not len(cells):
        raise RunsError(f"{source}: found a header only, expected one row a run below it.")
    require_names_above(cells, source)
    empty, again = empty_rows(cells), headings_again(cells)
    if (empty | again).all():
        raise RunsError(f"{source}: every row is empty, expected one row a run.")
    left_out = (
        *leave_out(np.flatnonzero(empty) + 1, "the row is empty"),
        *leave_out(np.flatnonzero(again) + 1, "the headings come again"),
    )
    rows = np.flatnonzero(~(empty | again)) + 1
    cells = cells[~(empty | again)].reset_index(drop=True)
    summary = summary_rows(cells)
    left_out = (*left_out, *leave_out(rows[summary], "a summary of the rows above, by its name and all its numbers"))
    cells, rows = cells[~summary].reset_index(drop=True), rows[~summary]

    wide, answers, beside = _unfolded(cells, source, answers, beside)
    if wide is not None:
        cells, rows, notes = wide.cells, rows[wide.origin], (*notes, wide.note)
    else:
        said_of = {**raw.known, **beside, **answers}
        headings = list(cells.columns)
        said = [role for column, role in said_of.items() if matching_heading(column, headings) is not None]
        cells, of_names = with_sizes_in_names(cells, said)
        notes = (*notes, *of_names)
    stated, said_notes = _stated(cells, raw, source, answers, beside)
    roles = decide(cells, stated)
    _require_columns(cells, roles, source)
    unread = benchmarks_not_read(cells) if "loss" in roles.columns else ()
    sheet = Sheet(
        cells,
        rows,
        roles,
        loss_headings=np.full(len(cells), roles.measured.heading, dtype=object) if wide is None else wide.loss_headings,
        is_wide=wide is not None,
        made=() if wide is None else wide.made,
        left_out=left_out,
        notes=(*raw.notes, *notes, *said_notes, *roles.notes, *unread),
    )
    return sheet if sheet.is_wide else _with_steps_from_one(_without_rows_of_training(sheet))


def _unfolded(
    cells: pd.DataFrame, source: str, answers: Mapping[str, str], beside: Mapping[str, str]
) -> tuple[Unfolded | None, Mapping[str, str], Mapping[str, str]]:
    """A wide table made tidy, None if it is tidy; and what was said about the columns that it then has.

    Raises
    ------
    RunsError
        If its headings contradict each other, or what is said of scores contradicts them or itself.
    """
    headings, said_of = list(cells.columns), {**beside, **answers}
    by_heading = {h: role for c, role in said_of.items() if (h := matching_heading(c, headings)) is not None}
    require_accuracies({heading: role for heading, role in by_heading.items() if says("accuracy", role)})
    require_losses(by_heading)
    scores = scores_said(headings, answers, beside)
    if scores:
        units = set(scores.values())
        if len(units) > 1:
            named = ", ".join(f"{heading}={role}" for heading, role in scores.items())
            raise RunsError(f"{source}: benchmarks are said to be in several units ({named}), expected one for all.")
        tasks = [column for column, role in said_of.items() if says("task", role)]
        task = next((column for column in tasks if matching_heading(column, headings) is not None), None)
        if task is not None:
            raise RunsError(
                f"{source}: each benchmark is a task, and {task!r} is said to be the task, too; expected one of the "
                f"two. Say --as {written(f'{task}=variant')} if it tells models apart, or leave it out."
            )
        answers, beside = (
            {column: role for column, role in one.items() if matching_heading(column, headings) not in scores}
            for one in (answers, beside)
        )
        return unfold_scores(cells, list(scores), source, True), {**answers, "accuracy": units.pop()}, beside
    said = [column for column, role in said_of.items() if says("loss", role) or says("accuracy", role)]
    if any(matching_heading(column, headings) is not None for column in said):
        return None, answers, beside
    by_name = [] if any(says("accuracy", role) for role in answers.values()) else scores_by_name(cells, source)
    return (unfold_scores(cells, by_name, source, False) if by_name else unfold(cells, source)), answers, beside


def _stated(
    cells: pd.DataFrame, raw: Raw, source: str, answers: Mapping[str, str], beside: Mapping[str, str]
) -> tuple[dict[str, Stated], tuple[str, ...]]:
    """What the user said about the columns, and what the format of the file says of the others."""
    stated, notes = stated_roles(list(cells.columns), answers, beside, source)
    _require_no_other_tokens(cells, stated, source)
    taken = {one.role for one in stated.values()}
    known = {h: parse_role(h, role, "the source") for h, role in raw.known.items() if h in cells and h not in stated}
    return {h: one for h, one in known.items() if one.role not in taken} | stated, notes


def _require_no_other_tokens(cells: pd.DataFrame, stated: Mapping[str, Stated], source: str) -> None:
    """Refuse to count tokens by steps where another column counts them already.

    Raises
    ------
    RunsError
    """
    said = [h for h, one in stated.items() if one.role == "tokens" and _means(h, "steps")]
    others = [h for h in cells.columns if h not in stated and _means(h, "tokens") and not holds_nothing(cells[h])]
    if said and others:
        raise RunsError(
            f"{source}: column {said[0]!r} is said to count tokens (--tokens-per-step, --as), and column {others[0]!r} "
            f"counts them already, expected one. Leave that out, or add --as {written(f'{others[0]}=ignore')}."
        )


def _means(heading: str, role: str) -> bool:
    known = meaning(heading)
    return known is not None and known.role == role


def _require_columns(cells: pd.DataFrame, roles: Roles, source: str) -> None:
    """Refuse a table without losses or without sizes, naming all that is missing at once.

    Raises
    ------
    RunsError
    """
    has, headings = roles.columns, list(cells.columns)
    missing: dict[str, str] = {}
    if not {"loss", "accuracy"} & set(has):
        missing["loss"] = (
            "no column of losses: expected one named loss, nll, cross entropy, eval loss or the like, or of scores one "
            "named accuracy, exact_match, pass@1 or after a benchmark; --as COLUMN=accuracy reads other shares of "
            f"questions{nearest('loss', headings)}{_errors_among(headings)}{_scores_among(cells)}"
        )
    of_loss, other = {"accuracy", "model_loss"} <= set(has), other_sizes(cells) or shares_among(headings)
    by_ratio = any({ratio, of} <= set(has) for ratio, of in RATIOS.items())
    if not {"data", "tokens", "compute"} & set(has) and not (by_ratio or other or of_loss):
        missing["data"] = (
            "no column of data sizes: expected examples (seen examples, samples, …), tokens (total tokens, …), steps, "
            f"or compute together with params{nearest('data', headings)}{_ratio_among(has)}"
        )
    if missing:
        listed = ", ".join(map(repr, headings[:30]))
        wide = "; or, in a wide table, one column for each data size, named 200, 400, …" if len(missing) > 1 else ""
        answers = [answer for role in missing for answer in likely_answers(role, cells) or (f"COLUMN={role}",)]
        said = " or ".join(f"--as {written(answer)}" for answer in answers)
        raise RunsError(
            f"{source}: found {', and '.join(missing.values())}{wide}. The columns are: {listed}. Rename one, or say "
            f"which it is with {said}.{_table_beside(has, source) if 'data' in missing else ''}"
            f"{_scores_beside(headings) if 'loss' in has else ''}"
        )


def other_sizes(cells: pd.DataFrame) -> dict[str, str]:
    """Further sizes that laws depend on, from heading to the name that laws use.

    Under another name than that, a column must hold numbers: a ``vocabulary`` may be called ``gpt2``.
    """
    named = {heading: size for heading in cells.columns if (size := other_size(heading)) is not None}
    return {heading: size for heading, size in named.items() if heading == size or _holds_numbers(cells[heading])}


def _holds_numbers(cells: pd.Series) -> bool:
    column = read_plain(cells)
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _ratio_among(has: Mapping[str, Column]) -> str:
    """Words on a column that tells the data beside another one, which is missing."""
    found = next(((has[ratio].heading, of) for ratio, of in RATIOS.items() if ratio in has and of not in has), None)
    return f" ({found[0]!r} times {found[1]} would tell them, and there is no column of {found[1]})" if found else ""


def _table_beside(has: Mapping[str, Column], source: str) -> str:
    """Words on a table that has the sizes of the models, where there are models."""
    if "model" not in has:
        return ""
    names = written(source) if " + " not in source else "these"
    return (
        f" Or give a table that has them, a row a model ({has['model'].heading}, params, tokens), as one more file "
        f"after {names}, even if it lies in the same folder."
    )


def _scores_beside(headings: list[str]) -> str:
    """Words on a column of scores beside losses, which a law can foretell by these losses, without sizes."""
    scores = [heading for heading in headings if _means(heading, "accuracy")]
    if not scores:
        return ""
    return f" Or, for scores that follow from the loss beside them, say --as {written(f'{scores[0]}=accuracy')}."


def _scores_among(cells: pd.DataFrame) -> str:
    """Words on several columns of numbers up to 100 that have no meaning here, which may be benchmarks."""
    unknown = [heading for heading in cells.columns if meaning(heading) is None]
    columns = {heading: read_numbers(cells[heading], counts=False) for heading in unknown}
    found = [h for h, numbers in columns.items() if numbers.are_finite and _are_shares(numbers.values)]
    if len(found) < BENCHMARKS_MIN:
        return ""
    return f" (of a leaderboard, --scores {written(','.join(found[:BENCHMARKS_SHOWN]))} names its benchmarks)"


def _are_shares(values: NDArray[np.float64]) -> bool:
    values = values[np.isfinite(values)]
    return bool((values >= 0).all() and (values <= 100).all() and (values != np.round(values)).any())


def _errors_among(headings: list[str]) -> str:
    """Words on a column of errors, which may be those on a benchmark."""
    errors = [heading for heading in headings if plain(heading).endswith(("error", "errorrate"))]
    remedy = f"--as {written(f'{errors[0]}=accuracy:error')}" if errors else ""
    return f" (if {errors[0]!r} is the share of wrong answers, {remedy})" if errors else ""


def _without_rows_of_training(sheet: Sheet) -> Sheet:
    """Leave out rows of a log that hold no loss of the kind that is read, but something else."""
    loss = sheet.roles.measured.heading
    if not (sheet.roles.training or is_log(sheet.cells)):
        return sheet
    sheet = _with_rates(_with_counts(_without_compute_of_summaries(sheet)))
    blank = read_numbers(sheet.cells[loss], counts=False).blank
    if not blank.any() or blank.all():
        return sheet
    note = f"A log: {blank.sum()} of {len(blank)} rows have no {loss!r} and are left out."
    return replace(
        sheet,
        cells=sheet.cells[~blank].reset_index(drop=True),
        rows=sheet.rows[~blank],
        loss_headings=sheet.loss_headings[~blank],
        left_out=(*sheet.left_out, *leave_out(sheet.rows[blank], f"no {loss} in this row of the log")),
        notes=(*sheet.notes, note, *_diverged(sheet.cells[loss], sheet.rows)),
    )


def _diverged(losses: pd.Series, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """A note on rows of a log in which NaN stands as the loss, where other rows have none, or at its end."""
    there = not_a_number(losses)
    empty = read_numbers(losses, counts=False).blank & ~there
    if not there.any() or not (empty.any() or there[int(np.argmax(there)) :].all()):
        return ()
    shown = ", ".join(map(str, rows[there][:5])) + (", …" if there.sum() > 5 else "")
    return (f"In {there.sum()} of these rows {losses.name!r} is NaN, as of a run that diverged: row {shown}.",)


def _with_steps_from_one(sheet: Sheet) -> Sheet:
    """Count the steps that were done, where a log that counts the data in steps numbers them from 0."""
    columns = sheet.roles.columns
    counted = columns.get("data") or columns.get("tokens")
    if counted is None or not _means(counted.heading, "steps"):
        return sheet
    steps = read_numbers(sheet.cells[counted.heading], counts=True).values
    if not counts_from_zero(steps):
        return sheet
    shown = ", ".join(f"{step:.12g}" for step in np.unique(steps[np.isfinite(steps)])[:3])
    note = f"Column {counted.heading!r} numbers steps from 0 ({shown}, …): one more is done, and counted."
    cells = sheet.cells[counted.heading].astype(object)
    done = cells.where(~np.isfinite(steps), pd.Series(steps + 1, index=cells.index, dtype=object))
    return replace(sheet, cells=sheet.cells.assign(**{counted.heading: done}), notes=(*sheet.notes, note))


def _without_compute_of_summaries(sheet: Sheet) -> Sheet:
    """Let a compute that stands in the last row of each run alone, as the Trainer logs it to trackers, be no size."""
    columns = sheet.roles.columns
    compute = columns.get("compute")
    if compute is None or compute.said or not {"data", "tokens"} & set(columns):
        return sheet
    there = ~read_numbers(sheet.cells[compute.heading], counts=True).blank
    runs = sheet.cells[columns["model"].heading].nunique() if "model" in columns else 1
    if there.all() or there.sum() > runs:
        return sheet
    note = f"Column {compute.heading!r} is of whole runs, in {there.sum()} of {len(there)} rows: it is not read."
    left = {role: column for role, column in columns.items() if role != "compute"}
    return replace(sheet, roles=replace(sheet.roles, columns=left), notes=(*sheet.notes, note))


def _with_counts(sheet: Sheet) -> Sheet:
    """Complete the sizes of rows of a log by those of other rows, where there are steps to tell."""
    columns = sheet.roles.columns
    counted = columns.get("data") or columns.get("tokens")
    several = [h for h in sheet.cells.columns if _means(h, "steps")]
    if counted is None or not several or counted.heading in several:
        return sheet
    steps = max(several, key=partial(_filled, sheet.cells))
    run = columns["model"].heading if "model" in columns else None
    cells, filled = completed(sheet.cells, counted.heading, steps, run)
    if not filled:
        return sheet
    note = f"A log: {filled} rows lack {counted.heading!r}, which follows from other rows by {steps!r}."
    return replace(sheet, cells=cells, notes=(*sheet.notes, note))


def _filled(cells: pd.DataFrame, heading: str) -> int:
    return int((~read_numbers(cells[heading], counts=True).blank).sum())


def _with_rates(sheet: Sheet) -> Sheet:
    """Let rows of evaluation have the learning rate that was logged last, with a row of training."""
    rate = rate_column(sheet.cells.columns)
    if rate is None:
        return sheet
    model = sheet.roles.columns.get("model")
    return replace(sheet, cells=carried(sheet.cells, rate, model.heading if model is not None else None))


def is_log(cells: pd.DataFrame) -> bool:
    """Whether the table has columns that only logs of training have."""
    return any(map(counts_steps, cells.columns))
