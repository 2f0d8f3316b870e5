"""Compiled programs, and letting go of them before a process has more than it may.

A program of the sampler takes some three thousand memory maps. Linux allows a process 65,530; the compiler aborts the
process when it asks for one too many, which some twenty fits of tables of different shapes would.
"""

from pathlib import Path

import jax

MAPS = Path("/proc/self/maps")
MANY_MAPS = 30_000


def release_programs(most: int = MANY_MAPS) -> None:
    """Drop all compiled programs if the process has more memory maps than ``most``; where it can't be told, do nothing.

    A program that is needed again is compiled again, or read from the compilation cache.
    """
    if MAPS.exists() and MAPS.read_bytes().count(b"\n") > most:
        jax.clear_caches()
