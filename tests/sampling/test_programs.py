"""Compiled programs are dropped before a process has too many memory maps."""

import jax
import jax.numpy as jnp
import pytest

from bayeslaw.sampling.programs import MANY_MAPS, MAPS, release_programs
from bayeslaw.sampling.sample import sample

pytestmark = pytest.mark.skipif(not MAPS.exists(), reason="memory maps are counted on Linux only")


def maps():
    return MAPS.read_bytes().count(b"\n")


def test_programs_are_kept_until_there_are_many():
    compiled = jax.jit(lambda x: jnp.linalg.svd(x)[0] @ x)
    compiled(jnp.ones((5, 7)))
    release_programs(maps() + 1000)
    assert compiled._cache_size() == 1
    release_programs(0)
    assert compiled._cache_size() == 0
    compiled(jnp.ones((5, 7)))


def test_the_sampler_lets_go_of_them_first(monkeypatch):
    """Of a model that is none: it fails after having let go, and before anything else."""
    released = []
    monkeypatch.setattr("bayeslaw.sampling.sample.release_programs", lambda: released.append(True))
    with pytest.raises(AttributeError):
        sample(None, None, seed=0)
    assert released
    assert MANY_MAPS < 65_530 / 2
