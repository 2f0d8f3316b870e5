"""The left panel of the page of a choice: measured runs, and bands of run predictions out to the target."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.selection import Selection
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.views.plots.bands import Bands, bands_of, limits, measured_of
from bayeslaw.views.plots.hover import tell_of
from bayeslaw.views.plots.page import (
    FAINT,
    GREY,
    MEDIUM,
    darker,
    padded,
    spread,
    tick,
)
from bayeslaw.views.plots.selection import COLOURED, told_of
from bayeslaw.views.plots.selection_layout import Page
from bayeslaw.views.plots.style import (
    COLOURS,
    MARKERS,
    covariate_unit,
)


def draw_curves(page: Page, posterior: Posterior, selection: Selection, names: Mapping[str, str]) -> None:
    """Draw the panel: measured runs, bands out to the target, names at their ends."""
    axes = page.axes(page.curves_left, page.bottom, page.curves_width, page.top - page.bottom)
    law, outcome = posterior.law, selection.outcome
    target = float(selection.target[law.axis])
    models = [candidate.model for candidate in selection.candidates]
    measured = measured_of(posterior, selection.task, models)
    every_size = np.concatenate([sizes for sizes, _ in measured])
    edge = float(every_size.max())
    start = float(min(every_size.min(), target))
    bands = bands_of(posterior, selection.task, models[:COLOURED], selection.target, start, target)

    axes.set_xscale("log")
    if outcome.link_name == "log":
        axes.set_yscale("log")
    low, high = padded(min(every_size.min(), target), max(edge, target), 0.02, 0.4)
    axes.set_xlim(low, target if edge < target else high)  # the labels begin at the target
    axes.set_ylim(*padded(*limits(np.concatenate([losses for _, losses in measured]), bands), 0.03, 0.002))
    tick(axes, "x", count, most=6)
    tick(axes, "y", None, most=7)
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    if target > edge:
        axes.axvspan(edge, target, color="#F6F6F6", zorder=0)
    for sizes, losses in measured[COLOURED:]:
        distinct = np.unique(sizes)
        mean = [outcome.inverse(outcome.link(losses[sizes == size]).mean()) for size in distinct]
        axes.plot(distinct, mean, color=FAINT, linewidth=0.6, zorder=1.5)
        axes.plot(sizes, losses, color=FAINT, linestyle="none", marker=".", markersize=3, zorder=1.5)
    for i in reversed(range(len(bands.quantiles[0]))):  # the leading candidate on top
        sizes, losses = measured[i]
        told = told_of(selection.candidates[i], names[models[i]])
        _draw_band(axes, bands, i, float(sizes.min()), told)
        axes.plot(sizes, losses, linestyle="none", marker=MARKERS[i], markersize=4.5, color=COLOURS[i],
                  markeredgecolor="white", markeredgewidth=0.5, zorder=4 - i / 10)  # fmt: skip
    _draw_marks(page, axes, edge, target)
    _label_curves(page, axes, bands, [names[c.model] for c in selection.candidates], target)
    if len(measured) > COLOURED:
        text = f"grey: the other {len(measured) - COLOURED}, as measured"
        page.write(page.curves_left, page.bottom - 0.52, text, color=GREY)
    unit = covariate_unit(law.axis, law, selection.provenance)
    page.write(page.curves_left + page.curves_width, page.bottom - 0.52, f"{law.axis} ({unit})", ha="right")
    page.write(page.curves_left - 0.5, page.top + 0.12, outcome.name, fontsize=MEDIUM)


def _draw_band(axes: Axes, bands: Bands, i: int, start: float, told: str) -> None:
    """Median and bands of one candidate from its smallest measured size on; the narrower band tells its numbers."""
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
    inner = axes.fill_between(x, p25, p75, color=colour, alpha=0.26 if lead else 0.12, linewidth=0, zorder=order - 1)
    tell_of(inner, told)
    if not lead:  # where many bands overlap, their edges still tell
        for edge in (p05, p95):
            axes.plot(x, edge, color=colour, linewidth=0.5, alpha=0.6, zorder=order - 1)
    axes.plot(x, p50, color=colour, linewidth=2.0 if lead else 1.3, zorder=order)


def _draw_marks(page: Page, axes: Axes, edge: float, target: float) -> None:
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


def _label_curves(page: Page, axes: Axes, bands: Bands, names: Sequence[str], target: float) -> None:
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
