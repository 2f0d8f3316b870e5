"""Scores of predicted losses, of choices, and of predictive draws.

Arrays are plain numpy. ``M`` counts models (or any other targets), ``B`` counts draws; draws are always ``(B, M)``.
Losses are positive and smaller is better. Everything that scores a *distribution* does so for log loss, so that a
curve at loss 4 and one at loss 0.4 weigh the same, and so that widths read as relative errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import logsumexp

from bayeslaw.errors import RunsError

Array = NDArray[np.float64]

INTERVAL_LEVELS = (0.5, 0.8, 0.9, 0.95)
MISCALIBRATION_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


def paired(predicted: ArrayLike, true: ArrayLike, *, least: int = 1) -> tuple[Array, Array]:
    """Check two ``(M,)`` arrays of finite numbers against each other."""
    p, t = np.asarray(predicted, dtype=float), np.asarray(true, dtype=float)
    if p.ndim != 1 or p.shape != t.shape:
        raise RunsError(
            f"expected one prediction per true loss, found shapes {p.shape} and {t.shape}; pass (M,) arrays"
        )
    if p.size < least:
        raise RunsError(f"expected at least {least} models to score, found {p.size}; this score compares models")
    for name, values in (("prediction", p), ("true loss", t)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise RunsError(f"{name} {bad[0]} is {values[bad[0]]}; replace or drop what is not finite before scoring")
    return p, t


def _positive(values: Array, name: str) -> Array:
    """Check that losses can be put on a log scale."""
    bad = np.argwhere(~(values > 0))
    if bad.size:
        where = tuple(int(i) for i in bad[0])
        raise RunsError(f"{name} at {where} is {values[where]}; log scores need losses above zero")
    return values


def _log_draws(draws: ArrayLike, true: ArrayLike) -> tuple[Array, Array]:
    """Check draws ``(B, M)`` and truths ``(M,)`` of loss, and take their logs."""
    d, t = np.asarray(draws, dtype=float), np.asarray(true, dtype=float)
    if d.ndim != 2 or t.ndim != 1 or d.shape[1] != t.size or d.shape[0] < 2:
        raise RunsError(f"expected draws (B, M) and true losses (M,), found {d.shape} and {t.shape}; draws come first")
    if not (np.isfinite(d).all() and np.isfinite(t).all()):
        raise RunsError("expected finite draws and true losses, found nan or inf; drop the models they belong to")
    return np.log(_positive(d, "draw")), np.log(_positive(t, "true loss"))


# ------------------------------------------------------------------------------------------- choosing among candidates


def rel_acc(predicted: ArrayLike, true: ArrayLike) -> float:
    """Relative accuracy of choosing the candidate with the lowest prediction.

    Parameters
    ----------
    predicted : array_like, shape (M,)
        Predicted loss, or any feature that is low for a promising candidate.
    true : array_like, shape (M,)
        Loss reached at the target.

    Returns
    -------
    float
        ``(worst - chosen) / (worst - best)`` on the true losses: 1 chose the best, 0 the worst. Among equal
        predictions the first counts as chosen.

    References
    ----------
    Lin et al. 2024, "Selecting Large Language Model to Fine-tune via Rectified Scaling Law", section 5 (RelAcc).
    """
    p, t = paired(predicted, true, least=2)
    spread = t.max() - t.min()
    if spread == 0:
        raise RunsError("all true losses are equal, so no choice is better than another; RelAcc is undefined")
    return float((t.max() - t[p.argmin()]) / spread)


def pear_corr(predicted: ArrayLike, true: ArrayLike) -> float:
    """Pearson correlation of predicted and true loss, both raw (not logs), as in Lin et al. 2024 (PearCorr).

    The worst candidates dominate it. A constant prediction has no correlation and is refused.
    """
    p, t = paired(predicted, true, least=2)
    if np.ptp(p) == 0 or np.ptp(t) == 0:
        raise RunsError("predictions or true losses are all equal; a correlation needs some spread in both")
    return float(stats.pearsonr(p, t)[0])


def kendall_tau(predicted: ArrayLike, true: ArrayLike) -> float:
    """Kendall's tau-b of predicted and true loss (ties allowed; 1 is the same order, -1 the reverse)."""
    p, t = paired(predicted, true, least=2)
    if np.ptp(p) == 0 or np.ptp(t) == 0:
        raise RunsError("predictions or true losses are all equal; a rank correlation needs some spread in both")
    return float(stats.kendalltau(p, t)[0])


def regret(predicted: ArrayLike, true: ArrayLike) -> float:
    """Give what the choice costs: true loss of the lowest prediction less that of the best (units of loss, >= 0)."""
    p, t = paired(predicted, true)
    return float(t[p.argmin()] - t.min())


def relative_regret(predicted: ArrayLike, true: ArrayLike) -> float:
    """Give what the choice costs as a share of the best loss, ``(chosen - best) / best`` (0.1: a tenth worse)."""
    p, t = paired(predicted, true)
    return float((t[p.argmin()] - t.min()) / _positive(t, "true loss").min())


def rmsle(predicted: ArrayLike, true: ArrayLike) -> float:
    """Root mean squared error of log loss (Alabdulmohsin et al. 2022; roughly a relative error)."""
    p, t = paired(predicted, true)
    return float(np.sqrt(np.mean((np.log(_positive(p, "prediction")) - np.log(_positive(t, "true loss"))) ** 2)))


def are_median(predicted: ArrayLike, true: ArrayLike) -> float:
    """Median absolute relative error ``|predicted - true| / true`` (Choshen et al. 2024 use the mean of it)."""
    p, t = paired(predicted, true)
    return float(np.median(np.abs(p - t) / _positive(t, "true loss")))


# --------------------------------------------------------------------------------------------- predictive distributions


def crps(draws: ArrayLike, true: ArrayLike) -> Array:
    """Continuous ranked probability score of log loss, one per target (smaller is better).

    Parameters
    ----------
    draws : array_like, shape (B, M)
        Draws of loss (not log).
    true : array_like, shape (M,)
        Loss reached.

    Returns
    -------
    ndarray, shape (M,)
        ``mean |x_i - y| - 1/2 mean |x_i - x_j|`` over all B^2 pairs, with x and y logs of loss: exactly the CRPS of the
        empirical distribution of the draws. Sorting gives the double sum in O(B log B).

    References
    ----------
    Gneiting and Raftery 2007, "Strictly Proper Scoring Rules", equation 21.
    """
    x, y = _log_draws(draws, true)
    x = np.sort(x, axis=0)
    n = x.shape[0]
    # Of the n^2 pairs, the k-th smallest value is the larger one 2k - n - 1 times more often than the smaller.
    weights = 2.0 * np.arange(1, n + 1) - n - 1
    # Centring first: the weights sum to zero, so nothing changes but rounding.
    half_spread = weights @ (x - x[n // 2]) / n**2
    return np.asarray(np.abs(x - y).mean(axis=0) - half_spread)


def log_score_mixture(means: ArrayLike, sds: ArrayLike, true: ArrayLike, *, tail: ArrayLike | None = None) -> Array:
    """Log density of log loss under an equal mixture of normals, one per target (larger is better).

    This is the score to prefer where each draw of a posterior gives a mean and a standard deviation of the log loss
    to be measured: the mixture *is* the predictive density, and no bandwidth has to be chosen.

    Parameters
    ----------
    means, sds : array_like, shape (B, M) (sds may broadcast to it)
        Mean and standard deviation of log loss in each component.
    true : array_like, shape (M,)
        Loss reached (not log).
    tail : array_like, shape (B, M) (or what broadcasts to it), optional
        Degrees of freedom, where components are Student-t with ``sds`` as their scales.

    Returns
    -------
    ndarray, shape (M,)
        ``log( mean_b Normal(log true | means_b, sds_b) )``, in nats, a density per unit of log loss.
    """
    m, t = np.asarray(means, dtype=float), np.asarray(true, dtype=float)
    if m.ndim != 2 or t.shape != m.shape[1:]:
        raise RunsError(f"expected means (B, M) and true losses (M,), found shapes {m.shape} and {t.shape}")
    s = np.broadcast_to(np.asarray(sds, dtype=float), m.shape)
    if not (s > 0).all():
        raise RunsError("expected standard deviations above zero, found one that is not; a point has no density")
    z = (np.log(_positive(t, "true loss")) - m) / s
    log_density = -0.5 * z**2 - _LOG_SQRT_2PI if tail is None else stats.t.logpdf(z, np.asarray(tail, dtype=float))
    return np.asarray(logsumexp(log_density - np.log(s), axis=0) - np.log(m.shape[0]))


def log_score_draws(draws: ArrayLike, true: ArrayLike) -> Array:
    """Log density of log loss from draws alone, by a Gaussian kernel estimate, one per target.

    The bandwidth is Silverman's ``0.9 min(sd, IQR / 1.349) B^(-1/5)`` on log loss, per target: the interquartile range
    keeps a few wild draws from smearing the middle. Far in the tails a kernel estimate falls off as a normal of
    the bandwidth's width, so it punishes misses harder than the draws say: use `log_score_mixture` where components
    are known.

    Parameters
    ----------
    draws : array_like, shape (B, M)
        Draws of loss (not log).
    true : array_like, shape (M,)
        Loss reached (not log).

    Returns
    -------
    ndarray, shape (M,)
        Log density per unit of log loss, in nats.

    References
    ----------
    Silverman 1986, "Density Estimation for Statistics and Data Analysis", equation 3.31.
    """
    x, _ = _log_draws(draws, true)
    q25, q75 = np.quantile(x, (0.25, 0.75), axis=0)
    sd = x.std(axis=0, ddof=1)
    iqr = (q75 - q25) / 1.349
    scale = np.where(iqr > 0, np.minimum(sd, iqr), sd)
    if not (scale > 0).all():
        raise RunsError(f"draws of target {int(scale.argmin())} are all equal; a density needs draws that differ")
    return log_score_mixture(x, 0.9 * scale * x.shape[0] ** -0.2, true)


def log_score_of_loss(log_score: ArrayLike, true: ArrayLike, *, unit: ArrayLike = 1.0) -> Array:
    """Turn log densities of log loss into log densities of ``loss / unit``.

    Needed to compare with published numbers that score raw or normalised loss: by change of variables the density
    of ``u = loss / unit`` is that of log loss divided by ``u`` (Lee et al. 2025 take the largest seen loss as unit).
    """
    return np.asarray(np.asarray(log_score, dtype=float) - np.log(np.asarray(true, dtype=float) / np.asarray(unit)))


@dataclass(frozen=True)
class IntervalScores:
    """Central predictive intervals against what happened.

    Attributes
    ----------
    levels : ndarray, shape (K,)
        Nominal coverage.
    coverage : ndarray, shape (K,)
        Share of targets inside.
    width : ndarray, shape (K,)
        Mean width in log loss (0.1 is about 10 % of the loss).
    """

    levels: Array
    coverage: Array
    width: Array


def intervals(draws: ArrayLike, true: ArrayLike, *, levels: Sequence[float] = INTERVAL_LEVELS) -> IntervalScores:
    """Coverage and width of central intervals of log loss.

    Parameters
    ----------
    draws : array_like, shape (B, M)
        Draws of loss (not log).
    true : array_like, shape (M,)
        Loss reached.
    levels : sequence of float
        Nominal coverages, in (0, 1).
    """
    x, y = _log_draws(draws, true)
    lv = np.asarray(levels, dtype=float)
    if lv.ndim != 1 or not ((lv > 0) & (lv < 1)).all():
        raise RunsError(f"expected interval levels between 0 and 1, found {list(levels)}; write 0.9 for 90 %")
    low = np.quantile(x, (1 - lv) / 2, axis=0)
    high = np.quantile(x, (1 + lv) / 2, axis=0)
    inside = (low <= y) & (y <= high)
    return IntervalScores(levels=lv, coverage=inside.mean(axis=1), width=(high - low).mean(axis=1))


def miscalibration(draws: ArrayLike, true: ArrayLike, *, levels: Sequence[float] = MISCALIBRATION_LEVELS) -> float:
    """Mean squared difference of observed and nominal coverage over levels (MSCE of Lee et al. 2025)."""
    found = intervals(draws, true, levels=levels)
    return float(np.mean((found.coverage - found.levels) ** 2))


def pit(draws: ArrayLike, true: ArrayLike) -> Array:
    """Probability integral transform: where the truth falls among the draws, in (0, 1), one per target.

    ``(number below + half the number equal + 1/2) / (B + 1)``; uniform over targets if the draws are calibrated.
    """
    x, y = _log_draws(draws, true)
    return np.asarray(((x < y).sum(axis=0) + 0.5 * (x == y).sum(axis=0) + 0.5) / (x.shape[0] + 1))
