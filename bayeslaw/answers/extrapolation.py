"""The verdict on how far beyond the data an answer extrapolates."""

import numpy as np

from bayeslaw.verdicts import Check, at_most

EXTRAPOLATION_MAX = 1000
"""Extrapolation factor above which an answer needs review."""


def extrapolation_check(factor: float, sentence: str, remedy: str) -> Check:
    """Verdict on an answer that extrapolates by a factor beyond the data."""
    return at_most("extrapolation", factor, EXTRAPOLATION_MAX, np.inf, sentence, remedy)
