"""Two small decoders over token sequences: a transformer and a gated recurrent network."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

VOCABULARY = 256
LAYERS = 2
HEAD_WIDTH = 8


class Attention(eqx.Module):
    """Causal self-attention and a feed-forward layer of four times the width, each behind a root-mean-square norm.

    Attention to a token falls with its distance, at a rate that halves from head to head (Press et al. 2022). Without
    that, models trained from scratch stay on a plateau until the data suffice to learn it.
    """

    projection: Array
    output: Array
    up: Array
    down: Array
    heads: int = eqx.field(static=True)

    def __init__(self, width: int, key: Array):
        keys = jax.random.split(key, 4)
        self.heads = width // HEAD_WIDTH
        self.projection = matrix(keys[0], width, 3 * width)
        self.output = matrix(keys[1], width, width) / (2 * LAYERS) ** 0.5
        self.up = matrix(keys[2], width, 4 * width)
        self.down = matrix(keys[3], 4 * width, width) / (2 * LAYERS) ** 0.5

    def __call__(self, x: Array) -> Array:
        batch, length, width = x.shape
        parts = jnp.split(norm(x) @ self.projection, 3, axis=-1)
        q, k, v = (a.reshape(batch, length, self.heads, -1).transpose(0, 2, 1, 3) for a in parts)
        ahead = jnp.arange(length) - jnp.arange(length)[:, None]
        bias = jnp.where(ahead > 0, -1e9, ahead * 0.5 ** jnp.arange(self.heads)[:, None, None])
        weights = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / HEAD_WIDTH**0.5 + bias)
        x = x + (weights @ v).transpose(0, 2, 1, 3).reshape(batch, length, width) @ self.output
        return x + jax.nn.relu(norm(x) @ self.up) @ self.down


class Recurrence(eqx.Module):
    """A gated recurrent unit behind a root-mean-square norm, added to its input."""

    inputs: Array
    state: Array
    bias: Array

    def __init__(self, width: int, key: Array):
        keys = jax.random.split(key, 2)
        self.inputs = matrix(keys[0], width, 3 * width)
        self.state = matrix(keys[1], width, 3 * width)
        self.bias = jnp.zeros(3 * width)

    def __call__(self, x: Array) -> Array:
        def step(h: Array, driven: Array) -> tuple[Array, Array]:
            r, z, n = jnp.split(driven, 3, axis=-1)
            hr, hz, hn = jnp.split(h @ self.state, 3, axis=-1)
            z = jax.nn.sigmoid(z + hz)
            h = (1 - z) * jnp.tanh(n + jax.nn.sigmoid(r + hr) * hn) + z * h
            return h, h

        driven = (norm(x) @ self.inputs + self.bias).transpose(1, 0, 2)
        states = jax.lax.scan(step, jnp.zeros((x.shape[0], x.shape[2])), driven)[1]
        return x + states.transpose(1, 0, 2)


class Decoder(eqx.Module):
    """Tied token embeddings around layers of one kind."""

    embedding: Array
    layers: list

    def __init__(self, layer: type[eqx.Module], width: int, key: Array):
        keys = jax.random.split(key, LAYERS + 1)
        self.embedding = 0.3 * jax.random.normal(keys[0], (VOCABULARY, width)) / width**0.5
        self.layers = [layer(width, key) for key in keys[1:]]

    def __call__(self, tokens: Array) -> Array:
        """Loss at each token but the first, given those before it, in nats: shape (sequences, tokens - 1)."""
        onehot = jax.nn.one_hot(tokens, VOCABULARY)
        x = onehot[:, :-1] @ self.embedding
        for layer in self.layers:
            x = layer(x)
        logits = norm(x) @ self.embedding.T
        return jax.nn.logsumexp(logits, axis=-1) - jnp.sum(logits * onehot[:, 1:], axis=-1)


def matrix(key: Array, rows: int, columns: int) -> Array:
    """A random matrix that keeps the variance of what it multiplies."""
    return jax.random.normal(key, (rows, columns)) / rows**0.5


def norm(x: Array) -> Array:
    """Scale each position to a root mean square of 1."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def build(architecture: str, width: int, seed: int) -> Decoder:
    """Make an untrained model: architecture "transformer" or "gru"."""
    layer = {"transformer": Attention, "gru": Recurrence}[architecture]
    return Decoder(layer, width, jax.random.key(seed))


def count(model: Decoder) -> int:
    """Parameters of a model."""
    return sum(leaf.size for leaf in jax.tree.leaves(model))
