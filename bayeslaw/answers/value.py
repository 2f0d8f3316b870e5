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
estimated twice, from either half of the draws: an option is chosen by the one, and counted as the other has it.

Shapes: S draws, R measurements that could be made, P choices between J options each (or P forecasts).
"""

from dataclasses import dataclass, replace
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

    def gains(self) -> np.ndarray:
        """What each measurement is worth, in the unit of the loss: shape (R,)."""
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
    scores : ndarray, shape (R, S)
        Normal scores of the measurements, less what those already made tell of them, scaled to variance 1.
    means : ndarray, shape (2, n, P, J)
        Mean losses at n equally likely findings of the measurements already made (n = 1 if there are none), as either
        half of the draws has it.
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
        return cls(losses, scores, np.repeat(losses.mean(axis=0)[None, None], 2, axis=0))

    def shifts(self, runs: np.ndarray, at: np.ndarray) -> np.ndarray:
        """By how much means move with measurements ``runs`` if their scores are ``at`` (n,): (len(runs), 2, n, P, J).

        As every other draw has it, and as the others do.
        """
        total = np.zeros((len(runs), 2, len(at), self.losses[0].size))
        for half in (0, 1):
            losses = self.losses[half::2]
            flat = (losses - losses.mean(axis=0)).reshape(len(losses), -1)
            for k in range(1, DEGREE + 1):
                known = special.eval_hermitenorm(k, self.scores[runs, half::2]) @ flat
                known /= len(flat) * special.factorial(k)
                total[:, half] += special.eval_hermitenorm(k, at)[:, None] * known[:, None]
        total -= total.mean(axis=2, keepdims=True)
        return total.reshape(len(runs), 2, len(at), *self.losses.shape[1:])

    def gains(self) -> np.ndarray:
        """What each measurement is worth, averaged over the choices: shape (R,)."""
        return self.gains_and_choices()[0]

    def gains_and_choices(self) -> tuple[np.ndarray, np.ndarray]:
        """What each measurement is worth (R,), and the probability that each option is chosen after it (R, P, J)."""
        at = midpoints(STEPS if self.made else FINE)
        now = self._worth(self.means[:, :, None])[0]
        gains, chosen = [], []
        for block in np.array_split(np.arange(len(self.scores)), max(len(self.scores) // 16, 1)):
            for shift in self.shifts(block, at):
                worth, odds = self._worth(self.means[:, :, None] + shift[:, None])
                gains.append(now - worth)
                chosen.append(odds)
        return np.maximum(gains, 0.0), np.array(chosen)

    @staticmethod
    def _worth(means: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss of what either half chooses by means (2, n, m, P, J), as the other has it; odds of options (P, J)."""
        best = means.argmin(axis=-1)
        loss = np.take_along_axis(means[::-1], best[..., None], -1).mean()
        options = np.arange(means.shape[-1])
        return float(loss), (best[..., None] == options).mean(axis=(0, 1, 2))

    def after(self, r: int) -> "ChoiceBelief":
        """The belief after measurement r."""
        order = np.random.default_rng(self.made).permutation(NODES)  # another for each measurement made
        shift = self.shifts(np.array([r]), midpoints(NODES)[order])[0]
        return replace(self, scores=beyond(self.scores, r), means=self.means + shift, made=self.made + 1)


@dataclass(frozen=True, eq=False)
class ForecastBelief:
    """Forecasts and measurements, as normal scores: each measurement accounts for a share of the variance.

    Attributes
    ----------
    width : ndarray, shape (P,)
        Of the 90% interval of each forecast before anything is measured.
    targets : ndarray, shape (P, S)
        Normal scores of the forecasts.
    scores : ndarray, shape (R, S)
        As of `ChoiceBelief`.
    left : ndarray, shape (P,)
        Share of the variance that measurements already made leave.
    """

    width: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    left: np.ndarray

    @classmethod
    def from_draws(cls, forecasts: np.ndarray, scores: np.ndarray) -> "ForecastBelief":
        """From draws of forecasts (S, P) and normal scores of measurements (R, S)."""
        low, high = np.quantile(forecasts, [0.05, 0.95], axis=0)
        return cls(high - low, normal_scores(forecasts.T), scores, np.ones(forecasts.shape[1]))

    def gains(self) -> np.ndarray:
        """By how much each measurement narrows the 90% interval, averaged over the forecasts: shape (R,)."""
        left = np.maximum(self.left - self._shares(self.scores), 0.0)
        return np.asarray((self.width * (np.sqrt(self.left) - np.sqrt(left))).mean(axis=1))

    def after(self, r: int) -> "ForecastBelief":
        """The belief after measurement r."""
        left = np.maximum(self.left - self._shares(self.scores[[r]])[0], 0.0)
        return replace(self, scores=beyond(self.scores, r), left=left)

    def _shares(self, scores: np.ndarray) -> np.ndarray:
        """Shares of the variance of forecasts that measurements account for, shape (R, P)."""
        return np.asarray((scores @ self.targets.T / scores.shape[1]) ** 2)


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
