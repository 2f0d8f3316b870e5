"""Release compiled programs before a process runs out of memory maps.

A compiled sampler takes about 3,000 memory maps. Linux allows 65,530 per process, and the compiler aborts the process
beyond that, which about twenty fits of tables of different shapes would reach.
"""

from pathlib import Path

import jax

MAPS = Path("/proc/self/maps")
MANY_MAPS = 30_000


def release_programs(most: int = MANY_MAPS) -> None:
    """Drop all compiled programs if the process has over ``most`` memory maps; without ``/proc``, do nothing.

    A program that is needed again is compiled again, or read from the compilation cache.
    """
    if MAPS.exists() and MAPS.read_bytes().count(b"\n") > most:
        jax.clear_caches()
