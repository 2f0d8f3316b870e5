"""Levels, walks and effects of models and families by their conditional distribution given all else.

They are coefficients, standard normal under the prior, of basis functions that sum to skill. Where scores are taken to
be linear in skill, their distribution given all else is normal. A sampler that moves deviates of this distribution
meets neither the ridges that many scores make of coefficients nor the funnels that few make of their standard
deviations. Coefficients of curves are eliminated first, which leaves a small system for each task. Effects of models
and families, which tie tasks to each other, are drawn before, given what levels alone tell of them: any such choice is
exact, as the volume is that of the change of variables that was made.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular

from bayeslaw.laws.base import Array


class Bases(NamedTuple):
    """Basis functions at the M runs of C curves of J models, and what they are multiplied by.

    Skill is, for curve i of task k, ``own_i c_i + shared_i (sd_k d_k) + level_i``, where the coefficients d_k are those
    of the R shared functions, and then those of all but the first of them times the size of the curve; the level is
    that of the model and of its family. F families have G groups, one on each task that has them.
    """

    own: Array  # (C, M, B), standard deviations included
    shared: Array  # (C, M, R); the first is 1
    size: Array  # (C,)
    sd: Array  # (T, 2 R - 1)
    model_sd: Array  # (T,), as the next two
    family_sd: Array
    group_sd: Array
    task_of: Array  # (C,)
    model_of: Array  # (C,)
    group_of: Array  # (C,)
    family_of_model: Array  # (J,)
    family_of_group: Array  # (G,)
    task_of_group: Array  # (G,)


class Coefficients(NamedTuple):
    """Coefficients, or standard normal deviates of them."""

    own: Array  # (C, B)
    model: Array  # (J,)
    family: Array  # (F,)
    group: Array  # (G,)
    shared: Array  # (T, 2 R - 1)


def given_rest(bases: Bases, precision: Array, response: Array, z: Coefficients) -> tuple[Coefficients, Array]:
    """Change of variables from standard normal deviates to coefficients, whose prior is standard normal.

    Parameters
    ----------
    bases : Bases
    precision : Array, shape (C, M)
        Of the runs, on the scale of skill; 0 where padded.
    response : Array, shape (C, M)
        Skill that the runs speak of, less what does not depend on coefficients.
    z : Coefficients
        Deviates.

    Returns
    -------
    coefficients : Coefficients
    volume : Array, shape ()
        Logarithm of the Jacobian determinant of coefficients with respect to deviates.
    """
    basis = jnp.concatenate([bases.own, bases.shared], axis=2)
    weighted = basis * precision[..., None]
    of_curves, information, told = _eliminate(
        jnp.einsum("cma,cmb->cab", weighted, basis), jnp.einsum("cma,cm->ca", weighted, response), z.own.shape[1]
    )
    found, volume = _effects(bases, information[:, 0, 0], told[:, 0], z)  # the first shared function is 1
    told = told - information[:, :, 0] * levels(bases, found)[:, None]

    tasks, k, size = len(bases.sd), bases.task_of, bases.size[:, None]
    tilted = information * size[:, None]
    plain, once, twice = (
        jax.ops.segment_sum(value, k, tasks) for value in (information, tilted, tilted * size[:, None])
    )
    upper = jnp.concatenate([plain, once[:, :, 1:]], axis=2)
    lower = jnp.concatenate([once[:, 1:, :], twice[:, 1:, 1:]], axis=2)
    total = jnp.concatenate([upper, lower], axis=1) * bases.sd[:, :, None] * bases.sd[:, None, :]
    both = jax.ops.segment_sum(jnp.concatenate([told, told[:, 1:] * size], axis=1), k, tasks) * bases.sd
    root = jnp.linalg.cholesky(jnp.eye(total.shape[1]) + total)
    middle = solve_triangular(root, both[..., None], lower=True)
    shared = solve_triangular(jnp.swapaxes(root, 1, 2), middle + z.shared[..., None], lower=False)[..., 0]

    found = found._replace(shared=shared)
    own = _substitute(of_curves, heights(bases, found), z.own)
    volume -= jnp.sum(jnp.log(jnp.diagonal(root, axis1=1, axis2=2))) + _log_root(of_curves)
    return found._replace(own=own), volume


def heights(bases: Bases, found: Coefficients) -> Array:
    """Of the shared basis functions of each curve, levels of models and families added to the first: shape (C, R)."""
    width, k = bases.shared.shape[2], bases.task_of
    scaled = (bases.sd * found.shared)[k]
    tilt = jnp.pad(scaled[:, width:] * bases.size[:, None], ((0, 0), (1, 0)))
    return (scaled[:, :width] + tilt).at[:, 0].add(levels(bases, found))


def levels(bases: Bases, found: Coefficients) -> Array:
    """How far the level of each curve is above that of its task, due to its model and family: skill, shape (C,)."""
    k = bases.task_of
    level = bases.model_sd[k] * found.model[bases.model_of]
    level += bases.family_sd[k] * found.family[bases.family_of_model][bases.model_of]
    return level + bases.group_sd[k] * found.group[bases.group_of]


def _effects(bases: Bases, information: Array, told: Array, z: Coefficients) -> tuple[Coefficients, Array]:
    """Effects of models and families, as if there were no walks and levels of tasks were at their conditional mean.

    The normal equations are solved block by block: models are eliminated first, then the T + 1 effects of each family
    (of its groups, one a task, and its factor), which leaves the T levels of tasks.

    Parameters
    ----------
    bases : Bases
    information, told : Array, shape (C,)
        About the level of each curve, once its own coefficients are eliminated: of the log density, minus the second
        derivative, and the first derivative at 0.
    z : Coefficients
        Deviates.

    Returns
    -------
    coefficients : Coefficients
        Of models, families and groups; the others are the deviates.
    volume : Array, shape ()
        Logarithm of the Jacobian determinant.
    """
    tasks, kin, families = len(bases.sd), bases.family_of_model, len(z.family)
    place, sd = (bases.family_of_group, bases.task_of_group), bases.sd[:, 0]

    def by_model(values: Array) -> Array:
        """Sums over the curves of each model on each task: shape (J, T)."""
        return jnp.zeros((len(kin), tasks)).at[bases.model_of, bases.task_of].add(values)

    def by_family(values: Array) -> Array:
        """Sums over the models of each family: shape (F, ...)."""
        return jax.ops.segment_sum(values, kin, families)

    information, told = by_model(information), by_model(told)
    of_groups = (bases.group_sd * jnp.zeros((families, tasks)).at[place].set(1.0))[:, :, None] * jnp.eye(tasks)
    of_factor = jnp.tile(bases.family_sd[:, None], (families, 1, 1))
    to_levels = jnp.concatenate([of_groups, of_factor], axis=2)  # (F, T, T + 1): levels of a family from its effects

    own = bases.model_sd * information
    pivot, told_model = 1.0 + own @ bases.model_sd, told @ bases.model_sd
    with_family, with_tasks = jnp.einsum("jt,jta->ja", own, to_levels[kin]), own * sd
    share_family, share_tasks = with_family / pivot[:, None], with_tasks / pivot[:, None]

    of_family = by_family(information)
    inside = jnp.einsum("fta,ft,ftb->fab", to_levels, of_family, to_levels)
    inside -= by_family(share_family[:, :, None] * with_family[:, None, :])
    across = jnp.einsum("fta,ft->fat", to_levels, of_family * sd)
    across -= by_family(share_family[:, :, None] * with_tasks[:, None, :])
    told_family = jnp.einsum("fta,ft->fa", to_levels, by_family(told))
    told_family -= by_family(share_family * told_model[:, None])
    root = jnp.linalg.cholesky(jnp.eye(tasks + 1) + inside)
    across = solve_triangular(root, across, lower=True)
    middle = solve_triangular(root, told_family[..., None], lower=True)[..., 0]

    of_tasks = jnp.diag(1.0 + information.sum(axis=0) * sd**2)
    of_tasks -= share_tasks.T @ with_tasks + jnp.einsum("fas,fat->st", across, across)
    told_tasks = told.sum(axis=0) * sd - told_model @ share_tasks - jnp.einsum("fas,fa->s", across, middle)
    mean = jnp.linalg.solve(of_tasks, told_tasks)

    deviates = jnp.zeros((families, tasks + 1)).at[:, -1].set(z.family).at[place].set(z.group)
    left = (middle - across @ mean + deviates)[..., None]
    family = solve_triangular(jnp.swapaxes(root, 1, 2), left, lower=False)[..., 0]
    model = (told_model - jnp.sum(with_family * family[kin], axis=1) - with_tasks @ mean) / pivot
    found = z._replace(model=model + z.model / jnp.sqrt(pivot), family=family[:, -1], group=family[place])
    volume = -jnp.sum(jnp.log(jnp.diagonal(root, axis1=1, axis2=2))) - 0.5 * jnp.sum(jnp.log(pivot))
    return found, volume


class _Eliminated(NamedTuple):
    """The normal equations of inner coefficients, one after another, each without those before it; G groups."""

    pivot: list[Array]  # (G,) each
    row: list[Array]  # information about later inner and all outer coefficients
    told: list[Array]  # (G,) each


def _eliminate(information: Array, told: Array, width: int) -> tuple[_Eliminated, Array, Array]:
    """Eliminate the first coefficients of each group (G, n), whose prior is standard normal, from its normal equations.

    One coefficient at a time, for there are many groups of few. Returns also the information and what is told about the
    outer coefficients, shapes (G, n - width, n - width) and (G, n - width).
    """
    found = _Eliminated([], [], [])
    for _ in range(width):
        pivot, row, first = 1.0 + information[:, 0, 0], information[:, 0, 1:], told[:, 0]
        found.pivot.append(pivot)
        found.row.append(row)
        found.told.append(first)
        share = row / pivot[:, None]
        left = (information[:, 1:, 1:] - share[:, :, None] * row[:, None, :], told[:, 1:] - share * first[:, None])
        information, told = jax.lax.optimization_barrier(left)  # or the compiler writes each step into all later ones
    return found, information, told


def _substitute(eliminated: _Eliminated, outer: Array, z: Array) -> Array:
    """Inner coefficients (G, width) given the outer ones and deviates."""
    known = outer
    for i in reversed(range(z.shape[1])):
        pivot = eliminated.pivot[i]
        mean = (eliminated.told[i] - jnp.sum(eliminated.row[i] * known, axis=1)) / pivot
        found = (mean + z[:, i] / jnp.sqrt(pivot))[:, None]
        known = jax.lax.optimization_barrier(jnp.concatenate([found, known], axis=1))
    return known[:, : z.shape[1]]


def _log_root(eliminated: _Eliminated) -> Array:
    """Log of the determinant of the root of the information about inner coefficients, summed over groups."""
    return 0.5 * sum((jnp.sum(jnp.log(pivot)) for pivot in eliminated.pivot), start=jnp.zeros(()))
