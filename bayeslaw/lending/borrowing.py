"""How much of an answer was borrowed from a prior: posterior variances relative to prior ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.answers.parameters import groups_of
from bayeslaw.answers.prediction import predict
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, verdict
from bayeslaw.verdicts import Check


@dataclass(frozen=True)
class Share:
    """Prior and posterior sd of a quantity, on the scale of the coordinates of the law.

    Attributes
    ----------
    quantity : str
        What it is, such as ``log beta``, or ``log loss at data=1.6384e+06, less that at the largest run``.
    group : str
        The task, family or model it belongs to.
    task : str
    prior_sd, posterior_sd : float
    borrowed : float
        Posterior over prior variance, at most 1: 1 if the runs say nothing about the quantity, so that all of it is
        borrowed; near 0 if the runs determine it.
    """

    quantity: str
    group: str
    task: str
    prior_sd: float
    posterior_sd: float
    borrowed: float


@dataclass(frozen=True, eq=False, repr=False)
class Borrowing(Result):
    """How much of a fit was borrowed from its prior, one share per quantity.

    Attributes
    ----------
    shares : tuple of Share
    checks : tuple of Check
        Of the fit.
    provenance : mapping
    """

    shares: tuple[Share, ...]
    checks: tuple[Check, ...]
    provenance: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """The least and the most borrowed quantity, with their shares."""
        most, least = (f(self.shares, key=lambda share: share.borrowed) for f in (max, min))
        return (
            f"Of {len(self.shares)} quantities the prior makes up from {least.borrowed:.0%} of what is known "
            f"({least.quantity}, {least.group}) to {most.borrowed:.0%} ({most.quantity}, {most.group})."
        )

    def records(self) -> list[dict[str, Any]]:
        """The shares as plain mappings.

        Returns
        -------
        list of dict
        """
        return [asdict(share) for share in self.shares]

    def to_frame(self) -> pd.DataFrame:
        """One row a quantity."""
        return pd.DataFrame(self.records())

    def to_dict(self) -> dict[str, Any]:
        """The shares as plain values, with verdicts and provenance."""
        return {**self.provenance, "borrowed": self.records(), **verdict(self.checks)}


def borrowing(posterior: Posterior, from_prior: Posterior, at: Mapping[str, float] | None = None) -> Borrowing:
    """Compare a posterior with draws from its prior on the same table.

    Parameters
    ----------
    posterior : Posterior
    from_prior : Posterior
        Draws of the same quantities from the prior; its levels are not used.
    at : mapping, optional
        A point: how the log loss of each model changes from its largest run to there is compared too (curve, without
        the noise of runs).

    Raises
    ------
    TargetError
        If the point cannot be predicted at.
    """
    shares = []
    for c in posterior.law.coordinates:
        values = posterior.draws[c.name].values
        for _, group, task, curve in groups_of(posterior, values):
            sds = [float(p.flat(c.name)[:, curve].std()) for p in (from_prior, posterior)]
            shares.append(_share(c.meaning, group, task, *sds))
    if at is not None:
        axis = posterior.law.axis
        point = ", ".join(f"{name}={value:g}" for name, value in at.items())
        before, after = (_change(p, at) for p in (from_prior, posterior))
        what = f"log loss at {point}, less that at its largest {axis}"
        for i, label in enumerate(posterior.layout.curves):
            sds = [float(change[:, i].std()) for change in (before, after)]
            shares.append(_share(what, label.model, label.task, *sds))
    return Borrowing(tuple(shares), posterior.checks, posterior.provenance())


def _share(quantity: str, group: str, task: str | None, prior_sd: float, posterior_sd: float) -> Share:
    borrowed = min((posterior_sd / prior_sd) ** 2, 1.0) if prior_sd > 0 else 0.0
    return Share(quantity, group, task or "", prior_sd, posterior_sd, borrowed)


def _change(posterior: Posterior, at: Mapping[str, float]) -> np.ndarray:
    """Change of log loss of each model from its largest run to a point, shape (S, C)."""
    axis = posterior.law.axis
    largest = posterior.layout.largest
    sizes, place = np.unique(largest, return_inverse=True)
    points: list[dict[str, Any]] = [{**at}, *({axis: float(size)} for size in sizes)]
    linked = predict(posterior, points, kind="curve").linked
    return linked[:, :, 0] - np.stack([linked[:, i, 1 + j] for i, j in enumerate(place)], axis=1)
