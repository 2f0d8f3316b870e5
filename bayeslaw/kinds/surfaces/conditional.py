"""What models have of their own, given the law, the field and the runs: normal but for the tails of the noise.

Many runs pin a model's offset, tilt and curvature down to what the law leaves over, and where there are few they are
whatever the prior says; their standard deviations may come out near nothing. A sampler that moves them one by one
meets narrow ridges in the first case and funnels in the last. Stated in the principal directions of what they would be
if the noise were normal, they are nearly standard normal and independent of all else, whichever the case.
"""

import jax.numpy as jnp

from bayeslaw.laws.base import Array


def given_rest(basis: Array, rest: Array, precision: Array, own_of: Array, sd: Array, z: Array) -> tuple[Array, Array]:
    """Coefficients of models on K basis functions, from standard normal numbers.

    Parameters
    ----------
    basis : Array, shape (K, J)
        Basis functions at the runs.
    rest : Array, shape (J,)
        What all else leaves of the runs.
    precision : Array, shape (J,)
        One over the variance of their noise.
    own_of : Array, shape (J,)
        Model of each run; M for runs of models without coefficients.
    sd : Array, shape (K, M)
        Prior standard deviations of coefficients, whose prior means are 0.
    z : Array, shape (K, M)

    Returns
    -------
    coefficients : Array, shape (K, M)
        ``mean + L^-T z`` for each model, with L the lower Cholesky factor of the precision that prior and runs have
        together.
    volume : Array
        Logarithm of the determinant of the derivative of coefficients with respect to z.
    """
    k, models = sd.shape

    def total(values: Array) -> Array:
        return jnp.zeros(models + 1).at[own_of].add(values)[:models]

    # models by the dozen, but three functions: written out, so that all of it is arithmetic on arrays of models
    lower: list[list[Array]] = []
    for i in range(k):
        row: list[Array] = []
        for j in range(i):
            left = total(basis[i] * basis[j] * precision) - sum(row[m] * lower[j][m] for m in range(j))
            row.append(left / lower[j][j])
        pivot = total(basis[i] ** 2 * precision) + 1.0 / sd[i] ** 2 - sum(value**2 for value in row)
        lower.append([*row, jnp.sqrt(pivot)])
    forward: list[Array] = []
    for i in range(k):
        told = total(basis[i] * precision * rest) - sum(lower[i][m] * forward[m] for m in range(i))
        forward.append(told / lower[i][i])
    found: dict[int, Array] = {}
    for i in reversed(range(k)):
        below = sum(lower[m][i] * found[m] for m in range(i + 1, k))
        found[i] = (forward[i] + z[i] - below) / lower[i][i]
    volume = -sum(jnp.sum(jnp.log(lower[i][i])) for i in range(k))
    return jnp.stack([found[i] for i in range(k)]), volume
