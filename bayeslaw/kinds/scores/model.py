"""The model of scores: its arrays, and draws of all its quantities."""

import functools
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from scipy.special import expit

from bayeslaw.kinds.base import Model
from bayeslaw.kinds.scores.conditional import heights
from bayeslaw.kinds.scores.density import (
    LEVEL_SD,
    OF_ALL_TASKS,
    OWN,
    SCALES,
    WALKS,
    ScoreData,
    ScoreDensity,
    bases_of,
    coefficients_of,
    family_effects,
    levels_of,
    score_scales,
)
from bayeslaw.kinds.scores.layout import ScoreLayout, times
from bayeslaw.kinds.scores.link import bend, skill_of_share
from bayeslaw.kinds.scores.priors import ScorePriors
from bayeslaw.kinds.scores.walks import SPACING
from bayeslaw.kinds.shared.borrowed import BorrowedArrays, filling_of, reduced_sizes, unfold
from bayeslaw.kinds.shared.parts import in_parts
from bayeslaw.kinds.shared.population import (
    Pooled,
    PopulationDraws,
    Position,
    coordinates,
    group_index,
    population_draws,
    population_sizes,
)
from bayeslaw.laws.base import Law


@dataclass(frozen=True, eq=False)
class ScoreDraws:
    """S draws of all quantities; skill is on the scale of ``link``.

    Attributes
    ----------
    coordinates : dict of ndarray, shape (S, C)
        The law's coordinates, curve by curve.
    level : ndarray, shape (S, C)
        Skill of each curve at the reference point.
    family_level : ndarray, shape (S, G)
        That of a typical model of each family on each task.
    chance, ceiling : ndarray, shape (S, T)
        Scores without and with unlimited skill.
    own_walk : ndarray, shape (S, C, Q)
        Coefficients of the walk of each curve, rate included.
    common_walk, size_walk : ndarray, shape (S, T, P)
        Coefficients of the walks that the models of a task share, rates included.
    noise : ndarray, shape (S, T)
        Scatter of checkpoints beyond that of their tests.
    scales : dict of ndarray, shape (S,)
        Scales that all tasks have in common; 0 of what the table does not have.
    population : PopulationDraws
    """

    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    family_level: np.ndarray
    chance: np.ndarray
    ceiling: np.ndarray
    own_walk: np.ndarray
    common_walk: np.ndarray
    size_walk: np.ndarray
    noise: np.ndarray
    scales: dict[str, np.ndarray]
    population: PopulationDraws

    def variables(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        """Draws, each with the names of its dimensions after S, by the name of the variable in a posterior."""
        return {
            **{name: (values, ("curve",)) for name, values in self.coordinates.items()},
            "level": (self.level, ("curve",)),
            "family_level": (self.family_level, ("task_family",)),
            "chance": (self.chance, ("task",)),
            "ceiling": (self.ceiling, ("task",)),
            "own_walk": (self.own_walk, ("curve", "basis")),
            "common_walk": (self.common_walk, ("task", "shared_basis")),
            "size_walk": (self.size_walk, ("task", "shared_basis")),
            "noise": (self.noise, ("task",)),
            **{name: (values, ()) for name, values in self.scales.items()},
            **self.population.variables(),
        }

    def watched(self) -> tuple[str, ...]:
        """Names of the variables whose convergence is checked: all but walks and effects of groups."""
        return tuple(name for name in self.variables() if not name.endswith("_walk") and not name.startswith("effect_"))


@dataclass(frozen=True, eq=False)
class ScoreModel:
    """A hierarchical model of one table of scores."""

    law: Law
    layout: ScoreLayout
    density: ScoreDensity
    data: ScoreData

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        return reduced_sizes(self.density.filling, _whole_sizes(self.layout, self.density.pooled))

    def fixed(self) -> frozenset[str]:
        """Entries of a position fixed at 0: spreads of the population, and what the table cannot tell apart."""
        known = {name for name in self.sizes() if name.startswith("spread.")}
        known |= {name for name in SCALES if getattr(self.density.scales, name).sd == 0}
        known |= {"chance"} if not self.layout.chance.any() else set()  # guessing reaches 0 on all
        absent = set(self.density.absent)
        effects = {"model_sd": "model_factor", "family_sd": "family_factor", "family_offset_sd": "family_offset"}
        known |= absent | {effects[name] for name in absent & set(effects)}
        return frozenset(known & set(self.sizes()))

    def without_runs(self) -> "ScoreModel":
        """The same model with runs that carry no information, for draws from the prior."""
        return replace(self, data=self.data._replace(asked=np.zeros_like(self.data.asked)))

    def as_large_as(self, other: Model) -> "ScoreModel":
        """Itself: what is sampled grows with the runs, too."""
        return self

    def complete(self, positions: Position, rng: np.random.Generator) -> ScoreDraws:
        """Draws of all quantities, given positions with entries of shape (S, ...)."""
        with jax.enable_x64(True):
            evaluate = functools.partial(_evaluate, self.density, self.data)
            positions, values, scales, level, family, chance, ceiling = in_parts(evaluate, positions)
        common = {name: scales[name][:, 0] for name in OF_ALL_TASKS}
        own, walks, knots = positions[OWN], positions[WALKS], len(self.layout.common.knots)
        return ScoreDraws(
            coordinates=values,
            level=level + common["offset_sd"][:, None] * own[:, :, 0],
            family_level=family,
            chance=chance,
            ceiling=ceiling,
            own_walk=common["own_rate"][:, None, None] * own[:, :, 1:],
            common_walk=common["common_rate"][:, None, None] * walks[..., :knots],
            size_walk=common["size_rate"][:, None, None] * walks[..., knots:],
            noise=scales["noise"],
            scales=common,
            population=population_draws(self.density.pooled, positions),
        )


@functools.partial(jax.jit, static_argnames="density")
def _evaluate(density: ScoreDensity, data: ScoreData, positions: Position) -> tuple[Any, ...]:
    """Whole positions, coordinates, scales, levels of curves and families, chance and ceilings, at S positions."""

    def one(position: Position) -> tuple[Any, ...]:
        position = unfold(density.filling, data.borrowed, position)
        scales = score_scales(density, position)
        chance, ceiling = levels_of(density, data, position)
        first = data.first_of_family
        index = (data.task_of[first], data.family_name_of[first], data.family_of[first])
        return (
            position,
            coordinates(density.pooled, data.groups, position),
            scales,
            heights(bases_of(data, scales), coefficients_of(position))[:, 0],
            LEVEL_SD * position["level"][index[0]] + family_effects(position, scales, *index),
            chance,
            ceiling,
        )

    return jax.vmap(one)(positions)


def _whole_sizes(layout: ScoreLayout, pooled: Pooled) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a whole position, before any is taken from the borrowed vector."""
    tasks = len(layout.tasks)
    return {
        **population_sizes(pooled, layout),
        **dict.fromkeys(("level", "ceiling", "chance", "noise"), (tasks,)),
        **dict.fromkeys(OF_ALL_TASKS, (1,)),
        WALKS: (tasks, 2 * len(layout.common.knots)),
        "model_factor": (int(layout.model_of.max()) + 1,),
        "family_factor": (int(layout.family_name_of.max()) + 1,),
        "family_offset": (len(layout.families),),
        OWN: (len(layout.curves), 1 + len(layout.own.knots)),
    }


def absent_from(layout: ScoreLayout) -> tuple[str, ...]:
    """Scales of what a table does not have."""
    tasks = len(layout.tasks)
    models, families = int(layout.model_of.max()) + 1, int(layout.family_name_of.max()) + 1
    found = set()
    if tasks == 1 or models == 1:  # what a model has on all tasks is what it has on the only one
        found.add("model_sd")
    if families in (1, models):
        found |= {"family_sd", "family_offset_sd"}
    if tasks == 1:
        found.add("family_sd")
    if not len(layout.common.knots):
        found |= {"common_rate", "size_rate"}
    if not layout.size.any():
        found.add("size_rate")
    if not len(layout.own.knots):
        found.add("own_rate")
    return tuple(sorted(found))


LEAST_SHARE = 0.005, 0.1
"""Bounds of the least share of the way from chance to 1 at which scores are taken to be linear in skill: half the error
of a test. Lower down scores are flat, and would tell nothing about skill."""


def pilot_skill(law: Law, layout: ScoreLayout, priors: ScorePriors) -> np.ndarray:
    """Skill of smoothed scores, shape (C, M): where the sampler takes scores to be linear in skill."""
    seen = layout.weight > 0
    away = (layout.axis[:, :, None] - layout.axis[:, None, :]) / SPACING
    nearness = np.exp(-0.5 * away**2) * seen[:, None, :]
    smooth = np.einsum("cij,cj->ci", nearness, np.where(seen, layout.y, 0.0)) / np.maximum(nearness.sum(axis=2), 1e-12)
    chance = np.where(np.isnan(layout.chance), expit(priors.chance.mean), layout.chance)[layout.task_of, None]
    error = np.sqrt(np.maximum(chance * (1 - chance), 0.01) / layout.questions[layout.task_of, None]) / (1 - chance)
    share = (smooth - chance) / (1 - chance)
    return np.where(seen, skill_of_share(np.clip(share, np.clip(0.5 * error, *LEAST_SHARE), 0.98), bend(law)), 0.0)


def build_score_model(law: Law, layout: ScoreLayout, pooled: Pooled, scales: ScorePriors) -> ScoreModel:
    """Build the model of a law, its pooling and the layout of a table."""
    seen = layout.weight > 0
    relative = {
        name: np.exp(np.round(np.log(values / layout.reference[name][:, None]), 10))
        for name, values in layout.covariates.items()
    }
    asked = np.where(seen, layout.questions[layout.task_of, None], 0.0)
    t = times(law, layout.axis)
    own = layout.own.functions(t)
    data = ScoreData(
        covariates=relative,
        score=layout.y,
        asked=asked,
        common=layout.common.functions(t),
        own=np.concatenate([np.ones((*own.shape[:2], 1)), own], axis=2),
        size=layout.size,
        pilot=pilot_skill(law, layout, scales),
        known_chance=layout.chance,
        task_of=layout.task_of,
        model_of=layout.model_of,
        family_name_of=layout.family_name_of,
        family_of=layout.family_of,
        first_of_model=np.unique(layout.model_of, return_index=True)[1],
        first_of_family=np.unique(layout.family_of, return_index=True)[1],
        groups=group_index(layout),
        borrowed=None if layout.borrowed is None else BorrowedArrays(layout.borrowed.mean, layout.borrowed.root()),
    )
    filling = filling_of(layout.borrowed, _whole_sizes(layout, pooled), layout.tasks)
    return ScoreModel(law, layout, ScoreDensity(law, pooled, scales, absent_from(layout), filling), data)
