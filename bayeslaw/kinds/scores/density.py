"""The log density of scores.

For curve i of model m, family f and task k, at the points x of its runs with t the log of the axis,

    skill = level_k + family_sd F_f + family_offset_sd f_fk + model_sd M_m + offset_sd o_i
            + shape(coordinates_i, x) + common_k(t) + size_i tilt_k(t) + own_i(t)
    score = chance_k + (ceiling_k - chance_k) share(skill)
    measured score ~ normal(score, p (1 - p) (1 / questions_k + noise_k^2)), with p the score drawn towards a half,

with share(skill) the logistic function or another of ``link``, and standard normal F, f, M and o: F and M are how much
better a family and a model are on all tasks, f and o on one. Their standard deviations and the rates of walks (see
``walks``) hold for all tasks, as a task at chance tells none of them; chance, ceiling and noise are those of a task.
Models of all sizes share a common walk, and one that is multiplied by their size as of ``levelling_size``. Everything
is sampled; levels, walks and effects of models and families by their conditional distribution given all else
(``condition``).

Shapes: C curves, M points, T tasks, G families within tasks, P knots of common walks, Q of own ones, B = 1 + Q.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from bayeslaw.kinds.scores.conditional import Bases, Coefficients, given_rest, heights
from bayeslaw.kinds.scores.link import bend, share, slope_of_share
from bayeslaw.kinds.scores.priors import ScorePriors
from bayeslaw.kinds.shared.borrowed import VECTOR, BorrowedArrays, Filling, unfold
from bayeslaw.kinds.shared.population import Pooled, Position, coordinates, log_population_prior, scale
from bayeslaw.laws.base import Array, Law

LEVEL_SD = 2.0
"""Prior sd of the skill of a typical model at the reference point."""

OF_ALL_TASKS = (
    "model_sd", "offset_sd", "family_sd", "family_offset_sd", "common_rate", "size_rate", "own_rate",
)  # fmt: skip
"""Scales that all tasks have in common."""

SCALES = ("noise", *OF_ALL_TASKS)
SHARED = ("level", "ceiling", "chance", "model_factor", "family_factor", "family_offset")
"""Entries of a position, beside population and scales, that curves share."""

WALKS, OWN = "walks", "own"
"""Entries of a position with the walks of each task, and with the offset and the walk of each curve."""

LEAST_CEILING = 0.8
"""Least share of the way from chance to 1 that scores approach. Lower ceilings and laws that level off would be told
apart by nothing; wrong answers in the keys of tests are fewer."""


class ScoreData(NamedTuple):
    """The arrays of the density."""

    covariates: dict[str, Float[Array, "C M"]]  # relative to the reference point
    score: Float[Array, "C M"]
    asked: Float[Array, "C M"]  # questions; 0 where padded
    common: Float[Array, "C M P"]  # basis functions of common walks
    own: Float[Array, "C M B"]  # 1, and basis functions of own walks
    size: Float[Array, " C"]
    pilot: Float[Array, "C M"]  # skill at which scores are taken to be linear in skill
    known_chance: Float[Array, " T"]  # what guessing reaches; NaN where it is not known
    task_of: Int[Array, " C"]
    model_of: Int[Array, " C"]
    family_name_of: Int[Array, " C"]
    family_of: Int[Array, " C"]  # families within tasks
    first_of_model: Int[Array, " J"]  # curves
    first_of_family: Int[Array, " G"]
    groups: dict[str, Int[Array, " C"]]  # by level
    borrowed: BorrowedArrays | None = None


@dataclass(frozen=True)
class ScoreDensity:
    """The log density without its arrays: tables of the same shape share one compiled density.

    Beside the population, a position has ``level``, ``ceiling``, ``chance`` and ``noise`` (T,), and the scales of all
    tasks (1,), in units of their priors; and standard normal ``walks`` (T, 2 P), common and of sizes,
    ``model_factor``, ``family_factor``, ``family_offset`` (G,), and ``own`` (C, 1 + Q). Scales in ``absent`` are 0.
    """

    law: Law
    pooled: Pooled
    scales: ScorePriors
    absent: tuple[str, ...]  # sorted: the order is in the program, and a program of another order is compiled anew
    filling: Filling = ()

    @property
    def whitened(self) -> bool:
        """True: the curvature at the mode scales the sampler's steps."""
        return True

    @property
    def per_curve(self) -> tuple[str, ...]:
        """Offsets and walks of curves."""
        return (OWN,)

    @property
    def standard(self) -> tuple[str, ...]:
        """Levels of tasks, walks, and effects of models and families."""
        return ("level", "model_factor", "family_factor", "family_offset", WALKS, OWN)

    def log_prior(self, position: Position) -> Array:
        """Log prior density of a position, up to a constant."""
        total = log_population_prior(self.pooled, position)
        for name in (*SHARED, *SCALES, WALKS, OWN, VECTOR):
            if name in position:
                total -= 0.5 * jnp.sum(position[name] ** 2)
        return total

    def log_likelihood(self, data: ScoreData, position: Position) -> Array:
        """Log density of the scores given a position."""
        position = unfold(self.filling, data.borrowed, position)
        scales = score_scales(self, position)
        chance, ceiling = (level[data.task_of, None] for level in levels_of(self, data, position))
        bases = bases_of(data, scales)
        found = coefficients_of(position)
        skill = skill_by_law(self, data, position)
        skill += jnp.einsum("cmr,cr->cm", bases.shared, heights(bases, found))
        skill += jnp.einsum("cmb,cb->cm", bases.own, found.own)
        p = score(self.law, skill, chance, ceiling)
        variance = score_variance(p, jnp.maximum(data.asked, 1.0), scales["noise"][data.task_of, None])
        density = -0.5 * ((data.score - p) ** 2 / variance + jnp.log(variance))
        return jnp.sum(jnp.where(data.asked > 0, density, 0.0))

    def straighten(self, data: ScoreData, centre: Position, position: Position) -> Position:
        """The identity: in the coordinates of these laws the posterior has no curved ridges."""
        return position

    def condition(self, data: ScoreData, position: Position) -> tuple[Position, Array]:
        """Change of variables from standard normal deviates to levels, walks, and effects of models and families.

        Their conditional distribution given all else is taken to be normal, as it would be were scores linear in skill
        with the slope that they have at ``data.pilot``; the volume makes up for that, so the posterior is exact.
        Returns the position and the log of the Jacobian determinant.
        """
        whole = unfold(self.filling, data.borrowed, position)
        scales = score_scales(self, whole)
        chance, ceiling = (level[data.task_of, None] for level in levels_of(self, data, whole))
        p = score(self.law, data.pilot, chance, ceiling)
        slope = (ceiling - chance) * slope_of_share(data.pilot, bend(self.law))
        variance = score_variance(p, jnp.maximum(data.asked, 1.0), scales["noise"][data.task_of, None])
        precision = jnp.where(data.asked > 0, slope**2 / variance, 0.0)
        response = data.pilot + (data.score - p) / slope - skill_by_law(self, data, whole)
        found, volume = given_rest(bases_of(data, scales), precision, response, coefficients_of(position))
        effects = {"model_factor": found.model, "family_factor": found.family, "family_offset": found.group}
        tasks = {"level": found.shared[:, 0], WALKS: found.shared[:, 1:]}
        return {**position, OWN: found.own, **effects, **tasks}, volume


def score(law: Law, skill: Array, chance: Array, ceiling: Array) -> Array:
    """Score at a skill."""
    return chance + (ceiling - chance) * share(skill, bend(law))


def score_variance(p: Array, asked: Array, noise: Array) -> Array:
    """Variance of a measured score: of a test of so many questions, and of checkpoints.

    The share in p (1 - p) is drawn towards a half by two questions, so that scores of 0 and 1 have some, too.
    """
    drawn = (p * asked + 1) / (asked + 2)
    return drawn * (1 - drawn) * (1 / asked + noise**2)


def score_scales(density: ScoreDensity, position: Position) -> dict[str, Array]:
    """Scales on each task, shapes (T,)."""
    tasks = position["noise"].shape
    scales = {name: jnp.broadcast_to(scale(getattr(density.scales, name), position[name]), tasks) for name in SCALES}
    scales |= {name: jnp.zeros(tasks) for name in density.absent}
    return {**scales, "noise": jnp.clip(scales["noise"], 1e-4, 0.9)}


def levels_of(density: ScoreDensity, data: ScoreData, position: Position) -> tuple[Array, Array]:
    """Scores without skill, and ceilings, of each task: shapes (T,)."""
    priors = density.scales
    mean, sd = prior_of_chance(priors, data.known_chance)
    chance = jax.nn.sigmoid(mean + sd * position["chance"])
    return chance, ceiling_above(chance, priors.ceiling.mean + priors.ceiling.sd * position["ceiling"])


def prior_of_chance(priors: ScorePriors, known: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of the logit of the score without skill, where guessing reaches ``known`` (T,).

    Where that is 0, as in free answers, models without skill score 0, too. NaN: not known.
    """
    unknown = jnp.isnan(known)
    mean = jnp.where(unknown, priors.chance.mean, jax.scipy.special.logit(known) + priors.near_chance.mean)
    return mean, jnp.where(unknown, priors.chance.sd, priors.near_chance.sd)


def ceiling_above(chance: Array, logit: Array) -> Array:
    """Ceiling at a place, on the logistic scale, between the least that a ceiling can be and 1."""
    return 1 - (1 - chance) * (1 - LEAST_CEILING) * jax.nn.sigmoid(-logit)


def skill_by_law(density: ScoreDensity, data: ScoreData, position: Position) -> Array:
    """Skill of each run but for levels, walks, and effects of models and families: shape (C, M)."""
    values = coordinates(density.pooled, data.groups, position)
    return density.law.log_shape(
        {name: value[:, None] for name, value in values.items()},
        data.covariates,
        dict.fromkeys(data.covariates, 1.0),
    )


def family_effects(position: Position, scales: dict[str, Array], task: Array, kin: Array, family: Array) -> Array:
    """Skill of families on tasks relative to that of a typical one, shape as the indices."""
    common = scales["family_sd"][task] * position["family_factor"][kin]
    return common + scales["family_offset_sd"][task] * position["family_offset"][family]


def bases_of(data: ScoreData, scales: dict[str, Array]) -> Bases:
    """Basis functions of levels, walks, and effects of models and families."""
    ones = jnp.ones((*data.score.shape, 1))
    knots = data.common.shape[2]
    sd = [jnp.full((len(scales["noise"]), 1), LEVEL_SD)]
    sd += [jnp.tile(scales[name][:, None], (1, knots)) for name in ("common_rate", "size_rate")]
    shared = jnp.concatenate([ones, data.common], axis=2)
    return Bases(
        own=own_basis(data, scales),
        shared=shared,
        size=data.size,
        sd=jnp.concatenate(sd, axis=1),
        model_sd=scales["model_sd"],
        family_sd=scales["family_sd"],
        group_sd=scales["family_offset_sd"],
        task_of=data.task_of,
        model_of=data.model_of,
        group_of=data.family_of,
        family_of_model=data.family_name_of[data.first_of_model],
        family_of_group=data.family_name_of[data.first_of_family],
        task_of_group=data.task_of[data.first_of_family],
    )


def coefficients_of(position: Position) -> Coefficients:
    """Coefficients of `Bases`, or their deviates, of a position."""
    return Coefficients(
        own=position[OWN],
        model=position["model_factor"],
        family=position["family_factor"],
        group=position["family_offset"],
        shared=jnp.concatenate([position["level"][:, None], position[WALKS]], axis=1),
    )


def own_basis(data: ScoreData, scales: dict[str, Array]) -> Array:
    """Basis functions of what curves have to themselves, with their standard deviations: shape (C, M, 1 + Q)."""
    k = data.task_of
    width = data.own.shape[-1]
    sd = jnp.concatenate([scales["offset_sd"][k, None], jnp.tile(scales["own_rate"][k, None], (1, width - 1))], axis=1)
    return data.own * sd[:, None, :]
