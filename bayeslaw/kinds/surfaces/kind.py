"""Joint laws as a kind of model: see `bayeslaw.kinds.base.Kind`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import xarray as xr

from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.generative import Sites
from bayeslaw.kinds.shared.hierarchy import pool
from bayeslaw.kinds.shared.layout import Curve
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.kinds.shared.population import Pooled
from bayeslaw.kinds.shared.scales import read_scales
from bayeslaw.kinds.surfaces.checks import surface_checks
from bayeslaw.kinds.surfaces.density import OF_MODELS, scale_names
from bayeslaw.kinds.surfaces.field import Field
from bayeslaw.kinds.surfaces.generate import generate
from bayeslaw.kinds.surfaces.layout import (
    SurfaceLayout,
    average_checkpoints,
    note_averages,
    one_model_each,
    surface_layout,
)
from bayeslaw.kinds.surfaces.model import SurfaceModel, build_surface_model
from bayeslaw.kinds.surfaces.predict import SurfacePredictor
from bayeslaw.kinds.surfaces.priors import AbovePriors, Departures, SurfacePriors
from bayeslaw.kinds.surfaces.ranges import MeasuredRange
from bayeslaw.laws.base import Law, Level
from bayeslaw.runs import Runs
from bayeslaw.runs.early import leave_out_early
from bayeslaw.verdicts import Check


@dataclass(frozen=True)
class SurfaceKind:
    """All models of a family share one level and one set of coordinates: they lie on one surface."""

    name: str = "surfaces"
    outcome: Outcome = LOSS
    knows: Literal["model", "family"] = "family"

    @property
    def stored(self) -> tuple[type, ...]:
        """Dataclasses of which layouts are made."""
        return (SurfaceLayout, Curve, Field, MeasuredRange)

    def prepare(self, runs: Runs, law: Law, early_tokens: float) -> Runs:
        """Leave out checkpoints from the first tokens of long runs; note which others will be averaged.

        Raises
        ------
        RunsError
            If ``early_tokens`` is no number of tokens.
        """
        return note_averages(leave_out_early(runs, early_tokens), law)

    def layout(self, runs: Runs, law: Law, borrowed: Borrowed | None = None) -> SurfaceLayout:
        """Arrays of a table; see `bayeslaw.kinds.surfaces.layout.surface_layout`."""
        return surface_layout(runs, law, borrowed)

    def checks(self, layout: SurfaceLayout, law: Law) -> list[Check]:
        """Verdicts on whether the table suffices to estimate the exponents."""
        return surface_checks(layout, law)

    def prior_checks(self, layout: SurfaceLayout) -> list[Check]:
        """None: all prior predictive checks of joint laws need draws."""
        return []

    def pool(self, law: Law, layout: SurfaceLayout, pooling: Mapping[str, Level] | None = None) -> Pooled:
        """The levels at which coordinates vary: families at the finest, whose models share a surface.

        Where every family has a single model, the models of a task share one surface.
        """
        alone = one_model_each(layout)
        finest: Level = "task" if alone else "family"
        because = ", as each family has a single one" if alone else ""
        why = f"models of a {finest} lie on one surface of the {law.name} law{because}"
        return pool(law, layout, pooling, finest=finest, default="task" if alone else None, why=why)

    def scale_priors(self, law: Law) -> Departures:
        """Default priors of noise and discrepancy."""
        return AbovePriors() if law.noise == "above" else SurfacePriors()

    def read_scale_priors(self, plain: Mapping[str, Any]) -> Departures:
        """Priors of noise and discrepancy from plain values."""
        return read_scales(AbovePriors if "excess" in plain else SurfacePriors, plain)

    def model(self, law: Law, layout: SurfaceLayout, pooled: Pooled, scales: Departures) -> SurfaceModel:
        """The model of a table."""
        return build_surface_model(law, layout, pooled, scales)

    def generate(self, model: SurfaceModel, sites: Sites) -> None:
        """The generative form of the model; see `bayeslaw.kinds.surfaces.generate.generate`."""
        generate(model, sites)

    def predictor(self, law: Law, layout: SurfaceLayout, draws: xr.Dataset, scales: Departures) -> SurfacePredictor:
        """The predictor of draws with dimensions (chain, draw, ...)."""
        return SurfacePredictor(law, layout, draws, scales)

    def required(self, law: Law) -> tuple[str, ...]:
        """Variables without which nothing can be predicted."""
        return (*(c.name for c in law.coordinates), *scale_names(law), "level", *OF_MODELS, "field")

    def is_new_model(self, law: Law, point: Mapping[str, float]) -> bool:
        """Whether a point gives every covariate: models of the table keep the size that they have."""
        return set(point) >= {c.name for c in law.covariates}

    def condense(self, rows: pd.DataFrame, table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
        """Average checkpoints."""
        return average_checkpoints(rows, table, covariates)
