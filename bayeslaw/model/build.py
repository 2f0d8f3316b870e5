"""From a table of runs to a model of it, by how curves stray from the law."""

from collections.abc import Mapping

from bayeslaw.laws.base import Law, Level
from bayeslaw.model.curves import CurveModel, build_curve_model
from bayeslaw.model.design import build_design
from bayeslaw.model.hierarchy import pool
from bayeslaw.model.priors import PRIORS, ScalePriors
from bayeslaw.runs import Runs


def build_model(
    runs: Runs, law: Law, *, pooling: Mapping[str, Level] | None = None, scales: ScalePriors | None = None
) -> CurveModel:
    """Put a law, its pooling and a table of runs together.

    Raises
    ------
    LawError
        If the table lacks what the law needs, or ``pooling`` names what the law does not have.
    """
    design = build_design(runs, law)
    pooled = pool(law, design, pooling)
    return build_curve_model(design, law, pooled, scales or PRIORS[law.strays])
