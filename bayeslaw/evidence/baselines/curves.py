r"""Point fits of a single learning curve: the laws that extrapolation papers compare, each at a good optimum.

======== ========================================================================== =============================
``m1``   :math:`y = \beta x^c`                                                      power law
``m2``   :math:`y = \beta x^c + y_\infty`                                           with an irreducible part
``m3``   :math:`y = \beta (1/x + \gamma)^c`                                         flattens at large x
``m4``   :math:`(y - y_\infty) / (y_0 - y)^\alpha = \beta x^c`                      flattens at both ends
``bnsl`` :math:`y = a + b x^{-c_0} (1 + (x/d_1)^{1/f_1})^{-c_1 f_1}`                smoothly broken, one break
======== ========================================================================== =============================

M1 to M4 are those of Alabdulmohsin et al. 2022, "Revisiting Neural Scaling Laws in Language and Vision" (arXiv
2209.06640); the broken law is that of Caballero et al. 2023 (arXiv 2210.14891). Their public code searches long and
differently for each law; here all minimise the same thing, the squared error of log y, by Levenberg-Marquardt with
exact Jacobians from several deterministic starts, so that laws are compared and not optimisers.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import leastsq
from scipy.special import expit

from bayeslaw.errors import LawError, RunsError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CurveFit:
    """One law fitted to one curve.

    Attributes
    ----------
    law : str
        Key of `CURVE_LAWS`.
    params : mapping of str to float
        Parameters in the notation of the table above (x in its own units).
    rmsle : float
        Root mean squared error of log y on the fitted points.
    """

    law: str
    params: Mapping[str, float]
    rmsle: float
    _internal: tuple[float, ...]
    _log_x0: float

    def predict(self, x: ArrayLike) -> Array:
        """Value of the fitted curve at ``x`` (any shape, above zero)."""
        t = np.log(np.asarray(x, dtype=float)) - self._log_x0
        return np.exp(CURVE_LAWS[self.law].log_y(np.array(self._internal), np.ravel(t))).reshape(np.shape(t))


def fit_curve(x: ArrayLike, y: ArrayLike, *, law: str, near: CurveFit | None = None) -> CurveFit:
    """Fit one law to one curve by least squares on log y.

    Parameters
    ----------
    x : array_like, shape (n,)
        What scales (examples, tokens, parameters, …), above zero.
    y : array_like, shape (n,)
        Loss or error rate, above zero.
    law : {"m1", "m2", "m3", "m4", "bnsl"}
        See the module.
    near : CurveFit, optional
        A fit of the same law to a similar curve at the same x, to set out from instead of searching.

    Returns
    -------
    CurveFit
        The lowest optimum found over the starts.
    """
    if law not in CURVE_LAWS:
        raise LawError(f"unknown curve law {law!r}; known are {', '.join(CURVE_LAWS)}")
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    form = CURVE_LAWS[law]
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise RunsError(f"expected x and y of one shape (n,), found {xs.shape} and {ys.shape}")
    if np.unique(xs).size < form.size:
        raise RunsError(
            f"law {law!r} has {form.size} parameters, found {np.unique(xs).size} different x; use a simpler law"
        )
    for name, values in (("x", xs), ("y", ys)):
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
        if bad.size:
            raise RunsError(f"{name}[{bad[0]}] is {values[bad[0]]}; expected finite numbers above zero")
    log_x0 = float(np.log(xs).mean())  # centring takes the correlation out of level and exponent
    t, ly = np.log(xs) - log_x0, np.log(ys)
    best, lowest = np.empty(0), np.inf
    # Minimisers may try absurd points; those overflow to a large error and lose.
    with np.errstate(all="ignore"):
        for start in form.starts(t, ly) if near is None else [np.array(near._internal)]:
            found = leastsq(
                lambda p: np.clip(form.log_y(p, t) - ly, -1e6, 1e6),
                start,
                Dfun=lambda p: np.nan_to_num(form.jacobian(p, t)),
                full_output=True,
                maxfev=400,
            )[0]
            error = float(np.mean((form.log_y(found, t) - ly) ** 2))
            if error < lowest:
                best, lowest = found, error
    if not best.size:
        raise RunsError(f"no start of law {law!r} led to a finite fit; look at the curve for outliers, or use law 'm1'")
    return CurveFit(
        law=law,
        params=MappingProxyType(form.published(best, log_x0)),
        rmsle=float(np.sqrt(lowest)),
        _internal=tuple(float(v) for v in best),
        _log_x0=log_x0,
    )


# ----------------------------------------------------------------------------------------------------------- the laws


class CurveLaw(ABC):
    """A law in internal coordinates ``p`` that no constraint bounds, as a function of t = log x - log x0."""

    size: int

    @abstractmethod
    def log_y(self, p: Array, t: Array) -> Array:
        """Log of the law, shape of ``t``."""

    @abstractmethod
    def jacobian(self, p: Array, t: Array) -> Array:
        """Give the derivatives of `log_y`, shape ``(n, size)``."""

    @abstractmethod
    def starts(self, t: Array, ly: Array) -> list[Array]:
        """Deterministic starting points."""

    @abstractmethod
    def published(self, p: Array, log_x0: float) -> dict[str, float]:
        """Parameters in published notation, for x itself."""


class _M1(CurveLaw):
    """p = (log beta, c)."""

    size = 2

    def log_y(self, p: Array, t: Array) -> Array:
        return p[0] + p[1] * t

    def jacobian(self, p: Array, t: Array) -> Array:
        return np.column_stack([np.ones_like(t), t])

    def starts(self, t: Array, ly: Array) -> list[Array]:
        return [_regress(ly, t)]

    def published(self, p: Array, log_x0: float) -> dict[str, float]:
        return {"beta": float(np.exp(p[0] - p[1] * log_x0)), "c": float(p[1])}


class _M2(CurveLaw):
    """p = (log beta, log -c, log y_inf)."""

    size = 3

    def log_y(self, p: Array, t: Array) -> Array:
        return np.logaddexp(p[0] - np.exp(p[1]) * t, p[2])

    def jacobian(self, p: Array, t: Array) -> Array:
        share = expit(p[0] - np.exp(p[1]) * t - p[2])  # of the reducible part
        return np.column_stack([share, -share * np.exp(p[1]) * t, 1.0 - share])

    def starts(self, t: Array, ly: Array) -> list[Array]:
        found = []
        for kept in (0.01, 0.3, 0.6, 0.9, 0.98):
            log_inf = np.log(kept) + ly.min()
            level, slope = _regress(_log_minus(ly, log_inf), t)
            found.append(np.array([level, np.log(max(-slope, 1e-3)), log_inf]))
        return found

    def published(self, p: Array, log_x0: float) -> dict[str, float]:
        c = -float(np.exp(p[1]))
        return {"beta": float(np.exp(p[0] - c * log_x0)), "c": c, "y_inf": float(np.exp(p[2]))}


class _M3(CurveLaw):
    """p = (log beta', log c, log gamma) with everything in units of x0."""

    size = 3

    def log_y(self, p: Array, t: Array) -> Array:
        return p[0] + np.exp(p[1]) * np.logaddexp(-t, p[2])

    def jacobian(self, p: Array, t: Array) -> Array:
        c = np.exp(p[1])
        return np.column_stack([np.ones_like(t), c * np.logaddexp(-t, p[2]), c * expit(p[2] + t)])

    def starts(self, t: Array, ly: Array) -> list[Array]:
        found = []
        for log_gamma in (-t.max() - 4.0, -t.max(), -0.5 * t.max(), 0.0):
            level, c = _regress(ly, np.logaddexp(-t, log_gamma))
            found.append(np.array([level, np.log(max(c, 1e-3)), log_gamma]))
        return found

    def published(self, p: Array, log_x0: float) -> dict[str, float]:
        c = float(np.exp(p[1]))
        return {"beta": float(np.exp(p[0] + c * log_x0)), "c": c, "gamma": float(np.exp(p[2] - log_x0))}


class _M4(CurveLaw):
    r"""p = (log y_inf, log R, b, log -c, log alpha), with R = y_0 - y_inf.

    Writing :math:`w = (y - y_\infty) / R`, the law is :math:`\log w - \alpha \log(1 - w) = u` with
    :math:`u = b + c t`, :math:`b = \log\beta + (\alpha - 1) \log R`: one monotone equation for w in (0, 1).
    """

    size = 5

    def log_y(self, p: Array, t: Array) -> Array:
        return np.logaddexp(p[0], p[1] + self._log_w(p, t)[0])

    def jacobian(self, p: Array, t: Array) -> Array:
        log_w, log_rest = self._log_w(p, t)
        c, alpha = -np.exp(p[3]), _alpha(p[4])
        share = expit(p[1] + log_w - p[0])
        # d log w / du = 1 / (1 + alpha w / (1 - w)), and du is d b + t d c + log(1 - w) d alpha.
        steep = share / (1.0 + alpha * np.exp(log_w - log_rest))
        return np.column_stack([1.0 - share, share, steep, steep * c * t, steep * log_rest * alpha])

    def _log_w(self, p: Array, t: Array) -> tuple[Array, Array]:
        return _solve_m4(p[2] - np.exp(p[3]) * t, _alpha(p[4]))

    def starts(self, t: Array, ly: Array) -> list[Array]:
        """Best few of a coarse grid over the shape (alpha, c, position), each with its best y_inf and R."""
        y, candidates = np.exp(ly), []
        for alpha in (0.3, 1.0, 3.0):
            for c in (0.15, 0.3, 0.6, 1.2, 2.4):
                for b in c * np.quantile(t, (0.02, 0.2, 0.5)):
                    w = np.exp(_solve_m4(b - c * t, alpha)[0])
                    low, span = _regress(np.ones_like(y), w / y, weights=1.0 / y)
                    low = min(max(low, 0.02 * y.min()), 0.98 * y.min())
                    span = max(float(np.sum((y - low) * w / y**2) / np.sum((w / y) ** 2)), 1e-3 * y.min())
                    error = float(np.sum((np.log(low + span * w) - ly) ** 2))
                    candidates.append((error, np.array([np.log(low), np.log(span), b, np.log(c), np.log(alpha)])))
        return _lowest(candidates, 5)

    def published(self, p: Array, log_x0: float) -> dict[str, float]:
        c, alpha = -float(np.exp(p[3])), float(_alpha(p[4]))
        return {
            "beta": float(np.exp(p[2] - (alpha - 1.0) * p[1] - c * log_x0)),
            "c": c,
            "alpha": alpha,
            "y_inf": float(np.exp(p[0])),
            "y_0": float(np.exp(p[0]) + np.exp(p[1])),
        }


class _Bnsl(CurveLaw):
    """p = (log a, log b, c0, c1, log d1, log f1) in units of x0."""

    size = 6

    def log_y(self, p: Array, t: Array) -> Array:
        return np.logaddexp(p[0], self._reducible(p, t))

    def _reducible(self, p: Array, t: Array) -> Array:
        f = _width(p[5])
        return np.asarray(p[1] - p[2] * t - p[3] * f * np.logaddexp(0.0, (t - p[4]) / f))

    def jacobian(self, p: Array, t: Array) -> Array:
        f = _width(p[5])
        z = (t - p[4]) / f
        past, soft = expit(z), np.logaddexp(0.0, z)
        share = expit(self._reducible(p, t) - p[0])
        inner = [np.ones_like(t), -t, -f * soft, p[3] * past, -p[3] * f * (soft - past * z)]
        return np.column_stack([1.0 - share, *(share * column for column in inner)])

    def starts(self, t: Array, ly: Array) -> list[Array]:
        """Best few of a grid over (a, d1), each with its best f1; log(y - a) is then linear in the other three."""
        candidates = []
        for kept in (0.02, 0.4, 0.7, 0.9, 0.97):
            log_a = np.log(kept) + ly.min()
            rest = _log_minus(ly, log_a)
            for d in np.quantile(t, (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)):
                here = []
                for f in (0.1, 0.4, 1.0, 2.5):
                    level, c0, c1 = _regress(rest, -t, -f * np.logaddexp(0.0, (t - d) / f))
                    p = np.array([log_a, level, c0, c1, d, np.log(f)])
                    here.append((float(np.sum((self.log_y(p, t) - ly) ** 2)), p))
                candidates.append(min(here, key=lambda pair: pair[0]))
        return _lowest(candidates, 16)

    def published(self, p: Array, log_x0: float) -> dict[str, float]:
        return {
            "a": float(np.exp(p[0])),
            "b": float(np.exp(p[1] + p[2] * log_x0)),
            "c0": float(p[2]),
            "c1": float(p[3]),
            "d1": float(np.exp(p[4] + log_x0)),
            "f1": _width(p[5]),
        }


CURVE_LAWS: Mapping[str, CurveLaw] = MappingProxyType(
    {"m1": _M1(), "m2": _M2(), "m3": _M3(), "m4": _M4(), "bnsl": _Bnsl()}
)


# ------------------------------------------------------------------------------------------------------------ pieces


def _regress(y: Array, *columns: Array, weights: Array | None = None) -> Array:
    """Least squares of ``y`` on an intercept (scaled by ``weights`` if given) and the columns."""
    first = np.ones_like(y) if weights is None else weights
    return np.asarray(np.linalg.lstsq(np.column_stack([first, *columns]), y, rcond=None)[0])


def _lowest(candidates: list[tuple[float, Array]], count: int) -> list[Array]:
    """Parameters of the candidates with the lowest error."""
    return [p for _, p in sorted(candidates, key=lambda pair: pair[0])[:count]]


def _log_minus(ly: Array, log_part: float) -> Array:
    """``log(y - part)`` where the part lies below every y."""
    return np.asarray(ly + np.log1p(-np.exp(log_part - ly)))


def _alpha(log_alpha: float) -> float:
    """Alpha, kept where the inner equation can be solved in double precision."""
    return float(np.exp(np.clip(log_alpha, -5.0, 5.0)))


def _width(log_f: float) -> float:
    """f1 of the broken law. Below 0.05 a break is a kink between two points, and only fits their noise."""
    return float(np.exp(np.clip(log_f, np.log(0.05), np.log(20.0))))


def _solve_m4(u: Array, alpha: float) -> tuple[Array, Array]:
    """``log w`` and ``log(1 - w)`` with ``log w - alpha log(1 - w) = u``.

    Newton on v = logit(w): h(v) = alpha softplus(v) - softplus(-v) rises with slopes between 1 and alpha and bends one
    way only, so Newton cannot cycle; from the nearer asymptote a handful of steps reach rounding.
    """
    v = np.where(u < 0, u, u / alpha)
    for _ in range(50):
        past = expit(v)
        step = (alpha * np.logaddexp(0.0, v) - np.logaddexp(0.0, -v) - u) / (alpha * past + 1.0 - past)
        v = v - step
        if np.max(np.abs(step), initial=0.0) <= 1e-10 * (1.0 + np.max(np.abs(v), initial=0.0)):
            break
    return -np.logaddexp(0.0, -v), -np.logaddexp(0.0, v)
