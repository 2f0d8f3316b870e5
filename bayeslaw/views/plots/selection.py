"""Pictures of a choice: the ranking of the candidates at the target, alone or beside their curves out to there.

Names are drawn as they are: no text is read as mathematics or TeX. No global state of matplotlib is touched, so the
functions can be used from any program, with or without a display.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from bayeslaw.answers.prediction import predict
from bayeslaw.answers.selection import Candidate, Selection
from bayeslaw.files import replacing, require_writable
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance, count, decimals, factor, fixed
from bayeslaw.views.plots.page import (
    FAINT,
    GREY,
    INK,
    MEDIUM,
    SMALL,
    darker,
    missing_glyphs_ignored,
    padded,
    spread,
    text_style,
    tick,
)
from bayeslaw.views.plots.style import (
    COLOURS,
    GRID,
    MARKERS,
    OTHERS,
    STATUS_COLOURS,
    WIDTH,
    columns,
    head,
    interval_row,
    label_x,
    logarithmic,
    more_rows,
    name_rows,
    outcome_label,
    point_text,
    row_axes,
    settle,
)

COLOURED = 6
"""Candidates drawn in colour, the first by expected regret."""

ROWS = 12
"""Candidates ranked in the right panel."""

SUFFIXES = (".png", ".pdf", ".svg")

_SIZES = 40
_DRAWN = 8_000_000
"""Predictions computed at most, over draws, curves and sizes; draws are thinned to that."""
_WIDTH, _HEIGHT = 14.0, 7.2  # inches


def plot(result: Selection, ax: Axes | None = None) -> Axes:
    """Draw the ranking by expected regret: intervals of what one run of each candidate would measure, and its odds.

    Parameters
    ----------
    result : Selection
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    own, (ax, rows) = ax is None, row_axes(ax, len(result.candidates))
    shown, hidden = result.candidates[:rows], result.candidates[rows:]
    places, names = range(len(shown)), short_names([c.model for c in result.candidates])
    low, high = min(c.loss_p05 for c in shown), max(c.loss_p95 for c in shown)
    if result.outcome.link_name == "log":
        ax.set_xlim(*padded(low, high, 0.04, 0.002))
        logarithmic(ax, "x")
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    colours = [COLOURS[row] if row < COLOURED else OTHERS for row in places]
    ax.axvline(shown[0].loss_median, color=COLOURS[0], linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    for row, candidate in enumerate(shown):
        _draw_row(ax, row, candidate)
    name_rows(ax, places, [names[c.model] for c in shown], colours)
    digits = decimals(shown[0].loss_median)
    cells = [
        ("median", [fixed(c.loss_median, digits) for c in shown]),
        ("P(best)", [chance(c.p_best) for c in shown]),
        ("exp. regret", [fixed(c.expected_regret, digits) for c in shown]),
    ]
    columns(ax, places, cells)
    settle(ax, WIDTH if own else None)
    more = more_rows(len(shown), len(result.candidates))
    if hidden:
        more += f"; chance that the best is among them: {chance(sum(c.p_best for c in hidden))}"
    key = "bars: 50% and 90% intervals of one run; marker: median"
    label_x(ax, f"{outcome_label(result.outcome)} of a run at the target", key, more)
    head(ax, _choice(result, names, point_text(result.target)), _odds(result, names), result.status)
    return ax


def plot_selection(posterior: Posterior, selection: Selection, truth: Mapping[str, float] | None = None) -> Figure:
    """Draw the curves of the candidates of a selection and their ranking at the target.

    Left: measured losses of all candidates, and for the leading ones the median, 50% and 90% intervals of a run
    prediction out to the target. Right: the ranking by expected regret, with the same intervals at the target.

    Parameters
    ----------
    posterior : Posterior
    selection : Selection
        Made from this posterior.
    truth : mapping, optional
        Loss by model that was measured at the target, for tables whose outcome is known.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=160, facecolor="white")
    FigureCanvasAgg(figure)
    names = short_names([c.model for c in selection.candidates])
    with missing_glyphs_ignored():
        page = _Page(figure, selection, names)
        _draw_curves(page, posterior, selection, names)
        _draw_ranking(page, selection, names, truth or {})
        _write_title(page, posterior, selection, names)
        _write_legend(page, told=bool(truth))
    return figure


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


class _Page:
    """The figure measured out: names get the room they need, the panels share the rest. All lengths in inches."""

    top, bottom = _HEIGHT - 1.65, 1.0

    def __init__(self, figure: Figure, selection: Selection, names: Mapping[str, str]) -> None:
        self.figure = figure
        shown = [names[c.model] for c in selection.candidates]
        labels = max(self.text_width(name) for name in shown[:COLOURED])
        rows = max(self.text_width(name) for name in shown[:ROWS])
        self.label_width, self.row_width = (float(np.clip(w, 1.2, 2.2)) for w in (labels, rows))
        left, between, columns = 0.65, 0.55, 1.95
        free = _WIDTH - left - between - columns - self.label_width - self.row_width
        self.curves_left = left
        self.curves_width = 0.62 * free
        self.labels_left = left + self.curves_width + 0.22
        self.rows_right = self.labels_left + self.label_width + between - 0.22 + self.row_width - 0.12
        self.ranking_left = self.rows_right + 0.12
        self.ranking_width = 0.38 * free
        self.columns = self.ranking_left + self.ranking_width + 0.8, _WIDTH - 0.25
        shown_rows = min(len(shown), ROWS)
        room = self.top - self.bottom - (0.35 if len(shown) > ROWS else 0.0)
        self.ranking_height = min(room, 0.7 * shown_rows)

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Bare axes."""
        axes = self.figure.add_axes((left / _WIDTH, bottom / _HEIGHT, width / _WIDTH, height / _HEIGHT))
        axes.set_facecolor("white")
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(side == "bottom")
            axes.spines[side].set_color(GREY)
        axes.tick_params(colors=GREY, labelsize=SMALL, labelcolor=INK)
        return axes

    def write(self, x: float, y: float, text: str, *, width: float | None = None, **style: Any) -> Text:
        """Write text at a place of the page, smaller if it would be wider than ``width``."""
        style = text_style(style)
        needed = self.text_width(text, style["fontsize"], style.get("fontweight", "normal"))
        if width is not None and needed > width:
            style["fontsize"] *= width / needed
        written = self.figure.text(x / _WIDTH, y / _HEIGHT, text, **style)
        return written

    def text_width(self, text: str, size: float = SMALL, weight: str = "normal") -> float:
        """Width of a line of text."""
        canvas = self.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        font = FontProperties(size=size, weight=weight)
        width, _, _ = canvas.get_renderer().get_text_width_height_descent(text, font, False)
        return width / self.figure.dpi


@dataclass(frozen=True, eq=False)
class _Bands:
    """Quantiles of run predictions of the coloured candidates: .05, .25, .5, .75, .95."""

    sizes: np.ndarray  # (A,)
    quantiles: np.ndarray  # (5, coloured, A)


def _draw_curves(page: _Page, posterior: Posterior, selection: Selection, names: Mapping[str, str]) -> None:
    axes = page.axes(page.curves_left, page.bottom, page.curves_width, page.top - page.bottom)
    law = posterior.law
    target = float(selection.target[law.axis])
    measured = _measured(posterior, selection)
    every_size = np.concatenate([sizes for sizes, _ in measured])
    edge = float(every_size.max())
    bands = _bands(posterior, selection, float(min(every_size.min(), target)), target)

    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = padded(min(every_size.min(), target), max(edge, target), 0.02, 0.4)
    axes.set_xlim(low, target if edge < target else high)  # the labels begin at the target
    axes.set_ylim(*_loss_limits(np.concatenate([losses for _, losses in measured]), bands))
    tick(axes, "x", count, most=6)
    tick(axes, "y", None, most=7)
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    if target > edge:
        axes.axvspan(edge, target, color="#F6F6F6", zorder=0)
    for sizes, losses in measured[COLOURED:]:
        distinct = np.unique(sizes)
        mean = [np.exp(np.log(losses[sizes == size]).mean()) for size in distinct]
        axes.plot(distinct, mean, color=FAINT, linewidth=0.6, zorder=1.5)
        axes.plot(sizes, losses, color=FAINT, linestyle="none", marker=".", markersize=3, zorder=1.5)
    for i in reversed(range(len(bands.quantiles[0]))):  # the leading candidate on top
        sizes, losses = measured[i]
        _draw_band(axes, bands, i, float(sizes.min()))
        axes.plot(sizes, losses, linestyle="none", marker=MARKERS[i], markersize=4.5, color=COLOURS[i],
                  markeredgecolor="white", markeredgewidth=0.5, zorder=4 - i / 10)  # fmt: skip
    _draw_marks(page, axes, edge, target)
    _label_curves(page, axes, bands, [names[c.model] for c in selection.candidates], target)
    if len(measured) > COLOURED:
        text = f"grey: the other {len(measured) - COLOURED}, as measured"
        page.write(page.curves_left, page.bottom - 0.52, text, color=GREY)
    unit = next((c.unit for c in law.covariates if c.name == law.axis), "")
    page.write(page.curves_left + page.curves_width, page.bottom - 0.52, f"{law.axis} ({unit})", ha="right")
    page.write(page.curves_left - 0.5, page.top + 0.12, "loss", fontsize=MEDIUM)


def _draw_band(axes: Axes, bands: _Bands, i: int, start: float) -> None:
    """Median and bands of one candidate from its smallest measured size on."""
    colour, lead = COLOURS[i], i == 0
    seen = bands.sizes >= start * (1 - 1e-9)
    x = bands.sizes[seen]
    p05, p25, p50, p75, p95 = bands.quantiles[:, i, seen]
    if len(x) == 0:
        return
    order = 3 - i / 10
    if len(x) == 1:
        axes.vlines(x, p05, p95, color=colour, linewidth=1.5, alpha=0.5, zorder=order)
        axes.vlines(x, p25, p75, color=colour, linewidth=4, alpha=0.5, zorder=order)
        return
    axes.fill_between(x, p05, p95, color=colour, alpha=0.20 if lead else 0.06, linewidth=0, zorder=order - 1)
    axes.fill_between(x, p25, p75, color=colour, alpha=0.26 if lead else 0.12, linewidth=0, zorder=order - 1)
    if not lead:  # where many bands overlap, their edges still tell
        for edge in (p05, p95):
            axes.plot(x, edge, color=colour, linewidth=0.5, alpha=0.6, zorder=order - 1)
    axes.plot(x, p50, color=colour, linewidth=2.0 if lead else 1.3, zorder=order)


def _draw_marks(page: _Page, axes: Axes, edge: float, target: float) -> None:
    """Lines at the largest measured size and at the target, labelled outwards so that the labels never meet."""
    same = np.isclose(edge, target, rtol=1e-6, atol=0)
    marks: list[tuple[float, str, Any]] = [
        (target, f"target {count(target)}" + (", where the data end" if same else ""), "-")
    ]
    if not same:
        marks.append((edge, f"data end at {count(edge)}", (0, (4, 3))))
    to_axes = axes.transData + axes.transAxes.inverted()
    for rank, (size, text, dashes) in enumerate(sorted(marks, key=lambda mark: mark[0])):
        axes.axvline(size, color=GREY, linewidth=1.0, linestyle=dashes, zorder=2.9)
        x = page.curves_width * float(to_axes.transform((size, axes.get_ylim()[0]))[0])
        rightwards = rank == 1 or x < page.text_width(text)
        page.write(page.curves_left + x, page.top + 0.12, text, ha="left" if rightwards else "right")


def _label_curves(page: _Page, axes: Axes, bands: _Bands, names: Sequence[str], target: float) -> None:
    """Name the curves beside their ends, moved apart where they would overlap and tied to them by a thin line."""
    ends = bands.quantiles[2, :, -1]
    to_axes = axes.transData + axes.transAxes.inverted()
    points = to_axes.transform(np.column_stack([np.full(len(ends), target), ends]))
    height = page.top - page.bottom
    places = spread(points[:, 1] * height, 0.23, height) / height
    for i, (name, (x, y), place) in enumerate(zip(names, points, places, strict=False)):
        colour = darker(COLOURS[i])
        label = (page.labels_left - page.curves_left) / page.curves_width
        axes.plot([x, label - 0.035, label - 0.01], [y, place, place], transform=axes.transAxes, color=colour,
                  linewidth=0.7, clip_on=False, solid_capstyle="butt", zorder=2)  # fmt: skip
        page.write(page.labels_left, page.bottom + place * height, name, width=page.label_width, color=colour,
                   va="center", fontweight="bold" if i == 0 else "normal")  # fmt: skip


def _draw_ranking(page: _Page, selection: Selection, names: Mapping[str, str], truth: Mapping[str, float]) -> None:
    shown, hidden = selection.candidates[:ROWS], selection.candidates[ROWS:]
    bottom = page.top - page.ranking_height
    axes = page.axes(page.ranking_left, bottom, page.ranking_width, page.ranking_height)
    axes.set_xscale("log")
    outcomes = [truth[c.model] for c in shown if c.model in truth]
    low, high = min([*outcomes, *(c.loss_p05 for c in shown)]), max([*outcomes, *(c.loss_p95 for c in shown)])
    axes.set_xlim(*padded(low, high, 0.04, 0.002))
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    tick(axes, "x", None, most=6)
    axes.grid(axis="x", color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.axvline(shown[0].loss_median, color=COLOURS[0], linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    places = decimals(shown[0].loss_median)
    best_at, regret_at = page.columns
    page.write(best_at, page.top + 0.12, "P(best)", ha="right", color=GREY)
    page.write(regret_at, page.top + 0.12, "exp. regret", ha="right", color=GREY)
    middle = page.ranking_left + page.ranking_width / 2
    page.write(middle, page.top + 0.12, "loss of a run at the target", ha="center", color=GREY)
    for row, candidate in enumerate(shown):
        colour = COLOURS[row] if row < COLOURED else OTHERS
        _draw_row(axes, row, candidate)
        if candidate.model in truth:
            axes.plot(
                [truth[candidate.model]], [row], marker="|", markersize=20, markeredgewidth=2.0, color=INK, zorder=4
            )
        y = page.top - page.ranking_height * (row + 0.5) / len(shown)
        ink = darker(colour) if row < COLOURED else GREY
        weight = "bold" if row == 0 else "normal"
        page.write(page.rows_right, y, names[candidate.model], width=page.row_width, ha="right", va="center",
                   color=ink, fontweight=weight)  # fmt: skip
        for x, text in ((best_at, chance(candidate.p_best)), (regret_at, fixed(candidate.expected_regret, places))):
            page.write(x, y, text, width=0.8, ha="right", va="center", fontweight=weight,
                       color=INK if row < COLOURED else GREY)  # fmt: skip
    if hidden:
        together = chance(sum(c.p_best for c in hidden))
        text = f"and {len(hidden)} more; chance that the best is among them: {together}"
        page.write(page.rows_right, bottom - 0.52, text, ha="left", color=GREY)


def _draw_row(axes: Axes, row: int, c: Candidate) -> None:
    colour, marker = (COLOURS[row], MARKERS[row]) if row < COLOURED else (OTHERS, "o")
    interval_row(axes, row, (c.loss_p05, c.loss_p95), (c.loss_p25, c.loss_p75), c.loss_median, colour, marker)


def _write_title(page: _Page, posterior: Posterior, selection: Selection, names: Mapping[str, str]) -> None:
    law = posterior.law
    unit = {c.name: c.unit for c in law.covariates}
    point = ", ".join(
        f"{count(value)} {unit[name]}" if name == law.axis and name in unit else f"{name} = {count(value)}"
        for name, value in selection.target.items()
    )
    width = _WIDTH - 0.4
    page.write(0.15, _HEIGHT - 0.42, _choice(selection, names, point), width=width, fontsize=18, fontweight="bold")
    models, odds = len(selection.candidates), _odds(selection, names)
    page.write(0.15, _HEIGHT - 0.76, odds, width=width, fontsize=12)
    facts = f"{law.name} law · {models} model{'s' if models > 1 else ''} · {_beyond(posterior, selection)} · checks"
    page.write(0.15, _HEIGHT - 1.08, facts, fontsize=MEDIUM, color=GREY)
    failing = [c.name for c in selection.checks if c.status == selection.status] if selection.status != "PASS" else []
    named = f" ({', '.join(failing[:4])}{', …' if len(failing) > 4 else ''})" if failing else ""
    after = 0.15 + page.text_width(facts, MEDIUM) + 0.1
    page.write(after, _HEIGHT - 1.08, selection.status + named, width=_WIDTH - 0.25 - after, fontsize=MEDIUM,
               fontweight="bold", color=STATUS_COLOURS[selection.status])  # fmt: skip


def _choice(selection: Selection, names: Mapping[str, str], point: str) -> str:
    task = elide(clean(selection.task), 40)
    purpose = "" if task == "task" else f" for {task}"  # the reader's name for a table that names none
    return f"Choose {names[selection.recommended]}{purpose} at {point}"


def _odds(selection: Selection, names: Mapping[str, str]) -> str:
    best, models = selection.candidates[0], len(selection.candidates)
    if models == 1:
        return "The only candidate: there is nothing to choose"
    odds = (
        f"{chance(best.p_best)} to be the best of {models}, {chance(best.p_within_1pct)} to come within 1% of it  ·  "
        f"expected regret {fixed(best.expected_regret, decimals(best.loss_median))}"
    )
    if selection.tie_set:
        shown = ", ".join(names[model] for model in selection.tie_set[:3])
        more = f" and {len(selection.tie_set) - 3} more" if len(selection.tie_set) > 3 else ""
        odds += f"  ·  not clearly worse: {shown}{more}"
    return odds


def _write_legend(page: _Page, *, told: bool) -> None:
    outcome = " Upright black stroke: what was measured there." if told else ""
    page.write(
        0.15, 0.14,
        "Bands and bars: 50% and 90% intervals of the loss that one new run would measure; line and marker: median. "
        f"Exp. regret: average loss paid above the best candidate's.{outcome}",
        width=_WIDTH - 0.4, fontsize=9, color=GREY,
    )  # fmt: skip


def _beyond(posterior: Posterior, selection: Selection) -> str:
    """How far the target lies beyond the data of the candidates."""
    layout = posterior.layout
    largest = layout.largest[layout.task_of == layout.tasks.index(selection.task)]
    near, far = (
        selection.target[posterior.law.axis] / largest.max(),
        selection.target[posterior.law.axis] / largest.min(),
    )
    if far <= 1 + 1e-6:
        return "target at the edge of the data"
    if far <= near * (1 + 1e-6):
        return f"{factor(far)} beyond the data"
    return f"up to {factor(far)} beyond the data of a candidate"


def _measured(posterior: Posterior, selection: Selection) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sizes and losses of each candidate's runs, in the order of the candidates."""
    table = posterior.runs.table
    table = table[table["task"] == selection.task]
    groups = {
        str(model): (group[posterior.law.axis].to_numpy(float), group["loss"].to_numpy(float))
        for model, group in table.groupby("model", sort=False)
    }
    return [groups[c.model] for c in selection.candidates]


def _bands(posterior: Posterior, selection: Selection, start: float, target: float) -> _Bands:
    """Predict the coloured candidates from ``start`` to the target."""
    layout, axis = posterior.layout, posterior.law.axis
    sizes = np.geomspace(start, target, _SIZES) if start < target * (1 - 1e-9) else np.array([target])
    sizes[-1] = target
    draws = posterior.draws.sizes["chain"] * posterior.draws.sizes["draw"]
    step = -(-draws * len(layout.curves) * len(sizes) // _DRAWN)
    thinned = replace(posterior, draws=posterior.draws.isel(draw=slice(None, None, step)))
    predicted = predict(thinned, [{**selection.target, axis: float(size)} for size in sizes], kind="run")
    column = {(model, task): k for k, (model, _, task) in enumerate(predicted.labels)}
    members = [column[c.model, selection.task] for c in selection.candidates[:COLOURED]]
    quantiles = np.quantile(predicted.linked[:, members], [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    return _Bands(sizes, predicted.outcome.inverse(quantiles))


def _loss_limits(measured: np.ndarray, bands: _Bands) -> tuple[float, float]:
    """Limits that show every measurement and the bands, unless a band runs off by more than four times."""
    low = max(bands.quantiles[0].min(), min(measured.min(), bands.quantiles[2].min()) / 4)
    high = min(bands.quantiles[4].max(), max(measured.max(), bands.quantiles[2].max()) * 4)
    return padded(min(low, measured.min()), max(high, measured.max()), 0.03, 0.002)
