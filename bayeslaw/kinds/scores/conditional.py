"""Offsets and walks of curves by their conditional distribution given all else.

Linearised, skill is a sum of basis functions with normal coefficients. A sampler that moves deviates of their
conditional distribution meets neither the ridges that many scores make of coefficients nor the funnels that few make of
their standard deviations.
"""

import jax.numpy as jnp

from bayeslaw.laws.base import Array


def given_rest(basis: Array, precision: Array, told: Array, z: Array) -> tuple[Array, Array]:
    """Change of variables from standard normal deviates to coefficients of curves, whose prior is standard normal.

    Parameters
    ----------
    basis : Array, shape (C, M, B)
        Basis functions at the runs of each curve.
    precision : Array, shape (C, M)
        Of the runs, on the scale of skill; 0 where padded.
    told : Array, shape (C, M)
        Precision times residuals without these coefficients.
    z : Array, shape (C, B)

    Returns
    -------
    coefficients : Array, shape (C, B)
        ``mean + L^-T z`` for each curve, with L the lower Cholesky factor of the precision that prior and runs have
        together.
    volume : Array, shape ()
        Logarithm of the Jacobian determinant of coefficients with respect to z.
    """
    width = basis.shape[-1]
    weighted = basis * precision[..., None]
    told_of = jnp.einsum("cmb,cm->bc", basis, told)
    # factors are small: written out, all operations are on arrays over curves
    lower: list[list[Array]] = []
    forward: list[Array] = []
    for i in range(width):
        row: list[Array] = []
        for j in range(i):
            left = jnp.sum(weighted[..., i] * basis[..., j], axis=1) - sum(row[m] * lower[j][m] for m in range(j))
            row.append(left / lower[j][j])
        pivot = jnp.sum(weighted[..., i] * basis[..., i], axis=1) + 1.0 - sum(value**2 for value in row)
        lower.append([*row, jnp.sqrt(pivot)])
        forward.append((told_of[i] - sum(row[m] * forward[m] for m in range(i))) / lower[i][i])
    found: dict[int, Array] = {}
    for i in reversed(range(width)):
        below = sum(lower[m][i] * found[m] for m in range(i + 1, width))
        found[i] = (forward[i] + z[:, i] - below) / lower[i][i]
    volume = -sum(jnp.sum(jnp.log(lower[i][i])) for i in range(width))
    return jnp.stack([found[i] for i in range(width)], axis=1), volume
