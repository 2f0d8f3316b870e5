"""The transfer law: pretraining is worth so much more fine-tuning data.

    L(N, D) = E + A / N^alpha + B / (D + D_T)^beta,  D_T = k D^theta N^phi

Hernandez et al. 2021, "Scaling Laws for Transfer" (arXiv 2102.01293), equation 1.2 for D_T, the effective data
transferred: the data from scratch that would have gained as much; here with a Chinchilla law in D + D_T, where the
paper has Kaplan's. With D_T constant it is a rectified law in which D_l is D_T: D_T = D_l^(1/beta) where little was
tuned on.

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table, as in the Chinchilla law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, floored, log_reducible


def _effective(coordinates: Mapping[str, Array], n: Array, t: Array) -> Array:
    """Log of D + D_T, relative to D_ref."""
    theta, phase = jax.nn.sigmoid(coordinates["theta_logit"]), coordinates["phase"]
    return jnp.logaddexp(t, phase + theta * t + coordinates["lead"] * n)


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    n, t = x["params"], x["data"]
    return chinchilla.reducible(coordinates, n, _effective(coordinates, n, t) - _effective(coordinates, 0.0, 0.0))


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, B, exponents, k, and D_T at the reference; ``level`` is log L(N_ref, D_ref)."""
    floor, phase, lead = coordinates["floor"], coordinates["phase"], coordinates["lead"]
    theta, log_d = jax.nn.sigmoid(coordinates["theta_logit"]), jnp.log(reference["data"])
    data = jnp.exp(log_d + _effective(coordinates, 0.0, 0.0))
    A, B, _, _ = chinchilla.scales(coordinates, log_reducible(level, floor), reference["params"], data)
    return {
        **{name: value for name, value in chinchilla.natural(coordinates, level, reference).items() if name != "a"},
        "A": A,
        "B": B,
        "k": jnp.exp(phase + (1.0 - theta) * log_d - lead * jnp.log(reference["params"])),
        "theta": theta,
        "phi": jnp.asarray(lead),
        "transferred_data": jnp.exp(log_d + phase),
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogD at the reference point, less ``log_beta``."""
    theta = jax.nn.sigmoid(coordinates["theta_logit"])
    share = jax.nn.sigmoid(coordinates["phase"])  # of D_T in D + D_T
    return {"log_beta": chinchilla.slopes(dict(coordinates))["log_beta"] + jnp.log(1.0 - share + theta * share)}


LAW = Law(
    name="transfer",
    formula="L(N, D) = E + A / N^alpha + B / (D + D_T)^beta, D_T = k D^theta N^phi",
    source="Hernandez et al. 2021, arXiv 2102.01293, equation 1.2",
    covariates=(Covariate("params", "parameters"), Covariate("data", "examples or tokens")),
    axis="data",
    coordinates=(
        # Floors of fine-tuning, as in the rectified joint law: 90% from .01 to .65. Shares and exponents as in the
        # Chinchilla law, the latter wider.
        Coordinate("floor", "logit of E / L(N_ref, D_ref)", -2.0, 1.5, 0.3, "family"),
        Coordinate("split", "logit of the share of A / N^alpha at (N_ref, D_ref)", -0.5, 1.2, 0.3, "family"),
        Coordinate("log_alpha", "log alpha", -1.3, 0.6, 0.15, "family"),
        Coordinate("log_beta", "log beta", -1.3, 0.6, 0.15, "family"),
        # In the middle of a table of fine-tuning D_T is as much as D, give or take a factor of twelve.
        Coordinate("phase", "log of D_T / D_ref at (N_ref, D_ref)", 0.0, 1.5, 0.5, "family"),
        # Published: theta .18 from text and .096 from text and code, phi .38 for both.
        Coordinate("theta_logit", "logit of theta", -1.7, 0.8, 0.2, "family"),
        Coordinate("lead", "phi", 0.35, 0.2, 0.1, "family"),
    ),
    parameters=(
        *(p for p in chinchilla.LAW.parameters if p.name != "a"),
        Parameter("k", "data^(1 - theta) / params^phi", "scale of the effective data transferred"),
        Parameter("theta", "1", "exponent of fine-tuning data in it", coordinate="theta_logit"),
        Parameter("phi", "1", "exponent of parameters in it", coordinate="lead"),
        Parameter("transferred_data", "examples or tokens", "D_T at (N_ref, D_ref)", coordinate="phase"),
    ),
    log_shape=floored(_reducible),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
