"""How far beyond or below the data an answer may lie: what was measured at which distance, and the verdicts on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.kinds.predictor import Label
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.points import curves_on, with_product
from bayeslaw.laws.base import Law
from bayeslaw.runs.units import FLOP_PER_TOKEN
from bayeslaw.verdicts import Check, at_most, worst


@dataclass(frozen=True)
class Reach:
    """Distances, in times the largest value seen, and what came out there.

    Attributes
    ----------
    measured : tuple of (float, str)
        What was measured, as the end of a sentence, up to each distance, nearest first.
    passing : float
        Up to here an answer passes.
    failing : float
        Beyond this it fails.
    """

    measured: tuple[tuple[float, str], ...]
    passing: float
    failing: float

    @property
    def furthest(self) -> float:
        """The largest distance at which anything was measured."""
        return self.measured[-1][0]


CURVES = Reach(
    measured=(
        (8, "at up to 8 times, 90% intervals held 80 to 97% of outcomes (means of collections that were left out)"),
        (64, "at up to 64 times, 90% intervals held 76 to 100% of outcomes (means of collections that were left out)"),
        (512, "at up to 512 times, 90% intervals held 60 to 100% of outcomes on two tasks that had a part in it"),
    ),
    passing=512,
    failing=512**2,
)
"""Laws in the data alone.

Left out: 37 tasks of LCDB, FLAN and Gigaword, the bundled small models (``models/slope-changes-v1/card.md``). At 128,
256 and 512 times FLAN has 60, 70 and 100% and Gigaword 100% each (``bayeslaw backtest finetune``). Nothing was scored
further out; beyond the square of that an answer extrapolates over twice the e-folds that were ever looked at.
"""

JOINT = Reach(
    measured=(
        (2, "at up to twice, 90% intervals held 71 to 89% of outcomes on two tasks"),
        (17, "at up to 17 times, 90% intervals held 73 to 100% of outcomes on four sets of runs"),
        (34, "at up to 34 times, predictions were still good in the one family that was tried (Choshen et al. 2024)"),
    ),
    passing=34,
    failing=34**2,
)
"""Laws in model size and data, each covariate by itself: FLAN and Gigaword with sizes or models hidden, the
over-training grid of Gadre et al. 2024 on two corpora; arXiv 2410.11840 for the last."""

COMPUTE = Reach(
    measured=(
        (3.4, "at up to 3.4 times, 90% intervals held 87 to 100% of the runs of four studies at equal budgets"),
        (10, "at up to 10 times, 90% intervals held 87 to 97% of the runs of three studies at equal budgets"),
    ),
    passing=10,
    failing=10**2,
)
"""Compute beyond the largest seen: studies at equal budgets of Marin on three corpora, and a grid on FineWeb-C4
(``tests/statistical/test_published_isoflops.py``). They had a part in the size of errors beyond the data."""

AT_EDGE = 1 + 1e-9
"""Factors up to which a point lies at the edge of the data, and not outside."""

REMEDY = "What a law leaves out grows with distance: make a run in between."

BELOW_PASSING, BELOW_FAILING = 10, 10**2
"""Times below the smallest value seen up to which an answer passes, and beyond which it fails. They are set, not
measured, for nothing was scored there."""


def reach_of(law: Law, name: str) -> Reach:
    """What was measured of laws of this sort at distances in a covariate, or in ``compute``."""
    if name == "compute" and name != law.axis:
        return COMPUTE
    return CURVES if sum(not c.like for c in law.covariates) == 1 else JOINT


def reach_check(factor: float, sentence: str, reach: Reach) -> Check:
    """Verdict on an answer that lies so many times beyond the data.

    Parameters
    ----------
    factor : float
        Times the largest value seen; 1 or less lies within the data.
    sentence : str
        Says so.
    reach : Reach
    """
    held = next((told for times, told in reach.measured if factor <= times), "")
    if factor <= 1:
        told = ""
    elif held:
        told = f" {held[0].upper()}{held[1:]}."
    elif factor <= reach.failing:
        told = f" That is further than was ever measured, which is {reach.furthest:,.4g} times."
    else:
        told = f" Nothing was ever measured beyond {reach.furthest:,.4g} times; this is beyond the square of that."
    return at_most("extrapolation", factor, reach.passing, reach.failing, sentence + told, REMEDY)


def below_check(factor: float, sentence: str) -> Check:
    """Verdict on an answer that lies so many times below the data, where how laws do was never scored.

    Parameters
    ----------
    factor : float
        Times below the smallest value seen; more than 1.
    sentence : str
        Says so.
    """
    told = f"{sentence} How laws do below the data has not been scored."
    remedy = "Small runs are cheap: make one there, or ask for a point nearer to the data (are units as meant?)."
    return at_most("extrapolation", factor, BELOW_PASSING, BELOW_FAILING, told, remedy)


def below_data(
    layout: Layout, law: Law, labels: Sequence[Label], covariates: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Factors by which points lie below the smallest values seen, by covariate, where they lie furthest below.

    Of covariates in which smaller values lie beyond the data, factors by which they lie above the largest.

    Parameters
    ----------
    layout : Layout
    law : Law
    labels : sequence of (model, family, task), length K
        A model is compared with those of its family; one of an unseen family with all on the task.
    covariates : mapping of str to ndarray, shape (K, A)
    """
    groups = [(task, family) if (task, family) in layout.families else (task, "") for _, family, task in labels]
    members = {(task, family): layout.family_of == i for i, (task, family) in enumerate(layout.families)}
    members |= {(task, ""): layout.task_of == i for i, task in enumerate(layout.tasks)}
    found = {}
    for name, values in covariates.items():
        falls = any(c.falls for c in law.covariates if c.name == name)
        seen = np.where(layout.weight > 0, layout.covariates[name], np.nan)
        ends = {group: (np.nanmax if falls else np.nanmin)(seen[members[group]]) for group in dict.fromkeys(groups)}
        end = np.array([ends[group] for group in groups])[:, None]
        found[name] = float((values / end if falls else end / values).max())
    return found


def target_check(layout: Layout, law: Law, at: Mapping[str, float], task: str | None) -> Check:
    """Verdict on a target of a law, for the models of a task or of all; the target has been found to be one.

    Parameters
    ----------
    layout : Layout
    law : Law
    at : mapping
        Covariates to values. With the axis, but not all of a joint law, it is for models of the table; else for a new
        one.
    task : str or None
        All tasks if not given.
    """
    members = np.array(range(len(layout.curves)) if task is None else curves_on(layout, task))
    labels = [(c.model, c.family, c.task) for c in (layout.curves[i] for i in members)]
    below = below_data(layout, law, labels, {name: np.full((len(labels), 1), float(at[name])) for name in at})
    if law.axis in at and not kind_of(law).is_new_model(law, at):
        return distance_check({law.axis: float(at[law.axis] / layout.largest[members].min())}, below, law, new=False)
    found: dict[str, float] = {}
    for group in np.unique(layout.family_of[members]):
        own = layout.family_of == group
        tops = {name: float(values[own].max()) for name, values in layout.covariates.items()}
        tops[law.axis] = float(layout.largest[own].max())
        factors = {name: float(value) / tops[name] for name, value in at.items()}
        if len(tops) > 1 and set(at) >= set(tops):
            seen, here = with_product(law, layout.covariates), with_product(law, at)
            factors |= {name: float(here[name] / seen[name][own].max()) for name in set(here) - set(at)}
        found = {name: max(factor, found.get(name, 0.0)) for name, factor in factors.items()}
    return distance_check(found, below, law, new=True)


def distance_check(beyond: Mapping[str, float], below: Mapping[str, float], law: Law, *, new: bool) -> Check:
    """Verdict on a point, by the covariate (or compute) in which it lies too far, or furthest, from the data.

    Parameters
    ----------
    beyond : mapping
        Factors by which it lies beyond the data, by covariate and in compute.
    below : mapping
        Factors by which it lies below, by covariate; see `below_data`.
    law : Law
    new : bool
        Whether it is of a model that is not in the table.
    """
    checks = []
    for name, factor in beyond.items():
        of = f"the largest {name} seen" if new or name != law.axis else "the data of the least measured model"
        where = f"lies {factor:,.4g} times beyond {of}" if factor > 1 else "lies within the data"
        checks.append(reach_check(factor, f"The target {where}.", reach_of(law, name)))
    for name, factor in below.items():
        falls = any(c.falls for c in law.covariates if c.name == name)
        end = f"above the largest {name} seen" if falls else f"below the smallest {name} seen"
        if factor > AT_EDGE:
            checks.append(below_check(factor, f"The target lies {factor:,.4g} times {end}."))
    return worst(checks)


def budget_check(layout: Layout, compute: float) -> Check:
    """Verdict on a budget in FLOP of a law of model size and data, against the largest and smallest compute seen."""
    below = smallest_compute(layout) / compute
    if below > AT_EDGE:
        return below_check(below, f"The budget lies {below:,.4g} times below the smallest compute seen.")
    factor = compute / largest_compute(layout)
    return reach_check(factor, f"The budget is {factor:.3g} times the largest compute seen.", COMPUTE)


def smallest_compute(layout: Layout) -> float:
    """The smallest 6 N D of the runs of a table, in FLOP."""
    spent = layout.covariates["params"] * layout.covariates["data"]
    return FLOP_PER_TOKEN * float(spent[layout.weight > 0].min())


def largest_compute(layout: Layout, members: Sequence[int] | None = None) -> float:
    """The largest 6 N D of the models of a table, or of some of its curves, in FLOP."""
    spent = layout.covariates["params"].max(axis=1) * layout.largest
    return FLOP_PER_TOKEN * float(spent[slice(None) if members is None else list(members)].max())
