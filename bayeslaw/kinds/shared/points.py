"""Checks of points to predict at, and of names of models: whether the law and the table have them."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayeslaw.errors import TargetError, did_you_mean
from bayeslaw.kinds.shared.layout import LABELS, WHOLE_WITHIN, Layout, percent, require_columns
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.laws.registry import builtin_names
from bayeslaw.runs import Runs
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.table import unknown_task

NAMED = 12
"""Most names that an error about an unknown name lists."""

STEP = 524288
"""Tokens of a step in examples: a batch that is usual."""


def _laws_with(covariate: str) -> str:
    """Words on the laws of the package that have a covariate; empty if none has it."""
    having = [one for one in builtin_names() if covariate in (c.name for c in get_law(one).covariates)]
    return f" Laws that have it, to be named with --law or law=: {', '.join(having)}." if having else ""


def _about_steps(name: str, value: Any) -> str:
    """Words on how steps become tokens; empty of what is not called so."""
    known = meaning(name)
    if known is None or known.role != "steps":
        return ""
    steps = f"{value:,.10g}" if isinstance(value, (int, float)) and np.isfinite(value) else "so many"
    product = f"{value * STEP:.4g}" if steps != "so many" else "STEPS*TOKENS_A_STEP"
    return (
        " Steps are no size until it is said how many tokens one has: read runs that count steps with "
        f"--tokens-per-step {STEP} (roles={{'steps': 'tokens:{STEP}'}}), and {name}=… is understood; or give the "
        f"tokens, which of {steps} steps of {STEP:,} tokens are --at tokens={product}."
    )


def require_covariates(law: Law, point: Mapping[str, Any]) -> None:
    """Refuse names that are no covariates of a law, and values that are no positive numbers.

    Raises
    ------
    TargetError
        If a name is unknown, or a value is not a positive number.
    """
    known = [c.name for c in law.covariates]
    for name, value in point.items():
        if name not in known:
            meant = _about_steps(str(name), value) or did_you_mean(str(name), known)
            raise TargetError(
                f"The {law.name} law has no covariate {name!r}; it has {', '.join(known)}.{meant}"
                f"{_laws_with(str(name))}"
            )
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
            raise TargetError(f"{name}={value!r} cannot be predicted at; it must be a number, not {_sort(value)}.")
        if not (np.isfinite(value) and value > 0):
            raise TargetError(f"{name}={value:g} cannot be predicted at; it must be a positive number.")
    shares = [c.name for c in law.covariates if c.share]
    total = sum(float(point[name]) for name in shares) if shares and set(shares) <= set(point) else 1.0
    if abs(total - 1.0) > WHOLE_WITHIN:
        raise TargetError(
            f"{' + '.join(shares)} is {total:g} at the point, expected 1: they are shares of a whole.{percent(total)}"
        )


def _sort(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "a truth value" if isinstance(value, (bool, np.bool_)) else f"a {type(value).__name__}"


def complete_point(layout: Layout, law: Law, point: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every covariate of the law at a point, for each curve: shapes (C,); one left out keeps its value on the curve.

    Raises
    ------
    TargetError
        If a name is unknown, a value is not a positive number, or a covariate that varies along a curve is left out.
    """
    require_covariates(law, point)
    complete = {}
    for name in (c.name for c in law.covariates):
        values = layout.covariates[name]
        if name in point:
            complete[name] = np.full(len(values), float(point[name]))
        elif name != law.axis and np.all(values == values[:, :1]):
            complete[name] = values[:, 0]
        else:
            raise _lacking(name)
    return complete


def require_point(runs: Runs, law: Law, point: Mapping[str, float]) -> None:
    """Refuse a point as `complete_point` would, from a table that is not laid out: laying out may take seconds a law.

    Raises
    ------
    LawError
        If the table lacks a covariate of the law.
    TargetError
        As `complete_point`.
    """
    require_columns(runs, law)
    require_covariates(law, point)
    of_curves = runs.table.groupby([runs.table[label].astype(str) for label in LABELS], sort=False)
    for name in (c.name for c in law.covariates if c.name not in point):
        if name == law.axis or (of_curves[name].nunique() > 1).any():
            raise _lacking(name)


def _lacking(name: str) -> TargetError:
    return TargetError(f"The point lacks {name!r}, which varies along a curve. Add {name}=… to it.")


def resources(law: Law) -> tuple[str, ...]:
    """Names of the covariates whose product is the size of a run: parameters and data, or all where it lacks these.

    Shares of a whole are not among them.
    """
    names = tuple(c.name for c in law.covariates if not c.share)
    return ("params", "data") if {"params", "data"} <= set(names) else names


def with_product(law: Law, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the covariates of a law, with the product of its resources, if it has any, under what it is called."""
    names = resources(law)
    if not names:
        return dict(values)
    called = "compute" if set(names) == {"params", "data"} else " * ".join(names)
    return {**values, called: np.prod([values[name] for name in names], axis=0)}


def curves_on(layout: Layout, task: str | None) -> list[int]:
    """Indices of the curves of a task, of the only one if none is named.

    Raises
    ------
    TaskError
        If there is no such task, or none is named where there are several.
    """
    if task is None and len(layout.tasks) > 1:
        raise unknown_task(None, layout.tasks)
    if task is not None and task not in layout.tasks:
        raise unknown_task(task, layout.tasks)
    return [i for i, c in enumerate(layout.curves) if task in (None, c.task)]


def curve_named(layout: Layout, name: str, task: str | None) -> int:
    """Index of the one model of that name on a task.

    Raises
    ------
    TargetError
        If there is none, or several families have one.
    """
    curves, here = layout.curves, curves_on(layout, task)
    found = [i for i in here if curves[i].model == name]
    if not found:
        raise unknown_name("model", name, [curves[i].model for i in here])
    if len(found) > 1:
        families = ", ".join(curves[i].family for i in found)
        raise TargetError(f"Several families have a model {name!r}: {families}. Give them names of their own.")
    return found[0]


def unknown_name(sort: str, name: str, known: Sequence[str]) -> TargetError:
    """The error about a name that is not on a task, with names that are."""
    names = sorted(set(known))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    last = {known.rsplit("/", 1)[-1]: known for known in reversed(names)}  # organisation/model is shown as model
    close = difflib.get_close_matches(name, [*names, *last], 1)
    meant = f" Did you mean {last.get(close[0], close[0])!r}?" if close else ""
    return TargetError(f"There is no {sort} {name!r} on the task.{meant} There are: {', '.join(names[:NAMED])}{more}.")
