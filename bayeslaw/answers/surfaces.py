"""Predictive draws on the surfaces of joint laws: of models in the table, of other models, and of other families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayeslaw.answers.curves import law_shape, new_coordinates, new_level
from bayeslaw.model.discrepancy import covariance_root, integrated_walk
from bayeslaw.model.field import Field
from bayeslaw.model.joint import Stretch, stretch, surfaces
from bayeslaw.posterior import Posterior

Label = tuple[str, str, str]
"""Model, family and task."""

NEW_MODEL = "<new model>"
NEW_FAMILY = "<new family>"


@dataclass(frozen=True, eq=False)
class Places:
    """K models at A points each, and S draws of what the law says of them there.

    Attributes
    ----------
    labels : tuple of (model, family, task), length K
    covariates : dict of ndarray, shape (K, A)
    coordinates : dict of ndarray, shape (S, K)
    level : ndarray, shape (S, K)
        Log loss of the law at its reference point.
    offset, tilt, curvature : ndarray, shape (S, K)
    measured : Stretch
        Of K models, about whose middles they are tilted and beyond whose ends they are curved no more.
    surface_of : ndarray of int, shape (K,)
        Surface whose field applies; -1 for a family without one.
    task_of : ndarray of int, shape (K,)
    largest : dict of ndarray, shape (K,)
        The largest values that the data hold, by covariate.
    """

    labels: tuple[Label, ...]
    covariates: dict[str, np.ndarray]
    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    offset: np.ndarray
    tilt: np.ndarray
    curvature: np.ndarray
    measured: Stretch
    surface_of: np.ndarray
    task_of: np.ndarray
    largest: dict[str, np.ndarray]


def seen_models(posterior: Posterior, covariates: dict[str, np.ndarray]) -> Places:
    """The models of the table at covariates of shape (C, A)."""
    design = posterior.design
    return Places(
        labels=tuple((c.model, c.family, c.task) for c in design.curves),
        covariates=covariates,
        coordinates={c.name: posterior.flat(c.name) for c in posterior.law.coordinates},
        level=posterior.flat("level"),
        offset=posterior.flat("offset"),
        tilt=posterior.flat("tilt"),
        curvature=posterior.flat("curvature"),
        measured=stretch(design),
        surface_of=design.family_of,
        task_of=design.task_of,
        largest={posterior.law.axis: design.largest},
    )


def new_models(posterior: Posterior, covariates: dict[str, np.ndarray], rng: np.random.Generator) -> Places:
    """A model that is not in the table on each surface, at covariates of shape (A,), with something of its own."""
    design = posterior.design
    found = surfaces(design)
    first = np.array([surface.models[0] for surface in found])
    task_of = design.task_of[first]
    return Places(
        labels=tuple((NEW_MODEL, surface.family, surface.task) for surface in found),
        covariates={name: np.tile(values, (len(first), 1)) for name, values in covariates.items()},
        coordinates={c.name: posterior.flat(c.name)[:, first] for c in posterior.law.coordinates},
        level=posterior.flat("level")[:, first],
        offset=_new(posterior, "offset_sd", task_of, rng),
        tilt=_new(posterior, "tilt_sd", task_of, rng),
        curvature=_new(posterior, "curvature_sd", task_of, rng),
        measured=stretch(design).typical([surface.models for surface in found]),
        surface_of=np.arange(len(found)),
        task_of=task_of,
        largest=_largest(posterior, design.family_of, len(found)),
    )


def new_families(posterior: Posterior, covariates: dict[str, np.ndarray], rng: np.random.Generator) -> Places:
    """A model of an unseen family on each task, at covariates of shape (A,), drawn from the population.

    Raises
    ------
    TargetError
        If a task has a single family, which does not tell how far levels differ.
    """
    design = posterior.design
    tasks = len(design.tasks)
    level = np.empty((len(posterior.flat("level")), tasks))
    for k, task in enumerate(design.tasks):
        first = [surface.models[0] for surface in surfaces(design) if surface.task == task]
        level[:, k] = new_level(posterior.flat("level")[:, first], task, rng)
    return Places(
        labels=tuple((NEW_FAMILY, NEW_FAMILY, task) for task in design.tasks),
        covariates={name: np.tile(values, (tasks, 1)) for name, values in covariates.items()},
        coordinates=new_coordinates(posterior, rng),
        level=level,
        offset=_new(posterior, "offset_sd", np.arange(tasks), rng),
        tilt=_new(posterior, "tilt_sd", np.arange(tasks), rng),
        curvature=_new(posterior, "curvature_sd", np.arange(tasks), rng),
        measured=stretch(design).typical([np.flatnonzero(design.task_of == k) for k in range(tasks)]),
        surface_of=np.full(tasks, -1),
        task_of=np.arange(tasks),
        largest=_largest(posterior, design.task_of, tasks),
    )


def expected_log_loss(posterior: Posterior, places: Places, rng: np.random.Generator | None) -> np.ndarray:
    """Log loss without the noise of runs, shape (S, K, A): law, models' own, fields, and departures beyond the data.

    What is not known of fields and departures is drawn; without ``rng`` it is left at its mean, 0.
    """
    reference = {name: values[0] for name, values in posterior.design.reference.items()}
    coordinates = {name: values[..., None] for name, values in places.coordinates.items()}
    shape = law_shape(posterior, coordinates, places.covariates, reference)
    t = np.log(places.covariates[posterior.law.axis] / reference[posterior.law.axis])
    log_loss = places.level[..., None] + shape
    log_loss = log_loss + of_models(places.offset, places.tilt, places.curvature, places.measured, t)
    if rng is not None:
        log_loss += wandering(posterior, places.task_of, places.measured, t, rng)
    points = np.stack([np.log(values / reference[name]) for name, values in places.covariates.items()], axis=-1)
    field_sd = posterior.flat("field_sd")
    first = np.cumsum([0, *(field.patterns.shape[1] for field in posterior.fields)])
    for g in np.unique(places.surface_of):
        members = np.flatnonzero(places.surface_of == g)
        if g < 0:
            if rng is not None:
                for k in members:
                    field, sd = _unseen_field(posterior, places.task_of[k]), field_sd[:, [places.task_of[k]]]
                    log_loss[:, k] += draw(field.remainder(points[k]) + field.departure(points[k]), sd, rng)
            continue
        field, at = posterior.fields[g], points[members].reshape(-1, points.shape[-1])
        known = posterior.flat("field")[:, first[g] : first[g + 1]] @ field.functions(at).T
        if rng is not None:
            sd = field_sd[:, [places.task_of[members[0]]]]
            known = known + draw(field.remainder(at) + field.departure(at), sd, rng)
        log_loss[:, members] += known.reshape(len(known), len(members), -1)
    return log_loss


def of_models(
    offset: np.ndarray, tilt: np.ndarray, curvature: np.ndarray, measured: Stretch, t: np.ndarray
) -> np.ndarray:
    """What K models have of their own, in log loss: (S, K) each, at logs of the axis (K, A), shape (S, K, A)."""
    tilted = offset[..., None] + tilt[..., None] * measured.along(t)
    return tilted + curvature[..., None] * measured.curving(t)


def wandering(
    posterior: Posterior, task_of: np.ndarray, measured: Stretch, t: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws of how far K models stray beyond their own data, in log loss: at logs of the axis (K, A), shape (S, K, A).

    From there on the slope of a model wanders, at the rate at which curvatures would have changed it over the data: its
    own, or those of a typical model of the task if it has less.
    """
    along, design = measured.along(t), posterior.design
    usual = np.bincount(design.task_of, stretch(design).length) / np.bincount(design.task_of)
    rate = posterior.flat("curvature_sd")[:, task_of] * np.sqrt(np.maximum(measured.length, usual[task_of]))
    strayed = np.zeros((len(rate), *t.shape))
    for k in np.flatnonzero(rate.any(axis=0)):
        covariance = np.zeros((t.shape[1], t.shape[1]))
        for beyond in (np.maximum(along[k] - measured.high[k], 0.0), np.maximum(measured.low[k] - along[k], 0.0)):
            covariance += integrated_walk(beyond[:, None], beyond[None])
        strayed[:, k] = draw(covariance, rate[:, [k]], rng)
    return strayed


def _unseen_field(posterior: Posterior, task: int) -> Field:
    """The field of a family of its own, of which nothing is known; it departs beyond the data of its task."""
    own = posterior.design.task_of == task
    seen = np.concatenate([posterior.fields[g].points for g in np.unique(posterior.design.family_of[own])])
    return Field(seen, np.empty((len(seen), 0)))


def law_at(posterior: Posterior, curve: int, covariates: Mapping[str, np.ndarray]) -> np.ndarray:
    """Log loss of the law alone of a model, at covariates that broadcast with (S, 1): shape (S, A)."""
    reference = {name: values[[curve]] for name, values in posterior.design.reference.items()}
    coordinates = {c.name: posterior.flat(c.name)[:, curve, None] for c in posterior.law.coordinates}
    return posterior.flat("level")[:, curve, None] + law_shape(posterior, coordinates, covariates, reference)


def with_noise(posterior: Posterior, places: Places, log_loss: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add what single runs scatter, Student-t in log loss."""
    noise = posterior.flat("noise")[:, places.task_of, None]
    tail = posterior.flat("tail")[:, places.task_of, None]
    return log_loss + noise * rng.standard_t(np.broadcast_to(tail, log_loss.shape))


def furthest(places: Places) -> np.ndarray:
    """Factor by which points lie beyond the data, in the covariate in which they lie furthest; shape (K, A)."""
    beyond: Sequence[np.ndarray] = [places.covariates[name] / top[:, None] for name, top in places.largest.items()]
    return np.max(beyond, axis=0)


def _new(posterior: Posterior, scale: str, task_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normal draws of what a new model has of its own, on tasks (K,): shape (S, K)."""
    sd = posterior.flat(scale)[:, task_of]
    return sd * rng.standard_normal(sd.shape)


def _largest(posterior: Posterior, group_of: np.ndarray, groups: int) -> dict[str, np.ndarray]:
    design = posterior.design
    tops = {name: values.max(axis=1) for name, values in design.covariates.items()}
    tops[posterior.law.axis] = design.largest
    return {name: np.array([top[group_of == g].max() for g in range(groups)]) for name, top in tops.items()}


def draw(covariance: np.ndarray, sd: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws with a covariance that may be singular, times a standard deviation of each draw, shape (S, 1)."""
    return sd * (rng.standard_normal((len(sd), len(covariance))) @ covariance_root(covariance).T)
