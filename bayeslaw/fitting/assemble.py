"""Assemble a posterior from draws, settings and verdicts; and draws from the prior of a model."""

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import xarray as xr

from bayeslaw import streams
from bayeslaw.kinds.base import Model, prior_positions
from bayeslaw.kinds.deviate_checks import DRAWS, deviate_checks
from bayeslaw.kinds.left_to_prior import left_to_prior_check
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.population import Position
from bayeslaw.kinds.shared.stated import Statement, coordinate_priors, with_coordinate_priors
from bayeslaw.kinds.table_checks import table_checks
from bayeslaw.laws.base import Law
from bayeslaw.lending.conflict import conflict_checks
from bayeslaw.posterior.posterior import Posterior, label
from bayeslaw.prior.prior import Prior
from bayeslaw.runs import Runs
from bayeslaw.sampling.diagnostics import given_trajectory_checks
from bayeslaw.sampling.sample import Sampled, complete_and_check
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check

PRIOR_DRAWS = 2000
"""Number of draws from a prior."""


def assemble(
    runs: Runs,
    law: Law,
    model: Model,
    sampled: Sampled,
    seed: int,
    *,
    prior: Prior | None = None,
    stated: Mapping[str, Statement] | None = None,
) -> Posterior:
    """The posterior of a table, with the verdicts of the sampler, on the table, and on the prior if there is one."""
    how = {
        "seed": seed,
        "chains": sampled.settings.chains,
        "warmup": sampled.settings.warmup,
        "draws": int(sampled.raw.steps.shape[1]),
        "target_accept": sampled.settings.target_accept,
        "max_depth": sampled.settings.max_depth,
        "quick": sampled.settings.enough != "PASS",
        "repairs": list(sampled.repairs),
        "sampling_seconds": round(sampled.seconds, 2),
    }
    draws = label(law, model.layout, sampled.draws, *sampled.raw.steps.shape)
    return _put_together(runs, law, model, draws, _stats(sampled), sampled.checks, how, prior, stated)


def assemble_given(
    runs: Runs,
    law: Law,
    model: Model,
    positions: Position,
    seed: int,
    *,
    stats: Mapping[str, np.ndarray] | None = None,
    prior: Prior | None = None,
    stated: Mapping[str, Statement] | None = None,
) -> Posterior:
    """The posterior of a table from positions that another sampler drew, with all verdicts.

    Parameters
    ----------
    runs, law, model, seed, prior, stated
        As for `assemble`.
    positions : dict of ndarray, shapes (chain, draw, ...)
        With all entries, those that are fixed at 0 included.
    stats : mapping of str to ndarray, shape (chain, draw), optional
        Statistics of the sampler; see `bayeslaw.sampling.diagnostics.given_trajectory_checks`.
    """
    chains, count = next(iter(positions.values())).shape[:2]
    stats = stats or {}
    found, checks = complete_and_check(model, positions, seed)
    how = {
        "seed": seed,
        "chains": chains,
        "warmup": None,
        "draws": count,
        "target_accept": None,
        "max_depth": None,
        "repairs": [],
        "sampling_seconds": None,
        "sampler": "none of bayeslaw: positions were given",
    }
    draws = label(law, model.layout, found, chains, count)
    of_sampler = xr.Dataset({name: (("chain", "draw"), values) for name, values in stats.items()})
    checks += given_trajectory_checks(stats)
    return _put_together(runs, law, model, draws, of_sampler, checks, how, prior, stated)


def _put_together(
    runs: Runs,
    law: Law,
    model: Model,
    draws: xr.Dataset,
    stats: xr.Dataset,
    of_sampler: Iterable[Check],
    how: Mapping[str, Any],
    prior: Prior | None,
    stated: Mapping[str, Statement] | None,
) -> Posterior:
    """A posterior with all verdicts; ``how`` holds the settings of the sampler."""
    checks = (*of_sampler, *table_checks(runs, law, model.layout))
    settings = {**beliefs(runs, law, model, prior, stated), **how}
    posterior = Posterior(draws, stats, runs, law, checks, settings, model.layout, model.density.scales, prior)
    posterior = replace(posterior, checks=(*checks, *_deviate_checks(posterior)))
    if prior is None:
        left = left_to_prior_check(model.layout, model.law, draws)
        return replace(posterior, checks=(*posterior.checks, left))
    seed = how["seed"]
    return replace(posterior, checks=(*posterior.checks, *conflict_checks(drawn_from_prior(posterior, seed), seed)))


def _deviate_checks(posterior: Posterior) -> list[Check]:
    """Verdicts on whether the model could have made the table, from some of the draws."""
    draws, law, layout = posterior.draws, posterior.law, posterior.layout
    few = draws.isel(draw=slice(None, None, max(1, draws.sizes["chain"] * draws.sizes["draw"] // DRAWS)))
    return deviate_checks(layout, law, kind_of(law).predictor(law, layout, few, posterior.scale_priors))


def beliefs(
    runs: Runs, law: Law, model: Model, prior: Prior | None, stated: Mapping[str, Statement] | None
) -> dict[str, Any]:
    """Settings that record priors, pooling, the hash of the runs and versions; plain values."""
    return {
        "pooling": {pooled.coordinate.name: pooled.coordinate.pooling for pooled in model.density.pooled},
        "scale_priors": asdict(model.density.scales),
        "stated_priors": {name: {"type": type(p).__name__, **asdict(p)} for name, p in (stated or {}).items()},
        "coordinate_priors": coordinate_priors(model.law),
        "prior": None if prior is None else {"name": prior.name, "sha256": prior.sha256},
        "runs_sha256": runs.content_hash,
        "versions": _versions(),
    }


def drawn_from_prior(posterior: Posterior, seed: int) -> Posterior:
    """A posterior whose draws are from its prior; levels with a flat prior are fixed at the mean of their runs."""
    kind, layout = kind_of(posterior.law), posterior.layout
    law = with_coordinate_priors(posterior.law, posterior.settings["coordinate_priors"])
    pooling = posterior.settings["pooling"] if posterior.prior is None else None
    model = kind.model(law, layout, kind.pool(law, layout, pooling), posterior.scale_priors)
    return replace(posterior, draws=prior_draws(model, seed))


def prior_draws(model: Model, seed: int) -> xr.Dataset:
    """Labelled draws from the prior of a model, as one chain."""
    rng = generator(seed, streams.PRIOR_DRAWS)
    draws = model.without_runs().complete(prior_positions(model, PRIOR_DRAWS, rng), rng)
    return label(model.law, model.layout, draws, 1, PRIOR_DRAWS)


def _stats(sampled: Sampled) -> xr.Dataset:
    raw = sampled.raw
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "diverging": (dims, raw.diverging),
            "n_steps": (dims, raw.steps),
            "energy": (dims, raw.energy),
            "acceptance_rate": (dims, raw.accept),
            "lp": (dims, raw.log_density),
            "tree_depth": (dims, np.ceil(np.log2(raw.steps + 1)).astype(int)),
        }
    )


def _versions() -> dict[str, str]:
    packages = ("bayeslaw", "jax", "numpyro", "numpy", "arviz", "xarray")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}
