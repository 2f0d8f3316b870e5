"""Kaplan's law of model size and data, which has no floor.

    L(N, D) = ((N_c / N)^(alpha / beta) + D_c / D)^beta

Kaplan et al. 2020, "Scaling Laws for Neural Language Models" (arXiv 2001.08361), equation 1.5, with alpha_N and
alpha_D called alpha and beta. With unlimited data the loss falls as N^-alpha, with unlimited parameters as D^-beta.

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table, as in the Chinchilla law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, log_sum, relative, shares


def _log_loss(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    alpha, beta = exponential(coordinates, "log_alpha", "log_beta")
    of_n, of_d = shares(coordinates["split"])
    return beta * log_sum(of_n - alpha / beta * x["params"], of_d - x["data"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """N_c, D_c, alpha and beta of the law; ``level`` is log L(N_ref, D_ref)."""
    alpha, beta = exponential(coordinates, "log_alpha", "log_beta")
    of_n, of_d = shares(coordinates["split"])
    return {
        "N_c": jnp.exp(jnp.log(reference["params"]) + (level + beta * of_n) / alpha),
        "D_c": jnp.exp(jnp.log(reference["data"]) + level / beta + of_d),
        "alpha": alpha,
        "beta": beta,
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogN and -dlogL/dlogD at the reference point, less ``log_alpha`` and ``log_beta``."""
    split = coordinates["split"]
    return {"log_alpha": jax.nn.log_sigmoid(split), "log_beta": jax.nn.log_sigmoid(-split)}


LAW = Law(
    name="kaplan",
    formula="L(N, D) = ((N_c / N)^(alpha / beta) + D_c / D)^beta",
    source="Kaplan et al. 2020, arXiv 2001.08361, equation 1.5",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens or examples")),
    axis="data",
    coordinates=(
        # With the published N_c = 6.4e13 and D_c = 1.8e13, half at 1e8 parameters and 1e9 tokens; exponents being
        # small, it moves a lot between tables. 90% from .08 to .92.
        Coordinate("split", "logit of the share of (N_c / N)^(alpha / beta) in the sum", 0.0, 1.5, 0.5, "family"),
        # Published: .076 and .103; without a floor, exponents are log-log slopes of the whole loss, .05 to .2 wherever
        # it was measured. 90% from .035 to .2.
        Coordinate("log_alpha", "log alpha", -2.5, 0.5, 0.15, "family"),
        Coordinate("log_beta", "log beta", -2.4, 0.5, 0.15, "family"),
    ),
    parameters=(
        Parameter("N_c", "loss^(1 / alpha) * parameters", "size at which the loss is 1 with unlimited data"),
        Parameter("D_c", "loss^(1 / beta) * data", "data with which the loss is 1 in a model without limit"),
        Parameter("alpha", "1", "exponent of parameters", coordinate="log_alpha"),
        Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
    ),
    log_shape=relative(_log_loss),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
