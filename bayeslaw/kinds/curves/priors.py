"""Default priors of noise and discrepancy of curves; laws hold the priors of their coordinates."""

from dataclasses import dataclass

from bayeslaw.kinds.shared.scales import LogNormal, Normal


@dataclass(frozen=True)
class ScalePriors:
    """Priors of noise and discrepancy. A scale whose sd is 0 is fixed at its centre.

    Attributes
    ----------
    noise : LogNormal
        Run-to-run standard deviation of log loss on a typical curve, per task. Measured curves have .002 to .01.
    roughness : float
        Standard deviation of the log ratio of a curve's noise to that of its task. Wide, as one curve in thirty jumps.
    pull : Normal
        Coefficient, per task, of the starting height of curves, which predicts their later slopes; 1 is what `Spring`
        implies, 0 is no effect.
    own_drift : LogNormal
        Rate, per task, of each curve's own walk. Of the slope: the growth of the sd of its log-log slope over one
        e-fold of the axis. Of the level: the sd of its log loss.
    shared_drift : LogNormal
        The same for the walk that all curves of a task have in common. Tight, because a table says little about it:
        the law absorbs the bends that were observed. Tasks have independent rates, as their smoothness differs.
    """

    noise: LogNormal = LogNormal(0.006, 0.7)
    roughness: float = 0.7
    pull: Normal = Normal(1.0, 0.4)
    own_drift: LogNormal = LogNormal(0.007, 0.5)
    shared_drift: LogNormal = LogNormal(0.010, 0.5)
