"""Decay of differences between the curves of a task, as a damped harmonic oscillator.

A model whose curve starts high on its task has steeper slopes later: differences between curves decay. Measured on
fine-tuning curves, a curve's difference x from the others moves like a damped spring in t = log(axis),

    x'' = -damping x' - stiffness x + noise,

so that from x = 1 with slope 0 it follows `Spring.response`, and driven by white noise it is a Gaussian process whose
covariance is ``Spring.__call__``. Both are the textbook solutions of the damped oscillator.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spring:
    """A damped oscillator, and the covariance of the process that white noise of unit rate drives it to.

    The constants were chosen on the curves of two tasks by the likelihood of the first sizes and the accuracy of
    predictions of the last.

    Attributes
    ----------
    damping : float
        Per e-fold of the axis.
    stiffness : float
        Per squared e-fold; differences in level are halved after about 7 e-folds.
    initial_slope : float
        Standard deviation of a walk's slope at its first size, in units of its rate.
    """

    damping: float = 0.072
    stiffness: float = 0.026
    initial_slope: float = 2.1

    @property
    def frequency(self) -> float:
        """Angular frequency, per e-fold."""
        return float(np.sqrt(self.stiffness - self.damping**2 / 4))

    @property
    def rest(self) -> float:
        """Distance at which a difference reaches 0, 11 e-folds. It stays 0 beyond: whether curves cross is unknown."""
        return float(np.pi - np.arctan(2 * self.frequency / self.damping)) / self.frequency

    def response(self, distance: np.ndarray) -> np.ndarray:
        """What remains of a difference of 1 after a distance in e-folds; 1 at distances below 0, 0 from ``rest`` on."""
        s = np.clip(distance, 0.0, self.rest)
        swing = np.cos(self.frequency * s) + self.damping / (2 * self.frequency) * np.sin(self.frequency * s)
        return np.exp(-self.damping * s / 2) * swing

    def change(self, axis: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Effect of a unit starting height of curves with first sizes ``first`` (C,), at points ``axis`` (C, A).

        Relative to what remains of it at the reference size, where the level of a curve is defined.
        """
        return self.response(axis - first[:, None]) - self.response(-first)[:, None]

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Covariance of the driven process of unit rate that starts at 0 with a random slope.

        Parameters
        ----------
        a, b : ndarray
            Distances from its start, not negative; their shapes broadcast.
        """
        damping, frequency = self.damping, self.frequency
        total, smaller = a + b, np.minimum(a, b)
        slope = np.exp(-damping * total / 2) * np.sin(frequency * a) * np.sin(frequency * b) / frequency**2

        def swing(u: np.ndarray) -> np.ndarray:
            """Antiderivative of exp(damping u) cos(frequency (a + b - 2 u)), damped by both distances."""
            angle = frequency * (total - 2 * u)
            wave = damping * np.cos(angle) - 2 * frequency * np.sin(angle)
            return np.exp(damping * (u - total / 2)) * wave / (damping**2 + 4 * frequency**2)

        steady = np.cos(frequency * (a - b)) * np.exp(-damping * total / 2) * np.expm1(damping * smaller) / damping
        kicks = (steady - swing(smaller) + swing(np.zeros_like(smaller))) / (2 * frequency**2)
        return self.initial_slope**2 * slope + kicks
