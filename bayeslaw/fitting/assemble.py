"""Put what a sampler drew together with everything else that a fit keeps."""

import importlib.metadata
import platform
from dataclasses import asdict, replace

import numpy as np
import xarray as xr

from bayeslaw import streams
from bayeslaw.kinds.base import Model, prior_positions
from bayeslaw.kinds.registry import kind_of
from bayeslaw.lending.conflict import conflict_checks
from bayeslaw.posterior.posterior import Posterior, label
from bayeslaw.prior.prior import Prior
from bayeslaw.runs import Runs
from bayeslaw.sampling.sample import Sampled
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check

PRIOR_DRAWS = 2000
"""Draws from a prior, to compare a posterior with."""


def assemble(runs: Runs, model: Model, sampled: Sampled, seed: int, prior: Prior | None = None) -> Posterior:
    """The posterior of a table, with the verdicts of the sampler, on the table, and on the prior if there is one."""
    checks: tuple[Check, ...] = (*sampled.checks, *kind_of(model.law).checks(model.layout, model.law))
    settings = {
        "seed": seed,
        "chains": sampled.settings.chains,
        "warmup": sampled.settings.warmup,
        "draws": int(sampled.raw.steps.shape[1]),
        "target_accept": sampled.settings.target_accept,
        "max_depth": sampled.settings.max_depth,
        "pooling": {pooled.coordinate.name: pooled.coordinate.pooling for pooled in model.density.pooled},
        "scale_priors": asdict(model.density.scales),
        "repairs": list(sampled.repairs),
        "sampling_seconds": round(sampled.seconds, 2),
        "prior": None if prior is None else {"name": prior.name, "sha256": prior.sha256},
        "runs_sha256": runs.content_hash,
        "versions": _versions(),
    }
    draws = label(model.law, model.layout, sampled.draws, *sampled.raw.steps.shape)
    posterior = Posterior(
        draws, _stats(sampled), runs, model.law, checks, settings, model.layout, model.density.scales, prior
    )
    if prior is None:
        return posterior
    return replace(posterior, checks=(*checks, *conflict_checks(drawn_from_prior(posterior, seed), seed)))


def drawn_from_prior(posterior: Posterior, seed: int) -> Posterior:
    """Draws from the prior in the place of those from a posterior; where levels have a flat prior they mean nothing."""
    kind, law, layout = kind_of(posterior.law), posterior.law, posterior.layout
    pooling = posterior.settings["pooling"] if posterior.prior is None else None
    model = kind.model(law, layout, kind.pool(law, layout, pooling), posterior.scale_priors)
    rng = generator(seed, streams.PRIOR_DRAWS)
    draws = model.without_runs().complete(prior_positions(model, PRIOR_DRAWS, rng), rng)
    return replace(posterior, draws=label(model.law, model.layout, draws, 1, PRIOR_DRAWS))


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
