"""Ways to extrapolate learning curves: point fits of one curve, their bootstraps, and bayeslaw on all of a domain."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.evidence.backtest.curve_cells import CurveTrial, Domain
from bayeslaw.evidence.backtest.scoring import Answer
from bayeslaw.evidence.backtest.settings import MethodSettings
from bayeslaw.evidence.baselines.curves import CURVE_LAWS, fit_curve

Array = NDArray[np.float64]

BOOTSTRAP_DRAWS = 100
DRAWS_KEPT = 2000
"""Draws of bayeslaw that are scored, at most."""

_AT_ONCE = 4_000_000  # predictions held in memory at a time: 32 MB an array


def curve_bootstrap(
    x: Array, y: Array, ahead: Array, *, law: str, draws: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Residual bootstrap of a curve law: the interval that a point fit would report.

    Residuals of log loss, inflated by ``sqrt(n / (n - p))`` for the p fitted parameters and centred, are resampled onto
    the fitted curve; each refit sets out from the point fit, and a resampled residual is added to each prediction.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Points to fit.
    ahead : ndarray, shape (P,)
        Sizes to predict at.
    law : str
        Key of `CURVE_LAWS`.
    draws : int
        Refits.
    rng : numpy.random.Generator

    Returns
    -------
    point : ndarray, shape (P,)
        Prediction of the point fit.
    draws : ndarray, shape (B, P)
        Run predictions; refits that went astray are missing.

    Raises
    ------
    RunsError
        If there are no more points than parameters, or most refits went astray.

    References
    ----------
    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 9.
    """
    n, p = len(x), CURVE_LAWS[law].size
    if n <= p:
        raise RunsError(f"law {law!r} has {p} parameters and the curve {n} points, which leaves no residuals")
    fitted = fit_curve(x, y, law=law)
    curve = np.log(fitted.predict(x))
    residual = (np.log(y) - curve) * np.sqrt(n / (n - p))
    residual -= residual.mean()
    found = []
    for _ in range(draws):
        again = np.exp(curve + rng.choice(residual, n))
        noise = rng.choice(residual, len(ahead))
        with np.errstate(all="ignore"):
            try:
                drawn = fit_curve(x, again, law=law, near=fitted).predict(ahead) * np.exp(noise)
            except RunsError:
                continue
        if np.all(np.isfinite(drawn) & (drawn > 0)):
            found.append(drawn)
    if len(found) < max(draws / 2, 2):
        raise RunsError(f"law {law!r}: only {len(found)} of {draws} bootstrap refits gave a curve; use a simpler law")
    return fitted.predict(ahead), np.array(found)


def _point(law: str, trial: CurveTrial, settings: MethodSettings) -> Answer:
    predicted = fit_curve(trial.x, trial.y, law=law).predict(trial.ahead)
    if not np.all(np.isfinite(predicted) & (predicted > 0)):
        raise RunsError(f"law {law!r} predicts no positive number at some of the sizes")
    return Answer(predicted)


def _bootstrap(law: str, trial: CurveTrial, settings: MethodSettings) -> Answer:
    name = hashlib.sha256(trial.name.encode("utf-8", "surrogatepass")).digest()[:8]
    rng = np.random.default_rng([settings.seed, int.from_bytes(name, "big")])
    draws = curve_bootstrap(trial.x, trial.y, trial.ahead, law=law, draws=BOOTSTRAP_DRAWS, rng=rng)[1]
    return Answer(predicted=np.median(draws, axis=0), draws=draws)


@dataclass(frozen=True)
class CurveMethod:
    """A way to extrapolate one curve by itself.

    Attributes
    ----------
    answer : callable
        Raises a BayeslawError if the curve lacks what the method needs.
    weight : float
        Rough duration relative to others.
    """

    answer: Callable[[CurveTrial, MethodSettings], Answer]
    weight: float = 0.1


BASELINES: Mapping[str, CurveMethod] = MappingProxyType(
    {
        **{law: CurveMethod(functools.partial(_point, law)) for law in CURVE_LAWS},
        "m4_bootstrap": CurveMethod(functools.partial(_bootstrap, "m4"), 1.0),
        "bnsl_bootstrap": CurveMethod(functools.partial(_bootstrap, "bnsl"), 1.0),
    }
)
"""The methods that see one curve at a time, by name."""


def answer_jointly(domain: Domain, settings: MethodSettings) -> list[Answer]:
    """Fit all curves of a domain with bayeslaw and predict a run at each size to come, curve by curve."""
    from bayeslaw.fitting.fit import fit
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    use_compilation_cache()
    fitted = fit(domain.runs, law=settings.law, scales=settings.scales(), sampler=settings.sampler, seed=settings.seed)
    told = fitted.posterior.settings
    sizes = np.unique(np.concatenate([curve.trial.ahead for curve in domain.curves]))
    draws: dict[str, list[Array]] = {curve.trial.name: [] for curve in domain.curves}
    count = int(told["chains"]) * int(told["draws"])
    step = max(1, _AT_ONCE // (count * len(fitted.posterior.layout.curves)))
    for begin in range(0, len(sizes), step):
        # Scores are of one point at a time, so draws need not be joint over the sizes of different chunks.
        chunk = sizes[begin : begin + step]
        prediction = fitted.predictions([{"data": float(size)} for size in chunk], kind="run", seed=settings.seed)
        place = {(task, model): k for k, (model, _, task) in enumerate(prediction.labels)}
        for curve in domain.curves:
            here = np.flatnonzero(np.isin(chunk, curve.trial.ahead))
            kept = slice(None, None, -(-count // DRAWS_KEPT))
            draws[curve.trial.name].append(prediction.values[kept, place[curve.task, curve.model]][:, here])
    answers = []
    for curve in domain.curves:
        index = np.unique(curve.trial.ahead, return_inverse=True)[1]
        own = np.concatenate(draws[curve.trial.name], axis=1)[:, index]
        answers.append(
            Answer(
                predicted=np.median(own, axis=0),
                draws=own,
                status=fitted.status,
                checks=tuple({"name": c.name, "status": c.status, "value": c.value} for c in fitted.posterior.checks),
                details={"sampling_seconds": told["sampling_seconds"], "repairs": list(told["repairs"])},
            )
        )
    return answers
