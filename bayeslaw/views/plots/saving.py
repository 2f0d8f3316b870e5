"""Writing pictures to files."""

import os
from pathlib import Path

from matplotlib.figure import Figure

from bayeslaw.files import replacing, require_writable
from bayeslaw.views.plots.page import missing_glyphs_ignored

SUFFIXES = (".png", ".pdf", ".svg")


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as .png, .pdf or .svg, all or nothing.

    Raises
    ------
    OutputError
        If the suffix is another one or the file cannot be written; what was there before is untouched.
    """
    path = Path(path)
    require_writable(path, suffixes=SUFFIXES)
    kind = path.suffix.lower()[1:]
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    with replacing(path) as temporary, missing_glyphs_ignored():
        figure.savefig(temporary, format=kind, facecolor="white", metadata=undated.get(kind))
