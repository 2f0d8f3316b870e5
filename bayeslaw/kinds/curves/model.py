"""The model of curves that each have a level: its arrays, and draws of all its quantities."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from bayeslaw.kinds.base import Model
from bayeslaw.kinds.curves.density import CurveDensity, Data
from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.draws import CompletedDraws, complete
from bayeslaw.kinds.curves.layout import CurveLayout
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.curves.walks import rotate
from bayeslaw.kinds.shared.borrowed import PATH, BorrowedArrays, Paths, filling_of, reduced_sizes
from bayeslaw.kinds.shared.population import Pooled, Position, group_index, population_sizes
from bayeslaw.laws.base import Law

_AXES: Mapping[str, str] = MappingProxyType(
    {
        "log_loss": "CM", "height": "CM", "root_weight": "CM", "rotation": "GMR", "strength": "CR", "own": "GRP",
        "shared": "GRQ", "real": "CR", "slots": "GN", "task_of_row": "G",
    }
)  # fmt: skip
"""Axes of arrays of `Data` that have other lengths in a table of more runs of the same curves."""

_MODES: Mapping[str, str] = MappingProxyType({"height": "edge", "slots": "edge", "task_of_row": "edge"})
"""How they are padded, if not by 0."""


@dataclass(frozen=True, eq=False)
class CurveModel:
    """A hierarchical model of one table of runs, the level of each curve free."""

    law: Law
    layout: CurveLayout
    density: CurveDensity
    data: Data
    centre: np.ndarray
    """Mean log loss of each curve, shape (C,), which is subtracted before sampling."""

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position."""
        return reduced_sizes(self.density.filling, _whole_sizes(self.layout, self.density.pooled))

    def fixed(self) -> frozenset[str]:
        """Entries of a position fixed at 0: scales whose prior has sd 0, and spreads if the law states them."""
        scales = self.density.scales
        width = {
            "noise": scales.noise.sd,
            "roughness": scales.roughness,
            "pull": scales.pull.sd,
            "own_drift": scales.own_drift.sd,
            "shared_drift": scales.shared_drift.sd,
        }
        known = {name for name, sd in width.items() if sd == 0}
        if discrepancy_named(self.law.discrepancy).whole_curves:
            known |= {name for name in self.sizes() if name.startswith("spread.")}
        return frozenset(known & set(self.sizes()))

    def without_runs(self) -> "CurveModel":
        """The same model with runs that carry no information, for draws from the prior."""
        silent = ("root_weight", "rotation", "strength", "own", "shared", "real", "noise_directions")
        blank = {name: np.zeros_like(getattr(self.data, name)) for name in silent}
        return replace(self, data=self.data._replace(**blank))

    def as_large_as(self, other: Model) -> "CurveModel":
        """The same model, its arrays padded to the shapes of another's of the same curves; itself with a prior."""
        if not isinstance(other, CurveModel) or len(other.centre) != len(self.centre) or self.data.borrowed is not None:
            return self
        return replace(self, data=_padded(self.data, _lengths(other.data)))

    def complete(self, positions: Position, rng: np.random.Generator) -> CompletedDraws:
        """Draws of all quantities, given positions with entries of shape (S, ...)."""
        return complete(self.density, self.data, self.layout, self.centre, positions, rng)


def build_curve_model(law: Law, layout: CurveLayout, pooled: Pooled, scales: ScalePriors) -> CurveModel:
    """Build the model of a law, its pooling and the layout of a table."""
    filling = filling_of(layout.borrowed, _whole_sizes(layout, pooled), layout.tasks)
    density = CurveDensity(law, pooled, scales, len(layout.tasks), filling)
    centre = layout.y.sum(axis=1) / (layout.weight > 0).sum(axis=1)
    return CurveModel(law, layout, density, _data(layout, centre), centre)


def _whole_sizes(layout: CurveLayout, pooled: Pooled) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a whole position, before any is taken from the borrowed vector."""
    tasks = len(layout.tasks)
    known = max(w.known for w in layout.walks)
    return {
        **population_sizes(pooled, layout),
        **dict.fromkeys(("noise", "pull", "own_drift", "shared_drift"), (tasks,)),
        "roughness": (len(layout.curves),),
        **({PATH: (tasks, known)} if known else {}),
    }


def _borrowed_arrays(layout: CurveLayout, width: int) -> BorrowedArrays | None:
    """Arrays of the borrowed vector and of the paths of tasks; None without a prior."""
    if layout.borrowed is None:
        return None
    known = max(w.known for w in layout.walks)
    paths = None
    if known:
        tasks, curves = len(layout.walks), len(layout.curves)
        sizes, whiten = np.zeros((tasks, known + 1)), np.tile(np.eye(known), (tasks, 1, 1))
        functions = np.zeros((curves, width, known))
        for k, w in enumerate(layout.walks):
            q = w.known
            if q:
                sizes[k, : q + 1] = [w.shared.anchor, *w.shared.knots[:q]]
                whiten[k, :q, :q] = w.shared.whiten()[:q, :q]
            for i in np.flatnonzero(layout.task_of == k):
                functions[i, : layout.axis.shape[1], :q] = w.shared.functions(layout.axis[i])[:, :q]
        first_of = np.array([np.flatnonzero(layout.task_of == k)[0] for k in range(tasks)])
        paths = Paths(whiten, sizes, functions, first_of)
    return BorrowedArrays(layout.borrowed.mean, layout.borrowed.root(), paths)


def _lengths(data: Data) -> dict[str, int]:
    """Lengths of the axes of the arrays of a model, by their letters."""
    letters = {name: dict(zip(axes, getattr(data, name).shape, strict=True)) for name, axes in _AXES.items()}
    return {letter: length for own in letters.values() for letter, length in own.items()}


def _padded(data: Data, to: Mapping[str, int]) -> Data:
    """Arrays whose axes are at least so long; in rows of equal curves only if these are of one width."""
    own = _lengths(data)
    kept = "" if to["N"] == own["N"] else "GN"
    to = {letter: length if letter in kept else max(to[letter], length) for letter, length in own.items()}

    def pad(values: np.ndarray, axes: str, mode: str) -> np.ndarray:
        return np.pad(values, [(0, to[letter] - own[letter]) for letter in axes], mode=mode)  # type: ignore[call-overload]

    whole: dict[str, Any] = {
        name: pad(getattr(data, name), axes, _MODES.get(name, "constant")) for name, axes in _AXES.items()
    }
    return data._replace(covariates={name: pad(x, "CM", "edge") for name, x in data.covariates.items()}, **whole)


def _data(layout: CurveLayout, centre: np.ndarray) -> Data:
    longest, walks = layout.y.shape[1], layout.walks
    # Covariates are relative and rounded, so that a table in other units gives exactly the same draws.
    relative = {
        name: np.exp(np.round(np.log(values / layout.reference[name][:, None]), 10))
        for name, values in layout.covariates.items()
    }
    log_loss = np.where(layout.weight > 0, np.round(layout.y - centre[:, None], 10), 0.0)
    # Sizes are rounded up, so that tables of nearly the same shape share one compiled program.
    width = -(-longest // 4) * 4
    own_width, shared_width = (
        max(-(-max(len(basis.knots) for basis in bases) // 4) * 4, 1)
        for bases in ([w.own for w in walks], [w.shared for w in walks])
    )
    slots, place_of = rows_of_equals(layout)
    row_of, first = place_of // slots.shape[1], slots[:, 0]
    rotated = []
    for i in first:
        k, seen = layout.task_of[i], layout.weight[i] > 0
        t = layout.axis[i, seen]
        open_walk = walks[k].shared.functions(t)
        open_walk[:, : walks[k].known] = 0.0  # what follows from a path is subtracted from the residuals
        rotated.append(rotate(walks[k].own.functions(t), open_walk, layout.weight[i, seen]))
    rank = max(-(-max(curve.rotation.shape[1] for curve in rotated) // 4) * 4, 1)
    rows = len(slots)
    rotation = np.zeros((rows, width, rank))
    strength, real = np.zeros((rows, rank)), np.zeros((rows, rank))
    own, shared = np.zeros((rows, rank, own_width)), np.zeros((rows, rank, shared_width))
    for g, curve in enumerate(rotated):
        m, r = curve.rotation.shape
        weight = layout.weight[first[g]]
        rotation[g, :m, :r] = curve.rotation * np.sqrt(weight[weight > 0])[:, None]
        strength[g, :r], real[g, :r] = curve.strength, 1.0
        own[g, :r, : curve.own.shape[1]], shared[g, :r, : curve.shared.shape[1]] = curve.own, curve.shared

    def widen(a: np.ndarray, mode: str) -> np.ndarray:
        return np.pad(a, ((0, 0), (0, width - longest)), mode=mode)  # type: ignore[call-overload]

    return Data(
        covariates={name: widen(values, "edge") for name, values in relative.items()},
        reference={name: np.asarray(1.0) for name in relative},
        log_loss=widen(log_loss, "constant"),
        height=widen(layout.height[:, None] * layout.spring.change(layout.axis, layout.first), "edge"),
        root_weight=widen(np.sqrt(layout.weight), "constant"),
        rotation=rotation,
        strength=strength[row_of],
        own=own,
        shared=shared,
        real=real[row_of],
        noise_directions=np.array([curve.noise_directions for curve in rotated], float)[row_of],
        slots=slots,
        place_of=place_of,
        row_of=row_of,
        task_of_row=layout.task_of[first],
        task_of=layout.task_of,
        groups=group_index(layout),
        borrowed=_borrowed_arrays(layout, width),
    )


def rows_of_equals(layout: CurveLayout) -> tuple[np.ndarray, np.ndarray]:
    """Arrange curves of one task, with the same sizes and weights, in rows of one width.

    The width is the largest that leaves at most a third of the places empty; rows of 1 if hardly any curves are equal.

    Returns
    -------
    slots : ndarray of int, shape (G, N)
        The curve in each place; places beyond the last curve of a row repeat its first.
    place_of : ndarray of int, shape (C,)
        Index of each curve into the slots, row by row.
    """
    curves = len(layout.curves)
    looks = np.column_stack([layout.task_of, np.where(layout.weight > 0, layout.axis, np.nan), layout.weight])
    kind_of = np.unique(looks, axis=0, return_inverse=True, equal_nan=True)[1].ravel()
    members = [np.flatnonzero(kind_of == kind) for kind in range(kind_of.max() + 1)]
    for width in sorted({len(m) for m in members} | {1}, reverse=True):
        rows = [m[i : i + width] for m in members for i in range(0, len(m), width)]
        if 2 * len(rows) * width <= 3 * curves:
            break
    slots = np.array([np.concatenate([row, np.full(width - len(row), row[0])]) for row in rows])
    place_of = np.empty(curves, int)
    for g, row in enumerate(rows):
        place_of[row] = g * width + np.arange(len(row))
    return slots, place_of
