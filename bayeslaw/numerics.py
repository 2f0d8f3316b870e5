"""Small numerical helpers that several parts use."""

import math

import numpy as np

_SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def collinearity(logs: np.ndarray) -> float:
    """Largest absolute correlation between columns of logarithms (n, V); 0 where it is not defined."""
    varying = logs[:, np.ptp(logs, axis=0) > 0]
    if len(logs) < 3 or varying.shape[1] < 2:
        return 0.0
    return float(np.abs(np.triu(np.corrcoef(varying.T), 1)).max())


def significant(value: float, digits: int) -> float:
    """A number rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")


def exact(value: float) -> str:
    """Write a size in full: 1,638,400."""
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"


def count(value: float) -> str:
    """Write a size with three digits: 200, 12.8k, 1.64M."""
    if not 1 <= value < 999.5e12:
        return f"{value:.3g}"
    for unit, suffix in _SUFFIXES:
        if value >= 0.9995 * unit:
            return with_digits(value / unit, 3) + suffix
    return with_digits(value, 3)


def with_digits(value: float, digits: int) -> str:
    """So many significant digits, without a power of ten or trailing zeros."""
    places = max(digits - 1 - math.floor(math.log10(value)), 0) if value > 0 else 0
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
