"""Informative priors from earlier fits: for the population, and for tasks that occur in those fits as well.

Such a prior is one multivariate normal vector on the unconstrained scale of a position, so that posterior correlations
are kept. In the model of a new table it is the prior of the population entries and of the entries of tasks that the
prior knows; entries of other tasks keep their standard normal priors, with the spread between tasks that was learned.
The vector is sampled as ``mean + root z`` with z standard normal; z is the entry ``borrowed`` of a position.

For laws with a discrepancy in slope, a known task also lends its *path*: the curve that all its models have in common,
law plus shared walk, at the sizes where it was measured. The data hardly separate the two terms but determine their sum
well. A new model of the task follows that path and departs from it as the models of the task do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from bayeslaw.laws.base import Array

VECTOR = "borrowed"
"""Entry of a position that holds the borrowed vector, as standard normal deviates of its prior."""

PATH = "path"
"""Entry of a position with the path of each task: log loss at its knots, less that at its anchor."""


CONFLICT_MIN = 0.05
"""Tail probability below which a prior predictive check asks for review: the rate of false alarms of each check if the
prior holds. It is high because a few runs give such a check little power, and a review costs little."""

CONFLICT_REMEDY = (
    "The runs are of another sort than those behind the prior, or in other units: widen it (--widen 3), name the task "
    "otherwise if it is not the one that the prior knows, take another prior, or fit without one."
)


@dataclass(frozen=True)
class Entry:
    """One number of the borrowed vector.

    Attributes
    ----------
    name : str
        Name of the entry of a position that it belongs to.
    task : str or None
        The task it belongs to; None for the population, and for scales that all tasks have in common.
    index : int
        Its index within the entry: the coordinate for ``location``, the knot for a path.
    """

    name: str
    task: str | None = None
    index: int = 0


@dataclass(frozen=True, eq=False)
class TaskPath:
    """Where the path of a task is known.

    Attributes
    ----------
    anchor : float
        Log of the smallest size, relative to the reference; walks start there.
    knots : ndarray, shape (Q,)
        Logs of the larger sizes at which it is known.
    typical : ndarray, shape (Q + 1,)
        Log loss of a typical model of the task at the anchor and the knots; the height at which a curve starts is
        counted from it (see ``heights``).
    height_sd : float
        Standard deviation of these heights among its models.
    models : int
        How many these are.
    """

    anchor: float
    knots: np.ndarray
    typical: np.ndarray
    height_sd: float
    models: int

    def typical_at(self, t: np.ndarray) -> np.ndarray:
        """Log loss of a typical model at log sizes t, of any shape."""
        return np.interp(t, np.concatenate([[self.anchor], self.knots]), self.typical)


@dataclass(frozen=True, eq=False)
class Borrowed:
    """A prior for tables of its law: a multivariate normal vector of d numbers.

    Attributes
    ----------
    reference : mapping of str to float
        The point at which coordinates are stated; empty where each curve has its own.
    entries : tuple of Entry, length d
    mean : ndarray, shape (d,)
    covariance : ndarray, shape (d, d)
    scales : dataclass
        Priors of scales for tasks that the prior does not know; the type is that of the kind of model.
    paths : mapping of str to TaskPath
        By task.
    """

    reference: Mapping[str, float]
    entries: tuple[Entry, ...]
    mean: np.ndarray
    covariance: np.ndarray
    scales: Any
    paths: Mapping[str, TaskPath]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that the prior knows, in order of their entries."""
        return tuple(dict.fromkeys(entry.task for entry in self.entries if entry.task is not None))

    def has(self, level: str) -> bool:
        """Whether the vector has standard deviations between groups at a level."""
        return any(e.name.startswith("spread.") and e.name.endswith(f".{level}") for e in self.entries)

    def for_tasks(self, tasks: Iterable[str]) -> "Borrowed":
        """The marginal distribution of the entries of the population and of some tasks."""
        tasks = set(tasks)
        kept = [i for i, entry in enumerate(self.entries) if entry.task is None or entry.task in tasks]
        return replace(
            self,
            entries=tuple(self.entries[i] for i in kept),
            mean=self.mean[kept],
            covariance=self.covariance[np.ix_(kept, kept)],
            paths={task: path for task, path in self.paths.items() if task in tasks},
        )

    def root(self) -> np.ndarray:
        """A lower-triangular root of the covariance, shape (d, d)."""
        return np.linalg.cholesky(self.covariance)


@dataclass(frozen=True)
class FilledEntry:
    """An entry of a position, some or all of whose values are taken from the borrowed vector.

    Attributes
    ----------
    name : str
    shape : tuple of int
        Of the whole entry.
    taken, places : tuple of int
        Indices into the vector, and into the flattened entry.
    """

    name: str
    shape: tuple[int, ...]
    taken: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def rest(self) -> tuple[int, ...]:
        """Indices into the flattened entry that are not taken from the vector and keep their own prior."""
        return tuple(i for i in range(int(np.prod(self.shape))) if i not in set(self.places))


Filling = tuple[FilledEntry, ...]


class Paths(NamedTuple):
    """Arrays of the paths of T tasks, C curves and M points, on K knots; zeros, unused, for tasks without a path."""

    whiten: Float[Array, "T K K"]  # inverse root of the shared walk's covariance at the knots
    sizes: Float[Array, "T K+1"]  # anchor and knots, relative to the reference
    functions: Float[Array, "C M K"]  # basis functions of the shared walk at the runs
    first_of: Int[Array, " T"]  # a curve of each task


class BorrowedArrays(NamedTuple):
    """Arrays of the borrowed vector, and of paths if the prior has any."""

    mean: Float[Array, " d"]
    root: Float[Array, "d d"]
    paths: Paths | None = None


def filling_of(borrowed: Borrowed | None, sizes: Mapping[str, tuple[int, ...]], tasks: tuple[str, ...]) -> Filling:
    """Find which entries of a position are taken from the vector of ``borrowed.for_tasks(tasks)``."""
    if borrowed is None:
        return ()
    filled: dict[str, list[tuple[int, int]]] = {}
    for i, entry in enumerate(borrowed.entries):
        shape = sizes[entry.name]
        row = 0 if entry.task is None else tasks.index(entry.task)
        width = shape[1] if len(shape) > 1 else 1
        filled.setdefault(entry.name, []).append((i, row * width + entry.index))
    return tuple(
        FilledEntry(name, tuple(sizes[name]), tuple(i for i, _ in found), tuple(place for _, place in found))
        for name, found in filled.items()
    )


def reduced_sizes(filling: Filling, sizes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Shapes of the entries that are sampled: the borrowed vector, and what is not taken from it."""
    if not filling:
        return dict(sizes)
    filled = {entry.name: entry for entry in filling}
    kept = {name: (len(filled[name].rest),) if name in filled else shape for name, shape in sizes.items()}
    used_up = {PATH, *(name for name in filled if kept[name] == (0,))}  # paths exist only where the prior knows them
    width = sum(len(entry.taken) for entry in filling)
    return {**{name: shape for name, shape in kept.items() if name not in used_up}, VECTOR: (width,)}


def unfold(filling: Filling, arrays: BorrowedArrays | None, position: dict[str, Any]) -> dict[str, Any]:
    """The whole position, with the values of the borrowed vector in the entries that they belong to."""
    if arrays is None:
        return position
    vector = arrays.mean + arrays.root @ position[VECTOR]
    full: dict[str, Any] = {name: values for name, values in position.items() if name != VECTOR}
    for entry in filling:
        flat = jnp.zeros(int(np.prod(entry.shape))).at[jnp.array(entry.places)].set(vector[jnp.array(entry.taken)])
        if entry.name in position:
            flat = flat.at[jnp.array(entry.rest)].set(position[entry.name])
        full[entry.name] = flat.reshape(entry.shape)
    return full
