"""Variants of a law, written in brackets after its name: another axis, link or noise, exponents that are one or known.

``vanilla(compute)`` is the vanilla law over compute: any law of one covariate may be taken over any column.
``chinchilla(alpha=beta)`` is the Chinchilla law with one exponent for parameters and data.
``chinchilla(link=identity)`` is of losses that may be negative. ``chinchilla(noise=above)`` is of the best loss that
can be reached, above which runs lie that were not tuned as well. Several are separated by commas, the column first:
``vanilla(shots, link=identity)``.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from bayeslaw.errors import LawError
from bayeslaw.laws.base import Array, Coordinate, Law, Parameter, unit_of


@functools.cache
def along(law: Law, column: str) -> Law:
    """A law of one covariate with the values of another column for it.

    Priors stay: they are stated relative to a reference point. Exponents of compute are about half of those of data.

    Parameters
    ----------
    law : Law
    column : str
    """
    (own,) = law.covariates
    if column == own.name:
        return law

    def as_own(values: Mapping[str, Array]) -> dict[str, Array]:
        return {own.name: values[column]}

    def log_shape(coordinates: Mapping[str, Array], covariates: Mapping[str, Array], at: Mapping[str, Array]) -> Array:
        return law.log_shape(coordinates, as_own(covariates), as_own(at))

    def natural(coordinates: Mapping[str, Array], level: Array, at: Mapping[str, Array]) -> dict[str, Array]:
        return law.natural(coordinates, level, as_own(at))

    unit = unit_of(column)

    def renamed(parameter: Parameter) -> Parameter:
        words = {"unit": re.sub(rf"\b{own.unit}\b", unit, parameter.unit)}
        for old, new in ((own.unit, unit), (own.name, column)):
            words["meaning"] = re.sub(rf"\b{old}\b", new, words.get("meaning", parameter.meaning))
        return replace(parameter, **words)

    return replace(
        law,
        name=f"{law.name}({column})",
        covariates=(replace(own, name=column, unit=unit),),
        axis=column,
        parameters=tuple(map(renamed, law.parameters)),
        log_shape=log_shape,
        natural=natural,
    )


@functools.cache
def tied(law: Law, first: str, second: str) -> Law:
    """A law in which two parameters, each with a coordinate of its own, have one value.

    That of the first one's coordinate, with its prior; of the second nothing can be stated.

    Parameters
    ----------
    law : Law
    first, second : str
        Names of parameters, such as ``alpha`` and ``beta``.

    Raises
    ------
    LawError
        If either is no exponent of the law, or they are the same.
    """
    carried = {p.name: p.coordinate for p in law.parameters if p.coordinate == f"log_{p.name}"}
    unknown = [name for name in (first, second) if name not in carried]
    if unknown or first == second:
        can = f"It has {', '.join(carried)}." if len(carried) > 1 else "It has no two that are."
        raise LawError(
            f"'{law.name}({first}={second})': two parameters that are the exponentials of coordinates of their own can "
            f"be tied. {can}"
        )
    kept, dropped = carried[first], carried[second]

    def whole(coordinates: Mapping[str, Array]) -> dict[str, Array]:
        return {**coordinates, dropped: coordinates[kept]}

    def log_shape(coordinates: Mapping[str, Array], covariates: Mapping[str, Array], at: Mapping[str, Array]) -> Array:
        return law.log_shape(whole(coordinates), covariates, at)

    def natural(coordinates: Mapping[str, Array], level: Array, at: Mapping[str, Array]) -> dict[str, Array]:
        return law.natural(whole(coordinates), level, at)

    def slopes(coordinates: dict[str, Array]) -> dict[str, Array]:
        assert law.slopes is not None
        found = law.slopes(whole(coordinates))
        parts = [found.pop(name) for name in (kept, dropped) if name in found]
        return {**found, **({kept: functools.reduce(jnp.logaddexp, parts)} if parts else {})}

    return replace(
        law,
        name=_named(law, f"{first}={second}"),
        coordinates=tuple(c for c in law.coordinates if c.name != dropped),
        parameters=tuple(replace(p, coordinate="") if p.coordinate == dropped else p for p in law.parameters),
        log_shape=log_shape,
        natural=natural,
        slopes=law.slopes and slopes,
    )


REDUCIBLE = Coordinate(
    # Most tables span one to a few times what is left to remove in their middle, and five standard deviations are a
    # unit: 90% from .1 to 2.6 units.
    "log_reducible", "log of the reducible part at the reference, in units of the table", -0.7, 1.0, 0.3, "family"
)  # fmt: skip

NO_FLOOR = -60.0
"""Logit of a floor that is none."""

MOST = 200.0
"""Log of the most that a reducible part is taken to be, relative to the reference, so that it is always finite."""


@functools.cache
def with_identity(law: Law) -> Law:
    """A law with a floor, of losses that may be negative: the same reducible part, on top of any number.

    The coordinate ``floor``, a share of the loss, gives way to the size of the reducible part; see
    `bayeslaw.laws.base.Law.link`.

    Parameters
    ----------
    law : Law

    Raises
    ------
    LawError
        If the law is not a number, E, plus a reducible part.
    """
    if law.link == "identity":
        return law
    losses = {p.name for p in law.parameters if p.unit == "loss"}
    if "floor" not in {c.name for c in law.coordinates} or losses != {"E"}:
        raise LawError(
            f"'{law.name}(link=identity)': losses that may be negative can follow a law that is an irreducible loss E "
            "plus one part that falls, such as vanilla, rectified, chinchilla or vocabulary."
        )

    def bare(coordinates: Mapping[str, Array]) -> dict[str, Array]:
        return {**coordinates, "floor": jnp.full_like(coordinates["log_reducible"], NO_FLOOR)}

    def log_shape(coordinates: Mapping[str, Array], covariates: Mapping[str, Array], at: Mapping[str, Array]) -> Array:
        above = jnp.minimum(law.log_shape(bare(coordinates), covariates, at), MOST)
        return jnp.exp(coordinates["log_reducible"]) * jnp.expm1(above)

    def natural(coordinates: Mapping[str, Array], level: Array, at: Mapping[str, Array]) -> dict[str, Array]:
        unit = at.get("loss", 1.0)
        found = law.natural(bare(coordinates), coordinates["log_reducible"] + jnp.log(unit), at)
        return {**found, "E": unit * (level - jnp.exp(coordinates["log_reducible"]))}

    def slopes(coordinates: dict[str, Array]) -> dict[str, Array]:
        assert law.slopes is not None
        return {name: coordinates["log_reducible"] + more for name, more in law.slopes(bare(coordinates)).items()}

    def placed(c: Coordinate) -> Coordinate:
        return replace(REDUCIBLE, pooling=c.pooling) if c.name == "floor" else c

    return replace(
        law,
        name=_named(law, "link=identity"),
        coordinates=tuple(map(placed, law.coordinates)),
        parameters=tuple(replace(p, coordinate="log_reducible") if p.name == "E" else p for p in law.parameters),
        log_shape=log_shape,
        natural=natural,
        slopes=law.slopes and slopes,
        link="identity",
    )


@functools.cache
def with_noise_above(law: Law) -> Law:
    """A joint law of the best loss that can be reached, above which runs lie that were not tuned as well.

    Parameters
    ----------
    law : Law

    Raises
    ------
    LawError
        If the law is not a joint one.
    """
    if law.kind != "surfaces":
        raise LawError(
            f"'{law.name}(noise=above)': runs that lie above the best loss that can be reached are known to joint laws "
            "alone, such as chinchilla, whose runs share one surface. Leave it out."
        )
    return replace(law, name=_named(law, "noise=above"), noise="above")


def _named(law: Law, choice: str) -> str:
    """Name of a law with one more choice in its brackets."""
    return f"{law.name[:-1]}, {choice})" if law.name.endswith(")") else f"{law.name}({choice})"


def variant(law: Law, own_over: Any, text: str) -> Law:
    """The law that brackets after a name ask for.

    Parameters
    ----------
    law : Law
        Of the plain name.
    own_over : callable or None
        From a column to the law, of a law that chooses columns in a way of its own.
    text : str
        What stands in the brackets: a column, ``link=identity``, ``noise=above``, or two parameters with an equals sign
        between them; several of these with commas between them, the column first.

    Raises
    ------
    LawError
        If the law leaves no such choice.
    """
    first, *choices = (part.strip() for part in text.split(","))
    if "=" in first:
        choices = [first, *choices]
    else:
        law = _over(law, own_over, first)
    for choice in choices:
        left, _, right = (part.strip() for part in choice.partition("="))
        if (left, right) == ("link", "identity"):
            law = with_identity(law)
        elif (left, right) == ("noise", "above"):
            law = with_noise_above(law)
        elif left == "noise":
            raise LawError(f"'{law.name}({choice})': the one noise that a law can be given is noise=above.")
        elif left == "link":
            raise LawError(f"'{law.name}({choice})': the one link that a law can be given is link=identity.")
        else:
            law = tied(law, left, right)
    return law


def _over(law: Law, own_over: Any, column: str) -> Law:
    """The law with a covariate from another column."""
    spelled = f"{law.name}({column})"
    if own_over is None and len(law.covariates) > 1:
        raise LawError(f"{spelled!r}: the {law.name} law leaves no choice of a column. Write {law.name!r}.")
    if column in ("row", "seed", "loss_se"):
        raise LawError(f"{spelled!r}: {column!r} is no scale that a loss could follow; name another column.")
    found: Law = along(law, column) if own_over is None else own_over(column)
    if column == "loss" or sum(c.name == column for c in found.covariates) > 1:
        raise LawError(f"{spelled!r}: the {law.name} law has {column!r} already; name another column.")
    return found
