"""Benchmark scores as shares of questions, with the number of questions of each task and what guessing reaches."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.runs.benchmarks import known_benchmark
from bayeslaw.runs.columns import meanings_of_metric
from bayeslaw.runs.roles import Column
from bayeslaw.runs.units import Numbers, in_nats, in_percent

THOUSAND, VALUES_MIN = 1000, 20
"""Questions that are taken where all scores are written as whole thousandths, and how many distinct ones it takes."""

SHOWN = 12
"""Tasks that a note names."""

STDERR_AGREE = 1.5
"""Ratio of the upper to the lower quartile of questions by the standard errors of a task, up to which they are those
of so many questions asked once."""

ROUNDED = 0.1
"""Share by which questions by standard errors may be off those of a known benchmark for being written in few digits."""


def read_scores(
    found: dict[str, pd.Series], columns: Mapping[str, Column], numbers: Mapping[str, Numbers], notes: list[str]
) -> dict[str, Column]:
    """Bring scores and what stands beside them to shares, and derive the loss, which is 1 - accuracy.

    Parameters
    ----------
    found : columns so far, under canonical names, as numbers of the source; changed in place.
    columns : what each was read from.
    numbers : the cells of each, which say where percent has its sign.
    notes : what is understood is added to them.

    Returns
    -------
    Those of the columns of which the unit has come out, with it.
    """
    accuracy = columns["accuracy"]
    raw = found["accuracy"].to_numpy(float)
    named = np.array([is_accuracy(str(name)) for name in found["metric"]]) if "metric" in found else np.zeros(0, bool)
    percent = accuracy.unit == "percent" or (
        accuracy.unit != "share" and in_percent(raw[named] if named.any() else raw)
    )
    scale = 0.01 if percent else 1.0
    shares = raw * scale
    found["accuracy"] = pd.Series(1 - shares if accuracy.unit == "error" else shares)
    if percent:
        notes.append("Scores are in percent, and divided by 100.")
    changed = {"accuracy": replace(accuracy, scale=scale)}
    if "accuracy_se" in found:
        found["accuracy_se"] = found["accuracy_se"] * np.where(numbers["accuracy_se"].suffixed, 1.0, scale)
        changed["accuracy_se"] = replace(columns["accuracy_se"], scale=scale)
    if "chance" in found:
        by = 0.01 if in_percent(found["chance"].to_numpy(float)) else 1.0
        found["chance"] = found["chance"] * by
        changed["chance"] = replace(columns["chance"], scale=by)
    if "model_loss" in found:
        found["model_loss"] = pd.Series(in_nats(found["model_loss"].to_numpy(float), columns["model_loss"].unit)[0])
    found["loss"] = 1 - found["accuracy"]
    notes.append("Scores: accuracy is the share of questions answered rightly, and loss is 1 - accuracy.")
    return changed


def is_accuracy(metric: str) -> bool:
    """Whether the name of a metric, or a part of it, is that of an accuracy."""
    return any(known.role == "accuracy" for known in meanings_of_metric(metric))


def are_accuracies(table: pd.DataFrame) -> bool:
    """Whether a table that is read as one of losses has a column of metrics, and one of them is an accuracy."""
    return "metric" in table and "accuracy" not in table and any(map(is_accuracy, map(str, table["metric"].unique())))


def with_known_tasks(table: pd.DataFrame, rounded: bool) -> tuple[pd.DataFrame, list[str]]:
    """Complete a table of scores by the number of questions and the level of chance of each task, where it lacks them.

    Questions follow from the standard errors, as p (1 - p) / se^2 + 1 (the variance of the mean with n - 1, as of
    the lm-evaluation-harness), in the median over the rows of a task; else from the name of a known benchmark, as the
    level of chance does. Where scores are whole thousandths, not more than 1,000 are taken, for evaluations are often
    limited to so many.

    Parameters
    ----------
    table : of runs, with ``accuracy``.
    rounded : whether the source has scores in percent, which people round to tenths.

    Returns
    -------
    The table, and notes.
    """
    notes: list[str] = []
    lacking = [name for name in ("questions", "chance") if name not in table]
    for name in ("questions", "chance"):
        given = table[name] if name in table else pd.Series(np.nan, index=table.index)
        table = table.assign(**{name: given.fillna(given.groupby(table["task"]).transform("first"))})
    table = _with_questions_by_errors(table, notes)
    if not rounded:
        table = _with_questions_by_thousandths(table, notes)
    table = _with_known(table, notes)
    empty = [name for name in lacking if table[name].isna().all()]
    return table.drop(columns=empty), notes


def _with_questions_by_errors(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    if "accuracy_se" not in table:
        return table
    p, error = table["accuracy"].to_numpy(float), table["accuracy_se"].to_numpy(float)
    with np.errstate(all="ignore"):
        each = np.where((p > 0) & (p < 1) & (error > 0), p * (1 - p) / error**2 + 1, np.nan)
    found, without = {}, set(_tasks_without(table, "questions"))
    for task, several in pd.Series(each, index=table.index).groupby(table["task"], sort=False):
        here = several[np.isfinite(several)].to_numpy()
        if task not in without:
            continue
        low, middle, high = np.quantile(here, [0.25, 0.5, 0.75]) if len(here) else (1.0, 0.0, 2.0)
        if middle >= 1 and high <= STDERR_AGREE * low:
            known = getattr(known_benchmark(str(task)), "questions", None)
            found[task] = float(known if known and abs(middle / known - 1) < ROUNDED else round(middle))
    if found:
        listed = ", ".join(f"{task} ({number:,.0f})" for task, number in list(found.items())[:SHOWN])
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        notes.append(f"Numbers of questions follow from the standard errors: {listed}{more}.")
    return _filled(table, "questions", found)


def _with_questions_by_thousandths(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    found, without = {}, set(_tasks_without(table, "questions"))
    for task, several in table["accuracy"].groupby(table["task"], sort=False):
        if task not in without:
            continue
        values, known = 1000 * several.dropna().unique(), known_benchmark(str(task))
        fewer = known is not None and known.questions is not None and known.questions <= THOUSAND
        if len(values) >= VALUES_MIN and not fewer and np.allclose(values, np.round(values), rtol=0, atol=1e-6):
            found[task] = float(THOUSAND)
    if found:
        notes.append(
            f"Scores on {', '.join(list(found)[:SHOWN])} are whole thousandths, as of 1,000 questions, which are "
            "taken; if they are of more and rounded, a column 'questions' says so."
        )
    return _filled(table, "questions", found)


def _with_known(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    told: dict[str, list[str]] = {}
    for name, words in (("questions", "{:,.0f} questions"), ("chance", "chance {:.3g}")):
        known = {task: getattr(known_benchmark(task), name, None) for task in _tasks_without(table, name)}
        found = {task: float(value) for task, value in known.items() if value is not None}
        table = _filled(table, name, found)
        for task, value in found.items():
            told.setdefault(task, []).append(words.format(value))
    if told:
        listed = [f"{task} ({', '.join(words)})" for task, words in list(told.items())[:SHOWN]]
        more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        notes.append(
            f"By the names of benchmarks: {', '.join(listed)}{more}; columns 'questions' and 'chance' say otherwise."
        )
    return table


def _tasks_without(table: pd.DataFrame, name: str) -> list[str]:
    missing = table[name].isna().groupby(table["task"], sort=False).all()
    return [str(task) for task in missing.index[missing]]


def _filled(table: pd.DataFrame, name: str, found: Mapping[Any, float]) -> pd.DataFrame:
    return table.assign(**{name: table[name].fillna(table["task"].map(found).astype(float))})
