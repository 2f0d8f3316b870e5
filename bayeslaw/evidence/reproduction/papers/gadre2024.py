"""Gadre et al. 2024: larger runs foretold by the over-training law, on five small ones.

Published are relative errors of the C4 losses of two RedPajama models. Ours are those of the law alone, fitted to all
models up to 412M; least squares are those of the paper, on the five runs that it used: the four smallest models at 20
tokens a parameter, and the smallest at 320.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayeslaw.evidence.reproduction.least_squares import Estimates, squares
from bayeslaw.evidence.reproduction.paper import Paper, Quantity, Source, Study
from bayeslaw.laws.base import Law
from bayeslaw.runs.units import FLOP_PER_TOKEN

CORPUS = "metric == 'loss:c4_val' and dataset == 'rpj'"


def five_runs(law: Law, runs: pd.DataFrame) -> Estimates:
    """Least squares in the loss on the five runs of the paper."""
    few = (runs["multiplier"] == 1) | ((runs["multiplier"] == 16) & (runs["params"] < 2e7))
    return squares(law, runs[few])


def relative_error(name: str, published: float, *, params: float, multiplier: float) -> Quantity:
    """Relative error of the loss of the one run of more than so many parameters, so much over-trained."""

    def value(found: Mapping[str, np.ndarray | float], held_out: pd.DataFrame) -> np.ndarray | float:
        larger = held_out[(held_out["params"] > params) & (held_out["multiplier"] == multiplier)]
        (run,) = larger[larger["params"] == larger["params"].min()].to_dict("records")
        exponent = 2 * found["eta"]
        terms = found["a"] * run["params"] ** -exponent + found["b"] * run["data"] ** -exponent
        return np.abs((found["E"] + FLOP_PER_TOKEN ** -found["eta"] * terms) / run["loss"] - 1)

    return Quantity(name, published, None, value)


PAPER = Paper(
    name="gadre2024",
    source="Gadre et al. 2024, arXiv 2403.08540",
    studies=(
        Study(
            Source(
                "pretrain/overtraining_grid.csv",
                "overtraining",
                where=f"{CORPUS} and params < 5e8",
                held_out=f"{CORPUS} and params > 5e8",
                roles=(("value", "loss"),),
            ),
            (
                relative_error("error at 1.4B, 640 tokens a parameter", 0.007103, params=1e9, multiplier=32),
                relative_error("error at 6.9B, 20 tokens a parameter", 0.00732, params=5e9, multiplier=1),
            ),
            five_runs,
        ),
    ),
)
