"""The data mixing law: the loss on a domain as an exponential function of the shares of domains in training.

    L_i(r) = c_i + k_i exp(sum over j of t_ij r_j),    r_1 + ... + r_J = 1

Ye et al. 2024, "Data Mixing Laws" (arXiv 2403.16952); the formula is as remembered, not checked against the paper.
Losses on several domains i are tasks of one table, each with floor and t of its own. It holds for one size of model and
one number of tokens: fit these one at a time, or give them as families.

As shares sum to 1, adding a number to all t_ij of a domain changes k_i alone: t are reported less their mean over j,
and k is the reducible part where all shares are equal, the reference point. Shares are taken relative to their sum.
Coordinates are slopes of the log loss there, which runs tell well, not t, which go together with the floor.
"""

import functools
import re
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.errors import LawError
from bayeslaw.laws.base import (
    Array,
    Coordinate,
    Covariate,
    Law,
    Parameter,
    floored,
    irreducible,
    irreducible_with,
    log_reducible,
)


def _exponents(coordinates: Mapping[str, Array], columns: tuple[str, ...]) -> list[Array]:
    """Exponents t of shares: slopes of the log of what is reducible, where all shares are equal."""
    slopes = [coordinates[f"slope_{_plain(column)}"] for column in columns]
    mean, reducible = sum(slopes) / len(slopes), jax.nn.sigmoid(-coordinates["floor"])
    return [(slope - mean) / reducible for slope in slopes]


def _reducible(coordinates: Mapping[str, Array], x: Mapping[str, Array], columns: tuple[str, ...]) -> Array:
    shares = jax.nn.softmax(jnp.stack(jnp.broadcast_arrays(*(x[column] for column in columns))), axis=0)
    return sum(t * share for t, share in zip(_exponents(coordinates, columns), shares, strict=True))


def _natural(
    coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array], columns: tuple[str, ...]
) -> dict[str, Array]:
    """E, k and t of the law; ``level`` is the log loss where all shares are equal."""
    return {
        "E": irreducible(level, coordinates["floor"]),
        "k": jnp.exp(log_reducible(level, coordinates["floor"])),
        **{f"t_{_plain(name)}": t for name, t in zip(columns, _exponents(coordinates, columns), strict=True)},
    }


def _plain(column: str) -> str:
    """A column as a part of names."""
    return re.sub(r"\W+", "_", column)


@functools.cache
def over(text: str) -> Law:
    """Return the law of shares in columns of these names, with a plus sign between them.

    Raises
    ------
    LawError
        If fewer than two columns are named, or two have the same name.
    """
    columns = tuple(part.strip() for part in text.split("+"))
    if len(columns) < 2 or "" in columns or len({_plain(column) for column in columns}) < len(columns):
        raise LawError(
            f"'mixture({text})': expected two or more columns of shares, each with a name of its own and a plus sign "
            "between them, as in 'mixture(share_web+share_code+share_books)'."
        )
    return Law(
        name=f"mixture({'+'.join(columns)})" if columns != DEFAULT else "mixture",
        formula="L(r) = E + k exp(sum of t_j r_j)",
        source="Ye et al. 2024, arXiv 2403.16952",
        covariates=tuple(
            Covariate(name, "share", like="" if name == columns[0] else columns[0], share=True) for name in columns
        ),
        axis=columns[0],
        coordinates=(
            # Losses on a domain are said to be mostly its own entropy: 90% from .19 to .93.
            Coordinate("floor", "logit of E / L where all shares are equal", 0.5, 1.2, 0.4, "family"),
            *(
                # Of two domains, from half of each to one alone the log loss changes by less than .7 in 90%.
                Coordinate(f"slope_{_plain(name)}", f"(1 - E / L) t of {name}, and any number", 0.0, 0.6, 0.2, "family")
                for name in columns
            ),
        ),
        parameters=(
            irreducible_with("data of any domain"),
            Parameter("k", "loss", "reducible loss where all shares are equal"),
            *(
                Parameter(f"t_{_plain(name)}", "1", f"change of the log of the reducible loss with {name}")
                for name in columns
            ),
        ),
        log_shape=floored(functools.partial(_reducible, columns=columns)),
        natural=functools.partial(_natural, columns=columns),
        kind="surfaces",
        discrepancy="field",
    )


DEFAULT = ("share_1", "share_2", "share_3")
"""Columns that the law has if none are named."""

LAW = over("+".join(DEFAULT))
