"""Functions of laws evaluated in blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bayeslaw.kinds.shared.elementwise import BLOCKS, elementwise


def _function(coordinates, level):
    return {"sum": coordinates["a"] + jnp.exp(coordinates["b"]) * level, "number": jnp.float64(3.0)}


@pytest.mark.parametrize("count", [0, 1, 7, BLOCKS[0] - 1, BLOCKS[0] + 1, BLOCKS[-1] + 5])
def test_blocks_hold_every_element_once(count):
    a, b = np.linspace(-1, 1, 2)[:, None], np.linspace(0, 1, count)
    found = elementwise(_function, {"a": a, "b": b}, 2.0)
    np.testing.assert_allclose(found["sum"], a + 2.0 * np.exp(b), rtol=1e-15)
    np.testing.assert_array_equal(found["number"], np.full((2, count), 3.0))
    assert found["sum"].dtype == float


def test_shapes_share_a_program():
    traced = []

    def function(x, y):
        traced.append(jax.typeof(x).shape)
        return x * y

    for shape in ((3,), (20, 30), (7, 1), (1, 2, 3)):
        assert elementwise(function, np.ones(shape), 2).shape == shape
    assert traced == [(BLOCKS[0],)]
