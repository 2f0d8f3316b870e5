"""The discrepancy of curves: Gaussian processes by which curves depart from the law.

Real curves have bends that no law describes. Along t = log(axis) the discrepancy of the curves of a task is

- a walk that all curves share, because the error of a law is common to them: an integrated random walk, whose slope is
  Brownian motion from the first size on, so that its variance Q^2 (t - t_1)^3 / 3 grows with distance;
- a walk of each curve's own, which reverts towards the other curves: a driven `Spring` of rate q.

A law that follows whole learning curves has a discrepancy in level instead: each curve has only a walk of its own, a
`WanderingLevel` of standard deviation q, which is stationary. Extrapolation then depends on the law, and not on the
last slope or the last fluctuation of the data.

A walk is written on a basis: its values at the knots are L c with K = L L' the covariance at the knots and c standard
normal times the walk's rate. Between the knots it is the conditional mean given those values, plus a remainder whose
covariance is known in closed form.

Beyond the data, which tell little about the rates there, walks go on as their conditional mean, and each curve and each
task changes its slope at the edge, at rates that errors of extrapolations inside the table foretell (see ``origins``).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.shared.borrowed import TaskPath
from bayeslaw.kinds.shared.walks import IntegratedWalk

MAX_KNOTS = 15
MAX_LEVEL_KNOTS = 32
"""As ``MAX_KNOTS``, for a discrepancy in level, which is rougher than one in slope."""
MIN_GAP = 0.1
"""Knots lie at least this far apart in log(axis); nearer sizes share their discrepancy to well within the noise."""

Covariance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of a walk of unit rate, at two distances from its start; their shapes broadcast. A frozen dataclass, to be stored."""


@dataclass(frozen=True)
class WanderingLevel:
    """Covariance of a stationary discrepancy in level of unit sd (Ornstein-Uhlenbeck).

    Attributes
    ----------
    memory : float
        Correlation length in e-folds of the axis; 1 to 4 fit and predict learning curves equally well.
    """

    memory: float = 1.0

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Covariance at distances a and b."""
        return np.asarray(np.exp(-np.abs(a - b) / self.memory))


@dataclass(frozen=True, eq=False)
class WalkBasis:
    """Basis of the walks of one sort on one task.

    Attributes
    ----------
    covariance : callable
        Of the walk at unit rate.
    anchor : float
        Log of the smallest size, relative to the reference size; below it the walk is constant.
    knots : ndarray, shape (P,)
        Logs of the sizes, relative to the reference size, at which the walk is represented.
    edge : float
        Log of the size, relative to the reference size, up to which the walk is random. Beyond it, it is the
        conditional mean; see ``Foretold`` changes of slope in `bayeslaw.kinds.curves.priors.ScalePriors`.
    """

    covariance: Covariance
    anchor: float
    knots: np.ndarray
    edge: float = np.inf

    def functions(self, t: np.ndarray) -> np.ndarray:
        """Basis functions at points of any shape (...,): shape (..., P), to be multiplied with coefficients c."""
        if len(self.knots) == 0:
            return np.zeros((*t.shape, 0))
        cross = self._between(t.reshape(-1, 1), self.knots[None])
        return solve_triangular(self._root(), cross.T, lower=True).T.reshape(*t.shape, -1)

    def whiten(self) -> np.ndarray:
        """Matrix from values at the knots to coefficients, shape (P, P); lower triangular."""
        return solve_triangular(self._root(), np.eye(len(self.knots)), lower=True)

    def remainder(self, t: np.ndarray) -> np.ndarray:
        """Covariance at points (n,) given the values at the knots, at unit rate: shape (n, n); 0 beyond the edge."""
        t = np.minimum(t, self.edge)
        functions = self.functions(t)
        return self._between(t[:, None], t[None]) - functions @ functions.T

    def _between(self, s: np.ndarray, t: np.ndarray) -> np.ndarray:
        return self.covariance(np.maximum(s - self.anchor, 0.0), np.maximum(t - self.anchor, 0.0))

    def _root(self) -> np.ndarray:
        return np.linalg.cholesky(self._between(self.knots[:, None], self.knots[None]))


@dataclass(frozen=True, eq=False)
class TaskWalks:
    """The walks of a task: each curve's ``own``, and the one ``shared`` by all.

    They have the same knots, except that a discrepancy in level has no shared walk: no knots, and a rate fixed at 0. On
    a task whose path is known, the shared walk has the knots of the path, and beyond these those of the table.

    Attributes
    ----------
    own, shared : WalkBasis
    known : int
        Number of coefficients of the shared walk, the first ones, that follow from a known path.
    """

    own: WalkBasis
    shared: WalkBasis
    known: int = 0


def slope_walks(sizes: np.ndarray, path: TaskPath | None, spring: Spring) -> TaskWalks:
    """Choose knots for the sizes (logs, any order, repeats allowed) of a task, for a discrepancy in slope."""
    distinct = np.unique(sizes)
    edge = float(distinct[-1])
    if path is not None:
        own = _spaced(distinct[distinct > path.anchor], path.anchor, MAX_KNOTS)
        beyond = _spaced(distinct[distinct > path.knots[-1]], float(path.knots[-1]), MAX_KNOTS)
        return TaskWalks(
            own=WalkBasis(spring, path.anchor, own, edge),
            shared=WalkBasis(
                IntegratedWalk(), path.anchor, np.concatenate([path.knots, beyond]), max(edge, float(path.knots[-1]))
            ),
            known=len(path.knots),
        )
    anchor = float(distinct[0])
    knots = _spaced(distinct[1:], anchor, MAX_KNOTS)  # at its first size a walk of the slope is 0
    return TaskWalks(
        own=WalkBasis(spring, anchor, knots, edge), shared=WalkBasis(IntegratedWalk(), anchor, knots, edge)
    )


def level_walks(sizes: np.ndarray, path: TaskPath | None, spring: Spring) -> TaskWalks:
    """Choose knots for the sizes of a task, for a discrepancy in level, which has no shared walk."""
    distinct = np.unique(sizes)
    anchor = float(distinct[0])
    level = WanderingLevel()
    knots = _spaced(distinct, -np.inf, MAX_LEVEL_KNOTS)
    return TaskWalks(own=WalkBasis(level, anchor, knots), shared=WalkBasis(level, anchor, np.empty(0)))


def _spaced(sizes: np.ndarray, last: float, most: int) -> np.ndarray:
    """Of increasing sizes beyond ``last``, those at least `MIN_GAP` apart, thinned to ``most`` of them."""
    kept = []
    for size in sizes:
        if size - last >= MIN_GAP:
            kept.append(size)
            last = size
    if len(kept) > most:
        kept = [kept[i] for i in np.unique(np.linspace(0, len(kept) - 1, most).round().astype(int))]
    return np.array(kept)


@dataclass(frozen=True, eq=False)
class RotatedCurve:
    """A rotation of one curve that makes its likelihood a product of independent terms.

    With h the root weights, X = h * own basis functions and Y = h * shared ones, the level along h is projected out
    and X decomposed as U S V'. Along U the weighted residuals of a curve are independent, given the shared walk, with
    variance q^2 S^2 + noise^2. Directions of Y outside U, if any, join it with S = 0; orthogonal to all these and to h
    residuals are pure noise.

    Attributes
    ----------
    rotation : ndarray, shape (m, R)
        U.
    strength : ndarray, shape (R,)
        S^2.
    own, shared : ndarray, shape (R, P)
        U'X, which is S V', and U'Y: how the coefficients of the walks enter.
    noise_directions : int
        Number of pure-noise directions, m - 1 - R.
    """

    rotation: np.ndarray
    strength: np.ndarray
    own: np.ndarray
    shared: np.ndarray
    noise_directions: int


def rotate(own: np.ndarray, shared: np.ndarray, weight: np.ndarray) -> RotatedCurve:
    """Decompose a curve given basis functions at its points, shapes (m, P), and their weights, shape (m,)."""
    root = np.sqrt(weight)

    def directions(functions: np.ndarray, beside: np.ndarray) -> np.ndarray:
        """Orthonormal directions of basis functions beside others."""
        rest = functions - beside @ (beside.T @ functions)
        u, s, _ = np.linalg.svd(rest, full_matrices=False)
        u = u[:, s > 1e-9 * np.linalg.norm(functions)]  # below: rounding, of any direction
        u -= beside @ (beside.T @ u)  # weak directions carry rounding of strong ones
        return u

    x, y = root[:, None] * own, root[:, None] * shared
    level = (root / np.linalg.norm(root))[:, None]
    u = directions(x, level)
    u = np.column_stack([u, directions(y, np.column_stack([level, u]))])
    return RotatedCurve(u, np.sum((u.T @ x) ** 2, axis=1), u.T @ x, u.T @ y, len(weight) - 1 - u.shape[1])
