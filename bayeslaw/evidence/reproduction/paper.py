"""What a paper published about a table of runs, and how each number follows from a fit of that table.

A number is a function of the natural parameters of a law, so that the same function gives its posterior from the draws
of a fit and its estimate from least squares.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.evidence.reproduction.least_squares import Estimates, huber
from bayeslaw.laws.base import Law
from bayeslaw.runs.units import FLOP_PER_TOKEN

Value = Callable[[Mapping[str, np.ndarray | float], pd.DataFrame], np.ndarray | float]
"""``(natural parameters, runs that were not fitted) -> value``: draws of shape (S,) of draws, a number of numbers."""

LeastSquares = Callable[[Law, pd.DataFrame], Estimates]
"""``(law, runs) -> natural parameters``."""


@dataclass(frozen=True)
class Source:
    """Runs that a law is fitted to.

    Attributes
    ----------
    file : str
        Path of the table in the folder of published tables.
    law : str
    where : str
        Rows that are fitted; all if empty.
    held_out : str
        Rows with which predictions of the fit are compared; none if empty.
    roles : tuple of (str, str)
        What columns are, where their names do not tell.
    """

    file: str
    law: str
    where: str = ""
    held_out: str = ""
    roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Quantity:
    """A published number.

    Attributes
    ----------
    name : str
    published : float
    published_se : float or None
        Its standard error, if one was published.
    value : callable
        The same from natural parameters.
    """

    name: str
    published: float
    published_se: float | None
    value: Value


@dataclass(frozen=True)
class Study:
    """Numbers that a paper took from one table.

    Attributes
    ----------
    source : Source
    quantities : tuple of Quantity
    least_squares : callable
        How the paper fitted.
    """

    source: Source
    quantities: tuple[Quantity, ...]
    least_squares: LeastSquares = huber


@dataclass(frozen=True)
class Paper:
    """A paper with numbers that can be found again.

    Attributes
    ----------
    name : str
        What users write, such as ``besiroglu2024``.
    source : str
        Authors, year and where it is published.
    studies : tuple of Study
    """

    name: str
    source: str
    studies: tuple[Study, ...]


def coefficient(name: str, published: float, se: float | None = None, *, label: str = "") -> Quantity:
    """A published coefficient that is a natural parameter of the law.

    Parameters
    ----------
    name : str
        Of the parameter.
    published : float
    se : float, optional
    label : str
        What the number is called, where the name alone does not tell.
    """
    return Quantity(label or name, published, se, lambda found, _: found[name])


def tokens_per_parameter(compute: float, published: float, *, label: str) -> Quantity:
    """Tokens a parameter at which a budget in FLOP is best spent under a Chinchilla law.

    Parameters
    ----------
    compute : float
    published : float
    label : str
    """

    def value(found: Mapping[str, np.ndarray | float], _: pd.DataFrame) -> np.ndarray | float:
        return compute / (FLOP_PER_TOKEN * best_params(found, compute) ** 2)

    return Quantity(label, published, None, value)


def best_params(found: Mapping[str, np.ndarray | float], compute: float) -> np.ndarray | float:
    """N = G (C / 6)^a that spends a budget best, with G = (alpha A / (beta B))^(1 / (alpha + beta)).

    Parameters
    ----------
    found : mapping
        ``a`` and ``G``, or ``a``, ``A``, ``B``, ``alpha`` and ``beta``.
    compute : float
    """
    scale = found["G"] if "G" in found else _scale(found)
    return scale * (compute / FLOP_PER_TOKEN) ** found["a"]


def _scale(found: Mapping[str, np.ndarray | float]) -> np.ndarray | float:
    A, B, alpha, beta = (found[name] for name in ("A", "B", "alpha", "beta"))
    return ((alpha * A) / (beta * B)) ** (1 / (alpha + beta))
