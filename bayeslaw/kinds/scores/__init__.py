"""Scores on benchmarks: chance plus what skill adds by its link, pooled over sizes, families and tasks.

runs --layout--> arrays, levels of chance, knots of walks --density--> log density of law, walks and effects of models
--model----> draws of skills, ceilings and walks
--predict--> scores of models on and off the table
"""

from bayeslaw.kinds.base import Kind
from bayeslaw.kinds.scores.kind import ScoreKind
from bayeslaw.kinds.scores.layout import ScoreLayout

KIND: Kind[ScoreLayout] = ScoreKind()

__all__ = ["KIND", "ScoreKind"]
