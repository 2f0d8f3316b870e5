"""Numbers of FLOP with a unit, as people write them: ``6e21FLOP``, ``5 PFLOP-days``."""

import re

from bayeslaw.runs.columns import meaning
from bayeslaw.runs.units import MAX_DIGITS, read_count

_WITH_UNIT = re.compile(r"([+-]?[\d.,_]+(?:[eE][+-]?\d+)?)\s*([A-Za-z][A-Za-z/ _·*-]*)")
_SPEED = re.compile(r"/\s*s(?:ec\w*)?$", re.IGNORECASE)


def read_flop(text: str) -> float | None:
    """Read a number of FLOP with a unit that a column of compute may have; None if it is none.

    Parameters
    ----------
    text : such as ``6e21FLOP`` or ``5 PFLOP-days``. ``PFLOPs`` and ``FLOP/s`` are speeds, and none.
    """
    found = _WITH_UNIT.fullmatch(text.strip()[:MAX_DIGITS])
    if found is None or "f" not in found[2].casefold() or _SPEED.search(found[2]):
        return None
    number, unit = read_count(found[1]), meaning(found[2])
    return None if number is None or unit is None or unit.role != "compute" else number * unit.scale
