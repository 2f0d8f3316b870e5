"""Whether a table can carry the model: verdicts that need no sampling."""

import numpy as np

from bayeslaw.laws.base import Law
from bayeslaw.model.design import Design
from bayeslaw.model.joint import points_of, surfaces
from bayeslaw.verdicts import COLLINEAR_MAX, Check, at_least, at_most

POINTS_MIN = 3
CURVES_MIN = 2
RISES_MAX = 0.2
SPARE_MIN = 3
"""Runs of a surface beyond the number of parameters of the law."""


def table_checks(design: Design, law: Law) -> list[Check]:
    """Check how much a table can say about extrapolation."""
    return _surface_checks(design, law) if law.strays == "surface" else _curve_checks(design)


def _surface_checks(design: Design, law: Law) -> list[Check]:
    points, of_run = points_of(design), design.family_of[np.nonzero(design.weight > 0)[0]]
    groups = [points[of_run == g] for g in range(of_run.max() + 1)]
    runs, numbers = np.array([len(group) for group in groups]), len(law.coordinates) + 1
    of_surface = surfaces(design)
    thinnest, thin = of_surface[int(runs.argmin())], int(np.sum(runs < numbers))
    name = thinnest.family if thinnest.family == thinnest.task else f"{thinnest.family} on {thinnest.task}"
    count = f"; so have {thin} of {len(runs)} families fewer runs than numbers" if thin > 1 else ""
    names = list(design.covariates)
    distinct = {name: min(len(np.unique(group[:, v])) for group in groups) for v, name in enumerate(names)}
    fewest = min(distinct, key=lambda name: distinct[name])
    shared = max((_collinearity(group) for group in groups), default=0.0)
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


def _collinearity(points: np.ndarray) -> float:
    """Largest absolute correlation between columns; 0 where it is not defined."""
    varying = points[:, np.ptp(points, axis=0) > 0]
    if len(points) < POINTS_MIN or varying.shape[1] < 2:
        return 0.0
    return float(np.abs(np.triu(np.corrcoef(varying.T), 1)).max())


def _curve_checks(design: Design) -> list[Check]:
    seen = design.weight > 0
    sizes = np.array([len(np.unique(axis[mask])) for axis, mask in zip(design.axis, seen, strict=True)])
    thin = design.curves[int(np.argmin(sizes))]
    curves = np.bincount(design.task_of, minlength=len(design.tasks))
    rises = _share_of_rises(design, seen)
    worst = int(np.argmax(rises))
    return [
        at_least(
            "sizes_per_model", sizes.min(), POINTS_MIN, 0,
            f"Every model was measured at {sizes.min()} or more sizes (fewest: {thin.model}).",
            "With one or two sizes a curve's bend cannot be seen and comes from the other models and the prior; "
            "measure the model at one more size.",
        ),
        at_least(
            "models_per_task", curves.min(), CURVES_MIN, 0,
            f"Each task has {curves.min()} or more models; models inform each other's exponents.",
            "With a single model everything that models share comes from the prior; add runs of other models.",
        ),
        at_most(
            "rising_loss", rises[worst], RISES_MAX, 1.0,
            f"Loss rises beyond noise in at most {rises[worst]:.0%} of the steps to a larger size "
            f"(most: {design.curves[worst].model}).",
            "A curve that rises with more data is not one that a scaling law describes; look for bad runs or units.",
        ),
    ]  # fmt: skip


def _share_of_rises(design: Design, seen: np.ndarray) -> np.ndarray:
    """Share of steps between neighbouring sizes at which log loss rises by more than .02, for each curve."""
    shares = np.zeros(len(design.curves))
    for i, mask in enumerate(seen):
        sizes, index = np.unique(design.axis[i, mask], return_inverse=True)
        if len(sizes) > 1:
            mean = np.bincount(index, design.log_loss[i, mask]) / np.bincount(index)
            shares[i] = np.mean(np.diff(mean) > 0.02)
    return shares
