"""The two forms of discrepancy of curves, and the choices of layout, walks and priors that go with each."""

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
    """A form of discrepancy, and what goes with it.

    Attributes
    ----------
    whole_curves : bool
        Whether curves are whole learning curves. Coordinates are then stated at the last size of each curve, points
        are averaged over bins, and the sds of effects are fixed at those that the law states, as few curves could
        estimate them. Else coordinates are stated at one size for all curves, and every point is kept.
    lends_paths : bool
        Whether the path that the curves of a task have in common is part of a prior made from a fit.
    walks : callable
        From the sizes of a task, a path that a prior knows, and the spring, to bases of the walks of the task.
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
        # The discrepancy in level has an sd of .0005 (validation loss of language models) to .02 (translation).
        # Learning curves of one task are equally smooth, or were smoothed alike.
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
