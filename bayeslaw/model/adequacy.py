"""Whether a table can carry the model: verdicts that need no sampling."""

import numpy as np

from bayeslaw.model.design import Design
from bayeslaw.verdicts import Check, at_least, at_most

POINTS_MIN = 3
CURVES_MIN = 2
RISES_MAX = 0.2


def table_checks(design: Design) -> list[Check]:
    """Check how much a table can say about extrapolation."""
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
