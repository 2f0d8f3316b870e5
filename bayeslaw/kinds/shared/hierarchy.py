"""Pooling: how each coordinate of the law varies over tasks, families and models.

A coordinate is its population location plus one effect per group at each level, down to its pooling level. Levels that
the table cannot distinguish (a single task, a single family, families of one model) are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bayeslaw.errors import LawError
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.laws.base import LEVELS, Coordinate, Law, Level

COMMON = 0.1
"""Share of a coordinate's prior variance that all tasks share. The rest is variance between tasks: exponents published
for one law vary between tasks nearly as much as the prior of any one, so one task says little about another."""

TASK_SPREAD = 0.3
"""Prior sd of the log of the standard deviation between tasks, which a few tasks cannot estimate."""


@dataclass(frozen=True)
class PooledCoordinate:
    """A coordinate with the levels at which it has effects in this table, coarsest first.

    Attributes
    ----------
    coordinate : Coordinate
    levels : tuple of Level
    of_tasks : tuple of (int, float, float)
        Index, mean and sd of each task with a prior of its own, which takes nothing from the population.
    """

    coordinate: Coordinate
    levels: tuple[Level, ...]
    of_tasks: tuple[tuple[int, float, float], ...] = ()

    def effect(self, level: Level) -> str:
        """Name of the effect at a level, as an entry of a position."""
        return f"{self.coordinate.name}.{level}"

    @property
    def location_sd(self) -> float:
        """Prior sd of the population location."""
        return self.coordinate.sd * COMMON**0.5 if "task" in self.levels else self.coordinate.sd

    def spread_scale(self, level: Level) -> float:
        """Scale of the hyperprior of the sd of effects: for tasks the median of a lognormal, else of a half-normal."""
        return self.coordinate.sd * (1 - COMMON) ** 0.5 if level == "task" else self.coordinate.spread


def pool(
    law: Law,
    layout: Layout,
    pooling: Mapping[str, Level] | None = None,
    *,
    finest: Level = "model",
    default: Level | None = None,
    why: str = "",
) -> tuple[PooledCoordinate, ...]:
    """Find the levels at which a law's coordinates vary on a table.

    Parameters
    ----------
    law : Law
    layout : Layout
    pooling : mapping, optional
        Pooling level by coordinate name, where it is to differ from the law's own.
    finest : {"task", "family", "model"}
        The finest level at which the kind of model lets coordinates vary.
    default : {"task", "family", "model"}, optional
        Pooling of coordinates that ``pooling`` does not name, in place of the law's own.
    why : str
        Why ``finest`` is what it is, for the message of an error.

    Raises
    ------
    LawError
        If ``pooling`` names a coordinate or a level that does not exist, or a level that is too fine; or if there is a
        prior, which pools as it does.
    """
    pooling = dict(pooling or {})
    known = [c.name for c in law.coordinates]
    for name, level in pooling.items():
        if name not in known:
            raise LawError(f"The {law.name} law has no coordinate {name!r} to pool; it has {', '.join(known)}.")
        if level not in LEVELS:
            raise LawError(f"Pooling of {name!r} is {level!r}; it must be one of {', '.join(LEVELS)}.")
    if pooling and layout.borrowed is not None:
        raise LawError("A fit with a prior pools as the prior does. Leave out pooling, or the prior.")
    for name, level in pooling.items():
        if LEVELS.index(level) > LEVELS.index(finest):
            raise LawError(f"Pooling of {name!r} is {level!r}, but {why}. It can be {finest!r} at the finest.")
    own: dict[str, Level] = {c.name: default or c.pooling for c in law.coordinates} | pooling
    return tuple(
        PooledCoordinate(replace(c, pooling=own[c.name]), _levels(layout, own[c.name]), _of_tasks(layout, c))
        for c in law.coordinates
    )


def _of_tasks(layout: Layout, c: Coordinate) -> tuple[tuple[int, float, float], ...]:
    """Tasks of the table with a prior of their own, by index."""
    return tuple((layout.tasks.index(task), mean, sd) for task, mean, sd in c.of_tasks if task in layout.tasks)


def _levels(layout: Layout, finest: Level) -> tuple[Level, ...]:
    tasks, families, curves = len(layout.tasks), len(layout.families), len(layout.curves)
    distinct = {
        "task": tasks > 1,
        "family": tasks < families and (families < curves or finest == "family"),
        "model": curves > tasks,
    }
    known = {level: layout.borrowed is not None and layout.borrowed.has(level) for level in LEVELS}
    return tuple(level for level in LEVELS[: LEVELS.index(finest) + 1] if distinct[level] or known[level])
