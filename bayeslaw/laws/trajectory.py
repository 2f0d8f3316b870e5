"""Scores along training, shared by sizes: the odds above chance are inverse to the reducible loss in size and tokens.

    logit of the score above chance = s - log(A N^-alpha + B D^-beta)

Loss falls with size N and tokens D as E + A N^-alpha + B D^-beta (Hoffmann et al. 2022, arXiv 2203.15556), and scores
of tasks follow it along a sigmoid (Bhagia et al. 2024, arXiv 2412.04403). Written in the logarithm of the reducible
part, skill grows by beta per e-fold of tokens while tokens are short, whatever the size, and levels off where size
limits it: models of all sizes are alike early on and part later, which is what checkpoints show (Yang et al. 2024,
arXiv 2404.01204). This form is this project's.
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, relative, shares


def skill(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    """Skill up to a constant, at logs of size and tokens relative to the reference."""
    log_share, log_rest, alpha, beta = _shares_and_exponents(coordinates)
    return -jnp.logaddexp(log_share - alpha * x["params"], log_rest - beta * x["data"])


def _shares_and_exponents(coordinates: Mapping[str, Array]) -> tuple[Array, ...]:
    """Logs of the shares of size and tokens at the reference, and the exponents: slopes there over these shares."""
    log_share, log_rest = shares(coordinates["balance"])
    alpha = jnp.exp(coordinates["log_size_slope"] - log_share)
    return log_share, log_rest, alpha, jnp.exp(coordinates["log_data_slope"] - log_rest)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """Exponents, and the share of the reducible loss that is size's, at the reference."""
    log_share, _, alpha, beta = _shares_and_exponents(coordinates)
    return {"alpha": alpha, "beta": beta, "share_of_size": jnp.exp(log_share)}


LAW = Law(
    name="trajectory",
    formula="logit score = s - log(A N^-alpha + B D^-beta)",
    source="this project, after Hoffmann et al. 2022 (arXiv 2203.15556) and Bhagia et al. 2024 (arXiv 2412.04403)",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens")),
    axis="data",
    coordinates=(
        # Gain in skill per e-fold of size and of tokens, at the reference: 90% from .08 to 1.1.
        Coordinate("log_size_slope", "log of the slope along log N at the reference", mean=-1.2, sd=0.8, spread=0.3,
                   pooling="task"),
        Coordinate("log_data_slope", "log of the slope along log D at the reference", mean=-1.2, sd=0.8, spread=0.3,
                   pooling="task"),
        Coordinate("balance", "logit of the share of A N^-alpha at the reference", mean=0.0, sd=1.0, spread=0.5,
                   pooling="task"),
    ),
    parameters=(
        Parameter("alpha", "1", "size exponent of the reducible loss"),
        Parameter("beta", "1", "data exponent of the reducible loss"),
        Parameter("share_of_size", "1", "share of the reducible loss that more tokens do not remove, at the reference",
                  coordinate="balance"),
    ),
    log_shape=relative(skill),
    natural=natural,
    kind="scores",
    discrepancy="walks",
    outcome="accuracy",
)  # fmt: skip
