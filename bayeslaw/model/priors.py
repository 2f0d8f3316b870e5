"""What is believed of the scales before a table is seen; the laws hold what is believed of their coordinates.

All scales are lognormal: a median and a standard deviation of the logarithm. None depends on the units of the table,
since they are scales of log loss against log size.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LogNormal:
    """Lognormal prior: ``median`` of the quantity, ``sd`` of its logarithm."""

    median: float
    sd: float


@dataclass(frozen=True)
class ScalePriors:
    """Priors of noise and discrepancy.

    Attributes
    ----------
    noise : LogNormal
        Run-to-run standard deviation of log loss, per task. Measured curves have .002 to .01.
    own_drift : LogNormal
        Rate of each curve's own slope walk: the sd of its log-log slope after one e-fold of the axis.
    shared_drift : LogNormal
        The same for the walk that all curves of a task have in common. Tight, because one task can say little about it:
        the law absorbs the bends that have been seen, and only other tasks tell how large those not yet seen are.
    """

    noise: LogNormal = LogNormal(0.006, 0.7)
    own_drift: LogNormal = LogNormal(0.016, 0.7)
    shared_drift: LogNormal = LogNormal(0.025, 0.5)
