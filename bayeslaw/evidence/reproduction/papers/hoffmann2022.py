"""Hoffmann et al. 2022: the Chinchilla law as first published, and what was concluded from it.

The unrounded estimates are those in the source of the paper's text. Points read off its figure stand for its runs. That
parameters and tokens grow alike with compute (a = .5, by two of its three approaches) and that a parameter wants 20
tokens is asked of other studies at equal budgets, too.
"""

from bayeslaw.evidence.reproduction.isoflops import STUDIES
from bayeslaw.evidence.reproduction.paper import Paper, Study, coefficient, tokens_per_parameter
from bayeslaw.evidence.reproduction.papers.besiroglu2024 import COMPUTE, POINTS

PAPER = Paper(
    name="hoffmann2022",
    source="Hoffmann et al. 2022, arXiv 2203.15556",
    studies=(
        Study(
            POINTS,
            (
                coefficient("A", 406.4),
                coefficient("B", 410.7),
                coefficient("E", 1.6934),
                coefficient("alpha", 0.33917),
                coefficient("beta", 0.28491),
                coefficient("a", 0.4565, 0.0004, label="a, from the law"),
                coefficient("a", 0.5, label="a, as concluded"),
                tokens_per_parameter(COMPUTE, 20.0, label="tokens a parameter at 5.88e23 FLOP"),
            ),
        ),
        *(study.asked(coefficient("a", 0.5, label=f"a, on {study.name}")) for study in STUDIES),
        *(
            study.asked(
                tokens_per_parameter(study.budget, 20.0, label=f"tokens a parameter at {study.budget:g}, {study.name}")
            )
            for study in STUDIES
        ),
    ),
)
