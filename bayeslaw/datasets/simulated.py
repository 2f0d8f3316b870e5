"""A simulated fine-tuning table, with bends that no law has, for demonstrations and tests."""

import numpy as np
import pandas as pd

from bayeslaw.runs import Runs, read_runs

FAMILIES = {
    "Aspen": (0.12e9, 0.35e9, 0.77e9, 1.5e9),
    "Birch": (0.11e9, 0.26e9, 1.3e9, 2.7e9),
    "Cedar": (0.06e9, 0.22e9, 0.74e9),
    "Elm": (0.35e9, 1.3e9, 6.7e9),
    "Fir": (1.4e9, 2.7e9),
}
"""Invented families and the sizes (parameters) of their models."""

SIZES = 200 * 2 ** np.arange(14)
"""Fine-tuning examples: 200 doubling to 1,638,400."""


def simulate_finetune(seed: int = 0) -> Runs:
    """Simulate fine-tuning runs of 16 invented models at 14 data sizes.

    Losses follow a rectified law (see ``bayeslaw.laws.rectified``) whose pre-learned size and level depend on family
    and model size, with a slope that drifts along the curve and .4% noise, much as measured curves do.

    Returns
    -------
    Runs
    """
    rng = np.random.default_rng(seed)
    t = np.log(SIZES / SIZES[-1])
    shared = _slope_walk(rng, t, rate=0.003)
    rows = []
    for family, params in FAMILIES.items():
        phase, level = rng.normal(0.5, 0.5), rng.normal(0.5, 0.06)
        for n in params:
            own_phase = phase + 0.3 * np.log(n / 1e9) + rng.normal(0, 0.2)
            own_level = level - 0.03 * np.log(n / 1e9) + rng.normal(0, 0.03)
            reducible = np.logaddexp(0, own_phase) - np.logaddexp(0, own_phase + 0.25 * t)
            curve = own_level + np.log(0.25 + 0.75 * np.exp(reducible))
            wiggle = shared + _slope_walk(rng, t, rate=0.005) + rng.normal(0, 0.004, len(t))
            for size, loss in zip(SIZES, np.exp(curve + wiggle), strict=True):
                rows.append((f"{family}-{_size_name(n)}", family, n, size, round(float(loss), 5)))
    return read_runs(
        pd.DataFrame(rows, columns=["model", "family", "params", "data", "loss"]).assign(task="simulated finetune")
    )


def _slope_walk(rng: np.random.Generator, t: np.ndarray, *, rate: float) -> np.ndarray:
    """Integrate a random walk in the slope along t, 0 at the start."""
    steps = np.diff(t)
    slopes = np.cumsum(rate * np.sqrt(steps) * rng.standard_normal(len(steps)))
    return np.concatenate([[0.0], np.cumsum(slopes * steps)])


def _size_name(params: float) -> str:
    return f"{params / 1e9:.1f}B" if params >= 1e9 else f"{params / 1e6:.0f}M"
