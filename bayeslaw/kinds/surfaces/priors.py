"""Default priors of noise and discrepancy of joint laws."""

from dataclasses import dataclass

from bayeslaw.kinds.shared.scales import LogNormal


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
