"""Pictures on dark figures: drawn as on white, then every colour is given the lightness that it lacks there."""

import colorsys
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

DARK = 0.4
"""Luminance below which a figure is dark."""

SPAN = 0.86
"""Lightness from the darkest to the lightest: that of the page is the figure's own."""


def is_dark(ax: Axes) -> bool:
    """Whether axes stand on a dark figure."""
    figure = ax.get_figure(root=True)
    red, green, blue, alpha = to_rgba(figure.get_facecolor() if isinstance(figure, Figure) else "white")
    return alpha > 0 and 0.2126 * red + 0.7152 * green + 0.0722 * blue < DARK


def turn_dark(ax: Axes) -> None:
    """Turn all that was drawn on axes, once it is complete."""
    page = ax.patch
    for artist in ax.findobj():
        if artist is not page:
            _turn(artist)
    page.set_facecolor("none")


def turned(colour: Any) -> tuple[float, float, float, float]:
    """A colour of the same hue, as light as it was dark."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*to_rgb(colour))
    return (*colorsys.hls_to_rgb(hue, 1 - SPAN * lightness, saturation), to_rgba(colour)[3])


def _turn(artist: Artist) -> None:
    if isinstance(artist, Line2D):
        artist.set_markerfacecolor(_kept(artist.get_markerfacecolor()))
        artist.set_markeredgecolor(_kept(artist.get_markeredgecolor()))
        artist.set_color(_kept(artist.get_color()))
    elif isinstance(artist, Text):
        artist.set_color(turned(artist.get_color()))
        for part in (artist.get_bbox_patch(), getattr(artist, "arrow_patch", None)):
            if part is not None:
                _turn(part)
    elif isinstance(artist, Patch):
        artist.set_facecolor(turned(artist.get_facecolor()))
        artist.set_edgecolor(turned(artist.get_edgecolor()))
    elif isinstance(artist, Collection):
        artist.set_facecolor([turned(colour) for colour in artist.get_facecolor()])
        artist.set_edgecolor([turned(colour) for colour in artist.get_edgecolor()])


def _kept(colour: Any) -> Any:
    """A colour turned, unless it is the word for none."""
    return colour if isinstance(colour, str) and colour in ("none", "auto") else turned(colour)
