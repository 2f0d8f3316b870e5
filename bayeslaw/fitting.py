"""The one function that walks the line from runs to posterior, and the object it returns."""

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.answers.borrowing import Share, borrowing
from bayeslaw.answers.conflict import conflict_checks
from bayeslaw.answers.crossing import Crossing, Lines, crossing
from bayeslaw.answers.lending import as_prior
from bayeslaw.answers.optimum import Optimum, optimum
from bayeslaw.answers.prediction import Kind, Prediction, predict
from bayeslaw.answers.selection import Selection, select
from bayeslaw.errors import PriorError, TargetError
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Level
from bayeslaw.model.adequacy import table_checks
from bayeslaw.model.base import Draws, Model, prior_positions
from bayeslaw.model.build import build_model
from bayeslaw.model.priors import ScalePriors, SurfacePriors
from bayeslaw.posterior import Posterior, load_posterior
from bayeslaw.prior import Prior, load_prior
from bayeslaw.released import released_prior
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS, leave_out_early
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.sample import Progress, Sampled, sample
from bayeslaw.verdicts import Check, Status, overall

PRIOR_DRAWS = 2000
"""Draws from a prior, to compare a posterior with."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A posterior with the questions one asks of it.

    Attributes
    ----------
    posterior : Posterior
    """

    posterior: Posterior

    @property
    def status(self) -> Status:
        """The worst verdict of ``check()``."""
        return overall(self.posterior.checks)

    def check(self) -> pd.DataFrame:
        """Verdicts on sampler and table: one row a check, with number, threshold, sentence and remedy."""
        return pd.DataFrame([check.as_dict() for check in self.posterior.checks])

    def predict(
        self,
        *,
        data: float | Sequence[float] | None = None,
        at: Sequence[Mapping[str, float]] = (),
        kind: Kind = "run",
        seed: int = 0,
    ) -> pd.DataFrame:
        """Predict the loss at one or more points; see `bayeslaw.answers.prediction.predict`.

        ``data`` is short for ``at=[{"data": …}]``. The default kind is a *run prediction*: run noise is included.
        """
        return self.predictions(_points(data, at), kind=kind, seed=seed).summary()

    def predictions(self, at: Sequence[Mapping[str, float]], *, kind: Kind = "run", seed: int = 0) -> Prediction:
        """As ``predict``, with the joint draws."""
        return predict(self.posterior, at, kind=kind, seed=seed)

    def select(
        self,
        *,
        data: float | None = None,
        at: Mapping[str, float] | None = None,
        task: str | None = None,
        seed: int = 0,
    ) -> Selection:
        """Rank the candidates at one point; see `bayeslaw.answers.selection.select`."""
        points = _points(data, [at] if at else [])
        if len(points) != 1:
            raise TargetError("Give one target to choose for, such as select(data=1638400).")
        return select(self.posterior, points[0], task=task, seed=seed)

    def optimum(self, *, compute: float, at: Mapping[str, float] | None = None, seed: int = 0) -> Optimum:
        """Split a budget of so many FLOP over parameters and tokens; see `bayeslaw.answers.optimum.optimum`."""
        return optimum(self.posterior, compute, at=at, seed=seed)

    def crossing(
        self,
        a: str,
        b: str,
        *,
        at: Mapping[str, float] | None = None,
        task: str | None = None,
        low: float | None = None,
        high: float | None = None,
        kind: Lines = "curve",
        seed: int = 0,
    ) -> Crossing:
        """Find the data size where one choice overtakes another; see `bayeslaw.answers.crossing.crossing`."""
        return crossing(self.posterior, a, b, at=at, task=task, low=low, high=high, kind=kind, seed=seed)

    def as_prior(self, name: str) -> Prior:
        """What this fit lends to tables that it did not see; see `bayeslaw.answers.lending.as_prior`."""
        return as_prior(self.posterior, name)

    def borrowing(self, *, at: Mapping[str, float] | None = None, seed: int = 0) -> pd.DataFrame:
        """How much was borrowed from the prior, one row a quantity; see `bayeslaw.answers.borrowing.borrowing`.

        Raises
        ------
        PriorError
            If the fit had no prior.
        """
        return pd.DataFrame([asdict(share) for share in self.shares(at=at, seed=seed)])

    def shares(self, *, at: Mapping[str, float] | None = None, seed: int = 0) -> tuple[Share, ...]:
        """As ``borrowing``, as objects."""
        posterior = self.posterior
        if posterior.prior is None:
            raise PriorError("This fit borrowed nothing: it had no prior. Fit with prior=… to compare.")
        model = build_model(posterior.runs, posterior.law, borrowed=posterior.prior.borrowed)
        return borrowing(posterior, _beforehand(posterior, model, seed), at)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a netCDF file, all or nothing; ``bayeslaw.load`` reads it back."""
        self.posterior.save(path)


def _points(data: float | Sequence[float] | None, at: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
    if data is None:
        return list(at)
    sizes = list(data) if isinstance(data, Sequence) and not isinstance(data, str) else [data]
    return [*({"data": size} for size in sizes), *at]


def fit(
    runs: Runs,
    *,
    law: str = "rectified",
    pooling: Mapping[str, Level] | None = None,
    scales: ScalePriors | SurfacePriors | None = None,
    early_tokens: float = EARLY_TOKENS,
    prior: "str | os.PathLike[str] | Prior | Fit | None" = None,
    sampler: SamplerSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Fit:
    """Fit a scaling law to a table of runs as a hierarchical Bayesian model.

    Parameters
    ----------
    runs : Runs
        From ``read_runs``.
    law : str
        Name of the law.
    pooling : mapping, optional
        Finest level ("task", "family" or "model") at which a coordinate of the law varies, where it is to differ from
        the law's own.
    scales : ScalePriors or SurfacePriors, optional
        Priors of noise and discrepancy; of joint laws, the latter.
    early_tokens : float
        Joint laws leave out checkpoints from the first so many tokens of runs that are three times as long or longer;
        0 keeps them. What was left out is among ``posterior.runs.left_out``.
    prior : str, path, Prior or Fit, optional
        What to borrow from: the name of a released prior, the file of a prior or of a saved fit, or either of them.
        With a prior, pooling and scales are the prior's.
    sampler : SamplerSettings, optional
    seed : int
        Equal seeds give equal draws on one machine and set of versions.
    progress : callable, optional
        Called with what is being done, iterations done, and iterations planned.

    Returns
    -------
    Fit

    Raises
    ------
    LawError
        If the law is unknown or needs columns that the table lacks.
    RunsError
        If ``early_tokens`` is no number of tokens.
    PriorError
        If the prior cannot be read, is of another law or unit, or was made from models of the table.
    SamplingError
        If sampling cannot start.
    """
    if get_law(law).strays == "surface":
        runs = leave_out_early(runs, early_tokens)
    lender = None if prior is None else open_prior(prior)
    if lender is not None:
        lender.require_fits(runs, get_law(law))
    borrowed = None if lender is None else lender.borrowed
    model = build_model(runs, get_law(law), pooling=pooling, scales=scales, borrowed=borrowed)
    sampled = sample(model, sampler or SamplerSettings(), seed=seed, progress=progress)
    return Fit(_posterior(runs, model, sampled, seed, lender))


def open_prior(prior: "str | os.PathLike[str] | Prior | Fit") -> Prior:
    """Find a prior by the name of a released one, by a file, or as what a fit lends.

    Raises
    ------
    PriorError
        If there is none of that name, or the file cannot be read as a prior.
    PosteriorFileError
        If it is the file of a fit and cannot be read.
    """
    if isinstance(prior, Prior):
        return prior
    if isinstance(prior, Fit):
        return as_prior(prior.posterior, "a fit of this session")
    path = Path(prior)
    if path.suffix == ".nc":
        return as_prior(load_posterior(path), path.name)
    return load_prior(path) if path.suffix == ".json" or path.parent != Path() else released_prior(str(prior))


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that was saved.

    Raises
    ------
    PosteriorFileError
        If the file is missing, damaged, or not a fit that this version can read.
    """
    return Fit(load_posterior(path))


def _posterior(runs: Runs, model: Model, sampled: Sampled, seed: int, prior: Prior | None = None) -> Posterior:
    checks: tuple[Check, ...] = (*sampled.checks, *table_checks(model.design, model.law))
    settings = {
        "seed": seed,
        "chains": sampled.settings.chains,
        "warmup": sampled.settings.warmup,
        "draws": int(sampled.raw.steps.shape[1]),
        "target_accept": sampled.settings.target_accept,
        "max_depth": sampled.settings.max_depth,
        "pooling": {pooled.coordinate.name: pooled.coordinate.pooling for pooled in model.structure.pooled},
        "scale_priors": asdict(model.structure.scales),
        "repairs": list(sampled.repairs),
        "sampling_seconds": round(sampled.seconds, 2),
        "prior": None if prior is None else {"name": prior.name, "sha256": prior.sha256},
        "runs_sha256": runs.content_hash,
        "versions": _versions(),
    }
    draws = _label(model, sampled.draws, *sampled.raw.steps.shape)
    posterior = Posterior(draws, _stats(sampled), runs, model.law, checks, settings, prior)
    if prior is None:
        return posterior
    return replace(posterior, checks=(*checks, *conflict_checks(_beforehand(posterior, model, seed), seed)))


def _beforehand(posterior: Posterior, model: Model, seed: int) -> Posterior:
    """Draws from the prior in the place of those from a posterior; levels mean nothing."""
    rng = np.random.default_rng([seed, 6])
    draws = model.without_runs().complete(prior_positions(model, PRIOR_DRAWS, rng), rng)
    return replace(posterior, draws=_label(model, draws, 1, PRIOR_DRAWS))


def _label(model: Model, done: Draws, chains: int, draws: int) -> xr.Dataset:
    with jax.enable_x64(True):
        natural = model.law.natural(done.coordinates, done.level, model.design.reference)

    def variable(values: Any, dims: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
        values = np.asarray(values, float)
        return ("chain", "draw", *dims), values.reshape(chains, draws, *values.shape[1:])

    curves = model.design.curves
    variables = {
        **{name: variable(*found) for name, found in done.variables().items()},
        **{name: variable(values, ("curve",)) for name, values in natural.items()},
    }
    return xr.Dataset(
        variables,
        coords={
            "chain": np.arange(chains),
            "draw": np.arange(draws),
            "curve": np.arange(len(curves)),
            "model": ("curve", np.array([c.model for c in curves], dtype=object)),
            "family": ("curve", np.array([c.family for c in curves], dtype=object)),
            "curve_task": ("curve", np.array([c.task for c in curves], dtype=object)),
            "task": np.array(model.design.tasks, dtype=object),
            "task_family": np.array([f"{task}: {family}" for task, family in model.design.families], dtype=object),
        },
    )


def _stats(sampled: Sampled) -> xr.Dataset:
    raw = sampled.raw
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "diverging": (dims, raw.diverging),
            "n_steps": (dims, raw.steps),
            "energy": (dims, raw.energy),
            "acceptance_rate": (dims, raw.accept),
        }
    )


def _versions() -> dict[str, str]:
    packages = ("bayeslaw", "jax", "numpyro", "numpy", "arviz", "xarray")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}
