"""Where chains set out: spread around the centre of the prior, scales at their medians."""

import numpy as np

from bayeslaw.model.density import Model, Position

JITTER = 0.2


def starting_positions(model: Model, chains: int, seed: int) -> Position:
    """Overdispersed starting positions, each entry with a leading chain axis.

    Everything sampled is standardised by its prior, so 0 is the prior's centre in every direction.
    """
    rng = np.random.default_rng([seed, 1])
    return {name: JITTER * rng.standard_normal((chains, *shape)) for name, shape in model.sizes().items()}
