"""The quantiles in which answers are summarised."""

import numpy as np

QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Quantiles of draws (S,), by name."""
    return {name: float(np.quantile(values, q)) for name, q in QUANTILES.items()}
