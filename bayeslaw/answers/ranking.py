"""Runs in the order in which they are worth making, and sets of runs to be made at once."""

from typing import Literal, NamedTuple

import numpy as np

from bayeslaw.answers.value import Belief, Gains, told_from_none

FLOOR = 0.02
"""Gains below this share of what could be gained at all are ranked behind others, however cheap the run."""

Ranking = Literal["gain", "gain per cost", "net"]
"""By what runs are ranked."""


class Chosen(NamedTuple):
    """A run to be made at once with others: its index, and what it adds to those before.

    By ``gain`` it raises the most that those before gain, ``se`` is the standard error of that, and ``share`` what it
    has in `bayeslaw.answers.value.Gains`.
    """

    run: int
    gain: float
    se: float
    share: float


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
    return best_first(gains, costs, by, price, most), max(batches, key=_together)


def best_first(gains: Gains, costs: np.ndarray, by: Ranking, price: float | None, most: float) -> np.ndarray:
    """Indices of runs, the best first.

    Those whose gain cannot be told from none earn nothing, and come after those whose gain can, by the share of the
    variance that they account for; by gain per cost, so do those that gain next to nothing (less than a share `FLOOR`
    of the ``most`` that could be gained).
    """
    if by == "gain":
        return np.lexsort((costs, -gains.share, -gains.counted))
    if by == "net":
        return np.lexsort((-gains.share, costs - (price or 0.0) * gains.counted))
    slight = ~gains.told | (gains.mean < FLOOR * most)
    return np.lexsort((costs, -np.where(slight, gains.share, gains.mean) / costs, slight))


def _together(batch: list[Chosen]) -> tuple[float, float]:
    """What runs gain together, if that can be told from none, and the shares of the variance they account for."""
    gain, se = sum(run.gain for run in batch), np.sqrt(sum(run.se**2 for run in batch))
    return gain if told_from_none(np.array(gain), np.array(se)) else 0.0, sum(run.share for run in batch)


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
    gained = best = 0.0
    batch: list[Chosen] = []
    while True:
        affordable = costs <= left * (1 + 1e-12)
        affordable[[chosen.run for chosen in batch]] = False
        if not affordable.any():
            return batch
        order = best_first(gains, costs, by, price, most)
        r = int(order[affordable[order]][0])
        gained += float(gains.mean[r])
        batch.append(Chosen(r, max(gained - best, 0.0), float(gains.se[r]), float(gains.share[r])))
        best = max(gained, best)
        if len(batch) == slots:
            return batch
        left -= costs[r]
        belief = belief.after(r)
        gains = belief.gains()
