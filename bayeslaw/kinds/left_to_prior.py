"""What a table leaves to the priors: coordinates of the law of which the runs tell little, its asymptote for one.

A few sizes say next to nothing of the floor of a law: of the 30 models of a published fine-tuning task (FLAN), seen at
5 and at 11 sizes, the posterior of its logit keeps .91 and .73 of the prior's standard deviation. That is no fault of
a table, and intervals carry it, so that it asks for no look; but who reads "the irreducible loss is 1.2" is to know
whence it comes.
"""

import numpy as np
import xarray as xr

from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.prediction import flat
from bayeslaw.laws.base import Coordinate, Law
from bayeslaw.results import listed
from bayeslaw.verdicts import Check

LEFT = 0.7
"""Share of the sd of a prior that is left after the runs, from which on a coordinate is the prior's. The runs have then
added no more information than the prior had, 1 / .7^2 - 1."""

ASYMPTOTE = "floor"
"""What laws call the coordinate that is their floor."""


def left_to_prior_check(layout: Layout, law: Law, draws: xr.Dataset) -> Check:
    """Say which coordinates of a law the prior determines, more than the runs; a verdict that always passes.

    Parameters
    ----------
    layout : Layout
    law : Law
        With the priors that were used.
    draws : xarray.Dataset
        Posterior draws, coordinates (chain, draw, curve) among them.

    Returns
    -------
    Check
        ``left_to_prior``: the largest share of a prior's standard deviation that is left, of any task.
    """
    left = {c.name: _share_left(flat(draws, c.name), layout, c) for c in law.coordinates if c.sd > 0}
    known = [name for name, share in left.items() if share >= LEFT]
    meant = {c.name: c.meaning for c in law.coordinates}
    if not known:
        sentence = f"The runs narrow the prior of every coordinate of the {law.name} law below {LEFT:g} of its sd."
    else:
        named = listed([f"{name} ({meant[name]}) by {max(1 - left[name], 0.0):.0%}" for name in known])
        whose = "The asymptote comes from the prior" if ASYMPTOTE in known else "The prior tells more than the runs"
        sentence = (
            f"{whose}: the runs narrow the sd of the prior of {named}. Intervals of predictions include this; "
            "see check --sensitivity, or state what is known."
        )
    return Check("left_to_prior", "PASS", float(max(left.values(), default=0.0)), LEFT, sentence, "")


def _share_left(values: np.ndarray, layout: Layout, c: Coordinate) -> float:
    """The largest share over tasks: sd of the mean over the curves of each, of draws (S, C), over that of its prior."""
    own = {task: sd for task, _, sd in c.of_tasks}
    of_tasks = [values[:, layout.task_of == k].mean(axis=1) for k in range(len(layout.tasks))]
    return float(max(np.std(one) / own.get(task, c.sd) for task, one in zip(layout.tasks, of_tasks, strict=True)))
