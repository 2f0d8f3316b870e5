"""How differences between the curves of a task fade.

A model whose curve starts high on its task falls faster later: differences between curves relax. Measured on
fine-tuning curves, a curve's difference x from the others moves like a damped spring in t = log(axis),

    x'' = -DAMPING x' - STIFFNESS x + noise,

so that from a height of 1 and at rest it follows ``response``, and from random kicks to its slope it wanders with the
covariance ``relaxing_walk``. Both are the textbook solutions of the damped oscillator. The constants were chosen on the
curves of two tasks by how likely they make the first sizes and how well they predict the last.
"""

import numpy as np

DAMPING = 0.072
"""Per e-fold of the axis."""

STIFFNESS = 0.026
"""Per squared e-fold: differences of level call for a change of slope, and are halved after some 7 e-folds."""

INITIAL_SLOPE = 2.1
"""Standard deviation of a walk's slope where it sets out, in units of its rate."""

FREQUENCY = float(np.sqrt(STIFFNESS - DAMPING**2 / 4))
REST = float(np.pi - np.arctan(2 * FREQUENCY / DAMPING)) / FREQUENCY
"""Distance at which a difference is used up, 11 e-folds. Curves are held there: that they cross is not known."""


def response(distance: np.ndarray) -> np.ndarray:
    """What is left of a difference of 1 after a distance in e-folds; 1 before it, 0 from ``REST`` on."""
    s = np.clip(distance, 0.0, REST)
    swing = np.cos(FREQUENCY * s) + DAMPING / (2 * FREQUENCY) * np.sin(FREQUENCY * s)
    return np.exp(-DAMPING * s / 2) * swing


def relaxing_walk(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Covariance of a walk of unit rate that sets out from 0 with a random slope and is pulled back.

    Parameters
    ----------
    a, b : ndarray
        Distances from where it sets out, not negative; their shapes broadcast.
    """
    total, smaller = a + b, np.minimum(a, b)
    slope = np.exp(-DAMPING * total / 2) * np.sin(FREQUENCY * a) * np.sin(FREQUENCY * b) / FREQUENCY**2

    def swing(u: np.ndarray) -> np.ndarray:
        """Antiderivative of exp(DAMPING u) cos(FREQUENCY (a + b - 2 u)), damped by both distances."""
        angle = FREQUENCY * (total - 2 * u)
        wave = DAMPING * np.cos(angle) - 2 * FREQUENCY * np.sin(angle)
        return np.exp(DAMPING * (u - total / 2)) * wave / (DAMPING**2 + 4 * FREQUENCY**2)

    steady = np.cos(FREQUENCY * (a - b)) * np.exp(-DAMPING * total / 2) * np.expm1(DAMPING * smaller) / DAMPING
    kicks = (steady - swing(smaller) + swing(np.zeros_like(smaller))) / (2 * FREQUENCY**2)
    return INITIAL_SLOPE**2 * slope + kicks
