"""Train a model on sequences with early stopping, and measure its loss on others."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from models import Decoder

BATCH = 64
CHUNK = 16
"""Steps between which nothing is looked at."""

WARMUP = 100
AVERAGING = 8
"""Weights are averaged over about the last ninth of the steps (polynomial-decay averaging, Shamir and Zhang 2013)."""

PER_DOUBLING = 4
"""Evaluations on the validation set for each doubling of the steps."""

PATIENCE, LEAST_STEPS = 2.5, 600
"""Training ends after PATIENCE times as many steps as the best evaluation had, and not before LEAST_STEPS."""


class Trained(NamedTuple):
    """The averaged weights that did best on the validation set, and how training went."""

    model: Decoder
    validation_loss: float
    best_step: int
    steps: int


class State(NamedTuple):
    model: Decoder
    average: Decoder
    optimizer: optax.OptState
    step: Array


def optimizer(lr: float) -> optax.GradientTransformation:
    """Adam at a constant learning rate after a short warm-up, with clipped gradients."""
    schedule = optax.linear_schedule(0.0, lr, WARMUP)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(lambda step: schedule(step + 1), b2=0.99))


@eqx.filter_jit
def advance(state: State, batches: Array, lr: Array, *, first: int) -> State:
    """Take one step on each batch of shape (steps, batch, tokens), on the losses from one position on."""

    def step(state: State, batch: Array) -> tuple[State, None]:
        gradient = jax.grad(lambda model: model(batch)[:, first:].mean())(state.model)
        updates, opt_state = optimizer(lr).update(gradient, state.optimizer)
        model = optax.apply_updates(state.model, updates)
        weight = (1 + AVERAGING) / (state.step + 1 + AVERAGING)
        average = jax.tree.map(lambda a, w: a + weight * (w - a), state.average, model)
        return State(model, average, opt_state, state.step + 1), None

    return jax.lax.scan(step, state, batches)[0]


@eqx.filter_jit
def losses(model: Decoder, batches: Array) -> Array:
    """Loss at the last token of each sequence of batches of shape (batches, batch, tokens)."""
    return jax.lax.map(lambda batch: model(batch)[:, -1], batches).ravel()


def evaluate(model: Decoder, rows: np.ndarray) -> tuple[float, float]:
    """Mean loss at the last token of sequences, in nats, and its standard error."""
    each = np.asarray(losses(model, jnp.asarray(rows.reshape(-1, 256, rows.shape[1]))), np.float64)
    return float(each.mean()), float(each.std(ddof=1) / len(each) ** 0.5)


def order(count: int, steps: int, seed: int) -> np.ndarray:
    """Indices of sequences for each step, shape (steps, batch): one random pass after the other."""
    rng = np.random.default_rng(seed)
    passes = -(-steps * BATCH // count)
    return np.concatenate([rng.permutation(count) for _ in range(passes)])[: steps * BATCH].reshape(steps, BATCH)


def evaluation_steps(most: int) -> list[int]:
    """Steps after which the validation loss is taken: PER_DOUBLING a doubling, multiples of CHUNK."""
    times = CHUNK * 2 ** (np.arange(0, 64) / PER_DOUBLING)
    times = CHUNK * np.unique(np.round(times[times < most] / CHUNK).astype(int))
    return [*times.tolist(), most]


def train(
    model: Decoder,
    rows: np.ndarray,
    validation: np.ndarray,
    *,
    lr: float,
    most_steps: int,
    seed: int,
    every_token: bool = False,
    stop_early: bool = True,
    keep: tuple[int, ...] = (),
) -> tuple[Trained, dict[int, Decoder]]:
    """Train a model on rows and return the averaged weights of the evaluation with the least validation loss.

    Parameters
    ----------
    model : Decoder
        Where training starts; it takes part in the choice as step 0.
    rows, validation : ndarray of int, shape (sequence, token)
    lr : float
    most_steps : int
        A multiple of CHUNK.
    seed : int
        Of the order of the sequences.
    every_token : bool
        True trains on the losses at all tokens, False on that at the last one.
    stop_early : bool
        False trains to the end and returns the last averaged weights.
    keep : tuple of int
        Steps, multiples of CHUNK, whose averaged weights are returned, too.
    """
    state = State(model, model, optimizer(lr).init(model), jnp.zeros((), jnp.int32))
    indices = order(len(rows), most_steps, seed)
    best = Trained(model, evaluate(model, validation)[0], 0, 0)
    kept: dict[int, Decoder] = {}
    looks = set(evaluation_steps(most_steps)) if stop_early else {most_steps}
    done = 0
    for done in range(CHUNK, most_steps + 1, CHUNK):
        batches = jnp.asarray(rows[indices[done - CHUNK : done]])
        state = advance(state, batches, jnp.asarray(lr), first=0 if every_token else -1)
        if done in keep:
            kept[done] = state.average
        if done in looks:
            loss = evaluate(state.average, validation)[0]
            if loss < best.validation_loss or not stop_early:
                best = Trained(state.average, loss, done, done)
            elif done >= max(LEAST_STEPS, PATIENCE * best.best_step):
                break
    return best._replace(steps=done), kept
