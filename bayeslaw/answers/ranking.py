"""Runs in the order in which they are worth making, and sets of runs to be made at once."""

from typing import Literal, NamedTuple

import numpy as np

from bayeslaw.answers.value import Belief, Gains

FLOOR = 0.02
"""Gains below this share of what could be gained at all are ranked behind others, however cheap the run."""

Ranking = Literal["gain", "gain per cost", "net"]
"""By what runs are ranked."""


class Chosen(NamedTuple):
    """A run to be made at once with others: its index, what it adds to those before, and the standard error of that."""

    run: int
    gain: float
    se: float


def ranking(budget: float | None, price: float | None) -> Ranking:
    """By what runs are ranked: with a price what they earn net of cost, with a budget gain, else gain per cost."""
    return "net" if price is not None else "gain" if budget is not None else "gain per cost"


def ranked(
    belief: Belief,
    gains: Gains,
    costs: np.ndarray,
    *,
    slots: int,
    budget: float | None,
    price: float | None,
    most: float,
) -> tuple[np.ndarray, list[Chosen]]:
    """Indices of runs, the best first; and the runs to be made at once.

    Runs are ranked by `ranking`. Of a budget, many cheap runs or a few dear ones may make more: those are taken that do
    together.

    Parameters
    ----------
    belief : Belief
    gains : Gains
        Of each run by itself.
    costs : ndarray, shape (R,)
    slots : int
        Number of runs at once, at most.
    budget : float, optional
        What they may cost together.
    price : float, optional
        Units of cost that a unit of gain is worth.
    most : float
        What could be gained at all.
    """
    by = ranking(budget, price)
    ways: tuple[Ranking, ...] = ("gain", "gain per cost") if by == "gain" and slots > 1 else (by,)
    batches = [_batch(belief, gains, costs, way, slots=slots, budget=budget, price=price, most=most) for way in ways]
    return best_first(gains, costs, by, price, most), max(batches, key=lambda runs: sum(run.gain for run in runs))


def best_first(gains: Gains, costs: np.ndarray, by: Ranking, price: float | None, most: float) -> np.ndarray:
    """Indices of runs, the best first.

    Those whose gain cannot be told from none earn nothing, and come after those whose gain can; by gain per cost, so
    do those that gain next to nothing (less than a share `FLOOR` of the ``most`` that could be gained).
    """
    gain = gains.mean
    if by == "gain":
        return np.lexsort((costs, -gain, -gains.counted))
    if by == "net":
        return np.lexsort((-gain, costs - (price or 0.0) * gains.counted))
    slight = ~gains.told | (gain < FLOOR * most)
    return np.lexsort((-np.where(slight, gain, gain / costs), slight))


def _batch(
    belief: Belief,
    gains: Gains,
    costs: np.ndarray,
    by: Ranking,
    *,
    slots: int,
    budget: float | None,
    price: float | None,
    most: float,
) -> list[Chosen]:
    """Runs to be made at once, each the best given those before."""
    left = np.inf if budget is None else budget
    batch: list[Chosen] = []
    while True:
        affordable = costs <= left * (1 + 1e-12)
        affordable[[chosen.run for chosen in batch]] = False
        if not affordable.any():
            return batch
        order = best_first(gains, costs, by, price, most)
        r = int(order[affordable[order]][0])
        batch.append(Chosen(r, float(gains.mean[r]), float(gains.se[r])))
        if len(batch) == slots:
            return batch
        left -= costs[r]
        belief = belief.after(r)
        gains = belief.gains()
