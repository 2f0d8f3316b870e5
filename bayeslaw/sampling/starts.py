"""Where chains set out."""

import numpy as np

from bayeslaw.kinds.base import Model
from bayeslaw.kinds.shared.population import Position
from bayeslaw.sampling.whitening import Frame

JITTER = 0.2


def starting_positions(model: Model, chains: int, seed: int) -> Position:
    """Starting positions around the centre of the prior; each entry with a leading chain axis.

    Everything sampled is standardised by its prior, so 0 is the prior's centre in every direction.
    """
    rng = np.random.default_rng([seed, 1])
    return {name: JITTER * rng.standard_normal((chains, *shape)) for name, shape in model.sizes().items()}


def starting_points(frame: Frame, chains: int, seed: int) -> np.ndarray:
    """Starting points of a frame, shape (chains, D): draws of the normal that the posterior would be."""
    return np.random.default_rng([seed, 1]).standard_normal((chains, frame.root.shape[1]))
