"""The over-training law: compute lowers the reducible loss at one rate, and tokens per parameter set its scale.

    L(C, M) = E + (a M^eta + b M^-eta) C^-eta,  with C = 6 N D and M = D / N

Gadre et al. 2024, "Language models scale reliably with over-training and on downstream tasks" (arXiv 2403.08540).
Putting C and M in, M^eta C^-eta = (6 N^2)^-eta and M^-eta C^-eta = (6 D^2)^-eta, so that it is

    L(N, D) = E + 6^-eta (a N^(-2 eta) + b D^(-2 eta)):

the Chinchilla law with alpha = beta = 2 eta, A = 6^-eta a and B = 6^-eta b. The code published with the paper has it
that way round, as E + A N^p + b 6^(p/2) D^p with p = -2 eta. One exponent is what a table of few model sizes can tell,
and it makes losses of equally over-trained models parallel in compute.

Coordinates are taken at a reference point (N_ref, D_ref) in the middle of the table, as in the Chinchilla law.
"""

import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(N, D) / L(N_ref, D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``floor`` (logit of E / L(N_ref, D_ref)), ``split`` (logit of the share of a M^eta C^-eta, the term in N, in the
        reducible part at the reference point) and ``log_eta``.
    covariates : mapping
        ``params``: N; ``data``: D, in tokens or examples.
    reference : mapping
        ``params``: N_ref; ``data``: D_ref.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    return chinchilla.log_shape(_of_two_terms(coordinates), covariates, reference)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, a, b and eta of the law; ``level`` is log L(N_ref, D_ref)."""
    terms = chinchilla.natural(_of_two_terms(coordinates), level, reference)
    eta = jnp.exp(coordinates["log_eta"])
    return {"E": terms["E"], "a": 6**eta * terms["A"], "b": 6**eta * terms["B"], "eta": eta}


def slopes(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Log of the sum of -dlogL/dlogN and -dlogL/dlogD at the reference point, less ``log_eta``, up to a constant."""
    return {"log_eta": jax.nn.log_sigmoid(-coordinates["floor"])}


def _of_two_terms(coordinates: Mapping[str, Array]) -> dict[str, Array]:
    """Coordinates of the Chinchilla law that this is."""
    log_exponent = coordinates["log_eta"] + math.log(2.0)
    return {
        "floor": coordinates["floor"],
        "split": coordinates["split"],
        "log_alpha": log_exponent,
        "log_beta": log_exponent,
    }


LAW = Law(
    name="overtraining",
    formula="L(C, M) = E + (a M^eta + b M^-eta) C^-eta, C = 6 N D, M = D / N",
    source="Gadre et al. 2024, arXiv 2403.08540",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens or examples")),
    axis="data",
    coordinates=(
        # Least squares on the losses published with the paper, eight evaluation sets and two corpora, have .35 to .72
        # in the middle of the table: models of 11M to 7B parameters. 90% from .27 to .83.
        Coordinate("floor", "logit of E / L(N_ref, D_ref)", mean=0.3, sd=0.8, spread=0.2, pooling="family"),
        # With one exponent, the two terms are equal where compute is spent best. 90% from .16 to .84.
        Coordinate(
            "split", "logit of the share of a M^eta at (N_ref, D_ref)", mean=0.0, sd=1.0, spread=0.3, pooling="family"
        ),
        # Half of the exponents of the Chinchilla law, .33 or so; the fits named above have .12 to .29. 90% from .09 to
        # .32. Recipes differ little.
        Coordinate("log_eta", "log eta", mean=-1.8, sd=0.4, spread=0.15, pooling="family"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited compute", coordinate="floor"),
        Parameter("a", "loss * (compute / tokens per parameter)^eta", "scale of the loss that more parameters remove"),
        Parameter("b", "loss * (compute * tokens per parameter)^eta", "scale of the loss that more data removes"),
        Parameter("eta", "1", "exponent of compute, half of that of parameters and of data", coordinate="log_eta"),
    ),
    log_shape=log_shape,
    natural=natural,
    kind="surfaces",
    discrepancy="field",
    slopes=slopes,
)
