"""The seam: what a kind of model must provide, and all that the rest of the package may ask of it.

A *kind* of model is one folder under ``kinds`` (or one object that a law carries). It owns everything that is
particular to it: how a table becomes arrays, what the density is, how integrated-out quantities are drawn back, and how
outcomes are predicted. Sampling needs `Model` and `Density`; answers and evidence need `Predictor` alone.

    Runs --Kind.layout--> Layout --Kind.model--> Model --sampling--> positions --Model.complete--> Draws
                             |                                                                       |
                             +----------------------- Kind.predictor(law, layout, draws) <-----------+

Shapes: S draws, C curves (one per task and model), T tasks, K models that are predicted at A points each.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import jax
import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.kinds.shared.borrowed import Borrowed, Entry, TaskPath
from bayeslaw.kinds.shared.generative import Sites
from bayeslaw.kinds.shared.hierarchy import TASK_SPREAD
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.population import Pooled, Position
from bayeslaw.kinds.shared.prediction import LawDraws
from bayeslaw.laws.base import Array, Law, Level
from bayeslaw.runs import Runs
from bayeslaw.verdicts import Check

Label = tuple[str, str, str]
"""Model, family and task."""

Who = Literal["seen", "new-family"]
"""Whose outcomes: of the models of the table (or others of their families), or of a family that was not seen."""

NEW_MODEL = "<new model>"
NEW_FAMILY = "<new family>"


@dataclass(frozen=True, eq=False)
class Targets:
    """K models at A points each, at which outcomes are predicted. Kinds add draws of what they know of the models.

    Attributes
    ----------
    labels : tuple of (model, family, task), length K
    covariates : dict of ndarray, shape (K, A)
    extrapolation : ndarray, shape (K, A)
        Factor by which a point lies beyond the largest value seen.
    weight : ndarray, shape (K, A)
        Precision of a measurement there, relative to one run without measurement error.
    joint : bool
        Whether draws at different points are joint. Where they are not, each target is drawn from its marginal.
    """

    labels: tuple[Label, ...]
    covariates: dict[str, np.ndarray]
    extrapolation: np.ndarray
    weight: np.ndarray
    joint: bool


T = TypeVar("T", bound=Targets)
"""The targets of a kind."""

L = TypeVar("L", bound=Layout)
"""The layout of a kind."""


class Density(Hashable, Protocol):
    """The log density of a table, and the coordinates in which it is sampled; hashable, for it is compiled once.

    A sampler moves in free coordinates z that are nearly standard normal, and reaches a position in three steps, of
    which the first is skipped unless ``whitened``:

        z --affine (frame)--> position --straighten--> position --condition--> position of the density
            centre + root z              |det J| = 1             log |det J| is returned
    """

    @property
    def pooled(self) -> Pooled:
        """Coordinates of the law, and the levels at which they vary."""
        ...

    @property
    def scales(self) -> Any:
        """Priors of scales, a frozen dataclass."""
        ...

    @property
    def whitened(self) -> bool:
        """Whether the curvature of the density at its mode tells how the sampler should scale and rotate its steps.

        It does where spreads are fixed; where they are sampled, the mode is where they vanish.
        """
        ...

    @property
    def per_curve(self) -> tuple[str, ...]:
        """Entries of a position, beside effects, that hold a number a curve: nearly independent given all others."""
        ...

    def log_prior(self, position: Position) -> Array:
        """Log prior density of a position, up to a constant."""
        ...

    def log_likelihood(self, data: Any, position: Position) -> Array:
        """Log density of the runs given a position, up to a constant."""
        ...

    def straighten(self, data: Any, centre: Position, position: Position) -> Position:
        """Volume-preserving change of variables that straightens curved ridges.

        A bijection with ``|det J| = 1`` that fixes ``centre``; the identity for kinds whose coordinates need none.
        """
        ...

    def condition(self, data: Any, position: Position) -> tuple[Position, Array]:
        """Turn effects stated as standard normal deviates of their conditional distribution into the effects.

        Returns the position and the log of the absolute determinant of the Jacobian; the identity and 0 for kinds that
        integrate such effects out.
        """
        ...


class Draws(Protocol):
    """S draws of all that a model knows of, what the density integrates out included."""

    @property
    def coordinates(self) -> dict[str, np.ndarray]:
        """The law's coordinates of each curve, shapes (S, C)."""
        ...

    @property
    def level(self) -> np.ndarray:
        """The law of each curve at its reference point, on the scale of the link, shape (S, C)."""
        ...

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws with their dimensions other than S, by the names that they have in a posterior."""
        ...

    def watched(self) -> tuple[str, ...]:
        """Names of the variables that chains must agree on."""
        ...


class Model(Protocol):
    """A model of one table of runs."""

    @property
    def law(self) -> Law:
        """The law."""
        ...

    @property
    def layout(self) -> Layout:
        """The runs laid out as arrays."""
        ...

    @property
    def density(self) -> Density:
        """What is fixed when the density is compiled."""
        ...

    @property
    def data(self) -> Any:
        """Arrays of the density, a pytree."""
        ...

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        ...

    def fixed(self) -> frozenset[str]:
        """Entries of a position that are fixed at 0, the centre of their prior."""
        ...

    def without_runs(self) -> "Model":
        """The same model of a table whose runs carry no information, to draw from the prior."""
        ...

    def complete(self, positions: Position, rng: np.random.Generator) -> Draws:
        """Draws of everything, given positions with entries of shape (S, ...)."""
        ...


class Predictor(Protocol[T]):
    """Draws of a posterior with what is needed to predict from them: all that answers and evidence may call."""

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        ...

    def targets(self, at: Sequence[Mapping[str, float]], who: Who, rng: np.random.Generator) -> T:
        """Models of the table, or of an unseen family, at points.

        Raises
        ------
        TargetError
            If a point names an unknown covariate, lacks one, or has a value that is not a positive number; or if the
            table does not tell how far a new family may lie.
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

    def law_of(self, curve: int) -> LawDraws:
        """Draws of the law of one curve, or of the family to which it belongs."""
        ...

    def law_alone(self, targets: T) -> np.ndarray:
        """What the law says without any discrepancy, on the scale of the link: shape (S, K, A)."""
        ...

    def expected(self, targets: T, rng: np.random.Generator | None = None, *, nearby: bool = True) -> np.ndarray:
        """Expected outcome (kind of prediction ``curve``) on the scale of the link: shape (S, K, A).

        Parameters
        ----------
        targets : Targets
        rng : numpy.random.Generator, optional
            Draws the discrepancy that the runs leave open; without it, that stays at its mean.
        nearby : bool
            Whether what runs near each other have in common is part of it, where the kind has such a term.
        """
        ...

    def measured(self, expected: np.ndarray, targets: T, rng: np.random.Generator) -> np.ndarray:
        """Add what a single run adds (kind of prediction ``run``): shape (S, K, A)."""
        ...

    def log_density(self, expected: np.ndarray, targets: T, y: np.ndarray) -> np.ndarray:
        """Log density of outcomes y, on the scale of the link, given their expectations: shape (S, K, A)."""
        ...

    def replicated(self, rng: np.random.Generator) -> np.ndarray:
        """Replications of the runs of the table (posterior predictive draws), on the scale of the link: (S, C, M)."""
        ...

    def log_likelihood(self) -> np.ndarray:
        """Log density of each run of the table given everything else, draw by draw: shape (S, C, M); 0 where padded."""
        ...

    def smoothed(self) -> bool:
        """Whether curves were smoothed before they were measured, so that single runs have no density."""
        ...

    def features(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """What a prior and a table are compared by: statistics of outcomes (S, C, M), each of shape (S,)."""
        ...

    def scales(self) -> dict[str, np.ndarray]:
        """Draws of the scales of each task by their names among the priors, shapes (S, T)."""
        ...

    def scale_variables(self) -> dict[str, tuple[str, str]]:
        """Variables of the posterior that hold scales of tasks: name and unit under which each is reported."""
        ...

    def groups(self) -> tuple[tuple[str, str, np.ndarray], ...]:
        """Sets of models between which the law does not differ in level: (family, task, indices of curves)."""
        ...

    def reference(self) -> dict[str, float]:
        """The point at which all coordinates are stated; empty where each curve has its own."""
        ...

    def paths(self) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
        """What the kind lends of its tasks beside population and scales: entries of the vector, and paths by task."""
        ...


class Kind(Protocol[L]):
    """A kind of model. Stateless and hashable."""

    @property
    def name(self) -> str:
        """Name by which laws refer to it."""
        ...

    @property
    def outcome(self) -> Outcome:
        """What its laws are of."""
        ...

    @property
    def stored(self) -> tuple[type, ...]:
        """The dataclasses that its layouts are made of, so that they can be read from a file."""
        ...

    @property
    def knows(self) -> Literal["model", "family"]:
        """What a row must share with a table for its fit to predict it: the model, or the family."""
        ...

    def prepare(self, runs: Runs, early_tokens: float) -> Runs:
        """Leave out what the kind does not describe, such as checkpoints from the first tokens."""
        ...

    def layout(self, runs: Runs, law: Law, borrowed: Borrowed | None) -> L:
        """Arrays of a table.

        Raises
        ------
        LawError
            If the table lacks what the law needs.
        """
        ...

    def checks(self, layout: L, law: Law) -> list[Check]:
        """Whether the table can carry the question."""
        ...

    def prior_checks(self, layout: L) -> list[Check]:
        """Whether the table looks as the prior expects, where that takes no draws."""
        ...

    def pool(self, law: Law, layout: L, pooling: Mapping[str, Level] | None) -> Pooled:
        """The levels at which coordinates vary on this table."""
        ...

    def scale_priors(self, law: Law) -> Any:
        """Default priors of scales, a frozen dataclass."""
        ...

    def read_scale_priors(self, plain: Mapping[str, Any]) -> Any:
        """Priors of scales from plain values, as ``dataclasses.asdict`` gives them.

        Raises
        ------
        TypeError
            If names or values are not those of such priors.
        """
        ...

    def model(self, law: Law, layout: L, pooled: Pooled, scales: Any) -> Model:
        """The model of a table."""
        ...

    def generate(self, model: Any, sites: Sites) -> None:
        """Tell a model of this kind as it is believed: draw everything from its distribution, down to the runs.

        The joint density of all that is sampled is that of ``model.density`` where what this integrates out is
        integrated out. Quantities have the names, units and shapes of the variables of a posterior; natural parameters
        of the law are defined, and the runs observed. See `bayeslaw.kinds.shared.generative`.

        Raises
        ------
        LawError
            If the model has a prior.
        """
        ...

    def predictor(self, law: Law, layout: L, draws: xr.Dataset, scales: Any) -> Predictor[Any]:
        """What predicts from draws with dimensions (chain, draw, ...)."""
        ...

    def required(self, law: Law) -> tuple[str, ...]:
        """Variables of a posterior without which nothing can be predicted."""
        ...

    def is_new_model(self, law: Law, point: Mapping[str, float]) -> bool:
        """Whether a point asks for a model that is not in the table, rather than for each of those in it."""
        ...

    def condense(self, rows: pd.DataFrame, table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
        """Average rows of a table as a fit would, so that they are scored as what the fit's noise is of."""
        ...


def log_density(density: Density, data: Any, position: Position) -> Array:
    """Unnormalised log posterior density of a position."""
    return density.log_prior(position) + density.log_likelihood(data, position)


def prior_positions(model: Model, count: int, rng: np.random.Generator) -> Position:
    """Positions drawn from the prior, entries of shape (count, ...)."""
    fixed = model.fixed()
    positions = {}
    for name, shape in model.sizes().items():
        z = rng.standard_normal((count, *shape))
        if name.startswith("spread."):
            z = TASK_SPREAD * z if name.endswith(".task") else np.log(np.abs(z))
        positions[name] = np.zeros_like(z) if name in fixed else z
    unseen = model.without_runs()
    with jax.enable_x64(True):
        found = jax.vmap(lambda position: unseen.density.condition(unseen.data, position)[0])(positions)
    return {name: np.asarray(values) for name, values in found.items()}
