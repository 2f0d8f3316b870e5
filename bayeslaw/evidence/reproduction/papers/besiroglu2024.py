"""Besiroglu et al. 2024: the Chinchilla law refitted to points read off a figure.

Estimates and standard errors from 4000 bootstraps are those of the notebook published with the paper; the five points
of the highest loss are left out there. What the law says of the 70B model's budget follows from the estimates.
"""

from bayeslaw.evidence.reproduction.paper import Paper, Source, Study, coefficient, tokens_per_parameter

POINTS = Source("pretrain/chinchilla_points.csv", "chinchilla", where="loss < 3.44")
"""All but the five points of the highest loss."""

COMPUTE = 5.88e23
"""Of the 70B model of Hoffmann et al. 2022, in FLOP."""

PAPER = Paper(
    name="besiroglu2024",
    source="Besiroglu et al. 2024, arXiv 2404.10102",
    studies=(
        Study(
            POINTS,
            (
                coefficient("A", 482.01, 124.52),
                coefficient("B", 2085.43, 1293.28),
                coefficient("E", 1.81686, 0.02566),
                coefficient("alpha", 0.34781, 0.0154),
                coefficient("beta", 0.36585, 0.0206),
                coefficient("a", 0.513, 0.02),
                tokens_per_parameter(COMPUTE, 18.3, label="tokens a parameter at 5.88e23 FLOP"),
            ),
        ),
    ),
)
