"""Every law is found again from a noise-free table of its own; priors start the search and hold what runs leave."""

import jax
import numpy as np
import pytest
from scipy import optimize

from bayeslaw.laws import get_law, law_names

VARIANTS = (
    "vanilla(compute)",
    "in_context(shots)",
    "precision(bits)",
    "chinchilla(alpha=beta)",
    "farseer(q=b)",
    "rectified(link=identity)",
)
NAMES = (*(name for name in law_names() if name != "broken2"), *VARIANTS)
"""Two breaks leave several optima, of which the search finds one."""
RUNS, SIGMA = 60, 1e-5


def reference_of(law):
    counted = {c.name: c.like or c.name for c in law.covariates}
    return {name: 10.0 ** (5 + 2 * list(counted).index(like)) for name, like in counted.items()}


def table(law, rng, count, further=0.0):
    """Points up to the reference, of joint laws about it; what counts the same as another is a tenth to twice of it."""
    low, high = (-1.5 - further, 1.5 + further) if law.kind == "surfaces" else (-5.0, further)
    at = {name: value * 10 ** rng.uniform(low, high, count) for name, value in reference_of(law).items()}
    return at | {c.name: at[c.like] * 10 ** rng.uniform(-1.0, 0.3, count) for c in law.covariates if c.like}


@pytest.mark.fits
@pytest.mark.parametrize("name", NAMES)
def test_a_law_is_found_again(name):
    law, rng = get_law(name), np.random.default_rng(1)
    names, reference = [c.name for c in law.coordinates], reference_of(law)
    mean, sd = (np.array([getattr(c, of) for c in law.coordinates]) for of in ("mean", "sd"))
    points = table(law, rng, RUNS)
    truth = mean + 0.7 * sd * rng.choice([-1.0, 1.0], len(sd))

    def shape(x, at):
        return law.log_shape(dict(zip(names, x, strict=True)), at, reference)

    def natural(x, level):
        found = law.natural(dict(zip(names, x, strict=True)), level, reference)
        return {parameter: float(value) for parameter, value in found.items()}

    with jax.enable_x64(True):
        log_loss = 1.0 + np.asarray(shape(truth, points))
        whole = jax.jit(lambda x: shape(x, points))
        slope = jax.jit(jax.jacfwd(lambda x: shape(x, points)))

        def residuals(x):
            return np.r_[(x[0] + np.asarray(whole(x[1:])) - log_loss) / SIGMA, (x[1:] - mean) / sd]

        def jacobian(x):
            of_runs = np.column_stack([np.ones(RUNS), np.asarray(slope(x[1:]))]) / SIGMA
            return np.vstack([of_runs, np.column_stack([np.zeros(len(sd)), np.diag(1 / sd)])])

        start = np.r_[log_loss.mean(), mean]
        found = optimize.least_squares(residuals, start, jacobian, x_scale="jac", max_nfev=2000, xtol=1e-12).x
        far = table(law, rng, 40, further=1.5)
        error = found[0] + shape(found[1:], far) - 1.0 - shape(truth, far)
        assert np.abs(error).max() < 0.001
        assert natural(found[1:], found[0]) == pytest.approx(natural(truth, 1.0), rel=0.01, abs=1e-6)
