"""Whether the runs and the models of a table are what a fit takes them for: checks of what it believes to be normal.

A model of runs says that residuals over their noise, noises of models about a typical one, wandering of curves and
bends of tasks are standard normal. If it is right, they are so in every draw of the posterior, each draw by itself,
whatever the table (Johnson 2007, Bayesian Analysis 2:719: such quantities are pivotal). So the p-value of any test of
normality is uniform in each draw, and twice the median of the p-values over the draws is a p-value again (Vovk and Wang
2020, doi 10.1093/biomet/asaa027). P-values of replicated against seen runs use the runs twice and are too large; these
give false alarms no more often than they say.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import stats

from bayeslaw.kinds.predictor import Deviates, Predictor
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.laws.base import Law
from bayeslaw.verdicts import Check, at_least

DRAWS = 200
"""Draws that are looked at; more would not change a median much."""

P_MIN = 0.005
"""Share of tables of the model itself that may be called odd by each of these checks."""

_SMALLEST = 1e-300  # what normal tail probabilities are rounded up to


class OddTest(NamedTuple):
    """P-values of a test, draw by draw, and what it is of."""

    about: str
    p: np.ndarray


def deviate_checks(layout: Layout, law: Law, predictor: Predictor) -> list[Check]:
    """Judge, from draws of a fit, whether its table is one that its model could have made.

    Parameters
    ----------
    layout : Layout
    law : Law
    predictor : Predictor
        With at most so many draws as are to be looked at; `DRAWS` suffice.
    """
    tests = odd_tests(layout, law, predictor)
    return [_check(name, tests[name], remedy) for name, remedy in _REMEDIES.items() if tests[name]]


def odd_tests(layout: Layout, law: Law, predictor: Predictor) -> dict[str, list[OddTest]]:
    """The tests behind each check, by its name; see `deviate_checks`."""
    found = predictor.deviates()

    def of(what: str) -> Iterator[tuple[str, Deviates]]:
        return ((name, deviates) for name, deviates in found.items() if deviates.of == what)

    return {
        "odd_sizes": [test for one in of("run") for test in _by_size(*one, layout, law)],
        "odd_runs": [test for one in of("run") for test in _by_model(*one, layout)],
        "odd_families": [test for one in of("run") for test in _by_family(*one, layout)],
        "odd_models": [test for one in of("model") for test in _of_models(*one, layout)],
        "odd_bends": [test for one in of("task") for test in _of_tasks(*one, layout)],
    }


def smallest(tests: list[OddTest]) -> np.ndarray:
    """The smallest p-value of tests, corrected for their number, draw by draw: shape (S,)."""
    p = np.array([test.p for test in tests])
    return np.asarray(np.minimum(1.0, len(p) * p.min(axis=0)))


_REMEDIES = {
    "odd_sizes": "Look at that size: its runs may have had another learning-rate schedule or evaluation; if so, leave "
    "it out with --where.",
    "odd_runs": "Look at the runs of that model for one that diverged, was mislabelled, or was measured otherwise.",
    "odd_families": "See whether the models of that family were trained or evaluated as others were; fit it by itself.",
    "odd_models": "See whether sizes of that model or family are in other units, its loss another metric.",
    "odd_bends": "The law bends nowhere as this task does at some size: compare laws (bayeslaw compare).",
}


def _check(name: str, tests: list[OddTest], remedy: str) -> Check:
    """Twice the median over draws of the smallest p-value."""
    worst = tests[int(np.argmin([np.median(test.p) for test in tests]))]
    value = float(min(1.0, 2.0 * np.median(smallest(tests))))
    sentence = (
        f"Nothing is odd: up to {value:.0%} of tables that the model itself makes are as far off as this in something; "
        f"here it is {worst.about}."
        if value >= P_MIN
        else f"Odd is {worst.about}: at most {value:.2g} of tables that the model itself makes are as far off in "
        "something."
    )
    return at_least(name, value, P_MIN, 0.0, sentence, remedy)


def _by_size(name: str, found: Deviates, layout: Layout, law: Law) -> Iterator[OddTest]:
    """Levels at each size of a task, of several models."""
    size = np.round(np.log(layout.covariates[law.axis]), 6)
    for k, task in enumerate(layout.tasks):
        here = (layout.weight > 0) & (layout.task_of == k)[:, None]
        sizes = np.unique(size[here])
        for value in sizes:
            at = here & (size == value)
            if at.any(axis=1).sum() > 1 and len(sizes) > 1:
                about = f"the mean of {name} at {law.axis} = {np.exp(value):.4g}{_on(layout, task)}"
                yield _mean(about, found.values[:, at])


def _by_model(name: str, found: Deviates, layout: Layout) -> Iterator[OddTest]:
    """Slope, bend, spread and the largest of the deviates of each model with three runs or more."""
    for i, curve in enumerate(layout.curves):
        seen = layout.weight[i] > 0
        if seen.sum() < 3:
            continue
        values, of = found.values[:, i, seen], f"{curve.model}{_on(layout, curve.task)}"
        for shape, along in _shapes(layout.axis[i, seen]):
            yield _mean(f"the {shape} of {name} of {of}", values @ along[:, None])
        yield _spread(f"the spread of {name} of {of}", values)
        yield _largest(f"the largest of {name} of {of}", values)


def _by_family(name: str, found: Deviates, layout: Layout) -> Iterator[OddTest]:
    """Level, slope and bend of the deviates of each family of several models, where there are several families."""
    for g, (task, family) in enumerate(layout.families):
        members = layout.family_of == g
        if members.sum() < 2 or members.sum() == (layout.task_of == layout.tasks.index(task)).sum():
            continue
        seen = (layout.weight > 0) & members[:, None]
        values, of = found.values[:, seen], f"family {family}{_on(layout, task)}"
        yield _mean(f"the mean of {name} of {of}", values)
        for shape, along in _shapes(layout.axis[seen]):
            yield _mean(f"the {shape} of {name} of {of}", values @ along[:, None])


def _of_models(name: str, found: Deviates, layout: Layout) -> Iterator[OddTest]:
    """Mean squares of the deviates of each model; level of those of each family, where there are several."""
    for i, curve in enumerate(layout.curves):
        own = found.values[:, i][:, ~np.isnan(found.values[0, i])]
        if own.shape[1]:
            yield _spread(f"{name} of {curve.model}{_on(layout, curve.task)}", own, large_only=True)
    for g, (task, family) in enumerate(layout.families):
        members = layout.family_of == g
        values = found.values[:, members]
        values = values[:, ~np.isnan(values[0])]
        if 1 < members.sum() < (layout.task_of == layout.tasks.index(task)).sum() and values.shape[1]:
            yield _mean(f"{name} of family {family}{_on(layout, task)}", values)
            yield _spread(f"{name} of family {family}{_on(layout, task)}", values, large_only=True)


def _of_tasks(name: str, found: Deviates, layout: Layout) -> Iterator[OddTest]:
    """The largest of the deviates of each task."""
    for k, task in enumerate(layout.tasks):
        values = found.values[:, k][:, ~np.isnan(found.values[0, k])]
        if values.shape[1] > 1:
            yield _largest(f"the largest of {name} of {task}", values)


def _shapes(axis: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Unit vectors of a slope and a bend along an axis (n,), each orthogonal to what comes before it."""
    before = [np.full(len(axis), len(axis) ** -0.5)]
    for shape, power in (("slope", 1), ("bend", 2)):
        vector = (axis - axis.mean()) ** power
        for _ in range(2):  # twice is enough for orthogonality to the last digits
            for unit in before:
                vector = vector - (unit @ vector) * unit
        length = np.linalg.norm(vector)
        if len(np.unique(axis)) <= power or length < 1e-9:
            return
        before.append(vector / length)
        yield shape, before[-1]


def _test(about: str, p: np.ndarray) -> OddTest:
    """A test; deviates that are no numbers, of scales that vanish, say nothing."""
    return OddTest(about, np.nan_to_num(np.maximum(p, _SMALLEST), nan=1.0))


def _mean(about: str, values: np.ndarray) -> OddTest:
    """Two-sided test of a mean of deviates (S, n)."""
    z = values.sum(axis=1) / np.sqrt(values.shape[1])
    return _test(about, 2 * stats.norm.sf(np.abs(z)))


def _spread(about: str, values: np.ndarray, *, large_only: bool = False) -> OddTest:
    """Test of a sum of squares of deviates (S, n), two-sided or for large ones."""
    total, n = np.sum(values**2, axis=1), values.shape[1]
    above = stats.chi2.sf(total, n)
    p = above if large_only else 2 * np.minimum(above, stats.chi2.cdf(total, n))
    return _test(about, p)


def _largest(about: str, values: np.ndarray) -> OddTest:
    """Test of the largest absolute deviate of (S, n)."""
    p = 2 * stats.norm.sf(np.abs(values).max(axis=1))
    return _test(about, -np.expm1(values.shape[1] * np.log1p(-np.minimum(p, 1 - 1e-12))))


def _on(layout: Layout, task: str) -> str:
    return f" on {task}" if len(layout.tasks) > 1 else ""
