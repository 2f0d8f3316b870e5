"""Priors of scales: lognormal or normal, without units.

Scales are of the outcome on the scale of the link (log loss) against the logarithm of size, so that none depends on the
units of the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

T = TypeVar("T")


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


@dataclass(frozen=True)
class Normal:
    """Normal prior.

    Attributes
    ----------
    mean, sd : float
    """

    mean: float
    sd: float


def read_scales(cls: type[T], plain: Mapping[str, Any]) -> T:
    """Priors of scales from plain values, as ``dataclasses.asdict`` gives them.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are `LogNormal`, `Normal` or numbers.
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
        name: value if not isinstance(value, Mapping) else LogNormal(**value) if "median" in value else Normal(**value)
        for name, value in plain.items()
    }
    return cls(**values)


def sampled_scales(scales: Any) -> dict[str, LogNormal | Normal]:
    """Priors of the scales that are sampled, by name; one with a standard deviation of 0 is fixed at its centre."""
    return {name: value for name, value in vars(scales).items() if not isinstance(value, float) and value.sd > 0}
