"""Verdicts that need no sampling: whether a table suffices for a joint law."""

import numpy as np

from bayeslaw.kinds.surfaces.layout import SurfaceLayout, points_of, surfaces
from bayeslaw.laws.base import Law
from bayeslaw.numerics import collinearity
from bayeslaw.verdicts import COLLINEAR_MAX, Check, at_least, at_most

POINTS_MIN = 3
SPARE_MIN = 3
"""Runs of a surface beyond the number of parameters of the law."""


def surface_checks(layout: SurfaceLayout, law: Law) -> list[Check]:
    """Check whether families have enough runs, and covariates that vary enough, to estimate the exponents."""
    points, of_run = points_of(layout), layout.family_of[np.nonzero(layout.weight > 0)[0]]
    groups = [points[of_run == g] for g in range(of_run.max() + 1)]
    runs, numbers = np.array([len(group) for group in groups]), len(law.coordinates) + 1
    of_surface = surfaces(layout)
    thinnest, thin = of_surface[int(runs.argmin())], int(np.sum(runs < numbers))
    name = thinnest.family if thinnest.family == thinnest.task else f"{thinnest.family} on {thinnest.task}"
    count = f"; so have {thin} of {len(runs)} families fewer runs than numbers" if thin > 1 else ""
    names = list(layout.covariates)
    distinct = {name: min(len(np.unique(group[:, v])) for group in groups) for v, name in enumerate(names)}
    fewest = min(distinct, key=lambda name: distinct[name])
    apart = [v for v, c in enumerate(law.covariates) if not c.share]  # shares go together, and the law knows
    shared = max((collinearity(group[:, apart]) for group in groups), default=0.0)
    return [
        at_least(
            "spare_runs", runs.min() - numbers, SPARE_MIN, -len(law.coordinates),
            f"The family with the fewest runs ({name}) has {runs.min()}, for {numbers} numbers of the law{count}.",
            "What the runs do not say comes from other families and the prior; add runs, use a simpler law, or give "
            "models that belong together one family.",
        ),
        at_least(
            "values_of_each_covariate", distinct[fewest], POINTS_MIN, 0,
            f"Every family was measured at {distinct[fewest]} or more values of each covariate (fewest: {fewest}).",
            f"The exponent of {fewest} of that family comes from other families and the prior; vary it more.",
        ),
        at_most(
            "collinearity", shared, COLLINEAR_MAX, 1.0,
            f"Within families, covariates go together with a correlation of at most {shared:.2f} in their logarithms.",
            "Where they grow in step, no data tell their exponents apart; add runs with more or less data a parameter.",
        ),
    ]  # fmt: skip
