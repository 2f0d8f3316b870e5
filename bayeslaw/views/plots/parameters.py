"""The picture of the parameters of a fit: medians and intervals, each parameter on a scale of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.parameters import Parameters, draws_of
from bayeslaw.views.names import clean
from bayeslaw.views.plots.page import FAINT
from bayeslaw.views.plots.style import (
    COLOURS,
    Group,
    columns,
    grouped,
    head,
    interval,
    interval_row,
    label_x,
    more_rows,
    name_rows,
    pitch,
    plain,
    row_axes,
    row_names,
    settle,
    write_heading,
)

WIDE = 30.0
"""Ratio of the ends of a scale from which on it is logarithmic."""


def plot(result: Parameters, ax: Axes | None = None) -> Axes:
    """Draw medians, 50% and 90% intervals, a parameter under a heading that says from where to where its scale goes.

    Where the result knows the prior, its 90% interval lies in grey behind, cut at the ends of the scale.

    Parameters
    ----------
    result : Parameters
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    records = result.records
    keys = ["" if record["level"] == "population" else record["name"] for record in records]
    groups = grouped(keys)
    lines = sum(1 + len(group.members) for group in groups)
    own, (ax, room) = ax is None, row_axes(ax, lines, most=lines)
    meaning = {p.name: p.meaning for p in result.posterior.law.parameters}
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    places: list[float] = []
    shown: list[dict[str, Any]] = []
    names: list[str] = []
    headings: list[tuple[Group, str, str, str]] = []
    for n, group in enumerate(groups := grouped(keys, room)):
        some = [records[i] for i in group.members]
        scale = _scale([records[i] for i, key in enumerate(keys) if key == group.key])
        unit = some[0]["unit"]
        name = f"{clean(group.key)}{f' ({clean(unit)})' if unit != '1' else ''}" if group.key else "population"
        told = meaning.get(group.key, "in the coordinates of the law" if not group.key else "")
        headings.append((group, name, told, scale.told))
        ax.axhspan(group.places[0] - 0.5, group.places[-1] + 0.5, color="#F7F7F7", zorder=0, linewidth=0)
        if scale.low < 0 < scale.high:
            ax.plot(
                [scale(0.0)] * 2, [group.places[0] - 0.5, group.places[-1] + 0.5], color=FAINT, linewidth=0.8, zorder=1
            )
        for y, record in zip(group.places, some, strict=True):
            _draw_number(ax, y, scale, result, record, COLOURS[n % 2])
        places += group.places
        shown += some
        names += _names(some)
    name_rows(ax, places, names)
    cells = [("median (90% interval)", [interval(r["median"], r["p05"], r["p95"]) for r in shown])]
    if result.prior is not None:
        cells.append(("prior", [_prior_text(result.prior_interval(r)) for r in shown]))
    columns(ax, places, cells)
    settle(ax, 6.2 if own else None)
    for heading in headings:
        write_heading(ax, *heading)
    key = "bars: 50% and 90% intervals; dot: median; each parameter on a scale of its own, whose ends are at its right"
    grey = "" if result.prior is None else "grey: 90% interval of the prior, cut where the scale ends"
    label_x(ax, key, grey, more_rows(len(shown), len(records)))
    law = result.posterior.law
    head(ax, f"Parameters of the {clean(law.name)} law", law.formula, result.status)
    return ax


def _draw_number(ax: Axes, y: float, scale: "_Scale", result: Parameters, record: dict[str, Any], colour: str) -> None:
    """The intervals of a number, before those of its prior where it was drawn."""
    prior = result.prior_interval(record)
    if prior is not None:
        style: dict[str, Any] = {"color": FAINT, "alpha": 0.55, "solid_capstyle": "butt", "zorder": 1.5}
        ax.plot([scale(prior[0]), scale(prior[2])], [y, y], linewidth=0.8 * pitch(ax), **style)
    quarters = np.quantile(draws_of(result.posterior, record), [0.25, 0.75])
    inner = scale(float(quarters[0])), scale(float(quarters[1]))
    interval_row(ax, y, (scale(record["p05"]), scale(record["p95"])), inner, scale(record["median"]), colour)


def _prior_text(prior: tuple[float, float, float] | None) -> str:
    return "flat" if prior is None else interval(prior[1], prior[0], prior[2])


@dataclass(frozen=True)
class _Scale:
    """From a parameter to 0 .. 1 on the picture."""

    low: float
    high: float
    logarithmic: bool

    def __call__(self, value: float) -> float:
        low, high, at = (np.log(v) if self.logarithmic else v for v in (self.low, self.high, max(value, self.low)))
        return float(np.clip((min(at, high) - low) / (high - low), 0.0, 1.0))

    @property
    def told(self) -> str:
        return f"{plain(self.low)} to {plain(self.high)}{', logarithmic' if self.logarithmic else ''}"


def _scale(records: list[dict[str, Any]]) -> _Scale:
    """A scale on which all records can be seen: from 0 if there is one alone, logarithmic if they lie far apart."""
    ends = np.array([[r["p05"], r["p95"]] for r in records], float)
    ends = ends[np.isfinite(ends).all(axis=1)]
    if len(ends) == 0:
        return _Scale(0.0, 1.0, False)
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if low > 0 and high / low > WIDE:
        return _Scale(low, high, True)
    if len(records) == 1:
        low, high = min(low, 0.0), max(high, 0.0)
    return _Scale(low, high, False) if low < high else _Scale(low - 1.0, high + 1.0, False)


def _names(records: list[dict[str, Any]]) -> list[str]:
    """Names of the rows of one parameter: members of the level at which it varies."""
    if records[0]["level"] == "population":
        return row_names([(r["name"],) for r in records])
    return row_names([(r["group"], r["task"]) for r in records])
