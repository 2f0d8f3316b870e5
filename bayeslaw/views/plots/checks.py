"""The picture of verdicts: a list, with what was found, what it is held against, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from bayeslaw.results import Result
from bayeslaw.verdicts import Check
from bayeslaw.views.names import clean, elide
from bayeslaw.views.plots.page import GREY, INK
from bayeslaw.views.plots.style import (
    MOST,
    STATUS_COLOURS,
    TINY,
    head,
    more_rows,
    new_axes,
    plain,
    settle,
    size_of,
    text_width,
    wrapped,
    write,
)

SHAPES = {"PASS": "o", "REVIEW": "^", "FAIL": "X"}

_WIDTH = 11.0  # inches
_SIZES = (TINY, 8.5, 7.5, 6.5, 5.5, 4.5)
_LINE, _BETWEEN = 1.35, 0.45
"""Height of a line, and of the space between rows, in sizes of the text."""
_GAP = 12.0  # points between columns
_SENTENCE = 13.0
"""Sizes of the text that sentences need at least; on narrower axes there are none."""


def plot(result: Result, ax: Axes | None = None) -> Axes:
    """List the checks of a result: verdict, number found, threshold, and for those to look at what was said of them.

    Parameters
    ----------
    result : Checks, Advice or any other result
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    shown = result.checks[:MOST]
    more = more_rows(len(shown), len(result.checks))
    if ax is None:
        rows = _Rows(shown, 72 * _WIDTH - 12, TINY)
        ax = new_axes(None, _WIDTH, (rows.height + TINY * _LINE * (2 if more else 1)) / 72 + 0.75)
    else:
        ax = new_axes(ax, 0, 0)
        width, height = size_of(ax)
        candidates = [_Rows(some, width, size) for some in _fewer(shown) for size in _SIZES]
        fitting = [rows for rows in candidates if rows.height + 3 * rows.line <= height] or candidates[-1:]
        rows = next((rows for rows in fitting if any(rows.said) and rows.size > 6), fitting[0])
        more = more_rows(len(rows.checks), len(result.checks))
    ax.set_axis_off()
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_xlim(0, 1)
    ax.set_ylim(max(rows.height, rows.line) + (rows.line if more else 0), -rows.line)
    rows.draw(ax)
    if more:
        _write(ax, 0, rows.height + rows.line / 2, more, va="center", color=GREY, fontsize=rows.size)
    settle(ax)
    head(ax, clean(result.sentence))
    return ax


def _fewer(checks: Sequence[Check]) -> list[Sequence[Check]]:
    """All checks, then those that did not pass and ever fewer others."""
    bad = sorted(checks, key=lambda check: check.status == "PASS")
    return [checks, *(bad[: len(bad) // part] for part in (1, 2, 4) if len(bad) // part)]


class _Rows:
    """Checks laid out on a width with text of a size; all lengths in points."""

    def __init__(self, checks: Sequence[Check], width: float, size: float) -> None:
        self.checks, self.width, self.size, self.line = checks, width, size, _LINE * size
        names = [elide(clean(check.name), 40) for check in checks]
        cells = ["found", *(plain(check.value, 4) for check in checks)], ["threshold", *map(_threshold, checks)]
        self.names, self.found, self.thresholds = names, cells[0][1:], cells[1][1:]
        self.names_at = 1.6 * size + max(text_width(check.status, size) for check in checks) + _GAP if checks else 0.0
        at = self.names_at + max((text_width(name, size, "bold") for name in names), default=0.0)
        self.found_to = at = at + _GAP + max(text_width(text, size) for text in cells[0])
        self.threshold_to = at = at + _GAP + max(text_width(text, size) for text in cells[1])
        self.said_at = at + 1.5 * _GAP
        room = width - self.said_at
        self.said = [_said(check, room, size) if room >= _SENTENCE * size else [] for check in checks]
        self.tops = [0.0]
        for said in self.said:
            self.tops.append(self.tops[-1] + self.line * max(len(said), 1) + _BETWEEN * size)
        self.height = self.tops[-1]

    def draw(self, ax: Axes) -> None:
        """Draw the rows onto axes in points, the first at the top."""
        line: dict[str, Any] = {"va": "center", "fontsize": self.size}
        for x, heading, ha in ((self.found_to, "found", "right"), (self.threshold_to, "threshold", "right")):
            _write(ax, x, -self.line / 2, heading, ha=ha, color=GREY, **line)
        for i, check in enumerate(self.checks):
            y, colour = self.tops[i] + self.line / 2, STATUS_COLOURS[check.status]
            ax.plot([0.6 * self.size / self.width], [y], marker=SHAPES[check.status], markersize=0.75 * self.size,
                    color=colour, linestyle="none", markeredgewidth=0)  # fmt: skip
            _write(ax, 1.4 * self.size, y, check.status, color=colour, **line)
            weight = "normal" if check.status == "PASS" else "bold"
            _write(ax, self.names_at, y, self.names[i], color=colour, fontweight=weight, **line)
            _write(ax, self.found_to, y, self.found[i], ha="right", **line)
            _write(ax, self.threshold_to, y, self.thresholds[i], ha="right", color=GREY, **line)
            for k, (text, ink) in enumerate(self.said[i]):
                _write(ax, self.said_at, y + k * self.line, text, color=ink, **line)


def _write(ax: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Write at so many points from the left edge, in the row of ``y``: columns keep apart if the axes are resized."""
    write(ax, text, (0, y), (x, 0), ("axes fraction", "data"), style)


def _said(check: Check, room: float, size: float) -> list[tuple[str, Any]]:
    """Lines of the sentence, and of the remedy if there is one, with their colours."""
    lines = [(line, INK) for line in wrapped(clean(check.sentence), room, size, lines=4)]
    if check.remedy:
        lines += [(line, STATUS_COLOURS[check.status]) for line in wrapped(clean(check.remedy), room, size, lines=4)]
    return lines


def _threshold(check: Check) -> str:
    """The threshold with the side that passes, where number and verdict tell it."""
    if check.value == check.threshold or check.value != check.value:
        return plain(check.threshold, 4)
    small = (check.value < check.threshold) == (check.status == "PASS")
    return f"{'≤' if small else '≥'} {plain(check.threshold, 4)}"
