"""Functions that the predictors of several kinds share: draws of laws, of new families, and test statistics of runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.laws.base import Law


def flat(draws: xr.Dataset, name: str) -> np.ndarray:
    """Draws of a variable, chains one after another: shape (S, ...)."""
    values = draws[name].values
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


@dataclass(frozen=True, eq=False)
class LawDraws:
    """S draws of the law on one curve, without any discrepancy.

    Attributes
    ----------
    law : Law
    coordinates : dict of ndarray, shape (S,)
    level : ndarray, shape (S,)
        On the scale of the link, at the reference point.
    reference : dict of float
    """

    law: Law
    coordinates: dict[str, np.ndarray]
    level: np.ndarray
    reference: dict[str, float]

    def at(self, covariates: Mapping[str, Any]) -> np.ndarray:
        """The law at covariates that broadcast with (S, A), on the scale of the link: shape (S, A)."""
        coordinates = {name: values[:, None] for name, values in self.coordinates.items()}
        reference = {name: np.array([value]) for name, value in self.reference.items()}
        return self.level[:, None] + law_shape(self.law, coordinates, covariates, reference)

    def slope(self, path: Callable[[Any], Mapping[str, Any]]) -> Callable[[np.ndarray], np.ndarray]:
        """Derivative of the law (on the scale of the link) along a path of covariates, draw by draw.

        Parameters
        ----------
        path : callable
            From places of shape (S,) to covariates; a function of jax arrays.

        Returns
        -------
        callable
            From places of shape (S,) to derivatives there, shape (S,); compiled at its first call.
        """

        @jax.jit
        @jax.grad
        def derivative(x: Any, coordinates: dict[str, Any]) -> Any:
            return self.law.log_shape(coordinates, path(x), self.reference).sum()

        def slope_at(x: np.ndarray) -> np.ndarray:
            with jax.enable_x64(True):
                return np.asarray(derivative(jnp.asarray(x), self.coordinates))

        return slope_at

    def error_along(
        self, point: Mapping[str, float], direction: Mapping[str, float], rng: np.random.Generator
    ) -> "ErrorAlong":
        """Draws of how the error of the law changes from a point on, along a direction in logs of covariates.

        None, unless the kind of model knows how laws miss beyond the data.
        """
        return ErrorAlong(np.zeros(len(self.level)), 1.0)


@dataclass(frozen=True, eq=False)
class ErrorAlong:
    """S draws of the error of a law along a line, less that where it starts: of one slope there, and levelling off.

    Attributes
    ----------
    slope : ndarray, shape (S,)
        On the scale of the link, per unit of the place.
    reach : float
        Over how far it levels off; it never exceeds slope times reach.
    start : float
        Place at which it is 0.
    """

    slope: np.ndarray
    reach: float
    start: float = 0.0

    def at(self, place: np.ndarray) -> np.ndarray:
        """The error at places that broadcast with (S, A): shape (S, A)."""
        return np.asarray(self.reach * self.slope[:, None] * np.tanh((place - self.start) / self.reach))

    def slope_at(self, place: np.ndarray) -> np.ndarray:
        """Its derivative at a place for each draw: shape (S,)."""
        return np.asarray(self.slope / np.cosh((place - self.start) / self.reach) ** 2)


def law_of_curve(law: Law, layout: Layout, draws: xr.Dataset, curve: int) -> LawDraws:
    """Draws of the law of one curve."""
    return LawDraws(
        law=law,
        coordinates={c.name: flat(draws, c.name)[:, curve] for c in law.coordinates},
        level=flat(draws, "level")[:, curve],
        reference={name: float(values[curve]) for name, values in layout.reference.items()},
    )


def law_shape(
    law: Law,
    coordinates: Mapping[str, np.ndarray],
    covariates: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
) -> np.ndarray:
    """The law relative to its reference point, on the scale of the link; all maps hold arrays that broadcast."""
    return np.asarray(elementwise(law.log_shape, coordinates, covariates, reference))


def new_coordinates(law: Law, layout: Layout, draws: xr.Dataset, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draws of the coordinates of a model of an unseen family on each task, from the population: shapes (S, T)."""
    coordinates = {}
    for c in law.coordinates:
        value = np.repeat(flat(draws, f"location_{c.name}")[:, None], len(layout.tasks), axis=1)
        if f"effect_{c.name}_task" in draws:
            value = value + flat(draws, f"effect_{c.name}_task")
        for level in ("family", "model"):
            if f"spread_{c.name}_{level}" in draws:
                spread = flat(draws, f"spread_{c.name}_{level}")[:, None]
                value = value + spread * rng.standard_normal(value.shape)
        coordinates[c.name] = value
    return coordinates


def new_level(levels: np.ndarray, task: str, rng: np.random.Generator) -> np.ndarray:
    """Level of a new model: Student-t predictive of a normal population under the reference prior, draw by draw.

    Raises
    ------
    TargetError
        If there is a single level, from which their spread cannot be estimated.
    """
    draws, n = levels.shape
    if n < 2:
        raise TargetError(
            f"A new family on {task!r} cannot be predicted from one model: how far levels differ is unknown. "
            "Add runs of other models."
        )
    spread = np.sqrt(levels.var(axis=1, ddof=1) * (n - 1) / rng.chisquare(n - 1, draws))
    return levels.mean(axis=1) + spread * np.sqrt(1 + 1 / n) * rng.standard_normal(draws)


def slopes_and_bends(layout: Layout, y: np.ndarray, group_of: np.ndarray) -> dict[str, np.ndarray]:
    """Mean slopes of outcomes along each covariate and mean bend along the axis, by task.

    Slopes are of least squares within groups of curves, in logarithms of covariates.

    Parameters
    ----------
    layout : Layout
    y : ndarray, shape (S, C, M)
        Outcomes on the scale of the link.
    group_of : ndarray of int, shape (C,)

    Returns
    -------
    dict of ndarray, shape (S,)
    """
    seen = layout.weight > 0
    found: dict[str, list[np.ndarray]] = {}
    for g in np.unique(group_of):
        members = group_of == g
        here = seen & members[:, None]
        logs = {name: np.log(values[here]) for name, values in layout.covariates.items()}
        varying = {name: v - v.mean() for name, v in logs.items() if np.ptp(v) > 1e-9}
        columns = {f"log-log slope along {name}": v for name, v in varying.items()}
        if len(varying) == 1:
            ((name, v),) = varying.items()
            if len(np.unique(v)) > 2:
                columns[f"bend of log loss along {name}"] = v**2
        matrix = np.column_stack([np.ones(int(here.sum())), *columns.values()])
        if len(columns) == 0 or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
            continue
        coefficients = y[:, here] @ np.linalg.pinv(matrix).T
        task = layout.tasks[layout.task_of[np.flatnonzero(members)[0]]]
        for j, name in enumerate(columns, start=1):
            found.setdefault(f"{name} on {task}", []).append(coefficients[:, j])
    return {name: np.mean(values, axis=0) for name, values in found.items()}
