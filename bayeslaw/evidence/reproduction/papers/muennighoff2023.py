"""Muennighoff et al. 2023: the data-constrained law, on repeated tokens of C4.

The coefficients of the law of fresh tokens are those in the code published with the paper. It holds them fast and then
finds the two constants of repetition, which is what least squares do here, on the runs that repeat tokens; they find
nothing else. Ours are found at once, on all runs.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import optimize

from bayeslaw.evidence.reproduction.least_squares import DELTA, Estimates
from bayeslaw.evidence.reproduction.paper import Paper, Quantity, Source, Study, coefficient
from bayeslaw.laws.base import Law

PUBLISHED = {"A": 520.82, "B": 1487.7, "E": 1.8691, "alpha": 0.35266}
"""Of fresh tokens; beta is alpha."""

STARTS = (1.0, 5.0, 50.0)
"""Of each constant of repetition."""

FURTHEST = 30.0
"""Logarithm of the largest constant that is told from others, and minus that of the least."""


def repetitions(_: Law, runs: pd.DataFrame) -> Estimates:
    """The two constants of repetition by the least Huber losses in log loss, everything else as published."""
    A, B, E, alpha = PUBLISHED.values()
    again = runs[runs["unique_data"] < runs["data"]]
    params, data, unique, loss = (again[name].to_numpy(float) for name in ("params", "data", "unique_data", "loss"))
    wanted = np.minimum((A / B) ** (1 / alpha) * unique, params)  # the best N of so many tokens

    def constants(logs: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(np.clip(logs, -FURTHEST, FURTHEST)))

    def misfit(logs: np.ndarray) -> float:
        more_data, more_params = constants(logs)
        tokens = unique * (1 + more_data * -np.expm1(-(data / unique - 1) / more_data))
        size = wanted * (1 + more_params * -np.expm1(-(params / wanted - 1) / more_params))
        off = np.abs(np.log((E + A / size**alpha + B / tokens**alpha) / loss)) / DELTA
        return float(np.where(off < 1, off**2 / 2, off - 0.5).sum())

    starts = [np.log([x, y]) for x in STARTS for y in STARTS]
    ends = [optimize.minimize(misfit, start, method="Nelder-Mead") for start in starts]
    more_data, more_params = constants(min(ends, key=lambda end: end.fun).x)
    return {"R_D_star": float(more_data), "R_N_star": float(more_params)}


def _four_passes(found: Mapping[str, np.ndarray | float], _: pd.DataFrame) -> np.ndarray | float:
    """D' / D after four passes, three of them repetitions."""
    limit = found["R_D_star"]
    return (1 + limit * (1 - np.exp(-3 / limit))) / 4


PAPER = Paper(
    name="muennighoff2023",
    source="Muennighoff et al. 2023, arXiv 2305.16264",
    studies=(
        Study(
            Source("pools/data_constrained.csv", "data_constrained(alpha=beta)"),
            (
                *(coefficient(name, value) for name, value in PUBLISHED.items()),
                coefficient("R_D_star", 15.388),
                coefficient("R_N_star", 5.3097),
                Quantity("worth of a token in four passes", 0.9321, None, _four_passes),
            ),
            repetitions,
        ),
    ),
)
