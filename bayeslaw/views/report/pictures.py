"""Pictures inside a page."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from bayeslaw.views.names import clean
from bayeslaw.views.plots.hover import Spot, spots_of
from bayeslaw.views.plots.page import missing_glyphs_ignored

DPI = 110

MOST_SPOTS = 400
"""Parts of a picture that tell something at most."""


@dataclass(frozen=True)
class Area:
    """A part of a picture that tells something when it is pointed at.

    Attributes
    ----------
    path : str
        Its outline, as SVG has it, in the size of the picture.
    text : str
    """

    path: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A picture as a data URL, with what it shows in words for those who do not see it, and what its parts tell.

    Attributes
    ----------
    url, shows : str
    width, height : float
        In the unit of the areas.
    areas : sequence of Area
    """

    url: str
    shows: str
    width: float
    height: float
    areas: Sequence[Area] = field(default_factory=tuple)


def inline(figure: Figure, shows: str) -> Picture:
    """A figure as PNG in a data URL."""
    buffer = io.BytesIO()
    with missing_glyphs_ignored():
        figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    url = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    width, height = (round(DPI * inches) for inches in figure.get_size_inches())
    areas = tuple(Area(_path(spot, width, height), clean(spot.text)) for spot in spots_of(figure)[:MOST_SPOTS])
    return Picture(url, shows, width, height, areas)


def _path(spot: Spot, width: float, height: float) -> str:
    corners = " ".join(f"{x * width:.0f},{(1 - y) * height:.0f}" for x, y in spot.outline)
    return f"M{corners}Z"
