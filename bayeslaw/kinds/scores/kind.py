"""Scores as a kind of model: see `bayeslaw.kinds.base.Kind`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import xarray as xr

from bayeslaw.kinds.scores.checks import score_checks
from bayeslaw.kinds.scores.density import SCALES
from bayeslaw.kinds.scores.generate import generate
from bayeslaw.kinds.scores.layout import SCORE, ScoreLayout, score_layout
from bayeslaw.kinds.scores.model import ScoreModel, build_score_model
from bayeslaw.kinds.scores.predict import ScorePredictor
from bayeslaw.kinds.scores.priors import ScorePriors
from bayeslaw.kinds.scores.walks import Walk
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.generative import Sites
from bayeslaw.kinds.shared.hierarchy import pool
from bayeslaw.kinds.shared.layout import Curve
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.population import Pooled
from bayeslaw.kinds.shared.scales import read_scales
from bayeslaw.laws.base import Law, Level
from bayeslaw.runs import Runs
from bayeslaw.runs.early import leave_out_early
from bayeslaw.verdicts import Check


@dataclass(frozen=True)
class ScoreKind:
    """Scores of models on tasks, which rise from chance to a ceiling as skill grows."""

    name: str = "scores"
    outcome: Outcome = SCORE
    knows: Literal["model", "family"] = "family"

    @property
    def stored(self) -> tuple[type, ...]:
        """Dataclasses of which layouts are made."""
        return (ScoreLayout, Curve, Walk)

    def prepare(self, runs: Runs, law: Law, early_tokens: float) -> Runs:
        """Leave out checkpoints from the first tokens of long runs, in which all models are alike.

        Raises
        ------
        RunsError
            If ``early_tokens`` is no number of tokens.
        """
        return leave_out_early(runs, early_tokens)

    def layout(self, runs: Runs, law: Law, borrowed: Borrowed | None = None) -> ScoreLayout:
        """Arrays of a table; see `bayeslaw.kinds.scores.layout.score_layout`."""
        return score_layout(runs, law, borrowed)

    def checks(self, layout: ScoreLayout, law: Law) -> list[Check]:
        """Verdicts on whether the table suffices; see `bayeslaw.kinds.scores.checks.score_checks`."""
        return score_checks(layout, law)

    def prior_checks(self, layout: ScoreLayout) -> list[Check]:
        """None: all prior predictive checks of scores need draws."""
        return []

    def pool(self, law: Law, layout: ScoreLayout, pooling: Mapping[str, Level] | None = None) -> Pooled:
        """The levels at which coordinates vary on this table."""
        return pool(law, layout, pooling)

    def scale_priors(self, law: Law) -> ScorePriors:
        """Default priors of ceilings, noise and departures."""
        return ScorePriors()

    def read_scale_priors(self, plain: Mapping[str, Any]) -> ScorePriors:
        """Priors of ceilings, noise and departures from plain values."""
        return read_scales(ScorePriors, plain)

    def model(self, law: Law, layout: ScoreLayout, pooled: Pooled, scales: ScorePriors) -> ScoreModel:
        """The model of a table."""
        return build_score_model(law, layout, pooled, scales)

    def generate(self, model: ScoreModel, sites: Sites) -> None:
        """The generative form of the model; see `bayeslaw.kinds.scores.generate.generate`."""
        generate(model, sites)

    def predictor(self, law: Law, layout: ScoreLayout, draws: xr.Dataset, scales: ScorePriors) -> ScorePredictor:
        """The predictor of draws with dimensions (chain, draw, ...)."""
        return ScorePredictor(law, layout, draws, scales)

    def required(self, law: Law) -> tuple[str, ...]:
        """Variables without which nothing can be predicted."""
        walks = ("own_walk", "common_walk", "size_walk")
        return (*(c.name for c in law.coordinates), "level", "family_level", "chance", "ceiling", *walks, *SCALES)

    def is_new_model(self, law: Law, point: Mapping[str, float]) -> bool:
        """Whether a point gives every covariate of a law of several: models of the table keep the size they have."""
        return len(law.covariates) > 1 and set(point) >= {c.name for c in law.covariates}

    def condense(self, rows: pd.DataFrame, table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
        """Rows as they are."""
        return rows
