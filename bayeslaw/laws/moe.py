"""The law of routed models: experts multiply what parameters do, and less so the larger the model.

    log L(N, E) = a log N + b log E' + c log N log E' + d
    1 / E' = 1 / (E - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max

Clark et al. 2022, "Unified Scaling Laws for Routed Language Models" (arXiv 2202.01169), equations 1 and 2. N is the
number of parameters that every token meets, E that of experts, 1 of which is a dense model; E' saturates between
E_start and E_max. Logarithms are natural here and to base 10 in the paper, whose c is 2.3 times as large. The law is
for one amount of data.

Coordinates are taken at a reference point (N_ref, E_ref) in the middle of the table.
"""

from collections.abc import Mapping

import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, log_sum, relative


def _log_effective(coordinates: Mapping[str, Array], experts: Array) -> Array:
    """Log of E' / E_ref at log E / E_ref."""
    return -log_sum(-log_sum(experts, coordinates["log_start"]), -coordinates["log_most"])


def _log_loss(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    effective = _log_effective(coordinates, x["experts"]) - _log_effective(coordinates, 0.0)
    (alpha,) = exponential(coordinates, "log_alpha")
    return -alpha * x["params"] - coordinates["gain"] * effective + coordinates["interaction"] * x["params"] * effective


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """a, b, c, exp(d), E_start and E_max of the law; ``level`` is log L(N_ref, E_ref)."""
    (alpha,), gain, c = exponential(coordinates, "log_alpha"), coordinates["gain"], coordinates["interaction"]
    n, log_experts = jnp.log(reference["params"]), jnp.log(reference["experts"])
    e = _log_effective(coordinates, 0.0) + log_experts
    log_most = coordinates["log_most"] + log_experts
    of_one = log_sum(0.0, coordinates["log_start"] + log_experts)  # log of E - 1 + 1 / (1 / E_start - 1 / E_max)
    return {
        "a": -alpha - c * e,
        "b": -gain - c * n,
        "c": jnp.asarray(c),
        "scale": jnp.exp(level + alpha * n + gain * e + c * n * e),
        "E_start": jnp.exp(-log_sum(-of_one, -log_most)),
        "E_max": jnp.exp(log_most),
    }


LAW = Law(
    name="moe",
    formula="log L(N, E) = a log N + b log E' + c log N log E' + d, E' = E between E_start and E_max",
    source="Clark et al. 2022, arXiv 2202.01169, equations 1 and 2",
    covariates=(Covariate("params", "parameters"), Covariate("experts", "experts")),
    axis="params",
    coordinates=(
        # Published, for three ways of routing at N = 1e8 and E = 20: .07, .03 to .04 and c = .004 to .005. Spread of
        # the latter two is in their own units. Interaction is kept small enough that more of either rarely hurts.
        Coordinate("log_alpha", "log of -dlogL/dlogN at (N_ref, E_ref)", -2.6, 0.5, 0.15, "family"),
        Coordinate("gain", "-dlogL/dlogE' at (N_ref, E_ref)", 0.05, 0.04, 0.01, "family"),
        Coordinate("interaction", "c", 0.004, 0.003, 0.001, "family"),
        # Published: E_start of 1.8 to 4.2 and E_max of 310 to 480, with E_ref = 20: -3.1 to -1.8 and 2.7 to 3.2.
        Coordinate("log_start", "log of (1 / (1 / E_start - 1 / E_max) - 1) / E_ref", -2.5, 1.0, 0.3, "family"),
        Coordinate("log_most", "log of E_max / E_ref", 2.9, 0.8, 0.3, "family"),
    ),
    parameters=(
        Parameter("a", "1", "exponent of parameters with one effective expert"),
        Parameter("b", "1", "exponent of effective experts with one parameter"),
        Parameter("c", "1", "interaction: how much less experts do the larger the model", coordinate="interaction"),
        Parameter("scale", "loss * parameters^a * experts^b", "exp(d)"),
        Parameter("E_start", "experts", "effective number of experts of a dense model", coordinate="log_start"),
        Parameter("E_max", "experts", "effective number of ever so many experts", coordinate="log_most"),
    ),
    log_shape=relative(_log_loss),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
)
