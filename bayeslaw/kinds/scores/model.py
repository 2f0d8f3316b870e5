"""The model of scores: its arrays, and draws of all its quantities."""

import functools
from dataclasses import dataclass, replace

import jax
import numpy as np

from bayeslaw.kinds.scores.density import (
    OWN,
    SCALES,
    WALKS,
    ScoreData,
    ScoreDensity,
    family_levels,
    levels_of,
    score_scales,
    skill_levels,
)
from bayeslaw.kinds.scores.layout import ScoreLayout, times
from bayeslaw.kinds.scores.priors import ScorePriors
from bayeslaw.kinds.shared.borrowed import BorrowedArrays, filling_of, reduced_sizes, unfold
from bayeslaw.kinds.shared.population import (
    Pooled,
    PopulationDraws,
    Position,
    coordinates,
    group_index,
    population_draws,
    population_sizes,
)
from bayeslaw.laws.base import Array, Law


@dataclass(frozen=True, eq=False)
class ScoreDraws:
    """S draws of all quantities; skill is on the logistic scale.

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
    scales : dict of ndarray, shape (S, T)
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
            **{name: (values, ("task",)) for name, values in self.scales.items()},
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
        layout, sizes = self.layout, self.sizes()
        known = {name for name in sizes if name.startswith("spread.")}
        known |= {name for name in SCALES if getattr(self.density.scales, name).sd == 0}
        models, kin = int(layout.model_of.max()) + 1, int(layout.kin_of.max()) + 1
        if not np.isnan(layout.chance).any():
            known.add("chance")
        if len(layout.tasks) == 1 or models == 1:  # what a model has on all tasks is what it has on one
            known |= {"model_factor", "model_sd"}
        if len(layout.tasks) == 1 or kin == 1 or kin == models:
            known |= {"family_factor", "family_sd"}
        if kin in (1, models):
            known |= {"family_offset", "family_offset_sd"}
        if not layout.size.any():
            known.add("size_rate")
        if not len(layout.common.knots):
            known |= {"common_rate", "size_rate"}
        if not len(layout.own.knots):
            known.add("own_rate")
        return frozenset(known & set(sizes))

    def without_runs(self) -> "ScoreModel":
        """The same model with runs that carry no information, for draws from the prior."""
        return replace(self, data=self.data._replace(asked=np.zeros_like(self.data.asked)))

    def complete(self, positions: Position, rng: np.random.Generator) -> ScoreDraws:
        """Draws of all quantities, given positions with entries of shape (S, ...)."""
        with jax.enable_x64(True):
            whole, values, scales, level, family, chance, ceiling = jax.tree.map(
                np.asarray, _evaluate(self.density, self.data, self._first_of_families(), positions)
            )
        k, fixed = self.layout.task_of, self.fixed()
        scales = {name: np.zeros_like(value) if name in fixed else value for name, value in scales.items()}
        own, walks, knots = whole[OWN], whole[WALKS], len(self.layout.common.knots)
        return ScoreDraws(
            coordinates=values,
            level=level + scales["offset_sd"][:, k] * own[:, :, 0],
            family_level=family,
            chance=chance,
            ceiling=ceiling,
            own_walk=scales["own_rate"][:, k, None] * own[:, :, 1:],
            common_walk=scales["common_rate"][..., None] * walks[..., :knots],
            size_walk=scales["size_rate"][..., None] * walks[..., knots:],
            scales=scales,
            population=population_draws(self.density.pooled, positions),
        )

    def _first_of_families(self) -> np.ndarray:
        """A curve of each family within a task, shape (G,)."""
        return np.unique(self.layout.family_of, return_index=True)[1]


@functools.partial(jax.jit, static_argnames="density")
def _evaluate(density: ScoreDensity, data: ScoreData, first: Array, positions: Position) -> tuple[Array, ...]:
    """Whole positions, coordinates, scales, levels of curves and families, chance and ceilings, at S positions."""

    def one(position: Position) -> tuple[Array, ...]:
        whole = unfold(density.filling, data.borrowed, position)
        scales = score_scales(density, whole)
        chance, ceiling = levels_of(density, data, whole)
        index = (data.task_of[first], data.kin_of[first], data.family_of[first])
        return (
            whole,
            coordinates(density.pooled, data.groups, whole),
            scales,
            skill_levels(data, whole, scales),
            family_levels(whole, scales, *index),
            chance,
            ceiling,
        )

    return jax.vmap(one)(positions)


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
        known_chance=layout.chance,
        task_of=layout.task_of,
        model_of=layout.model_of,
        kin_of=layout.kin_of,
        family_of=layout.family_of,
        groups=group_index(layout),
        borrowed=None if layout.borrowed is None else BorrowedArrays(layout.borrowed.mean, layout.borrowed.root()),
    )
    filling = filling_of(layout.borrowed, _whole_sizes(layout, pooled), layout.tasks)
    return ScoreModel(law, layout, ScoreDensity(law, pooled, scales, filling), data)


def _whole_sizes(layout: ScoreLayout, pooled: Pooled) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a whole position, before any is taken from the borrowed vector."""
    tasks, knots = len(layout.tasks), len(layout.common.knots)
    return {
        **population_sizes(pooled, layout),
        **dict.fromkeys(("level", "ceiling", "chance", "noise"), (tasks,)),
        **dict.fromkeys(SCALES[1:], (1,)),
        WALKS: (tasks, 2 * knots),
        "model_factor": (int(layout.model_of.max()) + 1,),
        "family_factor": (int(layout.kin_of.max()) + 1,),
        "family_offset": (len(layout.families),),
        OWN: (len(layout.curves), 1 + len(layout.own.knots)),
    }
