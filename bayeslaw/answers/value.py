"""The value of a measurement: by how much it improves a choice, or a forecast, that is made after it.

Before the measurement the option with the least mean loss is chosen; after it, the one with the least mean given what
was measured. The expected difference is the *knowledge gradient*, or value of information. The means of all options
move together with what is measured (the *correlated* knowledge gradient: Frazier, Powell, Dayanik 2009, INFORMS Journal
on Computing 21(4), where they move linearly, as in a normal model).

Here conditional means are estimated over joint draws, by regression on Hermite polynomials of the normal score of the
measurement: its rank, turned into a standard normal variable. In a normal model the score is the measurement itself and
the regression is linear. Elsewhere, extrapolated losses have tails (of changes of slope) that make means flat in the
middle and steep at the ends: straight lines then promise half as much again as nested simulation finds, cubics agree.
For the same tails losses are winsorised, lest a few draws decide.

Means that are estimated from some draws have errors, and the least of them looks better than it is. So they are
estimated from either half of the draws, and tried on the other: what is chosen at the finding of a draw by the one half
counts as what it loses in that draw. An estimate that is off, by noise or since means are no polynomials, thus chooses
worse and promises no more; and of a loss with a tail, some cubic falls below all that there is. For the same end
coefficients are drawn towards 0, the more the less they can be told from it. Gains are negative where estimates choose
worse than is chosen now. Gains of measurements on top of one another add up, so these are not cut off.

Each half is a few blocks of draws that follow one another, by which gains scatter: that is their standard error, also
where draws are correlated. So draws are ordered by chain and draw of the posterior; those that share one stay together.

Shapes: S draws in B blocks, R measurements that could be made, P choices between J options each (or P forecasts).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np
from scipy import special, stats

TRIMMED = 0.05
"""Share of the draws of a loss, at either end, that count as the quantile there where means are taken. What is scored
of predictions are their 90% intervals. Beyond these an extrapolated log loss may have a Student-t tail, by which the
loss has no finite mean; with them, expected regrets were one and a half to two and a half times those found on
published tables (tests/statistical/promised_regret.py)."""

DEGREE = 3
"""Of the polynomials of normal scores in which conditional means are sought."""

DRAWN = 2.0
"""Standard errors up to which a coefficient counts as 0; beyond, it is drawn towards 0 by their square over its own."""

BLOCKS, LEAST_DRAWS = 32, 4
"""Blocks of draws, of which either half has as many; and draws of a block at the least, else there are fewer blocks."""

ERRORS = 3.0
"""Standard errors up to which a gain cannot be told from none: of a hundred runs that tell nothing, a few have two."""


@dataclass(frozen=True, eq=False)
class Gains:
    """What measurements are worth, in the unit of the loss.

    Attributes
    ----------
    mean, se : ndarray, shape (R,)
        Estimates, some of them negative where little is gained, and their standard errors.
    share : ndarray, shape (R,)
        Share of the variance of the regret of what is chosen now (or of the forecast) that each accounts for; 0 where
        that cannot be told from none. It tells measurements apart whose gains cannot be told.
    """

    mean: np.ndarray
    se: np.ndarray
    share: np.ndarray

    @property
    def told(self) -> np.ndarray:
        """Which can be told from none: bool, shape (R,)."""
        return told_from_none(self.mean, self.se)

    @property
    def counted(self) -> np.ndarray:
        """Gains that can be told from none, and 0 for the others: shape (R,)."""
        return np.where(self.told, self.mean, 0.0)


def told_from_none(gain: np.ndarray, se: np.ndarray) -> np.ndarray:
    """Whether gains are more than `ERRORS` of their standard errors."""
    return np.asarray(gain > ERRORS * se)


def normal_scores(draws: np.ndarray) -> np.ndarray:
    """Ranks along the last axis as quantiles of a standard normal variable, of variance 1; 0 if all are equal."""
    ranks = stats.rankdata(draws, axis=-1)
    scores = special.ndtri((ranks - 0.5) / draws.shape[-1])
    spread = scores.std(axis=-1, keepdims=True)
    return np.asarray(scores / np.where(spread > 0, spread, 1.0))


def winsorised(draws: np.ndarray) -> np.ndarray:
    """Draws (S, ...) with a share `TRIMMED` at either end set to the quantile there."""
    low, high = np.quantile(draws, [TRIMMED, 1 - TRIMMED], axis=0)
    return np.clip(draws, low, high)


class Belief(Protocol):
    """What is believed before a measurement, and would be after one."""

    def gains(self) -> Gains:
        """What each measurement is worth."""
        ...

    def after(self, r: int) -> "Belief":
        """The belief after measurement r, whatever it finds: gains are then on top of it."""
        ...


@dataclass(frozen=True, eq=False)
class ChoiceBelief:
    """Losses of options and scores of measurements, jointly; and means given the measurements already made.

    Attributes
    ----------
    losses : ndarray, shape (S, P, J)
        Draws, those of a chain one after another.
    scores : ndarray, shape (R, S)
        Normal scores of the measurements, less what those already made tell of them, scaled to variance 1.
    means : ndarray, shape (S, P, J)
        Mean losses given what the measurements already made find in each draw, by the half in which it is not.
    """

    losses: np.ndarray
    scores: np.ndarray
    means: np.ndarray

    @classmethod
    def from_draws(cls, losses: np.ndarray, scores: np.ndarray) -> "ChoiceBelief":
        """From losses (S, P, J) and normal scores (R, S)."""
        return cls(losses, scores, np.broadcast_to(losses.mean(axis=0), losses.shape))

    @cached_property
    def left(self) -> np.ndarray:
        """Losses less their means given what was measured, (S, P * J), and less their own mean in each half."""
        left = (self.losses - self.means).reshape(len(self.losses), -1)
        return np.concatenate([left[half] - left[half].mean(axis=0) for half in halves_of(len(left))])

    def means_after(self, r: int) -> np.ndarray:
        """Mean losses given what measurement r finds in each draw, too: (S, P, J)."""
        powers, blocks = polynomials(self.scores[r]), blocks_of(len(self.left))
        own = np.array([powers[:, block] @ self.left[block] / len(self.left[block]) for block in blocks])
        slopes = drawn_to_none(of_halves(own), errors_of_halves(own))
        moved = [powers[:, half].T @ other for half, other in zip(halves_of(len(self.left)), slopes[::-1], strict=True)]
        return np.asarray(self.means + np.concatenate(moved).reshape(self.losses.shape))

    def gains(self) -> Gains:
        """What each measurement is worth, averaged over the choices."""
        return self.gains_and_choices()[0]

    def gains_and_choices(self) -> tuple[Gains, np.ndarray]:
        """What each measurement is worth, and the probability that each option is chosen after it (R, P, J)."""
        blocks, options = blocks_of(len(self.losses)), self.losses.shape[-1]
        of_choice = options * np.arange(self.losses.shape[1])
        now = self._losses_of(self.means.argmin(axis=-1))
        gained, odds = [], []
        for r in range(len(self.scores)):
            chosen = self.means_after(r).argmin(axis=-1)
            gain = (now - self._losses_of(chosen)).mean(axis=1)
            gained.append([gain[block].mean() for block in blocks])
            odds.append(np.bincount((chosen + of_choice).ravel(), minlength=options * len(of_choice)) / len(chosen))
        of_blocks = np.array(gained).T  # (B, R)
        error = np.sqrt(errors_of_halves(of_blocks).sum(axis=0)) / 2
        regret = (now - self.losses.min(axis=-1)).mean(axis=1)
        share, of_share = shares_of_variance(self.scores, normal_scores(regret[None]))
        told = np.where(told_from_none(share, of_share), share, 0.0)[:, 0]
        return Gains(of_blocks.mean(axis=0), error, told), np.reshape(odds, (-1, *self.losses.shape[1:]))

    def after(self, r: int) -> "ChoiceBelief":
        """The belief after measurement r."""
        return replace(self, scores=beyond(self.scores, r), means=self.means_after(r))

    def _losses_of(self, chosen: np.ndarray) -> np.ndarray:
        """Losses of options chosen in each draw (S, P): of the same shape."""
        return np.take_along_axis(self.losses, chosen[..., None], axis=-1)[..., 0]


@dataclass(frozen=True, eq=False)
class ForecastBelief:
    """Forecasts and measurements, as normal scores: each measurement accounts for a share of the variance.

    Attributes
    ----------
    width, width_se : ndarray, shape (P,)
        Of the 90% interval of each forecast before anything is measured, and its standard error.
    targets : ndarray, shape (P, S)
        Normal scores of the forecasts.
    scores : ndarray, shape (R, S)
        As of `ChoiceBelief`.
    left : ndarray, shape (P,)
        Share of the variance that measurements already made leave.
    """

    width: np.ndarray
    width_se: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    left: np.ndarray

    @classmethod
    def from_draws(cls, forecasts: np.ndarray, scores: np.ndarray) -> "ForecastBelief":
        """From draws of forecasts (S, P), those of a chain one after another, and normal scores (R, S)."""

        def width(of: np.ndarray) -> np.ndarray:
            return np.asarray(np.ptp(np.quantile(of, [0.05, 0.95], axis=0), axis=0))

        of_blocks = np.array([width(forecasts[block]) for block in blocks_of(len(forecasts))])
        error = 0.5 * np.sqrt(errors_of_halves(of_blocks).sum(axis=0))
        return cls(width(forecasts), error, normal_scores(forecasts.T), scores, np.ones(forecasts.shape[1]))

    def gains(self) -> Gains:
        """By how much each measurement narrows the 90% interval, averaged over the forecasts."""
        share, se = shares_of_variance(self.scores, self.targets)

        def narrower(share: np.ndarray) -> np.ndarray:  # as a share of the width
            return np.asarray(np.sqrt(self.left) - np.sqrt(np.maximum(self.left - share, 0.0)))

        by, by_se = narrower(share), 0.5 * (narrower(share + se) - narrower(share - se))
        error = np.hypot(self.width * by_se, by * self.width_se)
        told = np.where(told_from_none(share, se), share, 0.0).mean(axis=1)
        return Gains((self.width * by).mean(axis=1), error.mean(axis=1), told)

    def after(self, r: int) -> "ForecastBelief":
        """The belief after measurement r."""
        share = np.maximum(shares_of_variance(self.scores[[r]], self.targets)[0][0], 0.0)
        return replace(self, scores=beyond(self.scores, r), left=np.maximum(self.left - share, 0.0))


def polynomials(scores: np.ndarray) -> np.ndarray:
    """Hermite polynomials of scores (..., S), of variance 1: shape (..., DEGREE, S)."""
    powers = [np.ones_like(scores), scores]
    for k in range(1, DEGREE):
        powers.append((scores * powers[k] - np.sqrt(k) * powers[k - 1]) / np.sqrt(k + 1))
    return np.stack(powers[1:], axis=-2)


def drawn_to_none(coefficients: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Coefficients drawn towards 0, and to it within `DRAWN` standard errors, from the variances of their errors."""
    beyond_error = np.maximum(coefficients**2 - DRAWN**2 * variance, 0.0)
    return np.divide(beyond_error, coefficients, out=np.zeros_like(coefficients), where=beyond_error > 0)


def shares_of_variance(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the variance of targets (P, S) that scores (R, S) account for, and standard errors, shapes (R, P).

    A share is the product of the correlations in either half of the draws; a square would not be 0 for noise.
    Correlations scatter less than products of scores, which grow with both.
    """
    blocks = blocks_of(scores.shape[1])
    both = np.array([scores[:, b] @ targets[:, b].T / len(targets[0, b]) for b in blocks])
    own, of_target = (np.array([np.mean(x[:, b] ** 2, axis=1) for b in blocks]) for x in (scores, targets))
    square = own[:, :, None] / np.where(own.any(axis=0), own.mean(axis=0), 1.0)[:, None] + of_target[:, None]
    found = of_halves(both)
    of_first, of_second = errors_of_halves(both - 0.5 * found.repeat(len(blocks) // 2, axis=0) * square)
    first, second = found
    return first * second, np.sqrt(second**2 * of_first + first**2 * of_second + of_first * of_second)


def blocks_of(draws: int) -> Sequence[slice]:
    """Blocks of draws that follow one another, an even number of them."""
    number = 2 * int(np.clip(draws // (2 * LEAST_DRAWS), 2, BLOCKS // 2))
    ends = np.linspace(0, draws, number + 1).round().astype(int)
    return [slice(low, high) for low, high in pairwise(ends)]


def halves_of(draws: int) -> tuple[slice, slice]:
    """The draws of either half of the blocks."""
    blocks = blocks_of(draws)
    middle = blocks[len(blocks) // 2].start
    return slice(0, middle), slice(middle, draws)


def of_halves(of_blocks: np.ndarray) -> np.ndarray:
    """Means over the blocks (B, ...) of either half: shape (2, ...)."""
    return of_blocks.reshape(2, -1, *of_blocks.shape[1:]).mean(axis=1)


def errors_of_halves(of_blocks: np.ndarray) -> np.ndarray:
    """Squared standard errors of the means over the blocks (B, ...) of either half: shape (2, ...)."""
    half = of_blocks.reshape(2, -1, *of_blocks.shape[1:])
    return half.var(axis=1, ddof=1) / half.shape[1]


def beyond(scores: np.ndarray, r: int) -> np.ndarray:
    """What scores (R, S) tell beyond measurement r, as normal scores again; 0 where that is nothing, as of itself.

    Where tails are heavy, what is left of a normal score is none; powers of it would be of a few draws.
    """
    correlation = scores @ scores[r] / scores.shape[1]
    rest = scores - correlation[:, None] * scores[r]
    told = np.sqrt(np.mean(rest**2, axis=1)) > 1e-4
    left = np.zeros_like(scores)
    left[told] = normal_scores(rest[told])
    return left
