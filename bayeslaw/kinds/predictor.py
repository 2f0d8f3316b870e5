"""Predictors: all that answers and evidence may use of a fit, whatever its kind of model.

Shapes: S draws, C curves of up to M runs, T tasks, K models that are predicted at A points each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd

from bayeslaw.kinds.shared.borrowed import Entry, TaskPath
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.prediction import LawDraws

Label = tuple[str, str, str]
"""Model, family and task."""

Who = Literal["seen", "new-model", "new-family"]
"""Which models are predicted: those of the table (or others of their families, where points give every covariate of a
law of several), another of each family, or one of an unseen family."""

NEW_MODEL = "<new model>"
NEW_FAMILY = "<new family>"


@dataclass(frozen=True, eq=False)
class Targets:
    """K models at A points each, at which outcomes are predicted; kinds add posterior draws of these models.

    Attributes
    ----------
    labels : tuple of (model, family, task), length K
    covariates : dict of ndarray, shape (K, A)
    beyond : dict of ndarray, shape (K, A)
        Factors by which a point lies beyond the largest value seen, by covariate, and of several covariates by their
        product, which for parameters and tokens is called ``compute``.
    weight : ndarray, shape (K, A)
        Precision of a measurement there, relative to that of one run without measurement error.
    joint : bool
        Whether draws at different points are joint. Where they are not, each target is drawn from its marginal.
    """

    labels: tuple[Label, ...]
    covariates: dict[str, np.ndarray]
    beyond: dict[str, np.ndarray]
    weight: np.ndarray
    joint: bool

    @property
    def extrapolation(self) -> np.ndarray:
        """Factor by which a point lies beyond the largest value seen, where it lies furthest out: shape (K, A)."""
        return np.max(list(self.beyond.values()), axis=0)


class Deviates(NamedTuple):
    """Draws of quantities that a model takes for independent standard normal ones.

    Attributes
    ----------
    of : {"run", "model", "task"}
    values : ndarray
        Shape (S, C, M) of runs, (S, C, N) of models, (S, T, N) of tasks; NaN where there is none.
    """

    of: Literal["run", "model", "task"]
    values: np.ndarray


T = TypeVar("T", bound=Targets)
"""The targets of a kind."""


Part = tuple[T, np.ndarray]
"""Targets, and the indices of those of their K models that are meant."""


def in_one(parts: Sequence[Part[Any]]) -> dict[str, Any]:
    """The fields of `Targets`, by name, of models of several targets at equally many points, one after another.

    What some parts do not lie beyond the data in, they are within.
    """
    names = list(parts[0][0].covariates)
    return {
        "labels": tuple(part.labels[k] for part, models in parts for k in models),
        "covariates": {name: np.concatenate([part.covariates[name][k] for part, k in parts]) for name in names},
        "beyond": {
            name: np.concatenate([part.beyond.get(name, np.ones(part.weight.shape))[k] for part, k in parts])
            for name in dict.fromkeys(name for part, _ in parts for name in part.beyond)
        },
        "weight": np.concatenate([part.weight[k] for part, k in parts]),
        "joint": all(part.joint for part, _ in parts),
    }


class Predictor(Protocol[T]):
    """Posterior draws with the layout, law and priors needed to predict from them."""

    @property
    def outcome(self) -> Outcome:
        """What is predicted, its link and which way is better."""
        ...

    def targets(self, at: Sequence[Mapping[str, float]], who: Who, rng: np.random.Generator) -> T:
        """Models of the table, others of its families, or one of an unseen family, at points.

        Raises
        ------
        TargetError
            If a point names an unknown covariate, lacks one, or has a value that is not a positive number; if the
            table has too few models or families to estimate how far a new family may lie; or if another model of a
            family is asked for that the kind does not know.
        """
        ...

    def runs(self) -> T:
        """The runs of the table themselves: K = C and A = M, the padded length, with weight 0 where padded."""
        ...

    def rows(self, rows: pd.DataFrame, rng: np.random.Generator) -> T:
        """Rows of another table of the same tasks, one target a row (A = 1), not joint.

        Models that are not in the table are drawn as new ones of their family, where the kind knows families.
        """
        ...

    def pair(self, names: tuple[str, str], task: str | None, at: Mapping[str, float], sizes: np.ndarray) -> T:
        """Two models, or where the kind ties models together two families, along the sizes of the axis: K = 2.

        Raises
        ------
        TargetError
            If a name is not known on the task or is ambiguous, or ``at`` lacks a covariate that a family needs.
        """
        ...

    def together(self, parts: Sequence[Part[T]]) -> T:
        """Models of several targets, each at A points, as one: what is drawn there is joint over all of them.

        A model that occurs in two parts counts as two.
        """
        ...

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of one curve, or of the family to which it belongs."""
        ...

    def law_alone(self, targets: T) -> np.ndarray:
        """The law without any discrepancy (kind of prediction ``law``), on the scale of the link: shape (S, K, A)."""
        ...

    def expected(self, targets: T, rng: np.random.Generator | None = None, *, nearby: bool = True) -> np.ndarray:
        """Expected outcome (kind of prediction ``curve``) on the scale of the link: shape (S, K, A).

        Parameters
        ----------
        targets : Targets
        rng : numpy.random.Generator, optional
            Draws the discrepancy from its conditional distribution given the runs; without it, its conditional mean is
            taken.
        nearby : bool
            Whether to include the discrepancy that nearby runs share, where the kind has such a term.
        """
        ...

    def measured(self, expected: np.ndarray, targets: T, rng: np.random.Generator) -> np.ndarray:
        """Add run-to-run noise (kind of prediction ``run``), on the scale of the link: shape (S, K, A)."""
        ...

    def log_density(self, expected: np.ndarray, targets: T, y: np.ndarray) -> np.ndarray:
        """Log density of outcomes y, on the scale of the link, given their expectations: shape (S, K, A)."""
        ...

    def replicated(self, rng: np.random.Generator) -> np.ndarray:
        """Posterior predictive draws of the runs of the table, on the scale of the link: shape (S, C, M)."""
        ...

    def log_likelihood(self) -> np.ndarray:
        """Pointwise log likelihood of the runs, on the scale of the link: shape (S, C, M); 0 where padded."""
        ...

    def deviates(self) -> dict[str, Deviates]:
        """What the model takes for standard normal, by what it is called; empty if nothing."""
        ...

    def smoothed(self) -> bool:
        """Whether the table holds smoothed curves, whose points are not runs and have no pointwise likelihood."""
        ...

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Test statistics for prior predictive checks, of outcomes on the scale of the link (S, C, M): shapes (S,)."""
        ...

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales by the names of their priors: (S, T) of each task, or (S, 1) of all tasks."""
        ...

    def scale_tasks(self) -> dict[str, tuple[str | None, ...]]:
        """Scales that fits lend, by the names of their priors: the task of each column of ``scales``, None for all."""
        ...

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """By variable of the posterior that holds a scale, of each task or of all: the name and unit it goes by."""
        ...

    def groups(self) -> tuple[tuple[str, str, np.ndarray], ...]:
        """Groups of models whose law has one level: (family, task, indices of curves)."""
        ...

    def reference(self) -> dict[str, float]:
        """The point at which all coordinates are stated; empty where each curve has its own."""
        ...

    def paths(self) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
        """Draws (S,) of the paths that tasks lend to a prior, by entry of its vector; and their sizes, by task."""
        ...
