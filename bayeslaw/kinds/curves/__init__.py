"""Models whose every curve has a level of its own.

runs --layout--> arrays of curves, bases of walks --density--> log density with levels and walks integrated out
--draws----> levels and walks, drawn given the rest
--predict--> curves beyond the data
"""

from bayeslaw.kinds.base import Kind
from bayeslaw.kinds.curves.kind import CurveKind
from bayeslaw.kinds.curves.layout import CurveLayout

KIND: Kind[CurveLayout] = CurveKind()

__all__ = ["KIND", "CurveKind"]
