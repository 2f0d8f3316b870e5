"""Evaluate functions of laws on arrays of any shape without a program for each shape.

A program takes far longer to compile than to run, and every new shape needs one of its own: a law of ten operations on
another number of points costs a fifth of a second. Functions of laws go element by element, so that a few programs, of
blocks of fixed sizes, serve all shapes.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

BLOCKS = (2**12, 2**16)
"""Elements of a block: the smallest that holds all, or else blocks of the largest one after another."""


def elementwise(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function's values, element by element, in double precision.

    Parameters
    ----------
    function : callable
        Of arrays of one shape, in any tree of containers; it returns arrays of that shape, or numbers, in another.
        Pass the same object each time: compiled programs are kept by it.
    *arguments : any
        Trees of arrays that broadcast.

    Returns
    -------
    any
        What the function returns, as arrays of the shape to which all arguments broadcast; dictionaries in the
        alphabetic order of their keys.
    """
    leaves, tree = jax.tree.flatten(arguments)
    arrays = np.broadcast_arrays(*leaves)
    shape, count = arrays[0].shape, arrays[0].size
    block = next((size for size in BLOCKS if size >= count), BLOCKS[-1])
    compiled = jax.jit(function)
    parts = []
    with jax.enable_x64(True):
        for start in range(0, max(count, 1), block):
            inputs = [np.resize(np.asarray(array.flat[start : start + block], float), block) for array in arrays]
            found = compiled(*jax.tree.unflatten(tree, inputs))
            kept = min(block, count - start)
            parts.append(jax.tree.map(lambda x, n=kept: np.broadcast_to(np.asarray(x), (block,))[:n], found))
    return jax.tree.map(lambda *of_parts: np.concatenate(of_parts).reshape(shape), *parts)
