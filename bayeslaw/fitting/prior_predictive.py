"""Prior predictive draws."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.answers.prediction import Prediction, PredictionKind, predict
from bayeslaw.fitting.assemble import beliefs, prior_draws
from bayeslaw.kinds.registry import build_model, read_for
from bayeslaw.kinds.shared.stated import Statement
from bayeslaw.kinds.table_checks import table_checks
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS


def prior_predictive(
    runs: Runs | pd.DataFrame | str | os.PathLike[str],
    *,
    at: Sequence[Mapping[str, float]],
    law: str | Law = "rectified",
    priors: Mapping[str, Statement] | None = None,
    scales: Any = None,
    early_tokens: float = EARLY_TOKENS,
    kind: PredictionKind = "curve",
    anchored: bool = True,
    seed: int = 0,
) -> Prediction:
    """Predict from the prior alone: the law with its default or stated priors, without the losses of the table.

    Parameters
    ----------
    runs : Runs, DataFrame or path
        Gives the models and sizes.
    at : sequence of mappings
        Points, as for `bayeslaw.fit` and ``Fit.predict``.
    law : str or Law
    priors : mapping, optional
        Priors that replace those of the law; see `bayeslaw.fit`.
    scales : dataclass, optional
        Priors of noise and discrepancy.
    early_tokens : float
        As for `bayeslaw.fit`.
    kind : {"curve", "run", "law", "new-family"}
    anchored : bool
        Whether predictions of models of the table are shifted to pass through the measured loss of their largest run,
        as the level of a curve has a flat prior. Other predictions are not shifted.
    seed : int

    Returns
    -------
    Prediction
        Of 2,000 draws.

    Raises
    ------
    LawError, PriorError, TargetError, RunsError
        As `bayeslaw.fit` and ``Fit.predict``.
    """
    runs, law = read_for(runs, law, early_tokens)
    model = build_model(runs, law, scales=scales, priors=priors)
    layout = model.layout
    checks = tuple(table_checks(runs, law, layout))
    settings = {**beliefs(runs, law, model, None, priors), "seed": seed, "sampling_seconds": 0.0}
    posterior = Posterior(
        prior_draws(model, seed), xr.Dataset(), runs, law, checks, settings, layout, model.density.scales
    )
    prediction = predict(posterior, at, kind=kind, seed=seed)
    seen = tuple((c.model, c.family, c.task) for c in layout.curves)
    if not anchored or prediction.labels != seen:
        return prediction
    last = np.where(layout.weight > 0, layout.axis, -np.inf).argmax(axis=1)
    curves = np.arange(len(seen))
    predictor, measured = posterior.predictor, posterior.predictor.runs()
    there = predictor.law_alone(measured) if kind == "law" else predictor.expected(measured)
    moved = prediction.linked + (layout.y[curves, last] - there[:, curves, last])[..., None]
    return replace(prediction, linked=moved)
