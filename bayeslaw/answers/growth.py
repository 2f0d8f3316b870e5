"""How a column of a model, such as measured seconds, goes on at sizes that were not run.

Along a straight line of its log against that of the size; or as a fixed part and one in proportion to the size, for
what a run takes is often ``a + b D``: loading a model takes as long for a short run. The one is taken by which the
larger half of what was measured is foretold the better from the smaller half, for all models of a table together: a
line in logs may well fit the better what it foretells the worse.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize

from bayeslaw.posterior.posterior import Posterior

Way = Literal["line", "fixed part"]
"""A straight line in logs; or a fixed part and one in proportion to the size."""

Fitted = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From logs of sizes and values, and of other sizes, to logs of values there."""

ALIKE = 1e-6
"""Errors of log values that are alike, as on two sizes a model; then it is a fixed part, which is the dearer beyond."""

OTHERS = ("model", "family", "task", "row", "seed", "loss_se")
"""Columns that do not go on."""


@dataclass(frozen=True)
class Growth:
    """How a column goes on: the better way, and how well both foretell.

    Attributes
    ----------
    way : {"line", "fixed part"}
    errors : mapping
        Root mean squared error of logs at the larger half of the sizes, from the smaller half, by way; 0 where no model
        has three sizes.
    """

    way: Way
    errors: Mapping[Way, float]

    def at(self, sizes: np.ndarray, values: np.ndarray, size: float) -> float:
        """The value at a size, from those at other sizes: between them in logs, beyond them on from the end."""
        x, y = _means(sizes, values)
        inside = float(np.clip(np.log(size), x[0], x[-1]))
        ends = np.array([np.log(size), inside])
        to, end = (_line if self.way == "line" else _fixed_part)(x, y, ends)
        return float(np.exp(np.interp(inside, x, y) + to - end))

    def told(self, axis: str) -> str:
        """How it goes on, and why so, in words."""
        ways: Mapping[Way, str] = {
            "line": f"along a straight line of its log against that of {axis}",
            "fixed part": f"as a fixed part and one in proportion to {axis}",
        }
        other: Way = "fixed part" if self.way == "line" else "line"
        own, others = self.errors[self.way], self.errors[other]
        if others - own < ALIKE:
            return f"{ways[self.way]}; what was measured does not tell this from going on {ways[other]}"
        return (
            f"{ways[self.way]}, by which the larger half of what was measured is foretold from the smaller half with "
            f"an error of {own:.2g} in logs ({others:.2g} {ways[other]})"
        )


def growths(posterior: Posterior) -> dict[str, Growth]:
    """How the columns of numbers of a table go on that are positive, and differ between the runs of a model."""
    table, axis = posterior.runs.table, posterior.law.axis
    found = {}
    for name in table.columns:
        if name in (*OTHERS, axis, posterior.outcome.name) or not pd.api.types.is_numeric_dtype(table[name]):
            continue
        cells = table[["task", "model", axis, name]].dropna()
        own = [(of[axis].to_numpy(float), of[name].to_numpy(float)) for _, of in cells.groupby(["task", "model"])]
        curves = [_means(sizes, values) for sizes, values in own if (values > 0).all() and np.ptp(values) > 0]
        if curves:
            errors: dict[Way, float] = {"line": _error(_line, curves), "fixed part": _error(_fixed_part, curves)}
            way: Way = "fixed part" if errors["fixed part"] < errors["line"] + ALIKE else "line"
            found[name] = Growth(way, errors)
    return found


def _error(fitted: Fitted, curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Root mean squared error of logs at the larger half of sizes, going on from the smaller half; 0 without any."""
    left = [np.zeros(1)]
    for x, y in curves:
        half = -(-len(x) // 2)
        if half > 1:
            gone_on = fitted(x[:half], y[:half], x)
            left.append(y[half:] - y[half - 1] - (gone_on[half:] - gone_on[half - 1]))
    return float(np.sqrt(np.mean(np.concatenate(left) ** 2)))


def _means(sizes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logs of the distinct sizes, and means of the logs of values there."""
    x, group = np.unique(np.log(sizes), return_inverse=True)
    return x, np.bincount(group, np.log(values)) / np.bincount(group)


def _line(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The line through all points, in proportion to the size if there is one; up to its level."""
    spread = np.sum((x - x.mean()) ** 2)
    slope = np.sum((x - x.mean()) * y) / spread if spread > 0 else 1.0
    return np.asarray(y.mean() + slope * (at - x.mean()))


def _fixed_part(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Log of a fixed part and one in proportion to the size, neither negative, of least relative errors."""
    middle = np.exp(x - x[-1])
    parts = np.column_stack([np.ones_like(middle), middle]) * np.exp(y[-1] - y)[:, None]
    if len(x) == 1:
        return np.asarray(y[0] + at - x[0])
    (fixed, rate), _ = optimize.nnls(parts, np.ones(len(x)))
    return np.asarray(y[-1] + np.log(fixed + rate * np.exp(at - x[-1])))
