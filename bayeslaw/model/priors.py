"""What is believed of noise and discrepancy before a table is seen; laws hold what is believed of their coordinates.

Scales are lognormal: a median and a standard deviation of the logarithm. None depends on the units of the table, since
they are scales of log loss against log size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from bayeslaw.laws.base import Strays


@dataclass(frozen=True)
class LogNormal:
    """Lognormal prior: ``median`` of the quantity, ``sd`` of its logarithm."""

    median: float
    sd: float


@dataclass(frozen=True)
class Normal:
    """Normal prior."""

    mean: float
    sd: float


@dataclass(frozen=True)
class ScalePriors:
    """Priors of noise and discrepancy. What has a standard deviation of 0 is held at its centre.

    Attributes
    ----------
    noise : LogNormal
        Run-to-run standard deviation of log loss on a typical curve, per task. Measured curves have .002 to .01.
    roughness : float
        Standard deviation of the logarithm of a curve's own noise over the task's. Wide: one curve in thirty jumps.
    pull : Normal
        Strength, per task, with which the height at which curves start tells their later slopes; 1 is what
        ``relaxation`` says, 0 nothing.
    own_drift : LogNormal
        Rate, per task, of each curve's own walk. Of the slope: the growth of the sd of its log-log slope over one
        e-fold of the axis. Of the level: the sd of its log loss.
    shared_drift : LogNormal
        The same for the walk that all curves of a task have in common. Tight, because a table can say little about it:
        the law absorbs the bends that have been seen. Of each task alone, for how smooth one is does not bind another.
    """

    noise: LogNormal = LogNormal(0.006, 0.7)
    roughness: float = 0.7
    pull: Normal = Normal(1.0, 0.4)
    own_drift: LogNormal = LogNormal(0.007, 0.5)
    shared_drift: LogNormal = LogNormal(0.010, 0.5)


@dataclass(frozen=True)
class SurfacePriors:
    """Priors of noise and discrepancy of joint laws, all per task.

    Attributes
    ----------
    noise : LogNormal
        Scale of the Student-t by which single runs scatter in log loss.
    tail : LogNormal
        Its degrees of freedom. Published points have outliers at ten times the typical scatter.
    field_sd : LogNormal
        Standard deviation of what nearby runs have in common (see ``field``). Tight and small: a field that may take up
        all that is odd also takes up what a few bad runs do, and then bends the law as they would.
    offset_sd : LogNormal
        Standard deviation of what the runs of one model have in common.
    tilt_sd : LogNormal
        Standard deviation of how the log-log slopes of models differ beyond the law.
    curvature_sd : LogNormal
        Standard deviation of how much these slopes change over an e-fold of the axis. Models of one family start to
        learn at different sizes: on two published tasks of fine-tuning it is .004 and .02.
    """

    noise: LogNormal = LogNormal(0.005, 0.7)
    tail: LogNormal = LogNormal(4.0, 0.5)
    field_sd: LogNormal = LogNormal(0.0025, 0.25)
    offset_sd: LogNormal = LogNormal(0.015, 1.0)
    tilt_sd: LogNormal = LogNormal(0.008, 0.7)
    curvature_sd: LogNormal = LogNormal(0.003, 0.8)


PRIORS: Mapping[Strays, ScalePriors | SurfacePriors] = MappingProxyType(
    {
        "slope": ScalePriors(),
        # Levels wander by .0005 (validation loss of language models) to .02 (translation). Learning curves are smooth,
        # or were smoothed, alike on a task.
        "level": ScalePriors(
            own_drift=LogNormal(0.005, 1.0), roughness=0.0, pull=Normal(0.0, 0.0), shared_drift=LogNormal(0.0, 0.0)
        ),
        "surface": SurfacePriors(),
    }
)
"""What is believed if nothing else is said, by how curves stray from the law."""


def scale_priors(strays: Strays, plain: Mapping[str, Any]) -> ScalePriors | SurfacePriors:
    """Priors of scales from plain values, as ``dataclasses.asdict`` gives them.

    Raises
    ------
    TypeError
        If names or values are not those of such priors; none is taken from the defaults.
    """
    kind = SurfacePriors if strays == "surface" else ScalePriors
    missing = {field.name for field in fields(kind)} - set(plain)
    if missing:
        raise TypeError(f"scales without {', '.join(sorted(missing))}")
    values: dict[str, Any] = {
        name: value if not isinstance(value, Mapping) else LogNormal(**value) if "median" in value else Normal(**value)
        for name, value in plain.items()
    }
    return kind(**values)
