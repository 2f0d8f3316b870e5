"""Pictures inside a page."""

import base64
import io
from dataclasses import dataclass

from matplotlib.figure import Figure

from bayeslaw.views.plots.page import missing_glyphs_ignored

DPI = 110


@dataclass(frozen=True)
class Picture:
    """A picture as a data URL, with what it shows in words for those who do not see it."""

    url: str
    shows: str


def inline(figure: Figure, shows: str) -> Picture:
    """A figure as PNG in a data URL."""
    buffer = io.BytesIO()
    with missing_glyphs_ignored():
        figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return Picture(f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}", shows)
