"""Curves as a kind of model: see `bayeslaw.kinds.base.Kind`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import xarray as xr

from bayeslaw.kinds.curves.checks import curve_checks, height_checks
from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.generate import generate
from bayeslaw.kinds.curves.layout import CurveLayout, curve_layout
from bayeslaw.kinds.curves.model import CurveModel, build_curve_model
from bayeslaw.kinds.curves.predict import CurvePredictor
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.curves.walks import TaskWalks, WalkBasis, WanderingLevel
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.generative import Sites
from bayeslaw.kinds.shared.hierarchy import pool
from bayeslaw.kinds.shared.layout import Curve
from bayeslaw.kinds.shared.outcome import LOSS, Outcome
from bayeslaw.kinds.shared.population import Pooled
from bayeslaw.kinds.shared.scales import read_scales
from bayeslaw.kinds.shared.walks import IntegratedWalk
from bayeslaw.laws.base import Law, Level
from bayeslaw.runs import Runs
from bayeslaw.verdicts import Check


@dataclass(frozen=True)
class CurveKind:
    """Every model of a task has a curve with a level of its own."""

    name: str = "curves"
    outcome: Outcome = LOSS
    knows: Literal["model", "family"] = "model"

    @property
    def stored(self) -> tuple[type, ...]:
        """Dataclasses of which layouts are made."""
        return (CurveLayout, Curve, TaskWalks, WalkBasis, Spring, IntegratedWalk, WanderingLevel)

    def prepare(self, runs: Runs, law: Law, early_tokens: float) -> Runs:
        """All runs."""
        return runs

    def layout(self, runs: Runs, law: Law, borrowed: Borrowed | None = None) -> CurveLayout:
        """Arrays of a table; see `bayeslaw.kinds.curves.layout.curve_layout`."""
        return curve_layout(runs, law, borrowed)

    def checks(self, layout: CurveLayout, law: Law) -> list[Check]:
        """Verdicts on whether sizes and models suffice; see `bayeslaw.kinds.curves.checks.curve_checks`."""
        return curve_checks(layout)

    def prior_checks(self, layout: CurveLayout) -> list[Check]:
        """Verdicts on whether curves start where a prior that knows their task expects."""
        return height_checks(layout)

    def pool(self, law: Law, layout: CurveLayout, pooling: Mapping[str, Level] | None = None) -> Pooled:
        """The levels at which coordinates vary on this table."""
        return pool(law, layout, pooling)

    def scale_priors(self, law: Law) -> ScalePriors:
        """Default priors of noise and discrepancy."""
        return discrepancy_named(law.discrepancy).scales

    def read_scale_priors(self, plain: Mapping[str, Any]) -> ScalePriors:
        """Priors of noise and discrepancy from plain values."""
        return read_scales(ScalePriors, plain)

    def model(self, law: Law, layout: CurveLayout, pooled: Pooled, scales: ScalePriors) -> CurveModel:
        """The model of a table."""
        return build_curve_model(law, layout, pooled, scales)

    def generate(self, model: CurveModel, sites: Sites) -> None:
        """The generative form of the model; see `bayeslaw.kinds.curves.generate.generate`."""
        generate(model, sites)

    def predictor(self, law: Law, layout: CurveLayout, draws: xr.Dataset, scales: ScalePriors) -> CurvePredictor:
        """The predictor of draws with dimensions (chain, draw, ...)."""
        return CurvePredictor(law, layout, draws, scales)

    def required(self, law: Law) -> tuple[str, ...]:
        """Variables without which nothing can be predicted."""
        walks = ("own_walk", "shared_walk", "own_drift", "shared_drift", "own_change", "shared_change")
        return (*(c.name for c in law.coordinates), *walks, "level", "noise", "typical_noise", "pull")

    def is_new_model(self, law: Law, point: Mapping[str, float]) -> bool:
        """Never: a model that is not in the table has no level."""
        return False

    def condense(self, rows: pd.DataFrame, table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
        """Rows as they are."""
        return rows
