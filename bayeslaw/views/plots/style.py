"""One look for the pictures of results: colours, rows of intervals, columns of numbers beside them, headings.

A picture is drawn onto axes that the user has, or onto a figure of its own. Labels stand outside the axes: figures with
``layout="constrained"`` leave them room. Names are drawn as they are, no text is read as mathematics or TeX, and no
settings of matplotlib are changed.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from bayeslaw.errors import LawError
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.laws import law_as_written
from bayeslaw.laws.base import Law
from bayeslaw.numerics import count
from bayeslaw.verdicts import Status
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.plots.dark import is_dark, turn_dark
from bayeslaw.views.plots.hover import tell_of_row
from bayeslaw.views.plots.page import FAINT, GREY, INK, SMALL, darker, missing_glyphs_ignored, spread, text_style, tick

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito 2008; told apart with any kind of colour vision."""

MARKERS = ("o", "s", "^", "D", "v", "P")

STATUS_COLOURS: Mapping[Status, str] = {"PASS": "#00674C", "REVIEW": "#8A5A00", "FAIL": "#B00020"}

GRID, OTHERS = "#EEEEEE", "#9A9A9A"
"""Colours of the grid, and of what has no colour of its own."""

MOST = 60
"""Rows drawn at most; a note under the axes says how many more there are."""

WIDTH = 5.0
"""Inches that rows have between their names and numbers, on a figure of one's own."""

LEAST_PITCH = 7.0
"""Points from row to row at least, on axes that the user gave."""

TINY, TITLE = 9.5, 12.0  # points
DOT = "  ·  "
"""Between parts of a line."""
_GAP = 12.0  # points between columns
_HINTING = 1.08
"""Times that text may be wider on a screen than its outlines are."""


def new_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes given, or those of a new figure of that size in inches, without ornaments.

    A user's figure may be dark: `head`, which is drawn last, sees to that. A new figure is one of pyplot's, so that
    notebooks and ``pyplot.show`` show it; axes of the user's need no pyplot.
    """
    if ax is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=(width, height), layout="constrained", facecolor="white")
        ax = figure.add_subplot()
    else:
        settle(ax)
    ax.set_facecolor("white")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=FAINT, labelcolor=INK, labelsize=TINY)
    ax.grid(visible=False)
    ax.set_axisbelow(True)
    return ax


def unshown(ax: Axes) -> Figure:
    """The figure of axes that are to be saved, taken from those that pyplot shows."""
    from matplotlib import pyplot

    figure = ax.get_figure(root=True)
    assert figure is not None
    pyplot.close(figure)
    return figure


def row_axes(ax: Axes | None, rows: int, most: int = MOST, step: float = 0.0) -> tuple[Axes, int]:
    """Axes for rows, the first at the top, and how many there are: at most ``most``, or as many as can be read.

    On a figure of its own a row is ``step`` inches high, or as suits their number.
    """
    rows = max(min(rows, most), 1)
    ax = new_axes(ax, 8.5, 1.5 + rows * (step or (0.34 if rows <= 15 else 0.26 if rows <= 30 else 0.2)))
    rows = min(rows, max(int(size_of(ax)[1] // LEAST_PITCH), 3))
    ax.set_ylim(rows - 0.5, -0.5)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_yticks([])
    return ax, rows


@dataclass(frozen=True)
class Group:
    """Rows under a heading.

    Attributes
    ----------
    key : hashable
        What they have in common.
    place : float
        Where the heading goes.
    members : tuple of int
        Which rows are shown below it, of all that were given.
    size : int
        How many there are.
    """

    key: Any
    place: float
    members: tuple[int, ...]
    size: int

    @property
    def places(self) -> list[float]:
        """Where the rows go."""
        return [self.place + 1 + i for i in range(len(self.members))]


def grouped(keys: Sequence[Hashable], room: int | None = None, most: int = MOST) -> list[Group]:
    """Lay out rows under headings, large groups cut so that all fit into so many lines; where they cannot, the last go.

    Parameters
    ----------
    keys : sequence
        Of each row, what it has in common with others.
    room : int, optional
        Lines, headings among them.
    most : int
        Rows at most, headings not among them, but one a group at least.
    """
    members: dict[Hashable, list[int]] = {}
    for i, key in enumerate(keys):
        members.setdefault(key, []).append(i)
    room = len(keys) + len(members) if room is None else room
    limit = max(map(len, members.values()), default=1)
    while limit > 1 and not (
        (rows := sum(min(len(own), limit) for own in members.values())) <= most and rows + len(members) <= room
    ):
        limit -= 1
    found: list[Group] = []
    for key, own in members.items():
        place = 0.0 if not found else found[-1].places[-1] + 1
        if place + 2 <= room:
            found.append(Group(key, place, tuple(own[:limit]), len(own)))
    return found


def write_heading(ax: Axes, group: Group, name: str, told: str = "", at_right: str = "") -> None:
    """Write what rows have in common above them, what more there is to say of it, and something at the right end."""
    size, where = row_size(ax, TINY), ("axes fraction", "data")
    if group.size > len(group.members):
        told = f"(first {len(group.members)} of {group.size}) {told}".rstrip()
    room = size_of(ax)[0] - (text_width(at_right, size) + 6 if at_right else 0)
    name = shortened(name, room, size, "bold")
    after = text_width(name, size, "bold") + 6
    told = begun(told, room - after - 6, size)
    write(ax, name, (0, group.place), (0, 0), where, {"va": "center", "fontsize": size, "fontweight": "bold"})
    for text, x, offset, ha in ((told, 0, after, "left"), (at_right, 1, 0, "right")):
        if text:
            style = {"va": "center", "ha": ha, "fontsize": size, "color": GREY}
            write(ax, text, (x, group.place), (offset, 0), where, style)


def pitch(ax: Axes) -> float:
    """Points from row to row."""
    bottom, top = ax.get_ylim()
    return size_of(ax)[1] / abs(bottom - top)


def row_size(ax: Axes, most: float = SMALL) -> float:
    """Size of text that fits into a row, in points."""
    return float(np.clip(0.64 * pitch(ax), 4.5, most))


def size_of(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in points."""
    box = ax.get_window_extent()
    dots = 72 / ax.figure.dpi
    return box.width * dots, box.height * dots


def settle(ax: Axes, width: float | None = None) -> None:
    """Lay out the figure of axes: only then is it known how large they are.

    Parameters
    ----------
    ax : matplotlib Axes
        In a figure without a layout they are made smaller if what is written beside them would be cut off.
    width : float, optional
        Inches that the axes are to have, for which the figure, then one of our own, is made wider or narrower.
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    with missing_glyphs_ignored():
        if figure.get_layout_engine() is None:
            _keep_inside(ax, figure)
            return
        figure.draw_without_rendering()
        if width is not None:
            figure.set_figwidth(figure.get_figwidth() + width - size_of(ax)[0] / 72)
            figure.draw_without_rendering()


def _keep_inside(ax: Axes, figure: Figure) -> None:
    """Shrink axes by as much as their labels stand out of the figure."""
    page, around = figure.bbox, ax.get_tightbbox()
    if around is None:
        return
    place = ax.get_position()
    left, bottom, right, top = (
        (out / length + 0.01 if out > 0 else 0.0)  # a little more: screens draw text a little wider
        for out, length in (
            (page.x0 - around.x0, page.width),
            (page.y0 - around.y0, page.height),
            (around.x1 - page.x1, page.width),
            (around.y1 - page.y1, page.height),
        )
    )
    width, height = place.width - left - right, place.height - bottom - top
    if max(left, bottom, right, top) > 0 and width > 0.1 * place.width and height > 0.1 * place.height:
        ax.set_position((place.x0 + left, place.y0 + bottom, width, height))


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of the widest line of a text, in points."""
    font = FontProperties(size=size, weight=weight)
    with missing_glyphs_ignored():
        widths = [text_to_path.get_text_width_height_descent(line, font, False)[0] for line in text.split("\n")]
    return _HINTING * max(widths)


def wrapped(text: str, width: float, size: float, weight: str = "normal", lines: int = 3) -> list[str]:
    """Break a text into lines of so many points at most; a last line that would be followed by more is cut."""
    found, text = [""], text.replace(DOT, "\N{NO-BREAK SPACE}·\N{NO-BREAK SPACE} ")  # dots end lines, never begin them
    for word in text.split(" "):
        longer = f"{found[-1]} {word}".strip()
        if found[-1] and text_width(longer, size, weight) > width:
            found.append(word)
        else:
            found[-1] = longer
    if len(found) > lines:
        found = [*found[: lines - 1], f"{found[lines - 1]} …"]
    return [shortened(line, width, size, weight) for line in found]


def shortened(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Cut the middle out of a line wider than so many points."""
    while len(text) > 4 and (needed := text_width(text, size, weight)) > width:
        text = elide(text, min(len(text) - 1, max(4, int(len(text) * width / needed))))
    return text


def begun(text: str, width: float, size: float) -> str:
    """As much of the beginning of a line as has so many points; nothing if that is next to nothing."""
    cut = text
    while cut and text_width(cut, size) > width:
        cut = f"{cut.rstrip('…').rpartition(' ')[0].rstrip(' ,;:')}…" if " " in cut else ""
    return cut


def write(
    ax: Axes, text: str, xy: tuple[float, float], offset: tuple[float, float], where: Any, style: Mapping[str, Any]
) -> None:
    """Write beside a point of the axes: ``offset`` in points from ``xy`` in the coordinates ``where``."""
    ax.annotate(text, xy, xycoords=where, xytext=offset, textcoords="offset points", annotation_clip=False,
                **text_style(style))  # fmt: skip


def name_rows(ax: Axes, places: Sequence[float], names: Sequence[str], colours: Sequence[Any] = ()) -> None:
    """Name rows at the left."""
    ax.set_yticks(places, names, fontsize=row_size(ax), parse_math=False, usetex=False)
    for label, colour in zip(ax.get_yticklabels(), colours, strict=False):
        label.set_color(darker(colour))


def interval_row(
    ax: Axes, y: float, outer: tuple[float, float], inner: tuple[float, float] | None, middle: float, colour: Any,
    marker: str = "o",
) -> None:  # fmt: skip
    """Draw a thin line for the wider interval, a thick one for the narrower, a marker in the middle."""
    step = pitch(ax)
    bar: dict[str, Any] = {"color": colour, "solid_capstyle": "butt", "alpha": 0.6}
    ax.plot(outer, [y, y], linewidth=float(np.clip(0.1 * step, 1, 2)), zorder=2, **bar)
    if inner is not None:
        ax.plot(inner, [y, y], linewidth=float(np.clip(0.36 * step, 2.5, 7)), zorder=2.1, **bar)
    ax.plot([middle], [y], marker=marker, markersize=float(np.clip(0.4 * step, 3, 6.5)), color=colour, zorder=3,
            linestyle="none", markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip


def columns(
    ax: Axes, places: Sequence[float], cells: Sequence[tuple[str, Sequence[str]]], colours: Sequence[Any] = ()
) -> None:
    """Write numbers at the right of rows, under a heading a column; a row that is named tells them when pointed at."""
    for i, label in enumerate(ax.get_yticklabels()[: len(places)]):
        told = "; ".join(f"{heading.replace(chr(10), ' ')} {texts[i]}" for heading, texts in cells if texts[i])
        tell_of_row(ax, places[i], f"{label.get_text()}: {told}")
    size, at = row_size(ax), 0.0
    for heading, texts in cells:
        at += _GAP + max(text_width(text, size) for text in (*texts, heading))
        right = {"ha": "right", "fontsize": size}
        above = {**right, "va": "bottom", "color": GREY, "fontsize": min(size, TINY)}
        write(ax, heading, (1, 1), (at, 3), "axes fraction", above)
        for i, (y, text) in enumerate(zip(places, texts, strict=True)):
            beside = {**right, "va": "center", "color": colours[i] if colours else INK}
            write(ax, text, (1, y), (at, 0), ("axes fraction", "data"), beside)


def end_labels(ax: Axes, x: float, ends: Sequence[float], names: Sequence[str], colours: Sequence[Any]) -> None:
    """Name curves at their right ends, ``(x, ends)``; labels that would overlap are moved apart and tied to theirs."""
    height = size_of(ax)[1]
    to_axes = ax.transData + ax.transAxes.inverted()
    wanted = np.array([to_axes.transform((x, end))[1] for end in ends]) * height
    size = float(np.clip(0.8 * height / max(len(names), 1), 4.5, SMALL))
    placed = spread(np.clip(wanted, 0, height), 1.35 * size, height)
    for name, end, y, colour in zip(names, wanted, placed, colours, strict=False):
        ink = darker(colour)
        line = {"arrowstyle": "-", "color": ink, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
        ax.annotate(name, (1, end / height), xycoords="axes fraction", xytext=(14, y - end), ha="left", va="center",
                    textcoords="offset points", annotation_clip=False, arrowprops=line,
                    **text_style({"fontsize": size, "color": ink}))  # fmt: skip


def head(ax: Axes, title: str, subtitle: str = "", status: Status = "PASS") -> None:
    """Write a title over the axes and a grey line below it, broken to the width there is.

    A status that is not PASS is told in the grey line, so that no picture is better than its checks. A picture is
    complete with its title, and turned then if its figure is dark.
    """
    width, verdict = size_of(ax)[0], "" if status == "PASS" else f"checks:\N{NO-BREAK SPACE}{status}"
    whole = DOT.join(part for part in (subtitle, verdict) if part)
    lines = wrapped(whole, width, TINY, lines=4) if whole else []
    if lines and not lines[-1].endswith(verdict):  # what is cut for want of room is not the verdict
        lines = [*wrapped(subtitle, width, TINY, lines=3), verdict]
    if lines:
        style = {"ha": "left", "va": "bottom", "color": GREY, "fontsize": TINY, "in_layout": False}
        write(ax, "\n".join(lines), (0, 1), (0, 6), "axes fraction", style)
    bold = text_style({"fontsize": TITLE, "fontweight": "bold"})
    lift = 10.0 + 1.25 * TINY * len(lines)
    ax.set_title("\n".join(wrapped(title, width, TITLE, "bold")), loc="left", pad=lift, **bold)
    figure = ax.get_figure(root=True)
    if figure is not None and figure.get_layout_engine() is None:
        settle(ax)
    if is_dark(ax):
        turn_dark(ax)


def label_x(ax: Axes, text: str, *notes: str) -> None:
    """Name the horizontal axis, with notes below it, broken to the width there is; empty ones are left out."""
    width = size_of(ax)[0]
    lines = [line for part in (text, *notes) if part for line in wrapped(part, width, TINY)]
    ax.set_xlabel("\n".join(lines), **text_style({"fontsize": TINY}))


def label_y(ax: Axes, text: str) -> None:
    """Name the vertical axis."""
    ax.set_ylabel(text, **text_style({"fontsize": TINY}))


def more_rows(shown: int, rows: int) -> str:
    """A note on rows left out; empty if none are."""
    return f"and {rows - shown} more: to_frame() has all" if shown < rows else ""


def logarithmic(ax: Axes, which: str, write_tick: Callable[[float], str] | None = None) -> None:
    """Make an axis logarithmic within its limits, with ticks at round numbers written out."""
    if which == "x":
        ax.set_xscale("log")
    else:
        ax.set_yscale("log")
    tick(ax, which, write_tick, most=6)


def plain(value: float, digits: int = 3) -> str:
    """Write a number in few digits: -0.0123, 15.7k."""
    if 1e4 <= abs(value) < 999e12:
        return f"{'-' if value < 0 else ''}{count(abs(value))}"
    return f"{value:.0f}" if 10**digits <= abs(value) < 1e4 else f"{value:.{digits}g}"


def steady(value: float) -> str:
    """Write a number in three digits, zeros at the end among them, for columns."""
    return f"{value:#.3g}".rstrip(".") if 1e-4 <= abs(value) < 1000 else plain(value)


def interval(middle: float, low: float, high: float, write_number: Callable[[float], str] = steady) -> str:
    """Write a median and an interval."""
    return f"{write_number(middle)} ({write_number(low)} to {write_number(high)})"


def row_names(labels: Sequence[Sequence[str]], limit: int = 26) -> list[str]:
    """One name a row of labels such as (model, family, task): the first part, and such others as tell rows apart."""
    chosen = [0]
    for place in range(1, len(labels[0])):
        if _distinct(labels, [*chosen, place]) > _distinct(labels, chosen):
            chosen.append(place)
    short = {p: short_names(list(dict.fromkeys(label[p] for label in labels)), 16 if p else limit) for p in chosen}
    return [" · ".join(short[place][label[place]] for place in chosen) for label in labels]


def _distinct(labels: Sequence[Sequence[str]], places: Sequence[int]) -> int:
    return len({tuple(label[place] for place in places) for label in labels})


def law_behind(provenance: Mapping[str, Any]) -> Law | None:
    """The law that a result came from; none of a mixture of laws, and of laws that are not known here."""
    try:
        return law_as_written(str(provenance.get("law")))
    except LawError:
        return None


def covariate_label(name: str, provenance: Mapping[str, Any]) -> str:
    """Name of a covariate with its unit, where the law that a result came from tells one."""
    unit, name = covariate_unit(name, law_behind(provenance), provenance), clean(name)
    return f"{name} ({unit})" if unit and unit != name else name


def covariate_unit(name: str, law: Law | None, provenance: Mapping[str, Any]) -> str:
    """Unit of a covariate: of data that which the runs count, of others that which the law tells; empty if unknown."""
    counted = provenance.get("settings", {}).get("data_unit")
    if name == "data" and counted:
        return str(counted)
    return "" if law is None else next((c.unit for c in law.covariates if c.name == name), "")


def outcome_label(outcome: Outcome) -> str:
    """Name of an outcome, with its unit unless that is whatever the table has."""
    return clean(outcome.label)


def point_text(point: Mapping[str, float]) -> str:
    """A point in words: data = 1.64M, params = 8B."""
    return ", ".join(f"{clean(name)} = {count(value)}" for name, value in point.items())
