"""Outcomes (losses, scores, returns): their link, the scale on which a model works, and which way is better.

A law may ask for another link than that of its kind (`bayeslaw.laws.base.Law.link`). With an identity link the outcome
is counted in a unit of the table, which is a part of the reference point and kept there under the outcome's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from bayeslaw.laws.base import Law
from bayeslaw.runs.units import CONVERTED, as_given

SPREADS = 5.0
"""Standard deviations of the outcomes of a table that are its unit: log losses of tables have one of .2 or so."""

LARGEST = 300.0
"""Logarithms of outcomes above this are taken for it, so that all and their squares are finite: noise may have very
heavy tails."""


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
    scale : float
        What one on the scale of an identity link is, in the unit of the outcome.
    given : str
        Unit that the source has it in, where it was converted; else empty.
    """

    name: str
    unit: str
    higher_is_better: bool
    link_name: Literal["log", "logit", "identity"]
    scale: float = 1.0
    given: str = ""

    def link(self, values: np.ndarray) -> np.ndarray:
        """The link: from the outcome, in its unit, to the scale of the model."""
        if self.link_name == "log":
            return np.log(values)
        return np.log(values) - np.log1p(-values) if self.link_name == "logit" else np.asarray(values) / self.scale

    def linked_error(self, error: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Small errors of outcomes, on the scale of the model; of scores they are left as they are."""
        return error / (values if self.link_name == "log" else self.scale)

    def inverse(self, linked: np.ndarray) -> np.ndarray:
        """The inverse link: from the scale of the model to the outcome in its unit."""
        if self.link_name == "log":
            return np.exp(np.minimum(linked, LARGEST))
        return np.exp(-np.logaddexp(0.0, -linked)) if self.link_name == "logit" else np.asarray(linked) * self.scale

    @property
    def linked_unit(self) -> str:
        """Unit of the scale of the model, in words."""
        if self.link_name != "identity":
            return f"{self.link_name} {self.name}"
        return self.name if self.scale == 1 else f"{self.scale:.3g} {self.name}"

    @property
    def label(self) -> str:
        """Name, with the unit unless that is whatever the table has."""
        known = self.unit and self.unit not in (OF_THE_TABLE, self.name)
        return f"{self.name} ({self.unit})" if known else self.name

    def given_quantiles(self, quantiles: Mapping[str, float]) -> dict[str, float]:
        """Quantiles in the unit of the source, such as ``perplexity_p05``; none where it has the outcome's unit.

        Quantiles keep their order where one unit is a monotone function of the other, which means and regrets do not.

        Parameters
        ----------
        quantiles : mapping of str to float
            From the least to the greatest, their levels symmetric about the median.
        """
        return {f"{self.given}_{name}": value for name, value in self.in_given(quantiles).items()}

    def in_given(self, quantiles: Mapping[str, float]) -> dict[str, float]:
        """Quantiles in the unit of the source under their own names; none where it has the outcome's unit."""
        if not self.given:
            return {}
        values = np.sort(as_given(np.array(list(quantiles.values())), self.given))
        return {name: float(value) for name, value in zip(quantiles, values, strict=True)}

    def told(self, quantiles: Mapping[str, float]) -> str:
        """A median with its 90% interval in words, in the unit of the source, too, where that is another.

        Parameters
        ----------
        quantiles : mapping of str to float
            With ``p05``, ``median`` and ``p95``, in the unit of the outcome.
        """
        told = f"{quantiles['median']:.4g} (90% interval {quantiles['p05']:.4g} to {quantiles['p95']:.4g})"
        of = self.in_given(quantiles)
        return f"{told}, {self.given} {of['median']:.4g} ({of['p05']:.4g} to {of['p95']:.4g})" if of else told

    def best(self, values: np.ndarray, axis: int) -> np.ndarray:
        """The best value along an axis, which is kept with length 1."""
        return values.max(axis=axis, keepdims=True) if self.higher_is_better else values.min(axis=axis, keepdims=True)

    def shortfall(self, values: np.ndarray, best: np.ndarray) -> np.ndarray:
        """By how much values are worse than the best one, in the unit of the outcome; not negative."""
        return best - values if self.higher_is_better else values - best


OF_THE_TABLE = "that of the table"
"""Unit of an outcome that is as the table has it, whose unit nobody said."""

LOSS = Outcome("loss", OF_THE_TABLE, higher_is_better=False, link_name="log")
"""Losses: positive, lower is better, modelled in their logarithm."""


def outcome_as_given(outcome: Outcome, given: str) -> Outcome:
    """A loss whose values were converted from another unit when they were read; other outcomes, and others, as is."""
    converted = given in CONVERTED and outcome.name == LOSS.name
    return replace(outcome, unit=CONVERTED[given], given=given) if converted else outcome


def outcome_of_law(outcome: Outcome, law: Law) -> Outcome:
    """An outcome of a kind on the scale of a law; the unit of a table is not known yet."""
    return replace(outcome, link_name="identity") if law.link == "identity" else outcome


def outcome_of_table(outcome: Outcome, law: Law, table: pd.DataFrame, known: Mapping[str, float]) -> Outcome:
    """An outcome of a kind on the scale of a law for a table.

    Parameters
    ----------
    outcome : Outcome
    law : Law
    table : DataFrame
        With a column of the outcome, and one of tasks, about whose means outcomes are spread.
    known : mapping
        The reference point of a prior, whose unit is then that of the table; empty if there is none.
    """
    outcome = outcome_of_law(outcome, law)
    if law.link != "identity":
        return outcome
    values = table[outcome.name].astype(float)
    spread = float((values - values.groupby(table["task"]).transform("mean")).std(ddof=0))
    return replace(outcome, scale=known.get(outcome.name, SPREADS * spread if spread > 0 else 1.0))


def outcome_of_reference(outcome: Outcome, law: Law, reference: Mapping[str, np.ndarray]) -> Outcome:
    """An outcome of a kind on the scale of a law that was fitted, whose unit is at its reference point."""
    outcome = outcome_of_law(outcome, law)
    return replace(outcome, scale=float(np.ravel(reference[outcome.name])[0])) if law.link == "identity" else outcome
