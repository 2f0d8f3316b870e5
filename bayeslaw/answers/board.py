"""Joint draws of runs that could be made and of what is to be decided: models by sizes, drawn together.

A run at one size tells of another through the posterior of the law, and through the departure of the curve from its law
that both lie on. Both are therefore drawn at once, along the same curves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayeslaw.answers.proposals import NewModel
from bayeslaw.kinds.predictor import Part
from bayeslaw.kinds.registry import kind_of
from bayeslaw.posterior.posterior import Posterior

DRAWS, REPEATS = 8000, 8
"""Draws wanted, and how often at most what lies beyond the data is drawn anew for each draw of the posterior."""


@dataclass(frozen=True)
class Held:
    """A model of the table at values of the covariates, other than the axis, that vary among its runs."""

    curve: int
    covariates: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Board:
    """Models, one a row, at sizes of the axis, one a column.

    Attributes
    ----------
    posterior : Posterior
    task : str
    curves : tuple of int
        Curves of the table.
    new : tuple of NewModel
        Further models.
    pair : tuple of str, or None
        Two families, whose surfaces are drawn without effects of models.
    sizes : ndarray, shape (A,)
        Of all models but those that have their own.
    at : mapping
        Covariates, other than the axis, that models of the table do not keep.
    held : tuple of Held
        Models of the table, each at covariates of its own.
    own_sizes : mapping
        Sizes, shape (A,), of single ones of ``held`` and ``new``.
    """

    posterior: Posterior
    task: str
    curves: tuple[int, ...]
    new: tuple[NewModel, ...]
    pair: tuple[str, str] | None
    sizes: np.ndarray
    at: Mapping[str, float]
    held: tuple[Held, ...] = ()
    own_sizes: Mapping[Held | NewModel, np.ndarray] = field(default_factory=dict)

    def row(self, model: int | Held | NewModel) -> int:
        """The row of a model."""
        return (*self.curves, *self.held, *self.new).index(model)

    def column(self, size: float, model: int | Held | NewModel | None = None) -> int:
        """The column of a size, of a model that may have sizes of its own."""
        sizes = self.sizes if model is None or isinstance(model, int) else self.own_sizes.get(model, self.sizes)
        return int(np.abs(np.log(sizes / size)).argmin())

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(next(iter(self.own_sizes.values()), self.sizes))

    @property
    def pair_rows(self) -> tuple[int, int]:
        """The rows of the two families."""
        first = len(self.curves) + len(self.held) + len(self.new)
        return first, first + 1

    def draws(self, seed: int, stream: int, wanted: int = DRAWS) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        """Targets, expected outcomes and measurements on the scale of the link, (S, rows, A): ``wanted`` in all."""
        predictor = self.posterior.predictor
        first = self.posterior.draws.sizes["chain"] * self.posterior.draws.sizes["draw"]
        for repeat in range(min(max(round(wanted / first), 1), REPEATS)):
            rng = np.random.default_rng([seed, stream, repeat])
            targets = predictor.together(list(self._parts(rng)))
            expected = predictor.expected(targets, rng)
            yield targets, expected, predictor.measured(expected, targets, rng)

    def _parts(self, rng: np.random.Generator) -> Iterator[Part[Any]]:
        law, predictor = self.posterior.law, self.posterior.predictor
        axis = law.axis
        whole = {c.name: 1.0 for c in law.covariates}
        joint = kind_of(law).is_new_model(law, whole)
        if self.curves:
            points = [{**self.at, axis: float(size)} for size in self.sizes]
            yield predictor.targets(points, "seen", rng), np.array(self.curves)
        for one in self.held:
            sizes = self.own_sizes.get(one, self.sizes)
            points = [{**self.at, **dict(one.covariates), axis: float(size)} for size in sizes]
            yield predictor.targets(points, "seen", rng), np.array([one.curve])
        for model in self.new:
            sizes = self.own_sizes.get(model, self.sizes)
            points = [{**self.at, **dict(model.covariates), axis: float(size)} for size in sizes]
            found = predictor.targets(points, "seen" if joint else "new-family", rng)
            wanted = (model.family if joint else None, self.task)
            labels = [(family if joint else None, task) for _, family, task in found.labels]
            yield found, np.array([labels.index(wanted)])
        if self.pair is not None:
            yield predictor.pair(self.pair, self.task, self.at, self.sizes), np.array([0, 1])


def all_draws(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Parts of draws of a board, each (S, ...), as one array; those of one draw of the posterior stay together."""
    return np.stack(parts, axis=1).reshape(-1, *parts[0].shape[1:])


def sizes_of(*groups: np.ndarray) -> np.ndarray:
    """The distinct sizes of several groups, in order."""
    whole = np.unique(np.concatenate(groups))
    return whole[np.concatenate([[True], np.diff(np.log(whole)) > 1e-9])]
