"""The page of a choice measured out by hand: where its panels, names and numbers go."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from bayeslaw.answers.selection import Selection
from bayeslaw.views.plots.page import (
    GREY,
    INK,
    SMALL,
    text_style,
)
from bayeslaw.views.plots.selection import COLOURED

PAGE_WIDTH, PAGE_HEIGHT = 14.0, 7.2  # inches

ROWS = 12
"""Candidates ranked in the right panel."""


class Page:
    """The figure measured out: names get the room they need, the panels share the rest. All lengths in inches."""

    top, bottom = PAGE_HEIGHT - 1.65, 1.0

    def __init__(self, figure: Figure, selection: Selection, names: Mapping[str, str]) -> None:
        self.figure = figure
        shown = [names[c.model] for c in selection.candidates]
        labels = max(self.text_width(name) for name in shown[:COLOURED])
        rows = max(self.text_width(name) for name in shown[:ROWS])
        self.label_width, self.row_width = (float(np.clip(w, 1.2, 2.2)) for w in (labels, rows))
        left, between, columns = 0.65, 0.55, 1.95
        free = PAGE_WIDTH - left - between - columns - self.label_width - self.row_width
        self.curves_left = left
        self.curves_width = 0.62 * free
        self.labels_left = left + self.curves_width + 0.22
        self.rows_right = self.labels_left + self.label_width + between - 0.22 + self.row_width - 0.12
        self.ranking_left = self.rows_right + 0.12
        self.ranking_width = 0.38 * free
        self.columns = self.ranking_left + self.ranking_width + 0.8, PAGE_WIDTH - 0.25
        shown_rows = min(len(shown), ROWS)
        room = self.top - self.bottom - (0.35 if len(shown) > ROWS else 0.0)
        self.ranking_height = min(room, 0.7 * shown_rows)

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Bare axes."""
        axes = self.figure.add_axes((left / PAGE_WIDTH, bottom / PAGE_HEIGHT, width / PAGE_WIDTH, height / PAGE_HEIGHT))
        axes.set_facecolor("white")
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(side == "bottom")
            axes.spines[side].set_color(GREY)
        axes.tick_params(colors=GREY, labelsize=SMALL, labelcolor=INK)
        return axes

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        width: float | None = None,
        fontsize: float = SMALL,
        fontweight: str = "normal",
        color: str | tuple[float, float, float] = INK,
        ha: str = "left",
        va: str = "baseline",
    ) -> Text:
        """Write text at a place of the page, smaller if it would be wider than ``width``."""
        needed = self.text_width(text, fontsize, fontweight)
        if width is not None and needed > width:
            fontsize *= width / needed
        style = text_style({"fontsize": fontsize, "fontweight": fontweight, "color": color, "ha": ha, "va": va})
        written = self.figure.text(x / PAGE_WIDTH, y / PAGE_HEIGHT, text, **style)
        return written

    def text_width(self, text: str, size: float = SMALL, weight: str = "normal") -> float:
        """Width of a line of text."""
        canvas = self.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        font = FontProperties(size=size, weight=weight)
        width, _, _ = canvas.get_renderer().get_text_width_height_descent(text, font, False)
        return width / self.figure.dpi
