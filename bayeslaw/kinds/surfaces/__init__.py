"""Joint laws of model size and data: the models of a family lie on one surface.

runs --layout--> arrays, bases of fields --density--> log density of law, fields and effects of models
--model----> draws in the units of the table
--predict--> surfaces beyond the data
"""

from bayeslaw.kinds.base import Kind
from bayeslaw.kinds.surfaces.kind import SurfaceKind
from bayeslaw.kinds.surfaces.layout import SurfaceLayout

KIND: Kind[SurfaceLayout] = SurfaceKind()

__all__ = ["KIND", "SurfaceKind"]
