"""The additive law of fine-tuning: a second factor X removes a part of the loss that data does not touch.

    L(X, D) = A / X^alpha + B / D^beta + E

Zhang et al. 2024, "When Scaling Meets LLM Finetuning" (arXiv 2402.17193), the rival of their multiplicative law. It is
the Chinchilla law with X in the place of the parameters: by default the size of the model, else the column in its name,
as in ``additive(lora_rank)``. The priors are those of fine-tuning, with its smaller exponents.

Coordinates are taken at a reference point (X_ref, D_ref) in the middle of the table, as in the Chinchilla law.
"""

import functools
from collections.abc import Mapping

from bayeslaw.laws import chinchilla
from bayeslaw.laws.base import Array, Coordinate, Law, Parameter
from bayeslaw.laws.multiplicative import FLOOR, covariates_with, exponents


def log_shape(
    coordinates: Mapping[str, Array],
    covariates: Mapping[str, Array],
    reference: Mapping[str, Array],
    column: str = "params",
) -> Array:
    """Log of L(X, D) / L(X_ref, D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``floor`` (logit of E / L(X_ref, D_ref)), ``split`` (logit of the share of A / X^alpha in the reducible part at
        the reference point), ``log_alpha`` and ``log_beta``.
    covariates : mapping
        X, under the name of its column; ``data``: D, in examples or tokens.
    reference : mapping
        X_ref, likewise; ``data``: D_ref.
    column : str
        Name of the column of X.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    return chinchilla.log_shape(coordinates, _as_params(covariates, column), _as_params(reference, column))


def natural(
    coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array], column: str = "params"
) -> dict[str, Array]:
    """E, A, B, alpha and beta of the law; ``level`` is log L(X_ref, D_ref)."""
    values = chinchilla.natural(coordinates, level, _as_params(reference, column))
    return {name: values[name] for name in ("E", "A", "B", "alpha", "beta")}


def _as_params(point: Mapping[str, Array], column: str) -> dict[str, Array]:
    return {"params": point[column], "data": point["data"]}


@functools.cache
def over(column: str) -> Law:
    """Return the law with X from a column of that name."""
    return Law(
        name="additive" if column == "params" else f"additive({column})",
        formula="L(X, D) = A / X^alpha + B / D^beta + E",
        source="Zhang et al. 2024, arXiv 2402.17193, the additive form beside equation 1",
        covariates=covariates_with(column),
        axis="data",
        coordinates=(
            FLOOR,
            # Which of the two leaves more to remove differs from table to table: 90% from .08 to .92.
            Coordinate(
                "split",
                "logit of the share of A / X^alpha at (X_ref, D_ref)",
                mean=0.0,
                sd=1.5,
                spread=0.3,
                pooling="family",
            ),
            *exponents(column),
        ),
        parameters=(
            Parameter(
                "E", "loss", f"irreducible loss: what remains with unlimited {column} and data", coordinate="floor"
            ),
            Parameter("A", f"loss * {column}^alpha", f"scale of the loss that more {column} remove"),
            Parameter("B", "loss * data^beta", "scale of the loss that more data removes"),
            Parameter("alpha", "1", f"exponent of {column}", coordinate="log_alpha"),
            Parameter("beta", "1", "exponent of data", coordinate="log_beta"),
        ),
        log_shape=functools.partial(log_shape, column=column),
        natural=functools.partial(natural, column=column),
        kind="surfaces",
        discrepancy="field",
        slopes=chinchilla.slopes,
    )


LAW = over("params")
