"""A law fitted by least squares: the surrogate of policies that know no posterior, and their measure of information."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from bayeslaw.laws.base import Law, reference_point

ITERATIONS, TOLERANCE = 30, 1e-4
"""Steps of a fit at most, and the relative fall of the sum of squares below which it ends."""

NOISE = 0.02
"""Standard deviation of log loss, by which residuals weigh against priors of coordinates."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """A law at the n runs of a table, as a function of the coordinates of G groups.

    A vector of coordinates has those that all groups share (Q,), and then by how much each group departs from them.

    Attributes
    ----------
    law : Law
    groups : ndarray, shape (n,)
        Names of what has a level of its own.
    shape, slopes : callable
        From a vector of coordinates to log losses relative to a reference point (n,), and to their derivatives.
    mean, sd : ndarray, shape (Q + G Q,)
        Prior of the vector.
    """

    law: Law
    groups: np.ndarray
    shape: Callable[[np.ndarray], np.ndarray]
    slopes: Callable[[np.ndarray], np.ndarray]
    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, law: Law, covariates: dict[str, np.ndarray], groups: np.ndarray) -> "Shapes":
        """Compile the law at covariates (n,) of groups (n,)."""
        reference = reference_point(law, covariates)
        known, member = np.unique(groups, return_inverse=True)
        number = len(law.coordinates)

        def log_shape(q: jax.Array) -> jax.Array:
            own = q[:number] + q[number:].reshape(len(known), number)[member]
            named = {c.name: own[:, k] for k, c in enumerate(law.coordinates)}
            return jnp.asarray(law.log_shape(named, covariates, reference))

        compiled, jacobian = jax.jit(log_shape), jax.jit(jax.jacfwd(log_shape))

        def in_double(function: Callable[[np.ndarray], jax.Array]) -> Callable[[np.ndarray], np.ndarray]:
            def call(q: np.ndarray) -> np.ndarray:
                with jax.enable_x64(True):
                    return np.asarray(function(np.asarray(q, float)))

            return call

        mean = np.concatenate([[c.mean for c in law.coordinates], np.zeros(len(known) * number)])
        sd = np.concatenate([[c.sd for c in law.coordinates], np.tile([c.spread for c in law.coordinates], len(known))])
        return cls(law, groups, in_double(compiled), in_double(jacobian), mean, sd)


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A law fitted to some of the runs of a table: coordinates, and a level of each group.

    Attributes
    ----------
    shapes : Shapes
    coordinates : ndarray
    levels : dict of float
        By group, of those that were seen.
    """

    shapes: Shapes
    coordinates: np.ndarray
    levels: dict[str, float]

    @classmethod
    def fit(cls, shapes: Shapes, y: np.ndarray, seen: np.ndarray) -> "Surrogate":
        """Fit log losses y (n,) of the rows ``seen`` (m,); coordinates are held by the priors of the law."""
        mean, sd = shapes.mean, shapes.sd
        names, member = np.unique(shapes.groups[seen], return_inverse=True)
        average = np.zeros((len(names), len(seen)))
        average[member, np.arange(len(seen))] = 1.0
        average /= average.sum(axis=1, keepdims=True)

        def residuals(q: np.ndarray) -> np.ndarray:
            left = y[seen] - shapes.shape(q)[seen]
            return np.concatenate([(left - (average @ left)[member]) / NOISE, (q - mean) / sd])

        found = mean
        now = residuals(found)
        for _ in range(ITERATIONS):  # Gauss-Newton, with shorter steps where a whole one does not help
            slopes = shapes.slopes(found)[seen]
            slopes = ((average @ slopes)[member] - slopes) / NOISE
            step = np.linalg.solve(
                slopes.T @ slopes + np.diag(1 / sd**2), slopes.T @ now[: len(seen)] + now[len(seen) :] / sd
            )
            before = now @ now
            for length in 0.5 ** np.arange(8):
                tried = found - length * step
                now_there = residuals(tried)
                if now_there @ now_there < before:
                    found, now = tried, now_there
                    break
            if not now @ now < before * (1 - TOLERANCE):
                break
        levels = average @ (y[seen] - shapes.shape(found)[seen])
        return cls(shapes, found, dict(zip(names.tolist(), levels.tolist(), strict=True)))

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Losses at rows; a group that was not seen has the mean level."""
        usual = float(np.mean(list(self.levels.values())))
        level = np.array([self.levels.get(group, usual) for group in self.shapes.groups[rows]])
        return np.asarray(np.exp(level + self.shapes.shape(self.coordinates)[rows]))

    def v_optimal(self, seen: np.ndarray, could: np.ndarray, wanted: np.ndarray, cost: np.ndarray) -> int:
        """The one of the rows ``could`` that lowers the mean variance at rows ``wanted`` most for its cost (m,).

        References
        ----------
        Li et al. 2026 (arXiv 2604.22753), whose criterion this is, for a law linearised at its fit.
        """
        onehot = (self.shapes.groups[:, None] == np.array(list(self.levels))).astype(float)
        whole = np.column_stack([onehot, self.shapes.slopes(self.coordinates)])
        weak = np.concatenate([np.full(len(self.levels), 1e-2), 1 / self.shapes.sd**2])
        covariance = np.linalg.inv(whole[seen].T @ whole[seen] / NOISE**2 + np.diag(weak))
        moved = whole[wanted] @ covariance @ whole[could].T
        own = np.sum((whole[could] @ covariance) * whole[could], axis=1)
        return int(np.argmax(np.mean(moved**2, axis=0) / (NOISE**2 + own) / cost))
