"""From a table of runs to a model of it, by how curves stray from the law."""

from collections.abc import Mapping

from bayeslaw.errors import LawError
from bayeslaw.laws.base import Law, Level
from bayeslaw.model.base import Model
from bayeslaw.model.borrowed import Borrowed
from bayeslaw.model.curves import build_curve_model
from bayeslaw.model.design import build_design
from bayeslaw.model.hierarchy import pool
from bayeslaw.model.joint import build_surface_model
from bayeslaw.model.priors import PRIORS, ScalePriors, SurfacePriors
from bayeslaw.runs import Runs


def build_model(
    runs: Runs,
    law: Law,
    *,
    pooling: Mapping[str, Level] | None = None,
    scales: ScalePriors | SurfacePriors | None = None,
    borrowed: Borrowed | None = None,
) -> Model:
    """Put a law, its pooling, a table of runs and what a prior lends together.

    Raises
    ------
    LawError
        If the table lacks what the law needs, ``pooling`` names what the law does not have, ``scales`` are those of
        laws that stray in another way, or either is given beside a prior.
    """
    design = build_design(runs, law, borrowed)
    pooled = pool(law, design, pooling)
    if borrowed is not None and scales is not None:
        raise LawError("A fit with a prior has the scales that the prior knows. Leave out scales, or the prior.")
    scales = scales or (PRIORS[law.strays] if borrowed is None else borrowed.scales)
    if isinstance(scales, SurfacePriors) and law.strays == "surface":
        return build_surface_model(design, law, pooled, scales)
    if isinstance(scales, ScalePriors) and law.strays != "surface":
        return build_curve_model(design, law, pooled, scales)
    wanted = SurfacePriors if law.strays == "surface" else ScalePriors
    raise LawError(f"The {law.name} law takes scales of the kind {wanted.__name__}, not {type(scales).__name__}.")
