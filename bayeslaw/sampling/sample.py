"""From a model to draws that pass their checks, repairing what can be repaired and saying so."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bayeslaw.errors import SamplingError
from bayeslaw.model.completion import CompletedDraws, complete
from bayeslaw.model.density import Model
from bayeslaw.sampling.diagnostics import convergence_checks, trajectory_checks
from bayeslaw.sampling.nuts import BLOCK, RawDraws, SamplerSettings, advance, start_chains
from bayeslaw.sampling.starts import starting_positions
from bayeslaw.verdicts import Check, overall

Progress = Callable[[str, int, int], None]
"""Called with what is being done, iterations done, and iterations planned."""

MAX_ROUNDS = 4
"""Draws are extended up to this many times the number asked for while a convergence check does not pass."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Draws and how they came about.

    Attributes
    ----------
    draws : CompletedDraws
        Chains one after another: S = chains * draws.
    raw : RawDraws
    checks : tuple of Check
        Of the sampler; convergence is of everything sampled.
    repairs : tuple of str
        What was done beyond the plain plan, in sentences.
    settings : SamplerSettings
        As finally used.
    seconds : float
        Spent sampling, compilation included.
    """

    draws: CompletedDraws
    raw: RawDraws
    checks: tuple[Check, ...]
    repairs: tuple[str, ...]
    settings: SamplerSettings
    seconds: float


def sample(model: Model, settings: SamplerSettings, *, seed: int, progress: Progress | None = None) -> Sampled:
    """Draw from the posterior of a model.

    If trajectories diverge, sampling starts afresh with a higher target acceptance and more warm-up; if chains have not
    mixed well enough, they run on.

    Raises
    ------
    SamplingError
        If no finite starting point is found.
    """
    began = time.perf_counter()
    repairs: list[str] = []
    raw, draws, checks = _attempt(model, settings, seed, progress, repairs)
    if any(c.name in ("divergences", "tree_depth") and c.status != "PASS" for c in checks):
        careful = replace(settings, target_accept=0.98, warmup=2 * settings.warmup, max_depth=settings.max_depth + 1)
        repairs.append(
            f"{int(raw.diverging.sum())} trajectories diverged or were cut off: sampled afresh with target acceptance "
            f"{careful.target_accept} and {careful.warmup} warm-up iterations."
        )
        raw, draws, checks = _attempt(model, careful, seed + 1, progress, repairs)
        settings = careful
    return Sampled(draws, raw, tuple(checks), tuple(repairs), settings, time.perf_counter() - began)


def _attempt(
    model: Model, settings: SamplerSettings, seed: int, progress: Progress | None, repairs: list[str]
) -> tuple[RawDraws, CompletedDraws, list[Check]]:
    starts = starting_positions(model, settings.chains, seed)
    if not all(np.isfinite(values).all() for values in starts.values()):
        raise SamplingError("No starting point with a finite density was found; check the table for extreme losses.")
    warmup, draws = -(-settings.warmup // BLOCK), -(-settings.draws // BLOCK)
    done = 0

    def tick() -> None:
        nonlocal done
        done += BLOCK
        if progress is not None:
            progress("warming up" if done <= warmup * BLOCK else "sampling", done, max(done, (warmup + draws) * BLOCK))

    chains = start_chains(model.structure, model.data, starts, settings, seed=seed)
    chains, _ = advance(chains, warmup, tick)
    chains, raw = advance(chains, draws, tick)
    completed, checks = _look(model, raw, settings, seed)
    for _ in range(MAX_ROUNDS - 1):
        mixed = overall(c for c in checks if c.name in ("r_hat", "ess_bulk", "ess_tail")) == "PASS"
        if mixed or raw.diverging.any():  # more of the same does not mend divergences
            break
        chains, more = advance(chains, draws, tick)
        raw = raw.join(more)
        completed, checks = _look(model, raw, settings, seed)
    if raw.steps.shape[1] > draws * BLOCK:
        repairs.append(
            f"Chains had not mixed well enough after {draws * BLOCK} draws each and ran on to {raw.steps.shape[1]}."
        )
    return raw, completed, checks


def _look(model: Model, raw: RawDraws, settings: SamplerSettings, seed: int) -> tuple[CompletedDraws, list[Check]]:
    """Complete the draws and check them."""
    chains, draws = raw.steps.shape
    flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in raw.positions.items()}
    completed = complete(model, flat, np.random.default_rng(seed))
    sampled = {
        **completed.coordinates,
        **{f"location of {name}": values for name, values in completed.location.items()},
        **{f"spread of {name}": values for name, values in completed.spread.items()},
        "level": completed.level,
        "noise": completed.noise,
        "own_drift": completed.own_drift,
        "shared_drift": completed.shared_drift,
    }
    curves = [curve.model for curve in model.design.curves]

    def variable(name: str, values: np.ndarray) -> xr.DataArray:
        dims = ["curve"] if values.shape[1:] == (len(curves),) else [f"{name}_{i}" for i in range(values.ndim - 1)]
        coords = {"curve": curves} if dims == ["curve"] else None
        return xr.DataArray(values.reshape(chains, draws, *values.shape[1:]), coords, ["chain", "draw", *dims])

    dataset = xr.Dataset({name: variable(name, values) for name, values in sampled.items()})
    return completed, [*convergence_checks(dataset), *trajectory_checks(raw, settings.max_depth)]
