"""The bounded power law: a power law that starts from a finite loss.

    L(n) = E + C (1 + n / n_c)^-alpha

One of the laws of in-context learning that Arora et al. 2024 compare (arXiv 2410.16531), over the number of
demonstrations; another axis may be named, as in ``bounded_power(data)``. It is flat below n_c and a power law above.

Coordinates are taken at the largest n of a curve.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import (
    Array,
    Coordinate,
    Covariate,
    Law,
    Parameter,
    exponential,
    floored,
    irreducible,
    irreducible_with,
    log_reducible,
)


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    (alpha,) = exponential(coordinates, "log_alpha")
    return -alpha * jax.nn.softplus(coordinates["phase"] + x["demonstrations"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, C, n_c and alpha of the law; ``level`` is the log loss at the largest n."""
    (alpha,), phase, floor = exponential(coordinates, "log_alpha"), coordinates["phase"], coordinates["floor"]
    return {
        "E": irreducible(level, floor),
        "C": jnp.exp(log_reducible(level, floor) + alpha * jax.nn.softplus(phase)),
        "n_c": jnp.exp(jnp.log(reference["demonstrations"]) - phase),
        "alpha": alpha,
    }


LAW = Law(
    name="bounded_power",
    formula="L(n) = E + C (1 + n / n_c)^-alpha",
    source="Arora et al. 2024, arXiv 2410.16531, the bounded power law",
    covariates=(Covariate("demonstrations", "demonstrations"),),
    axis="demonstrations",
    coordinates=(
        # Floor: as in the Bayesian law of in-context learning, 90% from .2 to .96.
        Coordinate("floor", "logit of E / L at the largest n", 1.0, 1.4, 0.5, "task"),
        Coordinate("log_alpha", "log alpha", -0.7, 0.7, 0.3, "task"),
        # The bend may lie anywhere between the first demonstrations and the last.
        Coordinate("phase", "log of the largest n over n_c", 2.0, 1.5, 0.7, "model"),
    ),
    parameters=(
        irreducible_with("demonstrations"),
        Parameter("C", "loss", "what demonstrations remove"),
        Parameter("n_c", "demonstrations", "number from which on they do", coordinate="phase"),
        Parameter("alpha", "1", "exponent of demonstrations", coordinate="log_alpha"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    discrepancy="level",
)
