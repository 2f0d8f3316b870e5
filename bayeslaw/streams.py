"""Random streams: one number for each use of a seed, so that no two uses share their random numbers.

A generator is ``numpy.random.default_rng([seed, stream])``.
"""

import numpy as np

STARTS = 1
"""Where chains start."""
PREDICTION = 2
"""Draws of predictions beyond the data."""
CROSSING = 3
"""Draws of curves whose crossing is looked for."""
MIXTURE = 4
"""Which law each draw of a mixture of laws is of."""
LENDING = 5
"""Split of a single task into population and task."""
PRIOR_DRAWS = 6
"""Draws from the prior."""
CONFLICT = 7
"""Noise of runs drawn from a prior."""
REPLICATION = 8
"""Replications of the runs of a table."""
HOLDOUT = 9
"""Draws of expectations of hidden runs."""
HOLDOUT_NOISE = 10
"""Noise of hidden runs."""
STATED = 11
"""Draws by which stated priors are turned into priors of coordinates."""
OPTIMUM = 12
"""Slopes of the error of a law along a budget."""
SPEEDUP = 19
"""Draws of curves on which sizes are looked up."""
NEXT_RUN = 13
"""Joint draws of runs that could be made and of what they would help to decide."""
REWEIGHING = 24
"""Which draws are carried over to a table with more runs, and what is drawn anew beside them."""
CHAIN = 22
"""Which draws of two fits go together, and what a score scatters by about its loss."""
TRACK = 23
"""Draws of the checkpoints of a run that is watched."""
POLICY = 21
"""Runs that a replayed policy buys at random."""
LAW_SIMULATION = 20
"""Runs simulated from a law to check it."""


def generator(seed: int, stream: int) -> np.random.Generator:
    """The generator of a seed for one use."""
    return np.random.default_rng([seed, stream])
