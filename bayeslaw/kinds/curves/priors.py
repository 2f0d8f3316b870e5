"""Default priors of noise and discrepancy of curves; laws hold the priors of their coordinates."""

from dataclasses import dataclass

from bayeslaw.kinds.shared.scales import Foretold, LogNormal, Normal

# As fitted to 102 tasks with their large runs hidden, from eight collections: models/slope-changes-v1.
OWN_CHANGE = Foretold(median=0.0090, exponent=0.65, sd=1.00, typical=0.03, spread=1.06)
SHARED_CHANGE = Foretold(median=0.0042, exponent=0.74, sd=0.49, typical=0.03, spread=1.06)

CHANGE_DF = 4.0
"""Degrees of freedom of own changes of slope. Of 3, 4, 6 and 30, 3 and 4 are likeliest by far on candidates."""


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
    own_change, shared_change : Foretold
        Rates at which slopes change beyond the data, in log loss per e-fold: the scale of the difference between the
        slope of a curve beyond its last size and what is expected there, and the sd of the difference that all curves
        of a task share. No likelihood tells them; the error of slopes from rolling origins inside the table does (see
        ``origins``).
    change_df : float
        Degrees of freedom of the Student-t distribution of own changes of slope: one curve in ten bends sharply.
    """

    noise: LogNormal = LogNormal(0.006, 0.7)
    roughness: float = 0.7
    pull: Normal = Normal(1.0, 0.4)
    own_drift: LogNormal = LogNormal(0.015, 1.0)
    shared_drift: LogNormal = LogNormal(0.02, 0.9)
    own_change: Foretold = OWN_CHANGE
    shared_change: Foretold = SHARED_CHANGE
    change_df: float = CHANGE_DF
