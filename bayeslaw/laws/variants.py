"""Variants of a law, written in brackets after its name: another axis, or two exponents that are one.

``vanilla(compute)`` is the vanilla law over compute: any law of one covariate may be taken over any column.
``chinchilla(alpha=beta)`` is the Chinchilla law with one exponent for parameters and data.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from bayeslaw.errors import LawError
from bayeslaw.laws.base import Array, Law, Parameter, unit_of


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
        name=f"{law.name}({first}={second})",
        coordinates=tuple(c for c in law.coordinates if c.name != dropped),
        parameters=tuple(replace(p, coordinate="") if p.coordinate == dropped else p for p in law.parameters),
        log_shape=log_shape,
        natural=natural,
        slopes=law.slopes and slopes,
    )


def variant(law: Law, own_over: Any, text: str) -> Law:
    """The law that brackets after a name ask for.

    Parameters
    ----------
    law : Law
        Of the plain name.
    own_over : callable or None
        From a column to the law, of a law that chooses columns in a way of its own.
    text : str
        What stands in the brackets: a column, or two parameters with an equals sign between them.

    Raises
    ------
    LawError
        If the law leaves no such choice.
    """
    spelled = f"{law.name}({text})"
    if "=" in text:
        first, second = (part.strip() for part in text.split("="))
        return tied(law, first, second)
    if own_over is None and len(law.covariates) > 1:
        raise LawError(f"{spelled!r}: the {law.name} law leaves no choice of a column. Write {law.name!r}.")
    if text in ("row", "seed", "loss_se"):
        raise LawError(f"{spelled!r}: {text!r} is no scale that a loss could follow; name another column.")
    found: Law = along(law, text) if own_over is None else own_over(text)
    if text == "loss" or sum(c.name == text for c in found.covariates) > 1:
        raise LawError(f"{spelled!r}: the {law.name} law has {text!r} already; name another column.")
    return found
