"""The rectified law across the sizes of a family: scale and pre-learned data size are powers of the model size.

    L(N, D) = E + A N^-alpha / (D_l(N) + D^beta),  D_l(N) = D_l (N / N_ref)^gamma

The rectified law of Lin et al. 2024 (arXiv 2402.02314) for one model, with the dependence on model size that the
multiplicative law of Zhang et al. 2024 (arXiv 2402.17193) has for all data sizes. The combination is this package's.
For models of one size it is the rectified law; far past the pre-learned size it is the multiplicative law; before any
fine-tuning, the reducible part falls as N^-(alpha + gamma).

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table, where they mean what they mean in
the rectified law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(N, D) / L(N_ref, D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``log_beta``, ``floor`` (logit of E / L(N_ref, D_ref)), ``phase`` (log of D_ref^beta / D_l), ``gain`` (alpha)
        and ``lead`` (gamma).
    covariates : mapping
        ``params``: N; ``data``: D, in examples or tokens.
    reference : mapping
        ``params``: N_ref; ``data``: D_ref.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    phase, floor = coordinates["phase"], coordinates["floor"]
    n, t = (jnp.log(covariates[name] / reference[name]) for name in ("params", "data"))
    log_pre_learned = coordinates["lead"] * n - phase  # relative to D_ref^beta
    # 1 / (D_l(N) + D^beta), relative to that at the reference point
    delayed = -jnp.logaddexp(log_pre_learned, jnp.exp(coordinates["log_beta"]) * t) + jnp.logaddexp(-phase, 0.0)
    reducible = -coordinates["gain"] * n + delayed
    return above_floor(floor, reducible)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, A, alpha, beta, gamma and D_l of the law; ``level`` is log L(N_ref, D_ref)."""
    phase, floor, alpha = coordinates["phase"], coordinates["floor"], coordinates["gain"]
    beta = jnp.exp(coordinates["log_beta"])
    log_d = jnp.log(reference["data"])
    # the reducible part at the reference point is A N_ref^-alpha / (D_l + D_ref^beta)
    log_a = log_reducible(level, floor) + beta * log_d + jnp.logaddexp(-phase, 0.0)
    log_a = log_a + alpha * jnp.log(reference["params"])
    return {
        "E": irreducible(level, floor),
        "A": jnp.exp(log_a),
        "alpha": jnp.asarray(alpha),
        "beta": beta,
        "gamma": jnp.asarray(coordinates["lead"]),
        "D_l": jnp.exp(beta * log_d - phase),
        "pre_learned_data": jnp.exp(log_d - phase / beta),
    }


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of -dlogL/dlogD at the reference point, less ``log_beta``."""
    return {"log_beta": jax.nn.log_sigmoid(-coordinates["floor"]) + jax.nn.log_sigmoid(coordinates["phase"])}


LAW = Law(
    name="rectified_joint",
    formula="L(N, D) = E + A N^-alpha / (D_l(N) + D^beta), D_l(N) = D_l (N / N_ref)^gamma",
    source="Lin et al. 2024, arXiv 2402.02314, with powers of N as in Zhang et al. 2024, arXiv 2402.17193",
    covariates=(Covariate("params", "parameters"), Covariate("data", "examples or tokens")),
    axis="data",
    coordinates=(
        # Exponent and pre-learned size: as in the rectified law, and for the reasons given there, here shared by the
        # sizes of a family.
        Coordinate("log_beta", "log beta", mean=-1.3, sd=0.6, spread=0.15, pooling="family"),
        # Wider than in the rectified law: several sizes help to tell it, and where they do it is anything, .03 to .8 in
        # least squares on the families in the tables of Lin et al. 90% from .01 to .6.
        Coordinate("floor", "logit of E / L(N_ref, D_ref)", mean=-2.0, sd=1.5, spread=0.3, pooling="family"),
        # In the middle of the table those fits have -1.1 to .4, and more in three families of fourteen.
        Coordinate("phase", "log of D_ref^beta / D_l", mean=0.0, sd=1.5, spread=0.5, pooling="family"),
        # Signed: larger models need not end better; on Gigaword, mt5-large ends behind mt5-base. Zhang et al. have .10
        # to .52, those fits -.06 to .6, most of them within .06 of 0. Spread is in units of alpha itself.
        Coordinate("gain", "alpha", mean=0.15, sd=0.25, spread=0.1, pooling="family"),
        # Those fits have -.2 to .5, half of them near .2 (and 2 in a family that mixes kinds of models): larger models
        # have learned more before.
        Coordinate("lead", "gamma", mean=0.15, sd=0.2, spread=0.1, pooling="family"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited data", coordinate="floor"),
        Parameter("A", "loss * params^alpha * data^beta", "scale of the reducible loss"),
        Parameter("alpha", "1", "exponent of parameters, far past the pre-learned size", coordinate="gain"),
        Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
        Parameter("gamma", "1", "exponent of parameters in the pre-learned size", coordinate="lead"),
        Parameter("D_l", "data^beta", "pre-learned data size at N_ref, in the law's own unit", coordinate="phase"),
        Parameter(
            "pre_learned_data", "examples or tokens", "pre-learned data size at N_ref, D_l^(1/beta)", coordinate="phase"
        ),
    ),
    log_shape=log_shape,
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
