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
estimated twice, from either half of the draws: an option is chosen by the one, and counted as the other has it. Each
half is a few blocks of draws that follow one another, by which gains scatter: that is their standard error, also where
draws are correlated. So draws are ordered by chain and draw of the posterior; those that share one stay together.

Shapes: S draws in B blocks, R measurements that could be made, P choices between J options each (or P forecasts).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from scipy import special, stats

TRIMMED = 0.002
"""Share of the draws of a loss, at either end, that count as the quantile there: an extrapolated log loss may have a
Student-t tail, and the loss then has no finite mean."""

DEGREE = 3
"""Of the polynomials of normal scores in which conditional means are sought."""

NODES, STEPS, FINE = 256, 32, 128
"""Findings at which values are averaged: of earlier measurements, of one on top of them, and of one by itself."""

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
        Estimates, not negative, and their standard errors.
    """

    mean: np.ndarray
    se: np.ndarray

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
    """Ranks along the last axis as quantiles of a standard normal variable, scaled to variance 1."""
    ranks = stats.rankdata(draws, axis=-1)
    scores = special.ndtri((ranks - 0.5) / draws.shape[-1])
    return np.asarray(scores / scores.std(axis=-1, keepdims=True))


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
    means : ndarray, shape (B, n, P, J)
        Mean losses at n equally likely findings of the measurements already made (n = 1 if there are none), as each
        block of the draws has it: the first half of the blocks, and the second.
    made : int
        How many were made.
    """

    losses: np.ndarray
    scores: np.ndarray
    means: np.ndarray
    made: int = 0

    @classmethod
    def from_draws(cls, losses: np.ndarray, scores: np.ndarray) -> "ChoiceBelief":
        """From losses (S, P, J) and normal scores (R, S)."""
        means = np.array([losses[block].mean(axis=0) for block in blocks_of(len(losses))])
        means = means - of_halves(means).repeat(len(means) // 2, axis=0) + losses.mean(axis=0)  # alike in both halves
        return cls(losses, scores, means[:, None])

    def slopes(self, runs: np.ndarray) -> np.ndarray:
        """How means go with Hermite polynomials of the scores of ``runs``: (len(runs), B, DEGREE, P, J).

        As each block of the draws has it.
        """
        blocks = blocks_of(len(self.losses))
        found = np.zeros((len(runs), len(blocks), DEGREE, self.losses[0].size))
        for half in np.split(np.arange(len(blocks)), 2):
            middle = np.concatenate([self.losses[blocks[b]] for b in half]).mean(axis=0)
            for b in half:
                own = self.losses[blocks[b]] - middle
                flat = own.reshape(len(own), -1) / len(own)
                for k in range(DEGREE):
                    polynomial = special.eval_hermitenorm(k + 1, self.scores[runs, blocks[b]])
                    found[:, b, k] = polynomial @ flat / special.factorial(k + 1)
        return found.reshape(*found.shape[:3], *self.losses.shape[1:])

    def gains(self) -> Gains:
        """What each measurement is worth, averaged over the choices."""
        return self.gains_and_choices()[0]

    def gains_and_choices(self) -> tuple[Gains, np.ndarray]:
        """What each measurement is worth, and the probability that each option is chosen after it (R, P, J)."""
        basis = polynomials(midpoints(STEPS if self.made else FINE))
        gained, odds = [], []
        for block in np.array_split(np.arange(len(self.scores)), max(len(self.scores) // 16, 1)):
            for slopes in self.slopes(block):
                gain, chosen = self._gain(slopes, basis)
                gained.append(gain)
                odds.append(chosen)
        mean, error = np.array(gained).mean(axis=1), [np.sqrt(errors_of_halves(gain).sum()) / 2 for gain in gained]
        return Gains(np.maximum(mean, 0.0), np.array(error)), np.array(odds)

    def _gain(self, slopes: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What a measurement gains, as each block has it (B,); and odds of options (P, J).

        What is chosen is what that half of the draws has as the best in which the block is not.

        Parameters
        ----------
        slopes : ndarray, shape (B, DEGREE, P, J)
        basis : ndarray, shape (DEGREE, m)
            Polynomials of m equally likely scores.
        """
        means, options = of_halves(self.means), slopes.shape[-1]
        now = (means.argmin(axis=-1)[..., None] == np.arange(options)).astype(float)  # (2, n, P, J)
        half = means[:, :, None] + moved(of_halves(slopes), basis)[:, None]
        best = half.argmin(axis=-1)  # (2, n, m, P)
        chosen = _shares(best, 2, options)
        of_means = (now - chosen) / best.shape[1]
        of_shifts = (now.mean(axis=1)[:, None] - _shares(best, 1, options)) / best.shape[2]
        of_slopes = np.einsum("hmpj,km->hkpj", of_shifts, basis)
        gain = _by_other_half(self.means, of_means) + _by_other_half(slopes, of_slopes)
        return gain / best.shape[3], chosen.mean(axis=(0, 1))

    def after(self, r: int) -> "ChoiceBelief":
        """The belief after measurement r."""
        order = np.random.default_rng(self.made).permutation(NODES)  # another for each measurement made
        shift = moved(self.slopes(np.array([r]))[0], polynomials(midpoints(NODES)[order]))
        return replace(self, scores=beyond(self.scores, r), means=self.means + shift, made=self.made + 1)


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
        share, se = self._shares(self.scores)

        def narrower(share: np.ndarray) -> np.ndarray:  # as a share of the width
            return np.asarray(np.sqrt(self.left) - np.sqrt(np.maximum(self.left - share, 0.0)))

        by, by_se = narrower(share), 0.5 * (narrower(share + se) - narrower(share - se))
        error = np.hypot(self.width * by_se, by * self.width_se)
        return Gains(np.maximum((self.width * by).mean(axis=1), 0.0), error.mean(axis=1))

    def after(self, r: int) -> "ForecastBelief":
        """The belief after measurement r."""
        share = np.maximum(self._shares(self.scores[[r]])[0][0], 0.0)
        return replace(self, scores=beyond(self.scores, r), left=np.maximum(self.left - share, 0.0))

    def _shares(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the variance of forecasts that measurements account for, and standard errors, shapes (R, P).

        A share is the product of the correlations in either half of the draws; a square would not be 0 for noise.
        Correlations scatter less than products of scores, which grow with both.
        """
        blocks = blocks_of(scores.shape[1])
        both = np.array([scores[:, b] @ self.targets[:, b].T / len(self.targets[0, b]) for b in blocks])
        own, of_target = (np.array([np.mean(x[:, b] ** 2, axis=1) for b in blocks]) for x in (scores, self.targets))
        square = own[:, :, None] / np.where(own.any(axis=0), own.mean(axis=0), 1.0)[:, None] + of_target[:, None]
        found = of_halves(both)
        of_first, of_second = errors_of_halves(both - 0.5 * found.repeat(len(blocks) // 2, axis=0) * square)
        first, second = found
        return first * second, np.sqrt(second**2 * of_first + first**2 * of_second + of_first * of_second)


def polynomials(at: np.ndarray) -> np.ndarray:
    """Hermite polynomials of scores (m,), less their means: shape (DEGREE, m)."""
    found = np.array([special.eval_hermitenorm(k, at) for k in range(1, DEGREE + 1)])
    return found - found.mean(axis=1, keepdims=True)


def moved(slopes: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """By how much means move, from slopes (B, DEGREE, P, J) and polynomials of scores (DEGREE, m): (B, m, P, J)."""
    return np.einsum("bkpj,km->bmpj", slopes, basis)


def _shares(best: np.ndarray, axis: int, options: int) -> np.ndarray:
    """Shares of each of J options among indices of options, along an axis, for which J comes last."""
    rows = np.moveaxis(best, axis, -1)
    row = np.arange(rows[..., 0].size).reshape(*rows.shape[:-1], 1)
    count = np.bincount((rows + options * row).ravel(), minlength=options * row.size)
    return count.reshape(*rows.shape[:-1], options) / rows.shape[-1]


def _by_other_half(of_blocks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums of what blocks have (B, ...) by the weights of the half in which they are not (2, ...): shape (B,)."""
    halves = of_blocks.reshape(2, len(of_blocks) // 2, -1)
    return np.einsum("hbi,hi->hb", halves, weights[::-1].reshape(2, -1)).ravel()


def blocks_of(draws: int) -> Sequence[slice]:
    """Blocks of draws that follow one another, an even number of them."""
    number = 2 * int(np.clip(draws // (2 * LEAST_DRAWS), 2, BLOCKS // 2))
    ends = np.linspace(0, draws, number + 1).round().astype(int)
    return [slice(low, high) for low, high in pairwise(ends)]


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


def midpoints(n: int) -> np.ndarray:
    """Standard normal quantiles in the middle of n intervals of equal probability, scaled to variance 1."""
    z = special.ndtri((np.arange(n) + 0.5) / n)
    return np.asarray(z / z.std())
