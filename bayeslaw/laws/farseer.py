"""Farseer: every constant of a law in the data, floor, scale and exponent, depends on the size of the model.

    L(N, D) = exp(s N^q + S) + exp(B N^-b + Q) D^-exp(A N^a + F)

Li et al. 2025, "Predictable Scale: Part II, Farseer" (arXiv 2506.10972), equation 7, with E called F, for it is no
loss here, and signs such that q, b and a are positive; s and A are negative. D is counted in units of D_ref, the
middle of the table: a power that varies with N means another law in every unit of D, and so in each they fit as well.

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, log_sum, relative, shares

MOST = 30.0
"""Largest argument of an exponential; beyond it, terms are 0 or without end as it is."""


def _bent(rate: Array, n: Array) -> Array:
    """(exp(rate n) - 1) / rate: log N, but bending."""
    return jnp.expm1(jnp.minimum(rate * n, MOST)) / rate


def _log_loss(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    fall, q, gain, b = exponential(coordinates, "log_fall", "log_q", "log_gain", "log_b")
    beta, flattening, a = exponential(coordinates, "log_beta", "log_flattening", "log_a")
    n, floor, rest = x["params"], *shares(coordinates["floor"])
    exponent = beta * jnp.exp(jnp.minimum(-flattening * _bent(a, n), MOST))
    return log_sum(floor - fall * _bent(q, n), rest - gain * _bent(-b, n) - exponent * x["data"])


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """The nine constants of the law, with D in units of D_ref; ``level`` is log L(N_ref, D_ref)."""
    fall, q, gain, b = exponential(coordinates, "log_fall", "log_q", "log_gain", "log_b")
    flattening, a = exponential(coordinates, "log_flattening", "log_a")
    n, (floor, rest) = jnp.log(reference["params"]), shares(coordinates["floor"])
    return {
        "s": -fall / q * jnp.exp(-q * n),
        "q": q,
        "S": level + floor + fall / q,
        "B": gain / b * jnp.exp(b * n),
        "b": b,
        "Q": level + rest - gain / b,
        "A": -flattening / a * jnp.exp(-a * n),
        "a": a,
        "F": coordinates["log_beta"] + flattening / a,
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogD at the reference point, less ``log_beta``."""
    return {"log_beta": jax.nn.log_sigmoid(-coordinates["floor"])}


LAW = Law(
    name="farseer",
    formula="L(N, D) = exp(s N^q + S) + exp(B N^-b + Q) (D / D_ref)^-exp(A N^a + F)",
    source="Li et al. 2025, arXiv 2506.10972, equation 7",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens or examples")),
    axis="data",
    # Published once, and from memory: s -.021, q .169, S -.091, B 88, b .1, Q -6.29, A -.124, a .123, F -.424. At 1e9
    # parameters and 1e10 tokens that is a log-log slope of the first term of -.12, of the scale of the second of -.5,
    # an exponent of data of .13 that falls as N^-.2. Other families have the larger exponents of the Chinchilla law.
    # Nine numbers are many for one table: rates of bending (q, b, a) are held within a factor of two or so.
    coordinates=(
        Coordinate("floor", "logit of exp(s N^q + S) / L at (N_ref, D_ref)", 0.3, 1.0, 0.2, "family"),
        Coordinate("log_fall", "log of -dlog exp(s N^q + S)/dlogN at N_ref", -2.1, 0.6, 0.15, "family"),
        Coordinate("log_q", "log q", -1.8, 0.35, 0.1, "family"),
        Coordinate("log_gain", "log of -dlog(L - exp(s N^q + S))/dlogN at the reference", -1.0, 0.6, 0.15, "family"),
        Coordinate("log_b", "log b", -2.3, 0.35, 0.1, "family"),
        Coordinate("log_beta", "log of exp(A N_ref^a + F)", -1.5, 0.5, 0.15, "family"),
        Coordinate("log_flattening", "log of -dlog exp(A N^a + F)/dlogN at N_ref", -1.9, 0.7, 0.15, "family"),
        Coordinate("log_a", "log a", -2.1, 0.35, 0.1, "family"),
    ),
    parameters=(
        Parameter("s", "params^-q", "scale of what falls with N in the log of the floor"),
        Parameter("q", "1", "exponent of N in the log of the floor", coordinate="log_q"),
        Parameter("S", "log loss", "log of the floor without that"),
        Parameter("B", "params^b", "scale of what falls with N in the log of the scale of the term in D"),
        Parameter("b", "1", "exponent of N there", coordinate="log_b"),
        Parameter("Q", "log loss", "log of that scale without it"),
        Parameter("A", "params^-a", "scale of what falls with N in the log of the exponent of data"),
        Parameter("a", "1", "exponent of N there", coordinate="log_a"),
        Parameter("F", "1", "log of the exponent of data of the smallest models"),
    ),
    log_shape=relative(_log_loss),
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
