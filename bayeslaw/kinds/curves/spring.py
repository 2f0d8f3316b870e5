"""How differences between the curves of a task fade: a damped spring.

A model whose curve starts high on its task falls faster later: differences between curves relax. Measured on
fine-tuning curves, a curve's difference x from the others moves like a damped spring in t = log(axis),

    x'' = -damping x' - stiffness x + noise,

so that from a height of 1 and at rest it follows `Spring.response`, and from random kicks to its slope it wanders with
the covariance that a `Spring` is when called. Both are the textbook solutions of the damped oscillator.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spring:
    """A damped spring, and the covariance of the walk of unit rate that it pulls back.

    The constants were chosen on the curves of two tasks by how likely they make the first sizes and how well they
    predict the last.

    Attributes
    ----------
    damping : float
        Per e-fold of the axis.
    stiffness : float
        Per squared e-fold: differences of level call for a change of slope, and are halved after some 7 e-folds.
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
        """Distance at which a difference is used up, 11 e-folds. Curves stay there: whether they cross is not known."""
        return float(np.pi - np.arctan(2 * self.frequency / self.damping)) / self.frequency

    def response(self, distance: np.ndarray) -> np.ndarray:
        """What is left of a difference of 1 after a distance in e-folds; 1 before it, 0 from ``rest`` on."""
        s = np.clip(distance, 0.0, self.rest)
        swing = np.cos(self.frequency * s) + self.damping / (2 * self.frequency) * np.sin(self.frequency * s)
        return np.exp(-self.damping * s / 2) * swing

    def change(self, axis: np.ndarray, first: np.ndarray) -> np.ndarray:
        """What becomes of a unit of height of curves with first sizes ``first`` (C,), at points ``axis`` (C, A).

        Counted from what is left of it at the reference size, where the level of a curve is defined.
        """
        return self.response(axis - first[:, None]) - self.response(-first)[:, None]

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Covariance of a walk of unit rate that starts at 0 with a random slope and is pulled back.

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
