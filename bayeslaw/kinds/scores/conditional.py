"""Levels and walks by their conditional distribution given all else.

They are coefficients, standard normal under the prior, of basis functions that sum to skill. Where scores are taken to
be linear in skill, their distribution given all else is normal. A sampler that moves deviates of this distribution
meets neither the ridges that many scores make of coefficients nor the funnels that few make of their standard
deviations. Coefficients of curves are eliminated first, which leaves a small system for each task.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular

from bayeslaw.laws.base import Array


class Bases(NamedTuple):
    """Basis functions at the M runs of C curves, and what they are multiplied by.

    Skill is, for curve i of task k, ``own_i c_i + shared_i (sd_k d_k)``, where the coefficients d_k are those of the
    shared functions, and then those of all but the first of them times the size of the curve.
    """

    own: Array  # (C, M, B), standard deviations included
    shared: Array  # (C, M, R); the first is 1
    size: Array  # (C,)
    sd: Array  # (T, 2 R - 1)
    task_of: Array  # (C,)


def given_rest(
    bases: Bases, precision: Array, response: Array, own: Array, shared: Array
) -> tuple[Array, Array, Array]:
    """Change of variables from standard normal deviates to coefficients, whose prior is standard normal.

    Parameters
    ----------
    bases : Bases
    precision : Array, shape (C, M)
        Of the runs, on the scale of skill; 0 where padded.
    response : Array, shape (C, M)
        Skill that the runs speak of, less what does not depend on coefficients.
    own, shared : Array, shapes (C, B) and (T, 2 R - 1)
        Deviates.

    Returns
    -------
    own, shared : Array
        Coefficients, of the same shapes.
    volume : Array, shape ()
        Logarithm of the Jacobian determinant of coefficients with respect to deviates.
    """
    basis = jnp.concatenate([bases.own, bases.shared], axis=2)
    weighted = basis * precision[..., None]
    of_curves, information, told = _eliminate(
        jnp.einsum("cma,cmb->cab", weighted, basis), jnp.einsum("cma,cm->ca", weighted, response), own.shape[1]
    )
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
    found = solve_triangular(jnp.swapaxes(root, 1, 2), middle + shared[..., None], lower=False)[..., 0]

    alone = _substitute(of_curves, heights(bases, found), own)
    volume = -jnp.sum(jnp.log(jnp.diagonal(root, axis1=1, axis2=2))) - _log_root(of_curves)
    return alone, found, volume


def heights(bases: Bases, shared: Array) -> Array:
    """Of the shared basis functions of each curve, for coefficients (T, 2 R - 1): shape (C, R)."""
    width = bases.shared.shape[2]
    scaled = (bases.sd * shared)[bases.task_of]
    tilt = jnp.pad(scaled[:, width:] * bases.size[:, None], ((0, 0), (1, 0)))
    return scaled[:, :width] + tilt


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
