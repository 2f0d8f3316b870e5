"""Starting points of chains."""

import numpy as np

from bayeslaw import streams
from bayeslaw.kinds.base import Model
from bayeslaw.kinds.shared.population import Position
from bayeslaw.sampling.whitening import Frame
from bayeslaw.streams import generator

JITTER = 0.2


def starting_positions(model: Model, chains: int, seed: int) -> Position:
    """Starting positions around the centre of the prior; each entry with a leading chain axis.

    Everything sampled is standardised by its prior, so 0 is the prior's centre in every direction.
    """
    rng = generator(seed, streams.STARTS)
    return {name: JITTER * rng.standard_normal((chains, *shape)) for name, shape in model.sizes().items()}


def starting_points(frame: Frame, chains: int, seed: int) -> np.ndarray:
    """Starting points in free coordinates, shape (chains, D): standard normal draws."""
    return generator(seed, streams.STARTS).standard_normal((chains, frame.root.shape[1]))
