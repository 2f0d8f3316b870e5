"""What a model offers to a sampler, whichever way curves stray from its law."""

from collections.abc import Hashable
from typing import Any, Protocol

import jax
import numpy as np

from bayeslaw.laws.base import Array, Law
from bayeslaw.model.design import Design
from bayeslaw.model.hierarchy import TASK_SPREAD
from bayeslaw.model.population import Pooled, Position


class Structure(Hashable, Protocol):
    """What is fixed when a density is compiled, and the density; hashable."""

    @property
    def pooled(self) -> Pooled:
        """Coordinates of the law and the levels at which they vary."""
        ...

    @property
    def scales(self) -> Any:
        """Priors of scales, a dataclass."""
        ...

    def log_prior(self, position: Position) -> Array:
        """Log prior density of a position, up to a constant."""
        ...

    def log_likelihood(self, data: Any, position: Position) -> Array:
        """Log density of the runs given a position, up to a constant."""
        ...

    def bent(self, data: Any, centre: Position, position: Position) -> Position:
        """Where a sampler had better be than at a position; one to one, volumes stay, and ``centre`` stays."""
        ...

    def conditioned(self, data: Any, position: Position) -> tuple[Position, Array]:
        """A position in which what curves have of their own was stated given all else; and the log of its volume."""
        ...


class Draws(Protocol):
    """Draws of all that a model knows of."""

    @property
    def coordinates(self) -> dict[str, np.ndarray]:
        """The law's coordinates, curve by curve, shapes (S, C)."""
        ...

    @property
    def level(self) -> np.ndarray:
        """Log loss of the law of each curve at its reference point, shape (S, C)."""
        ...

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws and their dimensions beside that of draws, by the names they have in a posterior."""
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
    def design(self) -> Design:
        """The runs laid out."""
        ...

    @property
    def structure(self) -> Structure:
        """What is fixed when the density is compiled."""
        ...

    @property
    def data(self) -> Any:
        """Arrays of the density, a pytree."""
        ...

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        ...

    def held(self) -> frozenset[str]:
        """Entries of a position that stay at 0."""
        ...

    def without_runs(self) -> "Model":
        """The same model of a table whose runs say nothing, to draw from the prior."""
        ...

    def complete(self, positions: Position, rng: np.random.Generator) -> Draws:
        """Draws of everything, given positions with entries of shape (S, ...)."""
        ...


def prior_positions(model: Model, count: int, rng: np.random.Generator) -> Position:
    """Positions drawn from the prior, entries of shape (count, ...)."""
    held = model.held()
    positions = {}
    for name, shape in model.sizes().items():
        z = rng.standard_normal((count, *shape))
        if name.startswith("spread."):
            z = TASK_SPREAD * z if name.endswith(".task") else np.log(np.abs(z))
        positions[name] = np.zeros_like(z) if name in held else z
    unseen = model.without_runs()
    with jax.enable_x64(True):
        found = jax.vmap(lambda position: unseen.structure.conditioned(unseen.data, position)[0])(positions)
    return {name: np.asarray(values) for name, values in found.items()}


def log_density(structure: Structure, data: Any, position: Position) -> Array:
    """Unnormalised log posterior density of a position."""
    return structure.log_prior(position) + structure.log_likelihood(data, position)
