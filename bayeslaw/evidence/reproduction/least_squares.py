"""Fits by least squares, as papers make them: the point estimates that a posterior is set beside."""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import optimize

from bayeslaw.laws.base import Array, Law, reference_point
from bayeslaw.runs.units import FLOP_PER_TOKEN

Estimates = Mapping[str, float]
"""Natural parameters by name."""

DELTA = 1e-3
"""Residual in log loss from which on the Huber loss grows linearly, in Hoffmann et al. 2022 and after them."""

STARTS = 8
"""Starts, drawn from the priors of the law; papers search a grid."""

GENTLER = (100.0, 10.0)
"""Factors of `DELTA` with which searches begin: with the published one, which is little, they take long to arrive."""

STEPS = 500
"""Steps that a search takes at most."""

Misfit = Callable[[Array, Array], Array]
"""``(log losses by the law, log losses measured) -> number``."""


def huber(law: Law, runs: pd.DataFrame) -> Estimates:
    """Least sum of Huber losses of residuals in log loss, as in Hoffmann et al. 2022, section 3.3.

    Parameters
    ----------
    law : Law
        With the logarithm for its link.
    runs : pandas.DataFrame
        Its covariates and ``loss``.
    """

    def within(delta: float) -> Misfit:
        def misfit(log_loss: Array, log_measured: Array) -> Array:
            size = jnp.abs(log_loss - log_measured) / delta
            return jnp.where(size < 1, size**2 / 2, size - 0.5).sum()

        return misfit

    return _best(law, runs, [within(DELTA * factor) for factor in (*GENTLER, 1.0)])


def squares(law: Law, runs: pd.DataFrame) -> Estimates:
    """Least squares in the loss itself.

    Parameters
    ----------
    law, runs
        As for `huber`.
    """

    def misfit(log_loss: Array, log_measured: Array) -> Array:
        return ((jnp.exp(jnp.minimum(log_loss, 50.0)) - jnp.exp(log_measured)) ** 2).sum() / DELTA**2

    return _best(law, runs, [misfit])


def parabolas(law: Law, runs: pd.DataFrame) -> Estimates:
    """Compute-optimal sizes by a parabola in log N through each budget, and a line in log C through its vertices.

    Approach 2 of Hoffmann et al. 2022, section 3.2. It finds ``a`` and ``G`` of N = G (C / 6)^a, whatever the law.

    Parameters
    ----------
    law : Law
    runs : pandas.DataFrame
        ``params``, ``compute`` and ``loss``; runs of one budget have the same compute.
    """
    vertices = []
    for budget in np.unique(runs["compute"].to_numpy(float)):
        here = runs["compute"] == budget
        size, loss = np.log(runs.loc[here, "params"].to_numpy(float)), runs.loc[here, "loss"].to_numpy(float)
        if len(np.unique(size)) < 3:
            continue
        curvature, slope, _ = np.polyfit(size - size.mean(), loss, 2)
        if curvature > 0:
            vertices.append((np.log(budget / FLOP_PER_TOKEN), size.mean() - slope / (2 * curvature)))
    log_budgets, log_sizes = np.array(vertices).T
    a, log_g = np.polyfit(log_budgets, log_sizes, 1)
    return {"a": float(a), "G": float(np.exp(log_g))}


def _best(law: Law, runs: pd.DataFrame, misfits: Sequence[Misfit]) -> Estimates:
    """The natural parameters of least misfit: the best of several starts by the first misfit, searched on by others."""
    covariates = {c.name: runs[c.name].to_numpy(float) for c in law.covariates}
    reference = reference_point(law, covariates)
    measured = np.log(runs["loss"].to_numpy(float))
    names = [c.name for c in law.coordinates]

    def log_loss(position: Array) -> Array:
        coordinates = dict(zip(names, position[1:], strict=True))
        return position[0] + law.log_shape(coordinates, covariates, reference)

    centre = np.array([np.median(measured), *(c.mean for c in law.coordinates)])
    spread = np.array([measured.std(), *(c.sd for c in law.coordinates)])
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        found = [centre, *(centre + spread * rng.standard_normal((STARTS - 1, len(centre))))]
        for misfit in misfits:
            gradient = jax.jit(jax.value_and_grad(lambda at, misfit=misfit: misfit(log_loss(at), measured)))
            ends = [_searched(gradient, start) for start in found]
            found = [min(ends, key=lambda end: end.fun).x]
        position = jnp.asarray(found[0])
        natural = law.natural(dict(zip(names, position[1:], strict=True)), position[0], reference)
    return {name: float(value) for name, value in natural.items()}


def _searched(gradient: Callable[[np.ndarray], tuple[Array, Array]], start: np.ndarray) -> optimize.OptimizeResult:
    """Search downhill from a start; where a law is not finite, nothing lies further down."""

    def value(position: np.ndarray) -> tuple[float, np.ndarray]:
        height, slope = gradient(position)
        finite = np.isfinite(height) and np.isfinite(slope).all()
        return (float(height), np.asarray(slope)) if finite else (1e12, np.zeros(len(position)))

    return optimize.minimize(value, start, jac=True, method="BFGS", options={"maxiter": STEPS, "gtol": 1e-6})
