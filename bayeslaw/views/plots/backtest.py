"""Pictures of a backtest: whether intervals hold what they promise, and how far predictions are off."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from bayeslaw.evidence.backtest.result import OURS, Backtest
from bayeslaw.evidence.backtest.scoring import LEVELS
from bayeslaw.views.names import clean, elide
from bayeslaw.views.numbers import readable_ticks

_OURS = "#D55E00"
_COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#666666", "#8C564B", "#222222")
"""Okabe and Ito 2008 first; bayeslaw has a colour of its own."""
_MARKERS = ("s", "^", "D", "v", "P", "X", "<", ">", "h")
_INK, _GREY, _FAINT = "#222222", "#666666", "#BDBDBD"

_TARGETS = 5
"""Cells with fewer targets have steps for a line, which say nothing."""

Record = Mapping[str, Any]


def plot_coverage(found: Backtest) -> Figure | None:
    """Observed against nominal coverage of central intervals, one line a method that has intervals.

    Lines are means over cells; the larger cells of bayeslaw are drawn faintly behind. None if no method has intervals.
    """
    cells = [cell for cell in found.cells if cell.get("coverage_levels")]
    if not cells:
        return None
    figure, axes = _page(6.6, 6.6)
    levels = np.concatenate([[0.0], LEVELS])

    def from_zero(coverage: np.ndarray) -> np.ndarray:
        return np.concatenate([[0.0], coverage])

    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for cell in cells:
        if cell["method"] == OURS and cell["models"] >= _TARGETS:
            axes.plot(
                levels, from_zero(np.array(cell["coverage_levels"])), color=_OURS, linewidth=0.7, alpha=0.22, zorder=2
            )
    for method, style in _styles(cells).items():
        del style["marker"]
        own = np.array([cell["coverage_levels"] for cell in cells if cell["method"] == method])
        label = f"{method} ({len(own)} cells)"
        axes.plot(levels, from_zero(own.mean(axis=0)), label=label, zorder=4 if method == OURS else 3, **style)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(np.linspace(0, 1, 6))
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="nominal coverage of the interval", ylabel="measured losses inside")
    axes.set_aspect("equal")
    _text(axes, 0.03, 0.965, "intervals too wide")
    _text(axes, 0.97, 0.035, "intervals too narrow", ha="right")
    _legend(axes, 0.0, 0.94)
    _title(axes, "Do intervals hold what they promise?")
    return figure


def plot_error(found: Backtest) -> Figure | None:
    """Error of point predictions: against the budget, one line a method; for curves, by domain, one point a method.

    None if no method predicts.
    """
    cells = [cell for cell in found.cells if cell["scores"]["rmsle"] is not None]
    if not cells:
        return None
    return _by_domain(cells) if found.kind == "curves" else _by_budget(cells)


def _by_budget(cells: Sequence[Record]) -> Figure:
    figure, axes = _page(9.0, 5.6)
    tasks = len({cell["task"] for cell in cells})
    for method, style in _styles(cells).items():
        budgets = sorted({cell["budget"] for cell in cells if cell["method"] == method})
        errors = [_mean(cells, method, "budget", budget) for budget in budgets]
        marker = {"marker": style.pop("marker"), "markersize": 5}
        axes.plot(budgets, errors, label=method, zorder=4 if method == OURS else 3, **style, **marker)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    budgets = sorted({cell["budget"] for cell in cells})
    shown = budgets if len(budgets) <= 12 else readable_ticks(budgets[0], budgets[-1])
    axes.set_xticks(shown, [f"1/{budget:g}" for budget in shown])
    _log_y(axes)
    axes.set_xlabel("largest size fitted, as a share of the target")
    _legend(axes, 1.01, 1.0)
    _title(axes, f"Error of the predicted loss, mean of {tasks} task{'s' if tasks > 1 else ''}")
    return figure


def _by_domain(cells: Sequence[Record]) -> Figure:
    domains = list(dict.fromkeys(cell["domain"] for cell in cells))
    styles = _styles(cells)
    figure, axes = _page(max(7.0, 3.4 + 2.0 * min(len(domains), 6)), 5.6)
    offsets = np.linspace(-0.36, 0.36, len(styles)) if len(styles) > 1 else np.zeros(1)
    for offset, (method, style) in zip(offsets, styles.items(), strict=True):
        colour, places, means = style["color"], [], []
        for place, domain in enumerate(domains):
            own = [c["scores"]["rmsle"] for c in cells if c["method"] == method and c["domain"] == domain]
            axes.scatter(np.full(len(own), place + offset), own, s=9, color=colour, alpha=0.3, linewidths=0, zorder=2)
            if own:
                places.append(place + offset)
                means.append(float(np.mean(own)))
        size = 60 if method == OURS else 36
        axes.scatter(places, means, s=size, color=colour, marker=style["marker"], label=method, zorder=3)
    axes.set_xticks(range(len(domains)), [elide(clean(domain), 16) for domain in domains], parse_math=False)
    axes.set_xlim(-0.55, len(domains) - 0.45)
    for place in range(1, len(domains)):
        axes.axvline(place - 0.5, color=_FAINT, linewidth=0.8)
    _log_y(axes)
    _legend(axes, 1.01, 1.0)
    _title(axes, "Error of the hidden points, by curve, and mean over curves")
    return figure


def _mean(cells: Sequence[Record], method: str, name: str, value: Any) -> float:
    return float(np.mean([c["scores"]["rmsle"] for c in cells if c["method"] == method and c[name] == value]))


def _styles(cells: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Line styles by method, bayeslaw first and heaviest."""
    methods = sorted(dict.fromkeys(cell["method"] for cell in cells), key=lambda method: method != OURS)
    others = [method for method in methods if method != OURS]
    styles: dict[str, dict[str, Any]] = {OURS: {"color": _OURS, "linewidth": 2.6, "marker": "o"}}
    for i, method in enumerate(others):
        colour, marker = _COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)]
        styles[method] = {"color": colour, "linewidth": 1.4, "marker": marker}
    return {method: styles[method] for method in methods}


def _page(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=150, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_FAINT)
    axes.tick_params(colors=_GREY, labelcolor=_INK)
    axes.grid(color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _log_y(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    low, high = axes.get_ylim()
    ticks = readable_ticks(low, high)
    axes.set_yticks(ticks, [f"{tick:.6g}" for tick in ticks])
    axes.set_ylim(low, high)
    axes.set_ylabel("RMSLE (root mean squared error of log loss)")


def _legend(axes: Axes, x: float, y: float) -> None:
    """Legend with its upper left corner at a place in the panel, or beside it."""
    axes.legend(frameon=False, labelcolor=_INK, fontsize=10, loc="upper left", bbox_to_anchor=(x, y))


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", color=_INK, fontsize=12, fontweight="bold", pad=12)


def _text(axes: Axes, x: float, y: float, text: str, ha: str = "left") -> None:
    axes.text(x, y, text, ha=ha, va="center", color=_GREY, fontsize=10, transform=axes.transAxes)
