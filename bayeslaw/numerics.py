"""Small numerical helpers that several parts use."""

import numpy as np


def collinearity(logs: np.ndarray) -> float:
    """Largest absolute correlation between columns of logarithms (n, V); 0 where it is not defined."""
    varying = logs[:, np.ptp(logs, axis=0) > 0]
    if len(logs) < 3 or varying.shape[1] < 2:
        return 0.0
    return float(np.abs(np.triu(np.corrcoef(varying.T), 1)).max())


def significant(value: float, digits: int) -> float:
    """A number rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")
