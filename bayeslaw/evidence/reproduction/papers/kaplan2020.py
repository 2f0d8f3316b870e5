"""Kaplan et al. 2020: that the best number of parameters grows as compute to the .73."""

from bayeslaw.evidence.reproduction.isoflops import STUDIES
from bayeslaw.evidence.reproduction.paper import Paper, Study, coefficient
from bayeslaw.evidence.reproduction.papers.besiroglu2024 import POINTS

PAPER = Paper(
    name="kaplan2020",
    source="Kaplan et al. 2020, arXiv 2001.08361",
    studies=(
        Study(POINTS, (coefficient("a", 0.73, label="a, on the points of Hoffmann et al."),)),
        *(study.asked(coefficient("a", 0.73, label=f"a, on {study.name}")) for study in STUDIES),
    ),
)
