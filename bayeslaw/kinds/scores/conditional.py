"""Levels, walks and effects of models and families by their conditional distribution given all else.

They are coefficients, standard normal under the prior, of basis functions that sum to skill. Where scores are taken to
be linear in skill, their distribution given all else is normal. A sampler that moves deviates of this distribution
meets neither the ridges that many scores make of coefficients nor the funnels that few make of their standard
deviations. Coefficients are eliminated from the inside out: of curves, of models (on all tasks), of families, which
leaves one small system for what tasks share.
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
    of_models, of_families, of_tasks = _normal_equations(bases, information, told, len(z.family))
    deviates = jnp.zeros((len(z.family), len(bases.sd) + 1)).at[:, -1].set(z.family)
    deviates = deviates.at[bases.family_of_group, bases.task_of_group].set(z.group)

    width, kin = deviates.shape[1], bases.family_of_model
    root = jnp.linalg.cholesky(jnp.eye(width) + of_families.rows[:, :, :width])
    rows = solve_triangular(root, of_families.rows[:, :, width:], lower=True)
    middle = solve_triangular(root, of_families.told[..., None], lower=True)[..., 0]
    total = of_tasks.rows - jnp.einsum("fas,fat->st", rows, rows)
    whole = jnp.linalg.cholesky(jnp.eye(len(total)) + total)
    heard = solve_triangular(whole, of_tasks.told - jnp.einsum("fas,fa->s", rows, middle), lower=True)

    shared = solve_triangular(whole.T, heard + z.shared.ravel(), lower=False)
    left = (middle - rows @ shared + deviates)[..., None]
    families = solve_triangular(jnp.swapaxes(root, 1, 2), left, lower=False)[..., 0]
    outer = jnp.concatenate([families[kin], jnp.broadcast_to(shared, (len(kin), len(shared)))], axis=1)
    pivot = of_models.pivot
    model = (of_models.told - jnp.sum(of_models.rows * outer, axis=1)) / pivot + z.model / jnp.sqrt(pivot)

    group = families[bases.family_of_group, bases.task_of_group]
    found = Coefficients(z.own, model, families[:, -1], group, shared.reshape(z.shared.shape))
    own = _substitute(of_curves, heights(bases, found), z.own)
    volume = -jnp.sum(jnp.log(jnp.diagonal(whole))) - jnp.sum(jnp.log(jnp.diagonal(root, axis1=1, axis2=2)))
    volume -= 0.5 * jnp.sum(jnp.log(pivot)) + _log_root(of_curves)
    return found._replace(own=own), volume


def heights(bases: Bases, found: Coefficients) -> Array:
    """Of the shared basis functions of each curve, levels of models and families added to the first: shape (C, R)."""
    width, k = bases.shared.shape[2], bases.task_of
    scaled = (bases.sd * found.shared)[k]
    tilt = jnp.pad(scaled[:, width:] * bases.size[:, None], ((0, 0), (1, 0)))
    level = bases.model_sd[k] * found.model[bases.model_of]
    level += bases.family_sd[k] * found.family[bases.family_of_model][bases.model_of]
    level += bases.group_sd[k] * found.group[bases.group_of]
    return (scaled[:, :width] + tilt).at[:, 0].add(level)


class _Models(NamedTuple):
    """Normal equations of models: the pivot of each, its information about outer coefficients, and what is told."""

    pivot: Array  # (J,)
    rows: Array  # (J, T + 1 + S): groups and factor of its family, and what tasks share
    told: Array  # (J,)


class _Outer(NamedTuple):
    """Information about coefficients beside that of their prior, once models are eliminated, and what is told."""

    rows: Array  # of families (F, T + 1, T + 1 + S); of S coefficients of tasks (S, S)
    told: Array  # (F, T + 1); (S,)


def _normal_equations(bases: Bases, information: Array, told: Array, families: int) -> tuple[_Models, _Outer, _Outer]:
    """Those of models, of families, and of S = T (2 R - 1) coefficients of tasks, from those of curves (C, R, R)."""
    tasks, models, kin, k = len(bases.sd), len(bases.family_of_model), bases.family_of_model, bases.task_of
    size, sd = bases.size[:, None], bases.sd[k]
    tilted = information * size[:, None]
    upper = jnp.concatenate([information, tilted[:, :, 1:]], axis=2)
    lower = jnp.concatenate([tilted[:, 1:, :], (tilted * size[:, None])[:, 1:, 1:]], axis=2)
    of_curves = jnp.concatenate([upper, lower], axis=1) * sd[:, :, None] * sd[:, None, :]
    heard = jnp.concatenate([told, told[:, 1:] * size], axis=1) * sd

    def by_model(values: Array) -> Array:
        """Sums over the curves of each model on each task: shape (J, T, ...)."""
        return jnp.zeros((models, tasks, *values.shape[1:])).at[bases.model_of, k].add(values)

    def by_family(values: Array) -> Array:
        return jax.ops.segment_sum(values, kin, families)

    level, across, said = by_model(information[:, 0, 0]), by_model(upper[:, 0] * sd), by_model(told[:, 0])
    is_group = jnp.zeros((families, tasks)).at[bases.family_of_group, bases.task_of_group].set(1.0)
    of_groups = (bases.group_sd * is_group)[:, :, None] * jnp.eye(tasks)
    to_level = jnp.concatenate([of_groups, jnp.tile(bases.family_sd[:, None], (families, 1, 1))], axis=2)  # F T T+1

    own = bases.model_sd * level
    to_shared = (bases.model_sd[:, None] * across).reshape(models, -1)
    rows = jnp.concatenate([jnp.einsum("jt,jta->ja", own, to_level[kin]), to_shared], axis=1)
    of_models = _Models(1.0 + own @ bases.model_sd, rows, said @ bases.model_sd)

    share = rows / of_models.pivot[:, None]
    inside = jnp.einsum("fta,ft,ftb->fab", to_level, by_family(level), to_level)
    outside = jnp.einsum("fta,ftr->fatr", to_level, by_family(across)).reshape(families, tasks + 1, -1)
    left = share[:, : tasks + 1]
    of_families = _Outer(
        jnp.concatenate([inside, outside], axis=2) - by_family(left[:, :, None] * rows[:, None, :]),
        jnp.einsum("fta,ft->fa", to_level, by_family(said)) - by_family(left * of_models.told[:, None]),
    )
    blocks = jax.ops.segment_sum(of_curves, k, tasks)
    whole = (blocks[:, :, None, :] * jnp.eye(tasks)[:, None, :, None]).reshape(to_shared.shape[1], -1)
    of_tasks = _Outer(
        whole - share[:, tasks + 1 :].T @ to_shared,
        jax.ops.segment_sum(heard, k, tasks).ravel() - of_models.told @ share[:, tasks + 1 :],
    )
    return of_models, of_families, of_tasks


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
