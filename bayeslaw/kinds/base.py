"""The interface of a kind of model: what it must provide, and all that the rest of the package may use of it.

A *kind* of model is one folder under ``kinds`` (or one object that a law carries). It owns everything that is
particular to it: how a table becomes arrays (the layout), the log density of these arrays, how quantities that the
density integrates out are drawn given the rest, and how outcomes are predicted. Sampling needs `Model` and `Density`;
answers and evidence need only `Predictor` (see ``predictor``).

    Runs --Kind.layout--> Layout --Kind.model--> Model --sampling--> positions --Model.complete--> Draws
                             |                                                                       |
                             +----------------------- Kind.predictor(law, layout, draws) <-----------+

Shapes: S draws, C curves (one per task and model), T tasks, K models that are predicted at A points each.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

import jax
import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.kinds.predictor import Predictor
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.generative import Sites
from bayeslaw.kinds.shared.hierarchy import TASK_SPREAD
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.population import Pooled, Position
from bayeslaw.laws.base import Array, Law, Level
from bayeslaw.runs import Runs
from bayeslaw.verdicts import Check

L = TypeVar("L", bound=Layout)
"""The layout of a kind."""


class Density(Hashable, Protocol):
    """The log density of the model of a table, and the changes of variables through which it is sampled.

    Hashable, because jax compiles it once for each distinct density.

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
        """Whether the sampler scales and rotates its steps by the curvature of the log density at its mode.

        True where spreads are fixed. Where they are sampled, the mode lies where they vanish, and its curvature does
        not describe the rest of the posterior.
        """
        ...

    @property
    def per_curve(self) -> tuple[str, ...]:
        """Entries of a position, other than effects, with one number per curve; nearly independent given the rest."""
        ...

    @property
    def standard(self) -> tuple[str, ...]:
        """Entries that ``condition`` makes standard normal given the rest, or so nearly that no frame is needed."""
        ...

    def log_prior(self, position: Position) -> Array:
        """Log prior density of a position, up to a constant."""
        ...

    def log_likelihood(self, data: Any, position: Position) -> Array:
        """Log likelihood of the runs given a position, up to a constant."""
        ...

    def straighten(self, data: Any, centre: Position, position: Position) -> Position:
        """Volume-preserving change of variables that straightens curved ridges.

        A bijection with ``|det J| = 1`` that fixes ``centre``; the identity for kinds whose coordinates need none.
        """
        ...

    def condition(self, data: Any, position: Position) -> tuple[Position, Array]:
        """Change of variables from standard normal deviates to effects, by their conditional distribution.

        The conditional distribution is that of the effects given the runs and the rest of the position. Returns the
        position and the log of the absolute Jacobian determinant; the identity and 0 for kinds that integrate such
        effects out.
        """
        ...


class Draws(Protocol):
    """S draws of all quantities of a model, including those that the density integrates out."""

    @property
    def coordinates(self) -> dict[str, np.ndarray]:
        """The law's coordinates of each curve, shapes (S, C)."""
        ...

    @property
    def level(self) -> np.ndarray:
        """The law of each curve at its reference point, on the scale of the link, shape (S, C)."""
        ...

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws, each with the names of its dimensions after S, by the name of the variable in a posterior."""
        ...

    def watched(self) -> tuple[str, ...]:
        """Names of the variables whose convergence (R-hat, effective sample size) is checked."""
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
        """The log density; hashable, and fixed when it is compiled."""
        ...

    @property
    def data(self) -> Any:
        """Arrays that the density is evaluated on, a pytree."""
        ...

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        ...

    def fixed(self) -> frozenset[str]:
        """Entries of a position that are fixed at 0, the centre of their prior."""
        ...

    def without_runs(self) -> "Model":
        """The same model with runs that carry no information, for draws from the prior."""
        ...

    def as_large_as(self, other: "Model") -> "Model":
        """The same model, its arrays padded to the shapes of another's where the kind can, so that they share programs.

        For a model that is fitted again and again while runs are added: ``other`` is that of all of them.
        """
        ...

    def complete(self, positions: Position, rng: np.random.Generator) -> Draws:
        """Draws of all quantities, given positions with entries of shape (S, ...)."""
        ...


class Kind(Protocol[L]):
    """A kind of model. Stateless and hashable."""

    @property
    def name(self) -> str:
        """Name by which laws refer to it."""
        ...

    @property
    def outcome(self) -> Outcome:
        """What its laws describe, such as a loss."""
        ...

    @property
    def stored(self) -> tuple[type, ...]:
        """The dataclasses that occur in its layouts, which a saved layout is read back into."""
        ...

    @property
    def knows(self) -> Literal["model", "family"]:
        """What a row must share with a table for its fit to predict it: the model, or the family."""
        ...

    def prepare(self, runs: Runs, law: Law, early_tokens: float) -> Runs:
        """Leave out what the kind does not describe, such as first checkpoints, and note how it takes the others."""
        ...

    def layout(self, runs: Runs, law: Law, borrowed: Borrowed | None) -> L:
        """Lay a table of runs out as arrays; with ``borrowed``, coordinates are stated at the prior's reference point.

        Raises
        ------
        LawError
            If the table lacks what the law needs.
        """
        ...

    def checks(self, layout: L, law: Law) -> list[Check]:
        """Verdicts on whether the table has enough runs, sizes and models for the law."""
        ...

    def prior_checks(self, layout: L) -> list[Check]:
        """Verdicts on whether the runs agree with the prior, of those that need no draws."""
        ...

    def pool(self, law: Law, layout: L, pooling: Mapping[str, Level] | None) -> Pooled:
        """The levels (task, family, model) at which each coordinate of the law varies on this table."""
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
        """Write the model as a generative model: draw every quantity from its distribution, down to the runs.

        With the quantities integrated out that ``model.density`` integrates out, the joint density is that of
        ``model.density``. Sites have the names, units and shapes of the variables of a posterior; natural parameters of
        the law are deterministic sites, and the runs are observed. See `bayeslaw.kinds.shared.generative`.

        Raises
        ------
        LawError
            If the model has a prior.
        """
        ...

    def predictor(self, law: Law, layout: L, draws: xr.Dataset, scales: Any) -> Predictor[Any]:
        """The predictor of draws with dimensions (chain, draw, ...)."""
        ...

    def required(self, law: Law) -> tuple[str, ...]:
        """Variables of a posterior without which nothing can be predicted."""
        ...

    def is_new_model(self, law: Law, point: Mapping[str, float]) -> bool:
        """Whether a point asks for a model that is not in the table, rather than for each of those in it."""
        ...

    def condense(self, rows: pd.DataFrame, table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
        """Average rows of a table as the layout does, so that held-out rows have the noise that the model has."""
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
