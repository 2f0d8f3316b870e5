"""Checks of what baselines are given."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayeslaw.errors import RunsError, TargetError

Array = NDArray[np.float64]


def check_curves(sizes: ArrayLike, losses: ArrayLike, target: float, *, least: int) -> tuple[Array, Array]:
    """Sizes ``(S,)`` in increasing order and the losses ``(M, S)`` that belong to them."""
    x, y = np.asarray(sizes, dtype=float), np.asarray(losses, dtype=float)
    if x.ndim != 1 or y.ndim != 2 or y.shape[1] != x.size or y.shape[0] < 1:
        raise RunsError(f"expected sizes (S,) and losses (M, S), found shapes {x.shape} and {y.shape}")
    if x.size < least:
        raise RunsError(f"expected at least {least} sizes, found {x.size}; raise the budget or use a simpler baseline")
    if not (np.isfinite(x) & (x > 0)).all() or np.unique(x).size != x.size:
        raise RunsError(f"expected distinct sizes above zero, found {x.tolist()}; pass size 0 as zero_shot")
    bad = np.argwhere(~(np.isfinite(y) & (y > 0)))
    if bad.size:
        m, s = (int(i) for i in bad[0])
        raise RunsError(f"loss of candidate {m} at size {x[s]:g} is {y[m, s]}; expected finite losses above zero")
    if not (np.isfinite(target) and target > 0):
        raise TargetError(f"expected a target size above zero, found {target}")
    order = np.argsort(x)
    return x[order], y[:, order]


def per_candidate(values: ArrayLike, candidates: int | None, name: str) -> Array:
    """One positive number per candidate."""
    v = np.asarray(values, dtype=float)
    if v.ndim != 1 or (candidates is not None and v.size != candidates):
        wanted = "(M,)" if candidates is None else f"({candidates},)"
        raise RunsError(f"expected one {name} per candidate, shape {wanted}, found shape {v.shape}")
    bad = np.flatnonzero(~(np.isfinite(v) & (v > 0)))
    if bad.size:
        raise RunsError(f"{name} of candidate {bad[0]} is {v[bad[0]]}; expected a finite number above zero")
    return v
