"""Effects of models (offset, tilt, curvature) by their conditional distribution given law, field and runs.

With many runs of a model the runs determine its effects; with few the prior does, and the standard deviations of
effects may be near 0. A sampler that moves effects themselves meets narrow ridges in the first case and funnels in the
second. Were the noise normal, the conditional distribution of effects would be normal; effects are therefore sampled as
standard normal deviates of that distribution, which are nearly independent of all else in both cases.
"""

import jax.numpy as jnp

from bayeslaw.laws.base import Array


def given_rest(basis: Array, rest: Array, precision: Array, own_of: Array, sd: Array, z: Array) -> tuple[Array, Array]:
    """Change of variables from standard normal deviates to coefficients of models on K basis functions.

    Parameters
    ----------
    basis : Array, shape (K, J)
        Basis functions at the runs.
    rest : Array, shape (J,)
        Residuals of the runs, without these coefficients.
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
        Logarithm of the Jacobian determinant of coefficients with respect to z.
    """
    k, models = sd.shape

    # what the runs of a model say together, by one sum of them all
    pairs = [(i, j) for i in range(k) for j in range(i + 1)]
    told = [*(basis[i] * basis[j] for i, j in pairs), *(basis * rest)]
    sums = jnp.zeros((len(told), models + 1)).at[:, own_of].add(precision * jnp.stack(told))[:, :models]
    of_pair, of_rest = dict(zip(pairs, sums, strict=False)), sums[len(pairs) :]
    # K is small: the Cholesky factor is written out, so that all operations are on arrays over models
    lower: list[list[Array]] = []
    for i in range(k):
        row: list[Array] = []
        for j in range(i):
            left = of_pair[i, j] - sum(row[m] * lower[j][m] for m in range(j))
            row.append(left / lower[j][j])
        pivot = of_pair[i, i] + 1.0 / sd[i] ** 2 - sum(value**2 for value in row)
        lower.append([*row, jnp.sqrt(pivot)])
    forward: list[Array] = []
    for i in range(k):
        left = of_rest[i] - sum(lower[i][m] * forward[m] for m in range(i))
        forward.append(left / lower[i][i])
    found: dict[int, Array] = {}
    for i in reversed(range(k)):
        below = sum(lower[m][i] * found[m] for m in range(i + 1, k))
        found[i] = (forward[i] + z[i] - below) / lower[i][i]
    volume = -sum(jnp.sum(jnp.log(lower[i][i])) for i in range(k))
    return jnp.stack([found[i] for i in range(k)]), volume
