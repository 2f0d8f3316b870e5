"""How far real curves stray from the law: a random walk in their log-log slope.

Real curves keep bending in ways that no law has. The discrepancy of a curve is an integrated random walk along
t = log(axis): its slope drifts like Brownian motion from the first size on, so that its variance q^2 (t - t_1)^3 / 3
grows with distance. Each curve has one of its own, and the curves of a task share another, because what a law gets
wrong it gets wrong for all of them together.

A walk is written on a basis: its values at the knots are L c with K = L L' the covariance at the knots and c standard
normal times the walk's rate. Between and beyond the knots it is the conditional mean given those values, plus a
remainder whose covariance is known in closed form.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from bayeslaw.model.design import Design

MAX_KNOTS = 15
MIN_GAP = 0.1
"""Knots lie at least this far apart in log(axis); nearer sizes share their discrepancy to well within the noise."""


def integrated_walk(anchor: float, s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Covariance of an integrated random walk of unit rate that is 0, with slope 0, up to ``anchor``.

    Parameters
    ----------
    anchor : float
        Where the walk sets out, in log units of the axis.
    s, t : ndarray
        Points; their shapes broadcast.

    Returns
    -------
    ndarray
        ``m^2 (3 M - m) / 6`` with m and M the smaller and larger distance from the anchor.
    """
    a, b = np.maximum(s - anchor, 0.0), np.maximum(t - anchor, 0.0)
    smaller, larger = np.minimum(a, b), np.maximum(a, b)
    return smaller**2 * (3 * larger - smaller) / 6


@dataclass(frozen=True, eq=False)
class WalkBasis:
    """Basis of the walks of one task.

    Attributes
    ----------
    anchor : float
        Log of the smallest size, relative to the reference size.
    knots : ndarray, shape (P,)
        Logs of the sizes, relative to the reference size, at which the walk is represented.
    """

    anchor: float
    knots: np.ndarray

    def functions(self, t: np.ndarray) -> np.ndarray:
        """Basis functions at points of any shape (...,): shape (..., P), to be multiplied with coefficients c."""
        if len(self.knots) == 0:
            return np.zeros((*t.shape, 0))
        cross = integrated_walk(self.anchor, t.reshape(-1, 1), self.knots[None])
        return solve_triangular(self._root(), cross.T, lower=True).T.reshape(*t.shape, -1)

    def remainder(self, t: np.ndarray) -> np.ndarray:
        """Covariance at points (n,) given the values at the knots, at unit rate: shape (n, n)."""
        functions = self.functions(t)
        return integrated_walk(self.anchor, t[:, None], t[None]) - functions @ functions.T

    def _root(self) -> np.ndarray:
        return np.linalg.cholesky(integrated_walk(self.anchor, self.knots[:, None], self.knots[None]))


def walk_basis(sizes: np.ndarray) -> WalkBasis:
    """Choose knots for the sizes (logs, any order, repeats allowed) at which a task was measured."""
    distinct = np.unique(sizes)
    knots: list[float] = []
    last = distinct[0]
    for size in distinct[1:]:
        if size - last >= MIN_GAP:
            knots.append(size)
            last = size
    if len(knots) > MAX_KNOTS:
        keep = np.unique(np.linspace(0, len(knots) - 1, MAX_KNOTS).round().astype(int))
        knots = [knots[i] for i in keep]
    return WalkBasis(anchor=float(distinct[0]), knots=np.array(knots))


def walk_bases(design: Design) -> tuple[WalkBasis, ...]:
    """Basis of the walks of each task of a design."""
    seen = design.weight > 0
    here = [design.task_of == k for k in range(len(design.tasks))]
    return tuple(walk_basis(design.axis[mask][seen[mask]]) for mask in here)


@dataclass(frozen=True, eq=False)
class RotatedCurve:
    """One curve's likelihood made elementwise.

    With h the root weights and X = h * basis functions, the level along h is projected out and X decomposed as U S V'.
    Along U the weighted residuals of a curve are independent with variance q^2 S^2 + noise^2; orthogonal to U and h
    they are pure noise.

    Attributes
    ----------
    rotation : ndarray, shape (m, R)
        U.
    strength : ndarray, shape (R,)
        S^2.
    shared : ndarray, shape (R, P)
        S V': how the coefficients of a walk enter.
    spare : int
        Number of pure-noise directions, m - 1 - R.
    """

    rotation: np.ndarray
    strength: np.ndarray
    shared: np.ndarray
    spare: int


def rotate(functions: np.ndarray, weight: np.ndarray) -> RotatedCurve:
    """Decompose a curve given basis functions at its points, shape (m, P), and their weights, shape (m,)."""
    root = np.sqrt(weight)
    design = root[:, None] * functions
    design = design - np.outer(root, root @ design) / (root @ root)
    u, s, v = np.linalg.svd(design, full_matrices=False)
    rank = int(np.sum(s > 1e-9 * np.linalg.norm(root[:, None] * functions)))  # below: rounding, of any direction
    return RotatedCurve(u[:, :rank], s[:rank] ** 2, s[:rank, None] * v[:rank], len(weight) - 1 - rank)
