"""What the numbers of a table say about what its columns are, and the questions that follow."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.runs.checks import ReadColumn
from bayeslaw.runs.columns import NAMES, meanings_of_metric
from bayeslaw.runs.questions import Question
from bayeslaw.runs.roles import Column
from bayeslaw.runs.stated import role_text
from bayeslaw.runs.units import FLOP_PER_TOKEN, MULTIPLES, pointed_thousands

FEW = 1e3
"""No model has so few parameters, and no run so few tokens: smaller numbers are in a larger unit."""

FEW_FLOP = 1e9
"""No run is trained with so little compute."""

ROUNDING = 1e-6
"""Share of a count that is no fraction, but of rounding."""

COMPUTE_OFF = 10.0
"""Times 6 N D, by which compute may differ from it."""

SHARED_SIZES = 3
"""Sizes that models have in common, from which on they were measured on one grid."""

RISING = 0.75
"""Share of models that rise, or fall, from which on a table is taken to."""


def ask_about_numbers(
    table: pd.DataFrame, read: Mapping[str, ReadColumn], columns: Mapping[str, Column]
) -> list[Question]:
    """Questions about units, and about compute that does not agree with parameters and tokens."""
    found: dict[str, Question] = {}
    for name in ("params", "tokens", "data", "unique_data"):
        if name in read and name in columns and not columns[name].in_unit and columns[name].scale == 1:
            likely = _likely_unit(found["params"]) if "params" in found else 1.0
            question = _unit(name, table, read[name], columns[name], likely)
            found |= {name: question} if question is not None else {}
    asked = list(found.values())
    if "compute" in columns and not columns["compute"].said:
        derived = "tokens" not in columns
        if not asked:
            return _compute(table, columns["compute"], derived)
        if not derived:
            return asked + _compute_too_small(table, columns["compute"], found)
    return asked


def _likely_unit(question: Question) -> float:
    """What the first answer to a question about a unit multiplies numbers by."""
    return MULTIPLES.get(question.options[0].rpartition(":")[2].lower(), 1.0)


def _unit(name: str, table: pd.DataFrame, read: ReadColumn, column: Column, params_unit: float) -> Question | None:
    """Ask in which unit a column of counts is, where its numbers cannot be counts; the likeliest comes first.

    Points before groups of three digits are asked about as long as no unit is said, for who says what a column is need
    not have looked at them.
    """
    values, suffixed = read.numbers.values[table.index], read.numbers.suffixed[table.index]
    good = values[np.isfinite(values) & (values > 0)]
    if not len(good) or suffixed.any():
        return None
    broken = np.abs(good - np.round(good)) > ROUNDING * good
    few = good.min() < FEW and good.max() < 100 * FEW if name == "params" else np.median(good) < FEW
    is_small = few and (name in ("params", "tokens") or broken.any())
    units = _by_likelihood(name, table, good, params_unit) if is_small else ()
    cells = read.cells.loc[table.index]
    pointed = pointed_thousands(cells)
    if pointed:
        thousands = ("1000",) if cells.astype(str).str.count(r"\.").eq(1).all() else ()
        options = (*units, *thousands, "1")
        remedy = f"{pointed} may be {pointed.replace('.', '')} (then write it so, everywhere"
        remedy += ", or say that it is in thousands)" if thousands else ")"
        told = f"has points before groups of three digits: {remedy}, or {pointed.partition('.')[0]} and a fraction."
        return _about_unit(name, column.heading, options, told)
    if units and not column.said:
        example = good[broken][0] if broken.any() else good.min()
        which = "millions (M) or billions (B)" if name == "params" else "millions (M), billions (B) or trillions (T)"
        told = f"has numbers such as {example:.12g}, which are too small for counts: are they {which}?"
        return _about_unit(name, column.heading, (*units, ""), told)
    return None


def _by_likelihood(name: str, table: pd.DataFrame, values: NDArray[np.float64], params_unit: float) -> Sequence[str]:
    """Units, those first in which models are of a million parameters or more, and tokens not far from 20 a parameter.

    20 is what is optimal for compute (Hoffmann et al. 2022, arXiv 2203.15556).
    """
    if name == "params":
        return ("B", "M") if values.min() < 1 else ("M", "B")
    units = ("B", "M", "T")
    if "params" not in table:
        return units
    ratio = float(np.nanmedian(values) / np.nanmedian(table["params"].to_numpy(float) * params_unit))
    if not (np.isfinite(ratio) and ratio > 0):
        return units
    return sorted(units, key=lambda unit: abs(np.log(ratio * MULTIPLES[unit.lower()] / 20)))


def _compute_too_small(table: pd.DataFrame, column: Column, units: Mapping[str, Question]) -> list[Question]:
    """Ask about compute that is less than any training takes, while units of params and tokens are open, too."""
    compute = float(table["compute"].median())
    if not {"params", "tokens"} <= set(table) or not 0 < compute < FEW_FLOP:
        return []
    by = [_likely_unit(units[name]) if name in units else 1.0 for name in ("params", "tokens")]
    needed = FLOP_PER_TOKEN * by[0] * by[1] * float((table["params"] * table["tokens"]).median())
    power = 3 * round(np.log10(needed / compute) / 3) if np.isfinite(needed) and needed > 0 else 0
    told = f"has numbers such as {compute:.12g}, and no training takes so few FLOP: it is in a larger unit."
    return [_about_compute(column, (10.0**power,) if power > 0 else (), told)]


def _about_compute(column: Column, times: Sequence[float], told: str, *, needed: bool = False) -> Question:
    """Ask whether compute is so many times what it was read as, or is to be ignored (unless needed), or is right."""
    roles = [role_text("compute", column.scale * by) for by in (*times, 1.0)]
    answers = roles if needed else [*roles[:-1], "ignore", roles[-1]]
    options = tuple(f"{column.heading}={answer}" for answer in answers)
    return Question(column.heading, options, f"Column {column.heading!r} is read as compute, and {told}")


def _about_unit(name: str, heading: str, units: Sequence[str], told: str) -> Question:
    options = tuple(f"{heading}={name}:{unit}".removesuffix(":") for unit in units)
    return Question(heading, options, f"Column {heading!r} is read as {name}, and {told}")


def _compute(table: pd.DataFrame, column: Column, derived: bool) -> list[Question]:
    """Ask about compute that is not near 6 N D; where there are no tokens, about tokens that would follow from it."""
    if not {"params", "tokens", "compute"} <= set(table):
        return []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = (table["compute"] / (FLOP_PER_TOKEN * table["params"] * table["tokens"])).to_numpy(float)
        tokens = float(table["tokens"].median())
    sizes = table[["compute", "params", "tokens"]].to_numpy(float)
    if not (np.isfinite(sizes) & (sizes > 0)).all() or not np.isfinite(ratio).all():
        return []  # checks say which cell it is
    if derived and tokens < FEW:
        told = f"tokens that follow from it, compute / (6 params), would be {tokens:.3g}: it may be in another unit."
        return [_about_compute(column, (1e9, 1e21), told, needed=True)]
    middle = float(np.median(ratio))
    if 1 / COMPUTE_OFF < middle < COMPUTE_OFF:
        return []
    power = 3 * round(-np.log10(middle) / 3)
    spread = np.ptp(np.log10(ratio))
    times = (10.0**power,) if spread < 0.5 and abs(power + np.log10(middle)) < 1 and power else ()
    told = (
        f"is {middle:.2g} times 6 N D, which a run of that many parameters and tokens needs in FLOP: it may be of a "
        "step or a sequence, or in another unit."
    )
    return [_about_compute(column, times, told)]


def ask_about_values(table: pd.DataFrame, heading: str) -> list[Question]:
    """Ask what the cells of a table of models are, unless they fall along the sizes as losses do."""
    trends = []
    for _, group in table.groupby("model", sort=False):
        there = group[np.isfinite(group["loss"])].sort_values("data")["loss"].to_numpy(float)
        trends += [float(np.sign(there[-1] - there[0]))] if len(there) > 1 else []
    values = table["loss"].to_numpy(float)
    if trends and np.mean(np.array(trends) > 0) >= RISING:
        if np.nanmin(values) >= 0 and np.nanmax(values) <= 1:
            told = (
                "Nothing names the metric of the values in the columns of the models, and they rise along the sizes as "
                "accuracies do."
            )
            return [Question(heading, (f"{heading}=accuracy", f"{heading}=loss"), told)]
    elif trends and np.mean(np.array(trends) < 0) >= RISING:
        return []
    return [
        Question(
            heading,
            (f"{heading}=loss", f"{heading}=loss:perplexity", f"{heading}=accuracy"),
            "Nothing names the metric of the values in the columns of the models, and they do not fall along the sizes "
            "as losses do.",
        )
    ]


def ask_about_metric(table: pd.DataFrame, loss: Column) -> list[Question]:
    """Ask about values of which another column says that they are perplexities, or something per bit."""
    if "metric" not in table or loss.said:
        return []
    units = {known.unit for name in table["metric"].unique() for known in meanings_of_metric(str(name))}
    unit = next((unit for unit in ("perplexity", "bits") if unit in units), None)
    if unit is not None:
        told = f"Column {loss.heading!r} holds values in {unit}, by the name of the metric, and losses are in nats."
        return [Question(loss.heading, (f"{loss.heading}=loss:{unit}", f"{loss.heading}=loss"), told)]
    return []


def ask_about_shifted_sizes(table: pd.DataFrame, columns: Mapping[str, Column]) -> list[Question]:
    """Ask about a model whose sizes are those that all others share, times a power of ten."""
    column = columns.get("data") or columns.get("tokens")
    if column is None or column.said or table["model"].nunique() < SHARED_SIZES + 1:
        return []
    found = []
    for task, runs in table.groupby("task", sort=False):
        grids = {model: tuple(sorted(set(group["data"]))) for model, group in runs.groupby("model", sort=False)}
        common, count = Counter(grids.values()).most_common(1)[0]
        if len(common) < SHARED_SIZES or count < SHARED_SIZES:
            continue
        for model, grid in grids.items():
            ratio = grid[0] / common[0] if len(grid) == len(common) else 1.0
            power = round(np.log10(ratio)) if np.isfinite(ratio) and ratio > 0 else 0
            if power and np.allclose(np.array(grid), np.array(common) * 10.0**power, rtol=1e-6):
                found.append((str(model), str(task), 10.0**power, count))
    if not found:
        return []
    model, task, times, count = found[0]
    more = f" (and so are those of {len(found) - 1} more)" if len(found) > 1 else ""
    return [
        Question(
            model,
            (f"{column.heading}={role_text('data' if 'data' in columns else 'tokens', column.scale)}",),
            f"The sizes of the model {model!r} on {task!r} are {times:g} times those of {count} others, one by one"
            f"{more}, as if its unit were another. Correct them, or leave the model out with "
            f"where=\"model != '{model}'\"; if they are right, say so.",
        )
    ]


def names_that_nearly_agree(table: pd.DataFrame) -> list[str]:
    """Notes on names that differ in case and blanks alone."""
    notes = []
    for name in NAMES:
        spelled: dict[str, list[str]] = {}
        for text in dict.fromkeys(table[name].astype(str)):
            spelled.setdefault("".join(text.casefold().split()), []).append(text)
        several = [texts for texts in spelled.values() if len(texts) > 1]
        if several:
            named = " and ".join(map(repr, several[0]))
            more = f" (and {len(several) - 1} more)" if len(several) > 1 else ""
            notes.append(f"Names of {name} differ in case or blanks alone, and are read as different: {named}{more}.")
    return notes
