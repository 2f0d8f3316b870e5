"""The two ways in which curves with a level of their own depart from a law, each with all that follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bayeslaw.errors import LawError
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.curves.walks import TaskWalks, level_walks, slope_walks
from bayeslaw.kinds.shared.borrowed import TaskPath
from bayeslaw.kinds.shared.scales import LogNormal, Normal


@dataclass(frozen=True)
class Discrepancy:
    """How the curves of a law depart from it.

    Attributes
    ----------
    whole_curves : bool
        Whether curves are whole learning curves. They are then lined up at the last size of each, points are averaged
        over bins, and spreads of coordinates are those that the law states, for few curves could tell them. Else curves
        are compared at equal size, and every point is kept.
    lends_paths : bool
        Whether a task lends the path that its curves have in common.
    walks : callable
        Bases of the walks of a task, from its sizes, a path that a prior knows, and the spring.
    scales : ScalePriors
        Default priors of noise and discrepancy.
    """

    whole_curves: bool
    lends_paths: bool
    walks: Callable[[np.ndarray, TaskPath | None, Spring], TaskWalks]
    scales: ScalePriors


DISCREPANCIES: Mapping[str, Discrepancy] = MappingProxyType(
    {
        "slope": Discrepancy(whole_curves=False, lends_paths=True, walks=slope_walks, scales=ScalePriors()),
        # Levels wander by .0005 (validation loss of language models) to .02 (translation). Learning curves are smooth,
        # or were smoothed, alike on a task.
        "level": Discrepancy(
            whole_curves=True,
            lends_paths=False,
            walks=level_walks,
            scales=ScalePriors(
                own_drift=LogNormal(0.005, 1.0), roughness=0.0, pull=Normal(0.0, 0.0), shared_drift=LogNormal(0.0, 0.0)
            ),
        ),
    }
)


def discrepancy_named(name: str) -> Discrepancy:
    """The discrepancy of that name.

    Raises
    ------
    LawError
        If there is none.
    """
    if name not in DISCREPANCIES:
        raise LawError(f"Found discrepancy={name!r}, expected one of {', '.join(DISCREPANCIES)} for a law of curves.")
    return DISCREPANCIES[name]
