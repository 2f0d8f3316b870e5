"""NUTS through NumPyro: compiled once per shape of table, run in blocks so that progress shows and Ctrl-C works.

All chains are one vectorised program. Two programs at a time on threads of their own took a quarter less time on two
cores, but XLA's pool of as many threads as cores has been seen to deadlock under them, as have several host devices.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer.hmc import hmc
from numpyro.infer.util import ParamInfo

from bayeslaw.kinds.base import Density
from bayeslaw.kinds.shared.population import Position
from bayeslaw.laws.base import Array
from bayeslaw.sampling.whitening import Frame, potential, to_position, value_and_slope
from bayeslaw.verdicts import Status

BLOCK = 50
"""Iterations of one compiled block; progress is reported and an interrupt is handled between blocks."""

WARMUP_DEPTH = 7
"""Largest tree depth during warm-up: before the first mass matrix is estimated trees are longest and help least."""


@dataclass(frozen=True)
class SamplerSettings:
    """How to sample.

    Attributes
    ----------
    chains : int
    warmup, draws : int
        Iterations of each chain while adapting, and kept at the least; multiples of 50.
    target_accept : float
        Target acceptance probability of NUTS.
    max_depth : int
        Largest tree depth; a tree of that depth takes 2**max_depth - 1 steps.
    enough : {"PASS", "REVIEW", "FAIL"}
        Verdict of the checks of the sampler with which it is content. While they are worse, sampling is repeated or
        goes on, within limits; with FAIL it never does.
    """

    chains: int = 4
    warmup: int = 400
    draws: int = 500
    target_accept: float = 0.9
    max_depth: int = 9
    enough: Status = "PASS"


QUICK = SamplerSettings(warmup=200, draws=200, enough="REVIEW")
"""A first look: 800 draws, and no more unless a check of the sampler fails. Of slowly mixing tables they are worth some
hundred independent ones, where a check asks for a look."""


@dataclass(frozen=True, eq=False)
class RawDraws:
    """Draws of positions from NUTS, with its statistics.

    Attributes
    ----------
    positions : dict of ndarray, shapes (chain, draw, ...)
    diverging : ndarray of bool, shape (chain, draw)
    steps : ndarray of int, shape (chain, draw)
        Leapfrog steps of each trajectory.
    energy : ndarray, shape (chain, draw)
    accept : ndarray, shape (chain, draw)
        Mean acceptance probability along each trajectory.
    log_density : ndarray, shape (chain, draw)
        Of the posterior in the coordinates of the sampler, up to a constant.
    """

    positions: dict[str, np.ndarray]
    diverging: np.ndarray
    steps: np.ndarray
    energy: np.ndarray
    accept: np.ndarray
    log_density: np.ndarray

    def join(self, later: "RawDraws") -> "RawDraws":
        """These draws followed by later ones of the same chains."""
        return RawDraws(
            {name: np.concatenate([values, later.positions[name]], axis=1) for name, values in self.positions.items()},
            *(
                np.concatenate([getattr(self, name), getattr(later, name)], axis=1)
                for name in ("diverging", "steps", "energy", "accept", "log_density")
            ),
        )


Blocks = tuple[tuple[str, tuple[tuple[str, tuple[int, ...]], ...]], ...]
"""Name of each block of a position, with names and shapes of its entries."""

DENSE, DIAGONAL = "dense", "diagonal"


def _blocks(density: Density, positions: Position) -> Blocks:
    """Blocks of positions, entries (chain, ...), by their mass matrix: dense for what population and tasks have.

    Entries of single curves are nearly independent. NUTS moves each block as one array: with one for every entry, the
    program is several times as long, and so is compiling it.
    """
    shapes = {name: np.shape(values)[1:] for name, values in sorted(positions.items())}
    own = {name for name in shapes if name in density.per_curve or name.endswith((".family", ".model"))}
    own -= {name for name in shapes if name.startswith("spread.")}
    parts = {DENSE: set(shapes) - own, DIAGONAL: own}
    blocks = {part: tuple((name, shapes[name]) for name in shapes if name in names) for part, names in parts.items()}
    return tuple((part, entries) for part, entries in blocks.items() if entries)


def _pack(blocks: Blocks, positions: Position) -> dict[str, Array]:
    """Positions, entries (chain, ...), as one array (chain, D) for each block."""
    return {
        part: jnp.concatenate([jnp.reshape(positions[name], (len(positions[name]), -1)) for name, _ in entries], axis=1)
        for part, entries in blocks
    }


def _unpack(blocks: Blocks, z: dict[str, Array]) -> Position:
    """The position, entries (...), that arrays of the blocks, each (D,), were packed from."""
    position: Position = {}
    for part, entries in blocks:
        ends = np.cumsum([math.prod(shape) for _, shape in entries])[:-1]
        for (name, shape), values in zip(entries, jnp.split(z[part], ends), strict=True):
            position[name] = values.reshape(shape)
    return position


def _place(density: Density, blocks: Blocks | None, data: Any, frame: Frame | None, z: Any) -> tuple[Position, Array]:
    """Position of coordinates of the sampler, and the log Jacobian determinant."""
    return to_position(density, data, frame, z if blocks is None else _unpack(blocks, z))


def _nuts(
    settings: SamplerSettings, dense: bool, potential_of: Callable[..., Any]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Functions that make the state of a chain from a `ParamInfo`, and that advance it by an iteration."""
    init, step = hmc(potential_fn_gen=potential_of, algo="NUTS")
    begin = functools.partial(
        init,
        num_warmup=settings.warmup,
        step_size=0.1,
        target_accept_prob=settings.target_accept,
        max_tree_depth=(min(WARMUP_DEPTH, settings.max_depth), settings.max_depth),
        trajectory_length=None,
        dense_mass=[(DENSE,)] if dense else False,
    )
    return begin, step


@functools.partial(jax.jit, static_argnames=("settings", "dense"))
def _start(settings: SamplerSettings, dense: bool, points: ParamInfo, keys: Array) -> Any:
    """States of chains at points of known potential and gradient, so that no density is compiled."""
    begin, _ = _nuts(settings, dense, lambda: None)
    return jax.vmap(lambda point, key: begin(point, rng_key=key))(points, keys)


@functools.partial(jax.jit, static_argnames=("density", "settings", "blocks"))
def _advance(
    density: Density, settings: SamplerSettings, blocks: Blocks | None, data: Any, frame: Frame | None, states: Any
) -> tuple[Any, dict[str, Any]]:
    """Run one block of iterations of every chain."""

    def potential_of(data: Any, frame: Frame | None) -> Callable[[Any], Array]:
        return lambda z: potential(density, data, frame, 1.0, z if blocks is None else _unpack(blocks, z))

    begin, step = _nuts(settings, blocks is not None, potential_of)
    like = ParamInfo(states.z, states.potential_energy, states.z_grad)
    model_args = (data, frame)
    # NumPyro's step takes its settings from the state that was made last
    jax.eval_shape(jax.vmap(functools.partial(begin, model_args=model_args)), like)

    def one(states: Any, _: None) -> tuple[Any, dict[str, Any]]:
        states = jax.vmap(lambda s: step(s, model_args, {}))(states)
        return states, {
            "positions": jax.vmap(lambda z: _place(density, blocks, data, frame, z)[0])(states.z),
            "diverging": states.diverging,
            "steps": states.num_steps,
            "energy": states.energy,
            "accept": states.accept_prob,
            "log_density": -states.potential_energy,
        }

    return jax.lax.scan(one, states, None, length=BLOCK)


def _points(density: Density, data: Any, frame: Frame | None, blocks: Blocks | None, starts: Any) -> ParamInfo:
    """Points that chains start from, with their potentials and gradients."""
    each = [jax.tree.map(lambda entry, i=i: entry[i], starts) for i in range(len(jax.tree.leaves(starts)[0]))]
    found = [(z, *value_and_slope(density, data, frame, 1.0, z)) for z in each]
    z, value, slope = jax.tree.map(lambda *entries: jnp.asarray(np.stack(entries)), *found)
    return ParamInfo(z, value, slope) if blocks is None else ParamInfo(_pack(blocks, z), value, _pack(blocks, slope))


@dataclass(frozen=True, eq=False)
class Chains:
    """The state of all chains between two blocks.

    Attributes
    ----------
    density, data, frame, blocks, settings
        The density with its arrays, the frame or else the blocks of a position, and the settings of the sampler.
    states
        NumPyro state with a leading chain axis.
    """

    density: Density
    data: Any
    frame: Frame | None
    blocks: Blocks | None
    settings: SamplerSettings
    states: Any


def start_chains(
    density: Density,
    data: Any,
    starts: Any,
    settings: SamplerSettings,
    *,
    seed: int,
    frame: Frame | None = None,
) -> Chains:
    """Initialise chains at starting points with a leading chain axis: free coordinates, or positions without a frame.

    Equal seeds give equal draws on one machine and set of versions.
    """
    with jax.enable_x64(True):
        data, frame = jax.device_put((data, frame))
        keys = jax.random.split(jax.random.PRNGKey(seed), settings.chains)
        # settings that the compiled program does not depend on are removed from its cache key
        settings = replace(settings, chains=0, draws=0, enough="PASS")
        blocks = _blocks(density, starts) if frame is None else None
        points = _points(density, data, frame, blocks, starts)
        states = _start(settings, blocks is not None, points, keys)
        return Chains(density, data, frame, blocks, settings, jax.block_until_ready(states))


def advance(chains: Chains, blocks: int, tick: Callable[[], None] | None = None) -> tuple[Chains, RawDraws]:
    """Run every chain for a number of blocks; ``tick`` is called after each."""
    states, records = chains.states, []
    fixed = (chains.density, chains.settings, chains.blocks, chains.data, chains.frame)
    with jax.enable_x64(True):
        for _ in range(blocks):
            states, record = jax.block_until_ready(_advance(*fixed, states))
            records.append(jax.tree.map(np.asarray, record))
            if tick is not None:
                tick()
    return replace(chains, states=states), _collect(records)


def _collect(records: list[dict[str, Any]]) -> RawDraws:
    """Join blocks along draws; each record is (draw, chain, ...)."""
    return RawDraws(**jax.tree.map(lambda *blocks: np.swapaxes(np.concatenate(blocks), 0, 1), *records))
