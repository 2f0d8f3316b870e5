"""Draws of whole curves: those that were seen, and those of models of an unseen family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.errors import TargetError
from bayeslaw.model.heights import first_sizes, relaxed, starting_heights
from bayeslaw.posterior import Posterior


@dataclass(frozen=True, eq=False)
class Curves:
    """S draws of all that makes up K curves.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, K)
        Of the law.
    level : ndarray, shape (S, K)
        Log loss of the law at its reference point.
    height : ndarray, shape (S, K)
        Height above the task's other curves at the smallest size, in log loss, times the strength of the pull.
    first : ndarray, shape (K,)
        Log of the smallest size, relative to the reference size.
    own_walk : ndarray, shape (S, K, P)
    noise : ndarray, shape (S, K)
        Run-to-run standard deviation of log loss.
    task_of : ndarray of int, shape (K,)
    reference : dict of ndarray, shape (K,)
        The point at which coordinates and level are stated.
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    height: np.ndarray
    first: np.ndarray
    own_walk: np.ndarray
    noise: np.ndarray
    task_of: np.ndarray
    reference: dict[str, np.ndarray]


def seen_curves(posterior: Posterior) -> Curves:
    """The curves of the table."""
    design = posterior.design
    return Curves(
        coordinates={c.name: posterior.flat(c.name) for c in posterior.law.coordinates},
        level=posterior.flat("level"),
        height=posterior.flat("pull")[:, design.task_of] * starting_heights(design),
        first=first_sizes(design),
        own_walk=posterior.flat("own_walk"),
        noise=posterior.flat("noise"),
        task_of=design.task_of,
        reference=design.reference,
    )


def only(curves: Curves, members: Sequence[int]) -> Curves:
    """Some of the curves, in the order given."""
    return Curves(
        coordinates={name: values[:, members] for name, values in curves.coordinates.items()},
        level=curves.level[:, members],
        height=curves.height[:, members],
        first=curves.first[members],
        own_walk=curves.own_walk[:, members],
        noise=curves.noise[:, members],
        task_of=curves.task_of[members],
        reference={name: values[members] for name, values in curves.reference.items()},
    )


def new_family(posterior: Posterior, covariates: Mapping[str, np.ndarray], rng: np.random.Generator) -> Curves:
    """A model of an unseen family on each task, drawn from the population.

    It starts at the task's smallest size as one more of the curves there would, and goes on from that start: its height
    pulls on it, and its coordinates, own walk and noise are new draws.

    Parameters
    ----------
    covariates : mapping of ndarray, shape (T, A)
        Of the law, for the new curves; those beside the axis are taken from the first point.

    Raises
    ------
    TargetError
        If a task has a single model, which does not tell how far models differ.
    """
    design, seen = posterior.design, seen_curves(posterior)
    tasks = len(design.tasks)
    start = np.array([walks.own.anchor for walks in posterior.walks])
    axis = posterior.law.axis
    reference = {
        name: np.array([values[design.task_of == k].max() for k in range(tasks)])
        for name, values in design.reference.items()
    }
    at_start = {name: values[:, 0] for name, values in covariates.items()} | {axis: np.exp(start) * reference[axis]}
    coordinates = new_coordinates(posterior, rng)
    # a curve that sets out later has no height and no walk of its own before that, so all meet at the task's start
    heights = seen.height * relaxed(start[design.task_of][:, None], seen.first)[:, 0]
    of_curve = {name: values[design.task_of] for name, values in at_start.items()}
    of_curve[axis] = np.exp(start)[design.task_of] * seen.reference[axis]
    starts = seen.level + law_shape(posterior, seen.coordinates, of_curve, seen.reference) + heights
    new_start = np.empty((len(starts), tasks))
    for k, task in enumerate(design.tasks):
        new_start[:, k] = new_level(starts[:, design.task_of == k], task, rng)
    middle = np.stack([starts[:, design.task_of == k].mean(axis=1) for k in range(tasks)], axis=1)
    height = posterior.flat("pull") * (new_start - middle)
    left = relaxed(start[:, None], start)[:, 0]
    level = new_start - law_shape(posterior, coordinates, at_start, reference) - height * left
    own_walk = rng.standard_normal((len(level), tasks, seen.own_walk.shape[2]))
    roughness = posterior.settings["scale_priors"]["roughness"] * rng.standard_normal(level.shape)
    return Curves(
        coordinates=coordinates,
        level=level,
        height=height,
        first=start,
        own_walk=posterior.flat("own_drift")[..., None] * own_walk,
        noise=posterior.flat("typical_noise") * np.exp(roughness),
        task_of=np.arange(tasks),
        reference=reference,
    )


def new_coordinates(posterior: Posterior, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Coordinates of a model of an unseen family on each task, shape (S, T)."""
    coordinates = {}
    for c in posterior.law.coordinates:
        value = np.repeat(posterior.flat(f"location_{c.name}")[:, None], len(posterior.design.tasks), axis=1)
        if f"effect_{c.name}_task" in posterior.draws:
            value = value + posterior.flat(f"effect_{c.name}_task")
        for level in ("family", "model"):
            if f"spread_{c.name}_{level}" in posterior.draws:
                spread = posterior.flat(f"spread_{c.name}_{level}")[:, None]
                value = value + spread * rng.standard_normal(value.shape)
        coordinates[c.name] = value
    return coordinates


def new_level(levels: np.ndarray, task: str, rng: np.random.Generator) -> np.ndarray:
    """Level of a new model: Student-t predictive of a normal population under the reference prior, draw by draw."""
    draws, n = levels.shape
    if n < 2:
        raise TargetError(
            f"A new family on {task!r} cannot be predicted from one model: how far levels differ is unknown. "
            "Add runs of other models."
        )
    spread = np.sqrt(levels.var(axis=1, ddof=1) * (n - 1) / rng.chisquare(n - 1, draws))
    return levels.mean(axis=1) + spread * np.sqrt(1 + 1 / n) * rng.standard_normal(draws)


def law_shape(
    posterior: Posterior,
    coordinates: Mapping[str, np.ndarray],
    covariates: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Log loss of the law relative to its reference point; all maps hold arrays that broadcast."""
    import jax

    with jax.enable_x64(True):
        return np.asarray(posterior.law.log_shape(coordinates, covariates, reference))
