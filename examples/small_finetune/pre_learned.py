"""The rectified law with all but the pre-learned data size in common: what a pretraining is worth in fine-tuning data.

    L(D) = E + B / (D_l + D^beta),  E, B and beta the same for all models of one architecture and width

(Lin et al. 2024, arXiv 2402.02314). A curve of a level of its own, as bayeslaw fits it, tells D_l from its bend alone.
With E and B shared, a model that starts lower has learned more beforehand, and D_l^(1/beta) is that in sequences.
"""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax import Array
from numpyro.diagnostics import split_gelman_rubin
from numpyro.infer import MCMC, NUTS


def log_loss(level: Array, floor: Array, beta: Array, log_learned: Array, t: Array) -> Array:
    """Log of L.

    Parameters
    ----------
    level, floor : array
        Log loss at the largest size, had nothing been learned before, and the logit of E's share of it.
    beta : array
    log_learned, t : array
        log D_l^(1/beta) and log D, in units of the largest size.
    """
    reducible = jax.nn.log_sigmoid(-floor) - jnp.logaddexp(beta * log_learned, beta * t)
    return level + jnp.logaddexp(jax.nn.log_sigmoid(floor), reducible)


def model(y: np.ndarray, t: np.ndarray, of_model: np.ndarray, models: int) -> None:
    """Runs ``y`` of log loss at log sizes ``t``, both relative to the largest size, with heavy-tailed scatter."""
    beta = numpyro.sample("beta", dist.LogNormal(-1.3, 0.6))
    floor = numpyro.sample("floor", dist.Normal(0.0, 2.0))
    level = numpyro.sample("level", dist.Normal(0.0, 0.5))
    log_learned = numpyro.sample("log_learned", dist.Normal(-4.0, 4.0).expand([models]))
    noise = numpyro.sample("noise", dist.LogNormal(np.log(0.02), 1.0))
    expected = log_loss(level, floor, beta, log_learned[of_model], t)
    numpyro.sample("y", dist.StudentT(4.0, expected, noise), obs=y)


def learned(losses: np.ndarray, sizes: np.ndarray, of_model: np.ndarray) -> tuple[np.ndarray, float]:
    """Draws of the pre-learned data of each model in sequences, shape (S, models), and the largest R-hat.

    Parameters
    ----------
    losses, sizes : ndarray, shape (runs,)
    of_model : ndarray of int, shape (runs,)
        Model of each run, counted from 0.
    """
    largest = sizes.max()
    y = np.log(losses) - np.log(losses[sizes == largest]).mean()
    kernel = NUTS(model, target_accept_prob=0.9)
    sampler = MCMC(
        kernel, num_warmup=1000, num_samples=1000, num_chains=4, chain_method="vectorized", progress_bar=False
    )
    with jax.enable_x64(True):
        sampler.run(jax.random.key(0), y, np.log(sizes / largest), of_model, int(of_model.max()) + 1)
        draws = {name: np.asarray(values) for name, values in sampler.get_samples(group_by_chain=True).items()}
    r_hat = max(float(np.max(split_gelman_rubin(values))) for values in draws.values())
    log_learned = draws["log_learned"]
    return largest * np.exp(log_learned.reshape(-1, log_learned.shape[-1])), r_hat
