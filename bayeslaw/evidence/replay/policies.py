"""Ways to measure, one run or one round after another, all asked the same after each: what is predicted at the target.

A policy yields what it buys and what it then believes; it sees losses only of runs that it bought.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from bayeslaw import streams
from bayeslaw.evidence.baselines.selection import accept_then_stop
from bayeslaw.evidence.replay.purse import Bought, Purse, ReplaySettings
from bayeslaw.evidence.replay.studies import ReplayGoal, Study
from bayeslaw.evidence.replay.surrogate import Surrogate
from bayeslaw.streams import generator

ROUND = 1.15
"""Policies that buy single runs say what they believe each time that their cost has grown by this factor."""

Policy = Callable[[Study, ReplaySettings], Iterator[Bought]]


def _extrapolate_straight(purse: Purse) -> np.ndarray:
    """Accept-then-stop's prediction of each candidate; its last loss where it has a single size."""
    target = float(purse.sizes[purse.targets[0]])
    predicted = []
    for row in purse.targets:
        sizes, losses = purse.curve(purse.models[row])
        straight = len(sizes) > 1
        predicted.append(float(accept_then_stop(sizes, losses[None], target=target)[0]) if straight else losses[-1])
    return np.array(predicted)


def _by_surrogate(purse: Purse) -> np.ndarray:
    return purse.surrogate().predict(purse.targets)


def _size_by_size(study: Study, settings: ReplaySettings, *, decide: Callable[[Purse], np.ndarray]) -> Iterator[Bought]:
    """Measure everything at the next size, then at the one after it."""
    purse = Purse(study, settings)
    yield Bought(list(purse.rows), decide(purse))
    for size in np.unique(purse.sizes[study.pool]):
        rows = [int(row) for row in purse.open if np.isclose(purse.sizes[row], size)]
        if rows and float(study.cost[rows].sum()) <= purse.limit - purse.spent:
            purse.rows += rows
            yield Bought(rows, decide(purse))


def _halving(study: Study, settings: ReplaySettings, *, rank: Callable[[Purse], np.ndarray]) -> Iterator[Bought]:
    """Successive halving: keep the better half, and measure it at the next size, at least twice the last."""
    purse = Purse(study, settings)
    names = purse.models[purse.targets]
    left = np.ones(len(names), bool)
    score = rank(purse)
    yield Bought(list(purse.rows), score)
    reached = float(purse.sizes[purse.rows].max())
    while left.sum() > 1:
        ordered = np.flatnonzero(left)[np.argsort(score[left], kind="stable")]
        left = np.isin(np.arange(len(names)), ordered[: -(-len(ordered) // 2)])
        larger = purse.open[purse.sizes[purse.open] >= 2 * reached * 0.999]
        rows = [row for row in larger if purse.models[row] in names[left]]
        if not rows:
            return
        reached = float(purse.sizes[rows].min())
        rows = [int(row) for row in rows if np.isclose(purse.sizes[row], reached)]
        if float(study.cost[rows].sum()) > purse.limit - purse.spent:
            return
        purse.rows += rows
        found = rank(purse)
        score = np.where(left, found, found + 1e6)  # those dropped are not chosen
        yield Bought(rows, score)


Pick = Callable[[Purse, Surrogate, np.random.Generator], int]


def _one_by_one(study: Study, settings: ReplaySettings, *, pick: Pick) -> Iterator[Bought]:
    """Buy single runs; the surrogate, fitted anew each round, predicts."""
    purse, rng = Purse(study, settings), generator(settings.seed, streams.POLICY)
    fitted = purse.surrogate()
    yield Bought(list(purse.rows), fitted.predict(purse.targets))
    said, rows = purse.spent, list[int]()
    while len(purse.open):
        row = pick(purse, fitted, rng)
        purse.rows.append(row)
        rows.append(row)
        if purse.spent >= ROUND * said or not len(purse.open):
            fitted = purse.surrogate()
            yield Bought(rows, fitted.predict(purse.targets))
            said, rows = purse.spent, []


def _any(purse: Purse, fitted: Surrogate, rng: np.random.Generator) -> int:
    return int(rng.choice(purse.open))


def _cheapest(purse: Purse, fitted: Surrogate, rng: np.random.Generator) -> int:
    return int(purse.open[np.argmin(purse.study.cost[purse.open])])


def _v_optimal(purse: Purse, fitted: Surrogate, rng: np.random.Generator) -> int:
    could = purse.open
    return int(could[fitted.v_optimal(np.array(purse.rows), could, purse.targets, purse.study.cost[could])])


def _ours(study: Study, settings: ReplaySettings) -> Iterator[Bought]:
    from bayeslaw.evidence.replay.ours import measure

    return measure(study, settings)


POLICIES: Mapping[ReplayGoal, Mapping[str, Policy]] = MappingProxyType(
    {
        "choose": {
            "ours": _ours,
            "accept-then-stop": partial(_size_by_size, decide=_extrapolate_straight),
            "halving": partial(_halving, rank=Purse.last),
            "halving+surrogate": partial(_halving, rank=_by_surrogate),
            "uniform": partial(_size_by_size, decide=Purse.last),
            "random": partial(_one_by_one, pick=_any),
            "v-optimal": partial(_one_by_one, pick=_v_optimal),
        },
        "foretell": {
            "ours": _ours,
            "uniform": partial(_one_by_one, pick=_cheapest),
            "random": partial(_one_by_one, pick=_any),
            "v-optimal": partial(_one_by_one, pick=_v_optimal),
        },
    }
)
"""What each policy buys, by goal. ``uniform`` measures all candidates at the next size, or the cheapest run next."""
