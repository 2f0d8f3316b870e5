"""Czech 2026: the Chinchilla law by variable projection, which is least squares in the loss.

On the points of Hoffmann et al. below 1e21 FLOP, without the five of the highest loss.
"""

from dataclasses import replace

from bayeslaw.evidence.reproduction.least_squares import squares
from bayeslaw.evidence.reproduction.paper import Paper, Study, coefficient
from bayeslaw.evidence.reproduction.papers.besiroglu2024 import POINTS

PAPER = Paper(
    name="czech2026",
    source="Czech 2026, github Open-Athena/scaling-law-analysis",
    studies=(
        Study(
            replace(POINTS, where=f"{POINTS.where} and compute < 1e21"),
            (
                coefficient("alpha", 0.3511),
                coefficient("beta", 0.4587),
                coefficient("E", 1.9051),
                coefficient("a", 0.5664),
            ),
            squares,
        ),
    ),
)
