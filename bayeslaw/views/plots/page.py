"""Drawing on a page by hand: text that is never read as markup, axes without ornaments, round ticks, labels apart."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import NullLocator

from bayeslaw.views.numbers import readable_ticks

INK, GREY, FAINT = "#222222", "#666666", "#BDBDBD"
SMALL, MEDIUM = 10.5, 11.5  # points


def padded(low: float, high: float, share: float, least: float) -> tuple[float, float]:
    """Limits outside two numbers: by a share of their distance, in logs if they are positive.

    By ``least`` if they nearly agree.
    """
    if low <= 0:
        margin = max(share * (high - low), least)
        return float(low - margin), float(high + margin)
    margin = share * np.log(high / low)
    if np.log(high / low) < least:
        margin = least
    return float(low * np.exp(-margin)), float(high * np.exp(margin))


def tick(axes: Axes, which: str, write: Any, most: int) -> None:
    """Put ticks at round numbers, written out; ``write`` defaults to as few decimals as tell them apart."""
    axis, (low, high) = (axes.xaxis, axes.get_xlim()) if which == "x" else (axes.yaxis, axes.get_ylim())
    ticks = readable_ticks(low, high, most)
    labels = [write(tick) for tick in ticks] if write else [_short(tick) for tick in ticks]
    if len(set(labels)) < len(labels):
        labels = [f"{tick:.7g}" for tick in ticks]
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(ticks, labels)


def _short(value: float) -> str:
    return f"{value:.6g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.0e}"


def spread(wanted: np.ndarray, gap: float, room: float) -> np.ndarray:
    """Move places along a line of length ``room`` as little as need be so that they lie ``gap`` apart, in order."""
    order = np.argsort(wanted, kind="stable")
    blocks: list[list[float]] = []  # [sum of (wanted - rank * gap), members]: pool adjacent violators
    for rank, index in enumerate(order):
        blocks.append([wanted[index] - rank * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, members = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += members
    base = np.concatenate([np.full(int(n), total / n) for total, n in blocks])
    highest = room - gap * (len(wanted) - 1)
    placed = np.empty(len(wanted))
    placed[order] = np.clip(base, 0.0, max(highest, 0.0)) + gap * np.arange(len(wanted))
    return placed


def darker(colour: str) -> tuple[float, float, float]:
    """The same hue, dark enough to read as text on white."""
    red, green, blue = to_rgb(colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    share = min(1.0, 0.42 / luminance)
    return red * share, green * share, blue * share


def text_style(style: Mapping[str, Any]) -> dict[str, Any]:
    """Text style with defaults; text is never read as mathematics or TeX, since names come from files."""
    return {"fontsize": SMALL, "color": INK, **style, "parse_math": False, "usetex": False}


@contextmanager
def missing_glyphs_ignored() -> Iterator[None]:
    """A character that the font lacks is drawn as a box; there is nothing for the user to do about it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        yield
