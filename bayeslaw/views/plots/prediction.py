"""Pictures of a prediction: intervals at a point, or bands along one covariate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayeslaw.answers.prediction import Prediction
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.numerics import count
from bayeslaw.views.names import clean
from bayeslaw.views.numbers import decimals, factor, fixed
from bayeslaw.views.plots.hover import tell_of
from bayeslaw.views.plots.page import FAINT, padded
from bayeslaw.views.plots.style import (
    COLOURS,
    DOT,
    GRID,
    WIDTH,
    columns,
    covariate_label,
    end_labels,
    head,
    interval,
    interval_row,
    label_x,
    label_y,
    logarithmic,
    more_rows,
    name_rows,
    new_axes,
    outcome_label,
    point_text,
    row_axes,
    row_names,
    settle,
)

WHAT = {
    "run": "what one new run would measure",
    "curve": "expected, without the noise of runs",
    "new-family": "what one run of a new family would measure",
    "law": "as if the law held exactly",
}
_LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]
_STRAY = 4.0
"""Times beyond all medians, up to which bands are shown."""


def plot(result: Prediction, ax: Axes | None = None) -> Axes:
    """Draw intervals, the best first, or bands where the points differ in one covariate alone.

    Parameters
    ----------
    result : Prediction
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    names = dict.fromkeys(name for point in result.at for name in point)
    varying = [name for name in names if len({point.get(name) for point in result.at}) > 1]
    whole = all(len(point) == len(names) for point in result.at)
    along = (
        varying[0] if len(varying) == 1 and whole and len({p[varying[0]] for p in result.at}) == len(result.at) else ""
    )
    return _bands(result, along, ax) if along else _rows(result, varying, ax)


def _rows(result: Prediction, varying: Sequence[str], ax: Axes | None) -> Axes:
    labels, points, values = result.labels, len(result.at), result.values
    quantiles = np.quantile(values, _LEVELS, axis=0)  # (5, K, A)
    sign = -1 if result.outcome.higher_is_better else 1
    order = [
        (a, int(k)) for a in range(points) for k in np.argsort(sign * quantiles[2, :, a], kind="stable")
    ]  # the best first, point by point
    own, (ax, rows) = ax is None, row_axes(ax, len(order))
    shown, places = order[:rows], list(range(min(rows, len(order))))
    _limit(ax, result.outcome, np.array([quantiles[:, k, a] for a, k in shown]), "x")
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    for y, (a, k) in zip(places, shown, strict=True):
        p05, p25, p50, p75, p95 = quantiles[:, k, a]
        interval_row(ax, y, (p05, p95), (p25, p75), p50, COLOURS[a % len(COLOURS)])
        if y and a != shown[y - 1][0]:
            ax.axhline(y - 0.5, color=FAINT, linewidth=0.8)
    texts = [point_text({name: result.at[a][name] for name in varying if name in result.at[a]}) for a, _ in shown]
    models = row_names(labels)
    name_rows(
        ax, places, [f"{models[k]}, {text}" if text else models[k] for (_, k), text in zip(shown, texts, strict=True)]
    )
    digits = decimals(float(np.median(np.abs(quantiles[2]))))
    cells = [("median (90% interval)", [_numbers(quantiles[:, k, a], digits) for a, k in shown])]
    if (result.extrapolation > 1 + 1e-9).any():
        cells.append(("beyond data", [_beyond(float(result.extrapolation[k, a])) for a, k in shown]))
    columns(ax, places, cells)
    settle(ax, WIDTH if own else None)
    key = "bars: 50% and 90% intervals; dot: median"
    label_x(ax, outcome_label(result.outcome), key, more_rows(len(shown), len(order)))
    same = {name: value for name, value in result.at[0].items() if name not in varying}
    head(ax, _title(result, same), _told(result), result.status)
    return ax


def _bands(result: Prediction, along: str, ax: Axes | None) -> Axes:
    order = np.argsort([point[along] for point in result.at])
    x = np.array([result.at[a][along] for a in order], float)
    quantiles = np.quantile(result.values[:, :, order], _LEVELS, axis=0)  # (5, K, A)
    beyond = result.extrapolation[:, order] > 1 + 1e-9
    ranked = np.argsort((-1 if result.outcome.higher_is_better else 1) * quantiles[2, :, -1], kind="stable")
    lead, others = ranked[: len(COLOURS)], ranked[len(COLOURS) :]
    names = row_names(result.labels)
    own, ax = ax is None, new_axes(ax, 9.0, 5.4)
    ax.set_xlim(x[0], x[-1])
    logarithmic(ax, "x", count)
    _limit(ax, result.outcome, np.moveaxis(quantiles, 0, -1).reshape(-1, len(_LEVELS)), "y")
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    for k in others:
        ax.plot(x, quantiles[2, k], color=FAINT, linewidth=0.8, zorder=1.5)
    for rank, k in reversed(list(enumerate(lead))):
        p05, p25, p50, p75, p95 = quantiles[:, k]
        colour, order_drawn = COLOURS[rank], 3 - rank / 10
        full = rank == 0 or len(lead) <= 2
        ax.fill_between(x, p05, p95, color=colour, alpha=0.18 if full else 0.06, linewidth=0, zorder=order_drawn - 1)
        inner = ax.fill_between(x, p25, p75, color=colour, alpha=0.26 if full else 0.12, linewidth=0,
                                zorder=order_drawn - 1)  # fmt: skip
        end = interval(p50[-1], p05[-1], p95[-1])
        tell_of(inner, f"{names[k]}: median (90% interval) at {point_text({along: float(x[-1])})} {end}")
        for edge in () if full else (p05, p95):  # where many bands overlap, their edges still tell
            ax.plot(x, edge, color=colour, linewidth=0.6, alpha=0.7, zorder=order_drawn - 1)
        _line(ax, x, p50, beyond[k], color=colour, linewidth=1.8, zorder=order_drawn)
        if len(x) <= 12:
            ax.plot(x, p50, linestyle="none", marker="o", markersize=4, color=colour, zorder=order_drawn)
    end_labels(ax, float(x[-1]), [float(quantiles[2, k, -1]) for k in lead], [names[k] for k in lead], COLOURS)
    label_y(ax, outcome_label(result.outcome))
    settle(ax, 6.2 if own else None)
    key = "bands: 50% and 90% intervals; line: median" + (", dashed beyond the data" if beyond.any() else "")
    grey = f"grey: medians of the other {len(others)}" if len(others) else ""
    label_x(ax, covariate_label(along, result.provenance), key, grey)
    same = {name: value for name, value in result.at[0].items() if name != along}
    head(ax, _title(result, same), _told(result), result.status)
    return ax


def _line(ax: Axes, x: np.ndarray, y: np.ndarray, beyond: np.ndarray, **style: Any) -> None:
    """A line, dashed from the last point within the data on."""
    inside = int(np.argmax(beyond)) if beyond.any() else len(x)
    ax.plot(x[:inside], y[:inside], **style)
    ax.plot(x[max(inside - 1, 0) :], y[max(inside - 1, 0) :], linestyle=(0, (3.2, 1.4)), **style)


def _limit(ax: Axes, outcome: Outcome, quantiles: np.ndarray, which: str) -> None:
    """Limits that show quantiles (n, 5), unless some run off beyond all medians; logarithmic where the link is."""
    middle, finite = quantiles[:, 2], quantiles[np.isfinite(quantiles)]
    set_limits = ax.set_xlim if which == "x" else ax.set_ylim
    if outcome.link_name == "log":
        low, high = max(finite.min(), middle.min() / _STRAY), min(finite.max(), middle.max() * _STRAY)
        set_limits(*padded(float(low), float(high), 0.04, 0.002))
        logarithmic(ax, which)
        return
    margin = 0.04 * np.ptp(finite) or 1e-3 * max(abs(float(finite[0])), 1e-3)
    set_limits(float(finite.min() - margin), float(finite.max() + margin))


def _numbers(quantiles: np.ndarray, digits: int) -> str:
    return interval(quantiles[2], quantiles[0], quantiles[4], lambda value: fixed(float(value), digits))


def _beyond(extrapolation: float) -> str:
    return factor(extrapolation) if extrapolation > 1 + 1e-9 else "-"


def _title(result: Prediction, same: dict[str, float]) -> str:
    at = f" at {point_text(same)}" if same else ""
    return f"Predicted {clean(result.outcome.name)}{at}"


def _told(result: Prediction) -> str:
    law = result.provenance.get("law")
    return WHAT[result.kind] + (f"{DOT}{clean(law)}{'' if 'mixture' in law else ' law'}" if law else "")
