"""Whether to stop measuring: the best further runs no longer pay for their cost, or little is left to gain."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayeslaw.answers.costs import Costs
from bayeslaw.answers.goals import GoalName, Now
from bayeslaw.answers.value import Belief, told_from_none

TOLERANCE = 0.002
"""Expected regret, as a share of the loss, at which measuring can stop unless told otherwise."""

WIDTH_TOLERANCE = 0.02
"""The same of the width of a 90% interval that is to be foretold."""

AHEAD = 3
"""Runs that are looked ahead: one that does not pay alone may pay with others."""


@dataclass(frozen=True)
class Stop:
    """Whether to stop measuring.

    Attributes
    ----------
    status : {"stop", "go on"}
    value, threshold : float
        With a price: the largest ratio of what further runs gain, in units of cost, to what they cost; and 1. Without:
        expected regret (or the width of the interval) and its tolerance.
    sentence : str
    """

    status: Literal["stop", "go on"]
    value: float
    threshold: float
    sentence: str


def stop_verdict(
    goal: GoalName,
    draws: np.ndarray,
    now: Now,
    belief: Belief,
    costs: Costs,
    price: float | None,
    tolerance: float | None,
    unit: str,
) -> Stop:
    """Judge whether to stop.

    Parameters
    ----------
    goal : str
    draws : ndarray, shape (S, ...)
        Losses of options, or forecasts.
    now : Now
    belief : Belief
        In which further runs have a value.
    costs : Costs
    price : float, optional
        Units of cost that a unit of loss is worth. Gains that cannot be told from none then count as none.
    tolerance : float, optional
    unit : str
        Of the loss.
    """
    if price is not None:
        ratio, runs = best_ratio(belief, costs.values, price)
        told = f"at {price:.4g} {costs.unit} a unit of {unit}, {_what_pays(ratio, runs)}"
        stop = ratio <= 1
        return Stop("stop" if stop else "go on", ratio, 1.0, f"{'Stop' if stop else 'Go on'}: {told}.")
    what = "the width of the 90% interval" if goal == "foretell" else "the expected regret"
    share = WIDTH_TOLERANCE if goal == "foretell" else TOLERANCE
    if tolerance is None:
        tolerance = share * float(np.median(np.abs(draws)))
    stop = now.expected_regret <= tolerance
    side = "no longer above" if stop else "still above"
    told = f"{what} is {now.expected_regret:.3g} {unit}, {side} the {tolerance:.3g} that is tolerated"
    return Stop("stop" if stop else "go on", now.expected_regret, tolerance, f"{'Stop' if stop else 'Go on'}: {told}.")


def _what_pays(ratio: float, runs: int) -> str:
    if ratio == 0:
        return "no further run gains anything that can be told from nothing"
    if runs == 1:
        return f"the best further run gains {ratio:.3g} times what it costs"
    return f"the best {runs} further runs together gain {ratio:.3g} times what they cost"


def best_ratio(belief: Belief, costs: np.ndarray, price: float) -> tuple[float, int]:
    """The largest ratio of gain, in units of cost, to cost, of one run or of a few; and of how many.

    Only gains that can be told from none count, of a few runs that of all together: the largest ratio of many to small
    costs would be of noise.
    """
    gain = se = cost = 0.0
    best = (0.0, 1)
    for runs in range(1, min(AHEAD, len(costs)) + 1):
        gains = belief.gains()
        r = int(np.lexsort((gains.share / costs, gains.counted / costs))[-1])
        gain, cost, se = gain + float(gains.mean[r]), cost + float(costs[r]), float(np.hypot(se, gains.se[r]))
        if told_from_none(np.array(gain), np.array(se)):
            best = max(best, (price * gain / cost, runs), key=lambda found: found[0])
        belief = belief.after(r)
    return best
