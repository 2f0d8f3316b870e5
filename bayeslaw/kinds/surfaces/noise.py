"""How runs scatter about the losses that a joint law expects of them: to either side, or upwards only.

A law says which (`bayeslaw.laws.base.Law.noise`). Each way has two scales of a task, of which the first is ``noise``,
and is the whole of what the rest of this folder knows about the scatter of runs.
"""

from dataclasses import dataclass
from typing import Protocol

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from scipy import stats

from bayeslaw.kinds.shared.above import log_density_above, scores_above
from bayeslaw.kinds.shared.generative import Above, Belief, StudentT
from bayeslaw.laws.base import Array, Law


class Noise(Protocol):
    """Distribution of runs about their expected log losses; ``second`` is the other scale than ``noise``."""

    @property
    def second(self) -> str:
        """Name of the other scale."""
        ...

    @property
    def unit(self) -> str:
        """Unit of the other scale."""
        ...

    def log_density(self, residual: Array, variance: Array, second: Array) -> Array:
        """Log density of residuals, with the square of the scale of their symmetric part."""
        ...

    def mean(self, second: Array) -> Array:
        """Mean of residuals."""
        ...

    def precision(self, variance: Array, second: Array) -> Array:
        """How well a run tells what is expected of it, for the changes of variables of a sampler."""
        ...

    def belief(self, expected: Array, scale: Array, second: Array) -> Belief:
        """Distribution of runs in generative form."""
        ...

    def draw(self, scale: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of residuals."""
        ...

    def logpdf(self, residual: np.ndarray, scale: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Log density of residuals, in numpy."""
        ...

    def scores(self, residual: np.ndarray, scale: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Normal scores of residuals."""
        ...


@dataclass(frozen=True)
class EitherSide:
    """Student-t, so that outliers have little influence; the other scale is its degrees of freedom, ``tail``."""

    second: str = "tail"
    unit: str = "degrees of freedom"

    def log_density(self, residual: Array, variance: Array, second: Array) -> Array:
        """Log density of residuals."""
        half = (second + 1.0) / 2.0
        norm = gammaln(half) - gammaln(second / 2.0) - 0.5 * jnp.log(second * variance)
        return norm - half * jnp.log1p(residual**2 / variance / second)

    def mean(self, second: Array) -> Array:
        """Zero."""
        return jnp.zeros_like(second)

    def precision(self, variance: Array, second: Array) -> Array:
        """Fisher information of a Student-t about its location."""
        return (second + 1.0) / (second + 3.0) / variance

    def belief(self, expected: Array, scale: Array, second: Array) -> Belief:
        """Student-t about what is expected."""
        return StudentT(second, expected, scale)

    def draw(self, scale: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of residuals, of the shape of ``scale``."""
        return scale * rng.standard_t(np.broadcast_to(second, scale.shape))

    def logpdf(self, residual: np.ndarray, scale: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Log density of residuals."""
        return np.asarray(stats.t.logpdf(residual, second, 0.0, scale))

    def scores(self, residual: np.ndarray, scale: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Normal scores of residuals."""
        ratio = residual / scale
        return np.asarray(np.sign(ratio) * stats.norm.isf(stats.t.sf(np.abs(ratio), second)))


@dataclass(frozen=True)
class AboveOnly:
    """What is expected is the best that can be reached: runs lie above it, undertuned, by an exponential amount.

    To that a small normal scatter is added. The other scale, ``excess``, is the mean of the amount.
    """

    second: str = "excess"
    unit: str = "log loss"

    def log_density(self, residual: Array, variance: Array, second: Array) -> Array:
        """Log density of residuals."""
        return log_density_above(residual, jnp.sqrt(variance), second)

    def mean(self, second: Array) -> Array:
        """Mean of the amount."""
        return second

    def precision(self, variance: Array, second: Array) -> Array:
        """One over the variance of a run."""
        return 1.0 / (variance + second**2)

    def belief(self, expected: Array, scale: Array, second: Array) -> Belief:
        """The sum of a normal and an exponential, above what is expected."""
        return Above(expected, scale, second)

    def draw(self, scale: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of residuals, of the shape of ``scale``."""
        return scale * rng.standard_normal(scale.shape) + second * rng.standard_exponential(scale.shape)

    def logpdf(self, residual: np.ndarray, scale: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Log density of residuals."""
        return np.asarray(stats.exponnorm.logpdf(residual, second / scale, 0.0, scale))

    def scores(self, residual: np.ndarray, scale: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Normal scores of residuals."""
        return scores_above(residual, scale, second)


def noise_of(law: Law) -> Noise:
    """How runs scatter about a law."""
    return AboveOnly() if law.noise == "above" else EitherSide()
