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
    log_share, log_rest = shares(coordinates["balance"])
    alpha, beta = jnp.exp(coordinates["log_alpha"]), jnp.exp(coordinates["log_beta"])
    return -jnp.logaddexp(log_share - alpha * x["params"], log_rest - beta * x["data"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """Exponents, and the share of the reducible loss that is size's, at the reference."""
    return {
        "alpha": jnp.exp(coordinates["log_alpha"]),
        "beta": jnp.exp(coordinates["log_beta"]),
        "share_of_size": jnp.exp(shares(coordinates["balance"])[0]),
    }


LAW = Law(
    name="trajectory",
    formula="logit score = s - log(A N^-alpha + B D^-beta)",
    source="this project, after Hoffmann et al. 2022 (arXiv 2203.15556) and Bhagia et al. 2024 (arXiv 2412.04403)",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens")),
    axis="data",
    coordinates=(
        # Published exponents of losses are .3 to .5 (Hoffmann et al. 2022), and odds grow as a power of 1 to 2 of the
        # reducible loss: 90% from .19 to 1.3. Exponents, not slopes at the reference, have the prior: slopes over a
        # small share are exponents without bound, of which a task at chance says nothing.
        Coordinate("log_alpha", "log of the size exponent", mean=-0.7, sd=0.6, spread=0.3, pooling="task"),
        Coordinate("log_beta", "log of the data exponent", mean=-0.7, sd=0.6, spread=0.3, pooling="task"),
        Coordinate("balance", "logit of the share of A N^-alpha at the reference", mean=0.0, sd=1.0, spread=0.5,
                   pooling="task"),
    ),
    parameters=(
        Parameter("alpha", "1", "size exponent of the reducible loss", coordinate="log_alpha"),
        Parameter("beta", "1", "data exponent of the reducible loss", coordinate="log_beta"),
        Parameter("share_of_size", "1", "share of the reducible loss that more tokens do not remove, at the reference",
                  coordinate="balance"),
    ),
    log_shape=relative(skill),
    natural=natural,
    kind="scores",
    discrepancy="walks",
    outcome="accuracy",
)  # fmt: skip
