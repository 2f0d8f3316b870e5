"""A law at work on one reference point, for tests of its formula."""

import jax
import numpy as np
import pytest

from bayeslaw.laws import get_law


class Trial:
    """A law and a reference point, both in plain numbers."""

    def __init__(self, name, **reference):
        self.law, self.reference = get_law(name), reference

    def coordinates(self, count, seed=0, **fixed):
        """Draws from the priors, some coordinates held."""
        rng = np.random.default_rng(seed)
        drawn = {c.name: c.mean + c.sd * rng.standard_normal(count) for c in self.law.coordinates}
        return drawn | {name: np.full(count, float(value)) for name, value in fixed.items()}

    def points(self, count, seed=1, decades=3):
        """Points about the reference."""
        rng = np.random.default_rng(seed)
        return {name: value * 10 ** rng.uniform(-decades, decades, count) for name, value in self.reference.items()}

    def loss(self, coordinates, points, level=0.0):
        with jax.enable_x64(True):
            return np.exp(level + np.asarray(self.law.log_shape(coordinates, points, self.reference)))

    def natural(self, coordinates, level=0.0):
        with jax.enable_x64(True):
            found = self.law.natural(coordinates, level, self.reference)
            return {name: np.asarray(value) for name, value in found.items()}


@pytest.fixture(scope="session")
def trial():
    """Builds a `Trial`."""
    return Trial
