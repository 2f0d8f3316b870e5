"""What a picture tells of a part of it that is pointed at, where a page can show that; elsewhere nothing is seen of it.

What is to be told is kept as the group id of the part, as matplotlib calls it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path

DOT_SIZE = 8.0
"""Points around a dot that are taken for it."""


@dataclass(frozen=True)
class Spot:
    """A part of a picture that tells something.

    Attributes
    ----------
    outline : ndarray, shape (n, 2)
        Corners, in shares of the figure, from its lower left.
    text : str
    """

    outline: np.ndarray
    text: str


def tell_of(artist: Artist, text: str) -> None:
    """Let a part of a picture (an area, a rectangle, or a line of dots) tell something."""
    artist.set_gid(text)


def tell_of_row(ax: Axes, y: float, text: str) -> None:
    """Let a row of axes tell something."""
    area = Rectangle((0, y - 0.5), 1, 1, transform=ax.get_yaxis_transform(), alpha=0.0, linewidth=0)
    area.set_in_layout(False)
    ax.add_artist(area)
    tell_of(area, text)


def spots_of(figure: Figure) -> list[Spot]:
    """The parts of a figure that tell something, those on top last; it must have been drawn."""
    told = [one for one in figure.findobj(lambda artist: bool(artist.get_gid())) if one.get_visible()]
    to_figure = figure.transFigure.inverted()
    return [
        Spot(to_figure.transform(outline), str(artist.get_gid()))
        for artist in sorted(told, key=lambda artist: artist.get_zorder())
        for outline in _outlines(artist, figure)
    ]


def _outlines(artist: Artist, figure: Figure) -> Iterator[np.ndarray]:
    """Corners in dots, within the axes."""
    box = None if artist.axes is None else artist.axes.get_window_extent()
    for path in _paths(artist, figure):
        for corners in path.to_polygons():
            low, high = (-np.inf, np.inf) if box is None else (box.min, box.max)
            yield np.clip(corners, low, high)


def _paths(artist: Artist, figure: Figure) -> Iterator[Path]:
    if isinstance(artist, PolyCollection):
        yield from (artist.get_transform().transform_path(path) for path in artist.get_paths())
    elif isinstance(artist, Rectangle):
        yield artist.get_transform().transform_path(artist.get_path())
    elif isinstance(artist, Line2D):
        around = DOT_SIZE * figure.dpi / 72 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
        for dot in artist.get_transform().transform(np.column_stack(artist.get_data())):
            yield Path(dot + around, closed=True)
