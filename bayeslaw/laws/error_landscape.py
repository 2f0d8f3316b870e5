"""The error landscape: a power law in model size and data that bends into the error of a guess where both are small.

    L(N, D) = L_0 e / sqrt(e^2 + L_0^2),  e = E + A / N^alpha + B / D^beta

Rosenfeld et al. 2020, "A Constructive Prediction of the Generalization Error Across Scales" (arXiv 1909.12673), with
the published |e / (e - i eta)| written out and eta = L_0, which only sets the unit of e: far below L_0 the loss is e.
L_0 is the loss of a guess: the log of the number of tokens or classes, or the error rate at chance.

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table, as in the Chinchilla law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, relative


def _log_loss(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    e = above_floor(coordinates["floor"], chinchilla.reducible(coordinates, x["params"], x["data"]))
    return e - 0.5 * jax.nn.softplus(2 * (coordinates["phase"] + e))


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """L_0, E, A, B, alpha and beta of the law; ``level`` is log L(N_ref, D_ref)."""
    phase, floor = coordinates["phase"], coordinates["floor"]
    log_guess = level - 0.5 * jax.nn.log_sigmoid(2 * phase)
    log_e = log_guess + phase
    log_terms = log_e + jax.nn.log_sigmoid(-floor)
    A, B, alpha, beta = chinchilla.scales(coordinates, log_terms, reference["params"], reference["data"])
    return {
        "L_0": jnp.exp(log_guess),
        "E": jnp.exp(log_e + jax.nn.log_sigmoid(floor)),
        "A": A,
        "B": B,
        "alpha": alpha,
        "beta": beta,
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogN and -dlogL/dlogD at the reference point, less ``log_alpha`` and ``log_beta``."""
    below = jax.nn.log_sigmoid(-2 * coordinates["phase"])
    return {name: below + value for name, value in chinchilla.slopes(dict(coordinates)).items()}


LAW = Law(
    name="error_landscape",
    formula="L(N, D) = L_0 e / sqrt(e^2 + L_0^2), e = E + A / N^alpha + B / D^beta",
    source="Rosenfeld et al. 2020, arXiv 1909.12673, equations 4 and 5",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens or examples")),
    axis="data",
    coordinates=(
        # As in the Chinchilla law, but for wider exponents: published ones of image classifiers are .3 to 1.0, of
        # language models .05 to .2, where small models near the error of a guess are part of the table. 90% from .1
        # to .9. Floors are 0 in several of their fits: 90% from .02 to .75.
        Coordinate("floor", "logit of E / e at (N_ref, D_ref)", -1.5, 1.5, 0.2, "family"),
        Coordinate("split", "logit of the share of A / N^alpha at (N_ref, D_ref)", 0.0, 1.0, 0.3, "family"),
        Coordinate("log_alpha", "log alpha", -1.1, 0.65, 0.15, "family"),
        Coordinate("log_beta", "log beta", -1.1, 0.65, 0.15, "family"),
        # A loss a third of that of a guess, such as 3.5 of 10.8 nats: 90% from a tenth to two thirds.
        Coordinate("phase", "log of e / L_0 at (N_ref, D_ref)", -1.2, 0.7, 0.15, "family"),
    ),
    parameters=(
        Parameter("L_0", "loss", "loss of a guess", coordinate="phase"),
        *(p for p in chinchilla.LAW.parameters if p.name != "a"),
    ),
    log_shape=relative(_log_loss),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
