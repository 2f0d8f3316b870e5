"""Numbers as people read them: chances like <1%, and ticks at round values of a logarithmic axis."""

import math

from bayeslaw.numerics import with_digits

_MANTISSAS = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8), (1, 1.5, 2, 3, 4, 5, 7), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))


def chance(probability: float) -> str:
    """Write a probability as a percentage that claims no more than was seen: <1% and >99% at the ends."""
    if not math.isfinite(probability):
        return "-"
    if probability <= 0.005:  # half a percent would be rounded to none
        return "<1%"
    if 0.995 <= probability < 1:
        return ">99%"
    return f"{probability:.0%}"


def factor(value: float) -> str:
    """Write how many times: x8."""
    return f"x{with_digits(value, 2 if value < 10 else 3)}"


def decimals(typical: float) -> int:
    """Decimals that give a number of this size about four digits."""
    if not (math.isfinite(typical) and typical > 0):
        return 3
    return min(max(3 - math.floor(math.log10(typical if typical > 1 else 2 * typical)), 0), 6)


def fixed(value: float, places: int) -> str:
    """Write a number with so many decimals, fewer if it is large; in powers of ten where decimals would not serve."""
    if not math.isfinite(value):
        return "-"
    if value != 0 and not 10.0 ** -(places + 1) <= abs(value) < 1e7:
        return f"{value:.2g}"
    magnitude = math.floor(math.log10(abs(value))) if value else 1
    return f"{value:.{min(places, max(4 - magnitude, 0))}f}"


def readable_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers between two positive limits of a logarithmic axis, as many as fit but at most ``most``."""
    from matplotlib.ticker import MaxNLocator

    if high / low < 2.5:
        ticks = MaxNLocator(most - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        return [float(tick) for tick in ticks if low <= tick <= high]
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
    for mantissas in _MANTISSAS:
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in mantissas if low <= m * 10.0**e <= high]
        if len(ticks) <= most:
            return ticks
    stride = math.ceil((last - first + 1) / most)
    return [10.0**e for e in range(first, last + 1, stride) if low <= 10.0**e <= high]
