"""Outcomes (losses, scores, returns): their link, the scale on which a model works, and which way is better."""

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """What is measured, the link to the scale of the model, and which way is better.

    Attributes
    ----------
    name : str
        Column of the table, such as ``loss``.
    unit : str
    higher_is_better : bool
    link_name : str
        ``log``, ``logit`` or ``identity``: the scale on which predictors work.
    """

    name: str
    unit: str
    higher_is_better: bool
    link_name: Literal["log", "logit", "identity"]

    def link(self, values: np.ndarray) -> np.ndarray:
        """The link: from the outcome, in its unit, to the scale of the model."""
        if self.link_name == "log":
            return np.log(values)
        return np.log(values) - np.log1p(-values) if self.link_name == "logit" else np.asarray(values)

    def inverse(self, linked: np.ndarray) -> np.ndarray:
        """The inverse link: from the scale of the model to the outcome in its unit."""
        if self.link_name == "log":
            return np.exp(linked)
        return np.exp(-np.logaddexp(0.0, -linked)) if self.link_name == "logit" else np.asarray(linked)

    def best(self, values: np.ndarray, axis: int) -> np.ndarray:
        """The best value along an axis, which is kept with length 1."""
        return values.max(axis=axis, keepdims=True) if self.higher_is_better else values.min(axis=axis, keepdims=True)

    def shortfall(self, values: np.ndarray, best: np.ndarray) -> np.ndarray:
        """By how much values are worse than the best one, in the unit of the outcome; not negative."""
        return best - values if self.higher_is_better else values - best


LOSS = Outcome("loss", "that of the table", higher_is_better=False, link_name="log")
"""Losses: positive, lower is better, modelled in their logarithm."""
