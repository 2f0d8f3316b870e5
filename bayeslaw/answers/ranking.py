"""Runs in the order in which they are worth making, and sets of runs to be made at once."""

from typing import Literal

import numpy as np

from bayeslaw.answers.value import Belief

FLOOR = 0.02
"""Gains below this share of what could be gained at all are ranked behind others, however cheap the run."""

Ranking = Literal["gain", "gain per cost", "net"]
"""By what runs are ranked."""


def ranked(
    belief: Belief,
    gains: np.ndarray,
    costs: np.ndarray,
    *,
    slots: int,
    budget: float | None,
    price: float | None,
    most: float,
) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """Indices of runs, the best first; and of the runs to be made at once, with what each adds to those before.

    With a price runs are ranked by what they earn net of their cost, with a budget by gain, else by gain per cost. Of a
    budget, many cheap runs or a few dear ones may make more: those are taken that do together.

    Parameters
    ----------
    belief : Belief
    gains, costs : ndarray, shape (R,)
        Of each run by itself.
    slots : int
        Number of runs at once, at most.
    budget : float, optional
        What they may cost together.
    price : float, optional
        Units of cost that a unit of gain is worth.
    most : float
        What could be gained at all.
    """
    by: Ranking = "net" if price is not None else "gain" if budget is not None else "gain per cost"
    ways: tuple[Ranking, ...] = ("gain", "gain per cost") if by == "gain" and slots > 1 else (by,)
    batches = [_batch(belief, gains, costs, way, slots=slots, budget=budget, price=price, most=most) for way in ways]
    return best_first(gains, costs, by, price, most), max(batches, key=lambda runs: sum(gain for _, gain in runs))


def best_first(gains: np.ndarray, costs: np.ndarray, by: Ranking, price: float | None, most: float) -> np.ndarray:
    """Indices of runs, the best first.

    By gain per cost, those that gain next to nothing (less than a share `FLOOR` of the ``most`` that could be gained)
    come last.
    """
    if by == "gain":
        return np.lexsort((costs, -gains))
    if by == "net":
        return np.argsort(costs - (price or 0.0) * gains, kind="stable")
    slight = gains < FLOOR * most
    return np.lexsort((-np.where(slight, gains, gains / costs), slight))


def _batch(
    belief: Belief,
    gains: np.ndarray,
    costs: np.ndarray,
    by: Ranking,
    *,
    slots: int,
    budget: float | None,
    price: float | None,
    most: float,
) -> list[tuple[int, float]]:
    """Runs to be made at once, each the best given those before, with what it adds to them."""
    left = np.inf if budget is None else budget
    batch: list[tuple[int, float]] = []
    while True:
        affordable = costs <= left * (1 + 1e-12)
        affordable[[r for r, _ in batch]] = False
        if not affordable.any():
            return batch
        order = best_first(gains, costs, by, price, most)
        r = int(order[affordable[order]][0])
        batch.append((r, float(gains[r])))
        if len(batch) == slots:
            return batch
        left -= costs[r]
        belief = belief.after(r)
        gains = belief.gains()
