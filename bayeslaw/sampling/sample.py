"""Sample a model and check the draws; sampling that fails its checks is repeated or extended, and this is recorded."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayeslaw.errors import SamplingError
from bayeslaw.kinds.base import Draws, Model
from bayeslaw.kinds.shared.population import Position
from bayeslaw.progress import Progress
from bayeslaw.sampling.diagnostics import convergence_checks, quick_checks, stuck_checks, trajectory_checks
from bayeslaw.sampling.nuts import BLOCK, RawDraws, SamplerSettings, advance, start_chains
from bayeslaw.sampling.programs import release_programs
from bayeslaw.sampling.starts import starting_points, starting_positions
from bayeslaw.sampling.whitening import Frame, whiten
from bayeslaw.verdicts import EFFECTIVE, R_HAT, Check, overall, worse

CAREFUL_ACCEPT = 0.98
"""Target acceptance of the second attempt, if trajectories diverged in the first."""

MAX_ROUNDS = 4
"""Draws are extended up to this many times the number asked for while a convergence check does not pass."""

MIXING, TRAJECTORIES = (R_HAT, *EFFECTIVE), ("divergences", "tree_depth")
"""Checks that more draws repair, and those that a second attempt with other settings does."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Draws, with their checks and how they were sampled.

    Attributes
    ----------
    draws : Draws
        Chains one after another: S = chains * draws.
    raw : RawDraws
    checks : tuple of Check
        Of the sampler: convergence of all variables, and trajectories.
    repairs : tuple of str
        Second attempts and extensions, in sentences.
    settings : SamplerSettings
        As finally used.
    seconds : float
        Spent sampling, compilation included.
    """

    draws: Draws
    raw: RawDraws
    checks: tuple[Check, ...]
    repairs: tuple[str, ...]
    settings: SamplerSettings
    seconds: float


def sample(model: Model, settings: SamplerSettings, *, seed: int, progress: Progress | None = None) -> Sampled:
    """Draw from the posterior of a model.

    If trajectories diverge or are cut off, sampling starts afresh with more warm-up, and with a higher target
    acceptance or longer trajectories; if chains have not mixed well enough, they run on. What is enough, settings say.

    Raises
    ------
    SamplingError
        If no finite starting point is found.
    """
    release_programs()
    began = time.perf_counter()
    repairs: list[str] = []
    frame = whiten(model) if model.density.whitened else None
    raw, draws, checks = _attempt(model, frame, settings, seed, progress, last=False)
    if _fall_short(checks, TRAJECTORIES, settings):
        count = int(np.sum(raw.diverging | (raw.steps >= 2**settings.max_depth - 1)))
        settings = _careful(settings, diverged=bool(raw.diverging.any()))
        repairs.append(
            f"{count} {'trajectory' if count == 1 else 'trajectories'} diverged or were cut off: sampled afresh with "
            f"target acceptance {settings.target_accept}, trees of depth {settings.max_depth} and {settings.warmup} "
            "warm-up iterations."
        )
        raw, draws, checks = _attempt(model, frame, settings, seed + 1, progress, last=True)
    planned = -(-settings.draws // BLOCK) * BLOCK
    if raw.steps.shape[1] > planned:
        repairs.append(
            f"Chains had not mixed well enough after {planned} draws each and ran on to {raw.steps.shape[1]}."
        )
    return Sampled(draws, raw, tuple(checks), tuple(repairs), settings, time.perf_counter() - began)


def _careful(settings: SamplerSettings, *, diverged: bool) -> SamplerSettings:
    """Settings of the second attempt.

    Where trajectories were only cut off at the largest tree depth, they are made longer, not finer: of fits of the
    rectified joint law to simulated tables 22 of 42 failed their checks with finer steps, 20 of 58 with longer trees.
    """
    return replace(
        settings,
        target_accept=max(settings.target_accept, CAREFUL_ACCEPT) if diverged else settings.target_accept,
        warmup=2 * settings.warmup,
        max_depth=settings.max_depth + (1 if diverged else 2),
    )


def _fall_short(checks: Sequence[Check], names: Collection[str], settings: SamplerSettings) -> bool:
    """Whether some checks are worse than the verdict that is enough."""
    return worse(overall(check for check in checks if check.name in names), settings.enough)


def _attempt(
    model: Model, frame: Frame | None, settings: SamplerSettings, seed: int, progress: Progress | None, *, last: bool
) -> tuple[RawDraws, Draws, list[Check]]:
    starts: Any = (
        starting_positions(model, settings.chains, seed)
        if frame is None
        else starting_points(frame, settings.chains, seed)
    )
    warmup, draws = -(-settings.warmup // BLOCK), -(-settings.draws // BLOCK)
    done = 0

    def tick() -> None:
        nonlocal done
        done += BLOCK
        if progress is not None:
            progress("warming up" if done <= warmup * BLOCK else "sampling", done, max(done, (warmup + draws) * BLOCK))

    chains = start_chains(model.density, model.data, starts, settings, seed=seed, frame=frame)
    if not np.isfinite(np.asarray(chains.states.potential_energy)).all():
        raise SamplingError("The density is not finite where chains set out; look for extreme losses in the table.")
    chains, _ = advance(chains, warmup, tick)
    chains, raw = advance(chains, draws, tick)
    completed, checks = _look(model, raw, settings, seed)
    for _ in range(MAX_ROUNDS - 1):
        mixed = not _fall_short(checks, MIXING, settings)
        if mixed or (_fall_short(checks, TRAJECTORIES, settings) and not last):  # more draws would not repair these
            break
        chains, more = advance(chains, draws, tick)
        raw = raw.join(more)
        del completed  # it is large for many curves, and the next one contains it
        completed, checks = _look(model, raw, settings, seed)
    return raw, completed, checks


def _look(model: Model, raw: RawDraws, settings: SamplerSettings, seed: int) -> tuple[Draws, list[Check]]:
    """Complete the draws and check them."""
    completed, checks = complete_and_check(model, raw.positions, seed)
    found = [*checks, *trajectory_checks(raw, settings.max_depth)]
    return completed, [*found, *quick_checks(raw.steps.size, settings)]


def complete_and_check(model: Model, positions: Position, seed: int) -> tuple[Draws, list[Check]]:
    """Complete draws of positions, entries (chain, draw, ...), and check convergence.

    Returns
    -------
    Draws
        Chains one after another.
    list of Check
        R-hat and effective sample sizes.
    """
    chains, draws = next(iter(positions.values())).shape[:2]
    flat = {name: values.reshape(chains * draws, *values.shape[2:]) for name, values in positions.items()}
    completed = model.complete(flat, np.random.default_rng(seed))
    variables = completed.variables()
    curves = [curve.model for curve in model.layout.curves]

    def variable(name: str) -> xr.DataArray:
        values, dims = variables[name]
        named = [f"{name}_{dim}" for dim in dims]
        coords = {f"{name}_curve": curves} if "curve" in dims else None
        array = xr.DataArray(values.reshape(chains, draws, *values.shape[1:]), coords, ["chain", "draw", *named])
        moves = np.ptp(values, axis=0) > 0
        return array.isel({named[0]: moves}) if len(named) == 1 else array  # some tasks have constants

    fixed = model.fixed()
    stuck = [name for name, values in positions.items() if name not in fixed and _stuck(values)]
    moving = [name for name in completed.watched() if np.ptp(variables[name][0], axis=0).any()]  # not what is fixed
    dataset = xr.Dataset({name: variable(name) for name in moving})
    return completed, [*stuck_checks(stuck), *convergence_checks(dataset)]


def _stuck(values: np.ndarray) -> bool:
    """Whether any number of an entry (chain, draw, ...) is the same throughout a chain."""
    return bool(values.size and (np.ptp(values, axis=1) == 0).any())
