"""How far beyond the data an answer may reach before it is to be looked at twice."""

import numpy as np

from bayeslaw.verdicts import Check, at_most

EXTRAPOLATION_MAX = 1000
"""Times the data, beyond which an answer is for review."""


def extrapolation_check(factor: float, sentence: str, remedy: str) -> Check:
    """Verdict on an answer that reaches so many times beyond the data."""
    return at_most("extrapolation", factor, EXTRAPOLATION_MAX, np.inf, sentence, remedy)
