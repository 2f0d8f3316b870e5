"""What a policy may see and spend in a replay: the losses of what it bought; and what it says after each step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bayeslaw.evidence.replay.studies import Study
from bayeslaw.evidence.replay.surrogate import Shapes, Surrogate
from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws.base import Law

if TYPE_CHECKING:
    from bayeslaw.sampling.nuts import SamplerSettings


@dataclass(frozen=True)
class ReplaySettings:
    """What policies are told beyond a study.

    Attributes
    ----------
    law : Law
    seed : int
    most : float
        Share of the cost of all runs beyond which nothing is bought.
    sampler : SamplerSettings, optional
        How our policy samples, if not as usual.
    """

    law: Law
    seed: int
    most: float
    sampler: "SamplerSettings | None" = None


@dataclass(frozen=True, eq=False)
class Bought:
    """What a policy bought in a step, and what it then believed.

    Attributes
    ----------
    rows : list of int
        Bought in this step.
    predicted : ndarray
        Of each candidate (lower is better), or of each run at the target, in the unit of the loss.
    promised_regret : float or None
        What it then expected its choice to cost.
    interval : (ndarray, ndarray) or None
        90% intervals of the runs at the target.
    details : mapping
        Further figures.
    """

    rows: list[int]
    predicted: np.ndarray
    promised_regret: float | None = None
    interval: tuple[np.ndarray, np.ndarray] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class Purse:
    """Runs bought of a study, in order, and the losses that are known of them."""

    def __init__(self, study: Study, settings: ReplaySettings) -> None:
        self.study, self.law, self.limit = study, settings.law, settings.most * study.whole_cost
        table = study.table
        self.rows = [int(row) for row in np.flatnonzero(study.start)]
        self.models = table["model"].astype(str).to_numpy()
        self.sizes = table[self.law.axis].to_numpy(float)
        self.loss = table["loss"].to_numpy(float)
        covariates = {c.name: table[c.name].to_numpy(float) for c in self.law.covariates}
        by = "model" if kind_of(self.law).knows == "model" else "family"
        self.shapes = Shapes.of(self.law, covariates, table[by].astype(str).to_numpy())

    @property
    def spent(self) -> float:
        """Cost of what was bought."""
        return float(self.study.cost[self.rows].sum())

    @property
    def open(self) -> np.ndarray:
        """Rows that can still be bought within the limit."""
        left = self.study.pool.copy()
        left[self.rows] = False
        return np.flatnonzero(left & (self.study.cost <= self.limit - self.spent + 1e-9))

    @property
    def targets(self) -> np.ndarray:
        """Rows at the target, of candidates one each."""
        rows = np.flatnonzero(self.study.target)
        if self.study.goal == "foretell":
            return rows
        first = {self.models[row]: row for row in rows[::-1]}
        return np.array([first[model] for model in dict.fromkeys(self.models[rows])])

    def curve(self, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Sizes of a model bought, increasing, and its mean losses there."""
        own = [row for row in self.rows if self.models[row] == model]
        sizes, at = np.unique(self.sizes[own], return_inverse=True)
        return sizes, np.bincount(at, self.loss[own]) / np.bincount(at)

    def last(self) -> np.ndarray:
        """Loss of each candidate at its largest size bought."""
        return np.array([self.curve(self.models[row])[1][-1] for row in self.targets])

    def surrogate(self) -> Surrogate:
        """The law fitted to what was bought."""
        return Surrogate.fit(self.shapes, np.log(self.loss), np.array(self.rows))
