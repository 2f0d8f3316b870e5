"""Priors of scales: lognormal or normal, without units.

Scales are of the outcome on the scale of the link (log loss) against the logarithm of size, so that none depends on the
units of the table.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

NEVER_NEGATIVE = ("", "median", "sd", "typical", "spread")
"""Parts of priors of scales; scales that are a number have one part, without a name."""

LEAST_RATIO = 0.01
"""Statistics below this share of a typical one are taken as this share: they are rounding."""


@dataclass(frozen=True)
class LogNormal:
    """Lognormal prior.

    Attributes
    ----------
    median : float
        Median of the quantity.
    sd : float
        Standard deviation of its logarithm.
    """

    median: float
    sd: float

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Values in units of the prior.

        Parameters
        ----------
        values : ndarray, any shape

        Returns
        -------
        ndarray, same shape
        """
        return np.log(values / self.median) / self.sd


@dataclass(frozen=True)
class Normal:
    """Normal prior.

    Attributes
    ----------
    mean, sd : float
    """

    mean: float
    sd: float

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Values in units of the prior.

        Parameters
        ----------
        values : ndarray, any shape

        Returns
        -------
        ndarray, same shape
        """
        return (values - self.mean) / self.sd


@dataclass(frozen=True)
class Foretold:
    """Lognormal distribution of a scale that a statistic of the table foretells, and that no likelihood tells.

    Its median is ``median * (statistic / typical) ** exponent``.

    Attributes
    ----------
    median : float
        Median of the scale where the statistic is ``typical``.
    exponent : float
    sd : float
        Standard deviation of the logarithm of the scale given the statistic.
    typical : float
        Of the statistic.
    spread : float
        Standard deviation of the logarithm of the statistic between tables, for those that do not have it.
    """

    median: float
    exponent: float
    sd: float
    typical: float
    spread: float

    def without_statistic(self) -> LogNormal:
        """Distribution of the scale over tables, and so of one that does not have the statistic."""
        return LogNormal(self.median, float(np.hypot(self.sd, self.exponent * self.spread)))

    def draw(self, statistic: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draws of scales, shape (S, T), given the statistic of each of T tables, NaN where there is none."""
        known = np.isfinite(statistic)
        log_ratio = np.log(np.maximum(np.where(known, statistic, self.typical) / self.typical, LEAST_RATIO))
        sd = np.where(known, self.sd, self.without_statistic().sd)
        return self.median * np.exp(self.exponent * log_ratio + sd * rng.standard_normal((draws, len(statistic))))


def read_scales(cls: type[T], plain: Mapping[str, Any]) -> T:
    """Priors of scales from plain values, as ``dataclasses.asdict`` gives them.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are `LogNormal`, `Normal`, `Foretold` or numbers.
    plain : mapping

    Raises
    ------
    TypeError
        If names or values are not those of such priors; none is taken from the defaults.
    """
    missing = {field.name for field in fields(cls)} - set(plain)  # type: ignore[arg-type]
    if missing:
        raise TypeError(f"scales without {', '.join(sorted(missing))}")
    values: dict[str, Any] = {
        name: _prior_of(value)(**value) if isinstance(value, Mapping) else value for name, value in plain.items()
    }
    _require_numbers(plain)
    return cls(**values)


def sampled_scales(scales: Any) -> dict[str, LogNormal | Normal]:
    """Priors of the scales that are sampled, by name; one with a standard deviation of 0 is fixed at its centre."""
    return {
        name: value for name, value in vars(scales).items() if isinstance(value, (LogNormal, Normal)) and value.sd > 0
    }


def _require_numbers(plain: Mapping[str, Any]) -> None:
    """Refuse scales that are no finite numbers, negative where they cannot be, or 0 degrees of freedom.

    Raises
    ------
    TypeError
    """
    for name, value in plain.items():
        parts = value if isinstance(value, Mapping) else {"": value}
        for part, number in parts.items():
            known = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
            negative = known and number < 0 and part in NEVER_NEGATIVE
            if not known or negative or (number == 0 and name.endswith("_df")):
                raise TypeError(f"scales whose {f'{name} {part}'.strip()} is {number!r}")


def _prior_of(plain: Mapping[str, Any]) -> type:
    """The prior whose fields these are."""
    return Foretold if "exponent" in plain else LogNormal if "median" in plain else Normal
